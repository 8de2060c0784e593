// What opens over or beside the record: the keys, and the guideline.

import type { JSX } from "preact";
import type { TaskInfo } from "../../rpc";
import { SHEET } from "./keys";

export function KeySheet({ onClose }: { onClose(): void }): JSX.Element {
  return (
    <div class="rn-sheet" role="dialog" aria-label="Keys" data-testid="key-sheet">
      <div class="rn-sheet-head">
        <h3>Keys</h3>
        <button type="button" class="rn-close" aria-label="Close the keys" onClick={onClose}>
          ✕
        </button>
      </div>
      <dl>
        {SHEET.map(([keys, what]) => (
          <div key={what} class="rn-sheet-row">
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

export function Guideline({ tasks, onClose }: { tasks: TaskInfo[]; onClose(): void }): JSX.Element {
  const written = tasks.filter((task) => task.guideline.trim() !== "");
  return (
    <aside class="rn-sheet rn-guideline" aria-label="Guideline" data-testid="guideline">
      <div class="rn-sheet-head">
        <h3>Guideline</h3>
        <button type="button" class="rn-close" aria-label="Close the guideline" onClick={onClose}>
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
