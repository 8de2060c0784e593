// On Binder nothing stays: it is said, and the labels are one click away.

import type { JSX } from "preact";
import { plural } from "../ui/numbers";
import type { PanelState } from "./state";

export function Temporary({ state }: { state: PanelState }): JSX.Element {
  const task = state.current;
  return (
    <div class="rn-app-told" role="note" data-testid="temporary">
      <span class="rn-grow">This session is temporary: what you label here ends with it.</span>
      {task === null ? null : (
        <button type="button" class="rn-button" onClick={() => void download(state, task.name)}>
          Download the labels of {task.name}
        </button>
      )}
    </div>
  );
}

async function download(state: PanelState, task: string): Promise<void> {
  const file = await state.ask("labels", { task });
  if (file === null) return;
  const link = document.createElement("a");
  link.download = file.name;
  link.href = URL.createObjectURL(new Blob([file.text], { type: "text/csv" }));
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  state.say(`${plural(file.count, "label")} in ${file.name}`);
}
