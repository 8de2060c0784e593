// A cell of Python on the record: the code, what it printed, what it is worth, what went wrong.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { Code } from "../../ui/code/Code";
import type { Known } from "../../ui/code/complete";
import type { Problem } from "../../ui/code/places";
import type { Outcome, WorkbenchState } from "./state";

const NO_PROBLEMS: Problem[] = [];

interface CellProps {
  state: WorkbenchState;
  focus: number;
  onLeave(): void;
}

export function Cell({ state, focus, onLeave }: CellProps): JSX.Element {
  const { hello, running, outcome, record } = state;
  const known = useMemo(
    (): Known => ({
      attributes: hello?.attributes ?? [],
      labels: [],
      lookups: hello?.lookups ?? [],
      spans: false,
      record: "record",
    }),
    [hello],
  );
  return (
    <section class="rn-wb-cell" aria-label="Python on this record">
      <div class="rn-tools">
        <h3>Python on this record</h3>
        <span class="rn-grow" />
        {running ? (
          <button
            type="button"
            class="rn-button"
            data-testid="stop"
            title="Ends the cell"
            onClick={() => state.stop()}
          >
            Stop
          </button>
        ) : (
          <button
            type="button"
            class="rn-button rn-primary"
            data-testid="run"
            title="Shift+Enter"
            disabled={record === null}
            onClick={() => void state.run()}
          >
            Run <kbd>⇧ ⏎</kbd>
          </button>
        )}
      </div>
      <Code
        ask={state.part}
        revision={state.revision}
        text={state.source}
        label="Python on this record"
        hint='record["text"], as in a heuristic'
        known={known}
        problems={NO_PROBLEMS}
        faults={state.faults}
        focus={focus}
        onChange={(source) => state.write(source)}
        onLeave={onLeave}
      />
      <div
        class="rn-wb-outcome"
        data-testid="outcome"
        data-state={running ? "running" : (outcome?.ran.state ?? "none")}
        aria-live="polite"
      >
        {running ? (
          <p class="rn-quiet rn-late">running…</p>
        ) : outcome === null ? (
          <p class="rn-quiet">
            What it prints and its last value are shown here. It runs in a process of its own, with
            the limits of heuristics; nothing is kept.
          </p>
        ) : (
          <Said
            outcome={outcome}
            here={record?.key ?? ""}
            changed={outcome.source !== state.source}
          />
        )}
      </div>
    </section>
  );
}

interface SaidProps {
  outcome: Outcome;
  /** The record that is shown. */
  here: string;
  changed: boolean;
}

function Said({ outcome: { key, ran }, here, changed }: SaidProps): JSX.Element {
  const old = [
    key === here ? "" : `of record ${key}`,
    changed ? "of the text before your last change" : "",
  ].filter((one) => one !== "");
  const silent = ran.state === "finished" && ran.output === "" && ran.value === null;
  return (
    <div class={old.length > 0 ? "rn-wb-old" : ""}>
      {old.length > 0 ? <p class="rn-quiet">{old.join(", ")}</p> : null}
      {ran.output === "" ? null : <pre data-testid="output">{ran.output}</pre>}
      {ran.value === null ? null : (
        <pre class="rn-wb-value" data-testid="value">
          {ran.value}
        </pre>
      )}
      {silent ? <p class="rn-quiet">It ran, and said nothing.</p> : null}
      {ran.state === "cancelled" ? <p class="rn-warn">It was stopped.</p> : null}
      {ran.message === "" ? null : (
        <div role="alert" class="rn-bad" data-testid="wrong">
          {ran.line === null ? "" : `line ${ran.line}: `}
          {ran.message}
        </div>
      )}
      {ran.traceback === "" ? null : (
        <details>
          <summary class="rn-quiet">Traceback</summary>
          <pre data-testid="traceback">{ran.traceback}</pre>
        </details>
      )}
      {ran.state === "finished" ? (
        <p class="rn-quiet rn-number">{ran.seconds < 0.01 ? "< .01" : ran.seconds.toFixed(2)} s</p>
      ) : null}
    </div>
  );
}
