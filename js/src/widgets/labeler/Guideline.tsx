// The guideline, beside the record.

import type { JSX } from "preact";
import type { TaskInfo } from "../../rpc";

export function Guideline({ tasks, onClose }: { tasks: TaskInfo[]; onClose(): void }): JSX.Element {
  const written = tasks.filter((task) => task.guideline.trim() !== "");
  return (
    <aside class="rn-guideline" aria-label="Guideline" data-testid="guideline">
      <div class="rn-sheet-head">
        <h3>Guideline</h3>
        <button
          type="button"
          class="rn-button rn-plain rn-close"
          aria-label="Close the guideline"
          onClick={onClose}
        >
          ✕
        </button>
      </div>
      {written.length === 0 ? (
        <p class="rn-quiet">
          No guideline has been written yet. Set one with project.task(..., guideline="...").
        </p>
      ) : (
        written.map((task) => (
          <div key={task.id}>
            {tasks.length > 1 ? <h4>{task.name}</h4> : null}
            <div class="rn-prose">{task.guideline}</div>
          </div>
        ))
      )}
    </aside>
  );
}
