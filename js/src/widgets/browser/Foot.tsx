// What is selected, and what can be done with it: label, take back, open, save, write.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { chipStyle } from "../../ui/Chip";
import { count, plural } from "../../ui/numbers";
import type { BrowserState } from "./state";

export const MOST_KEYS = 9;

interface Props {
  state: BrowserState;
  onSheet(name: string): void;
  onOpen(): void;
  /** Shows the record under the cursor; a notebook has no place for it. */
  onRecord?: (() => void) | undefined;
  /** Gives the keyboard back to the list. */
  onDone(): void;
}

export function Foot({ state, onSheet, onOpen, onRecord, onDone }: Props): JSX.Element | null {
  const [keep, setKeep] = useState(false);
  const { info, task, selection, deeds } = state;
  if (info === null) return null;
  const many = selection.size > 0;
  const classes = task !== null && task.kind !== "spans";
  const empty = state.length === 0;
  return (
    <footer class="rn-br-foot" data-testid="foot" data-selected={selection.size}>
      <div class="rn-tools" role="group" aria-label={`Label ${task?.name ?? ""}`}>
        <span class="rn-br-what">
          {many ? <b>{plural(selection.size, "record")} selected</b> : null}
          {many ? (
            <button
              type="button"
              class="rn-link"
              onClick={() => {
                onDone();
                state.unselect();
              }}
            >
              Clear
            </button>
          ) : (
            <button
              type="button"
              class="rn-link"
              data-testid="select-all"
              disabled={empty}
              onClick={() => {
                onDone();
                state.selectAll();
              }}
            >
              Select all {count(state.length)}
            </button>
          )}
        </span>
        {classes ? (
          <>
            <span class="rn-quiet">{many ? "Label them" : `Label ${task.name}`}</span>
            {task.labels.map((one, at) => (
              <button
                key={one.id}
                type="button"
                class="rn-chip rn-person"
                style={chipStyle(one.color, "person")}
                disabled={empty || deeds.working}
                data-testid={`label-${one.name}`}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => deeds.label(one, keep && many)}
              >
                {at < MOST_KEYS ? <span class="rn-br-key">{at + 1}</span> : null}
                <span class="rn-chip-name">{one.name}</span>
              </button>
            ))}
            <button
              type="button"
              class="rn-chip"
              disabled={empty || deeds.working}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => deeds.label(null, keep && many)}
            >
              <span class="rn-br-key">N</span> none
            </button>
            {many ? (
              <label class="rn-field">
                <input
                  type="checkbox"
                  checked={keep}
                  onChange={(event) => setKeep(event.currentTarget.checked)}
                />
                leave labelled ones
              </label>
            ) : null}
          </>
        ) : (
          <span class="rn-quiet">
            {task === null
              ? 'There is no task yet: project.task("topic", ["A", "B"]) makes one.'
              : "Select some text to label it as a span; Enter opens the Labeler."}
          </span>
        )}
      </div>
      <div class="rn-tools">
        <span class="rn-br-done" aria-live="polite" data-testid="done">
          {deeds.working ? (
            <span class="rn-late">Labelling…</span>
          ) : deeds.done === null ? null : (
            <>
              {deeds.done.text}{" "}
              <button
                type="button"
                class="rn-link"
                data-testid="undo"
                onClick={() => {
                  onDone();
                  void deeds.undo();
                }}
              >
                Undo
              </button>
            </>
          )}
        </span>
        <span class="rn-grow" />
        <button
          type="button"
          class="rn-button"
          disabled={empty}
          onClick={() => void deeds.similar()}
        >
          Similar <kbd>S</kbd>
        </button>
        {onRecord === undefined ? null : (
          <button type="button" class="rn-button" disabled={empty} onClick={onRecord}>
            Record <kbd>R</kbd>
          </button>
        )}
        <button
          type="button"
          class="rn-button"
          disabled={empty}
          data-testid="open"
          onClick={onOpen}
        >
          Open in Labeler <kbd>O</kbd>
        </button>
        <button
          type="button"
          class="rn-button"
          data-opens="slice"
          data-testid="slice"
          disabled={empty}
          onClick={() => onSheet("slice")}
        >
          Save as slice
        </button>
        <button
          type="button"
          class="rn-button"
          data-opens="export"
          data-testid="export"
          disabled={empty}
          onClick={() => onSheet("export")}
        >
          Export
        </button>
      </div>
    </footer>
  );
}
