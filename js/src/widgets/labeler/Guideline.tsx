// The guideline: what a part shows beside the record, as it brings Markdown.

import type { JSX } from "preact";
import type { TaskInfo } from "../../rpc";
import { chipStyle } from "../../ui/Chip";
import { Line, Markdown } from "../../ui/Markdown";

export function Guideline({ tasks }: { tasks: TaskInfo[] }): JSX.Element {
  const described = (task: TaskInfo) => task.labels.filter((label) => label.description);
  const written = tasks.filter(
    (task) => task.guideline.trim() !== "" || described(task).length > 0,
  );
  return (
    <>
      {written.length === 0 ? (
        <p class="rn-quiet">
          No guideline has been written yet. Set one with project.task(..., guideline="...").
        </p>
      ) : (
        written.map((task) => (
          <div key={task.id}>
            {tasks.length > 1 ? <h4>{task.name}</h4> : null}
            <Markdown text={task.guideline} />
            <dl class="rn-meanings">
              {described(task).map((label) => (
                <div key={label.id}>
                  <dt style={chipStyle(label.color, "machine")}>
                    <span class="rn-dot" />
                    {label.name}
                  </dt>
                  <dd>
                    <Line text={label.description ?? ""} />
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        ))
      )}
    </>
  );
}
