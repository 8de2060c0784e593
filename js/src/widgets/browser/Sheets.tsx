// What opens over the Browser: saving, writing, columns, and a yes before many are labelled.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Later } from "../../ui/Later";
import { plural } from "../../ui/numbers";
import { type KeyRow, KeySheet, Sheet } from "../../ui/Sheet";
import { RecordSheet, SlicesSheet } from "./Said";
import type { BrowserState } from "./state";

const KEYS: KeyRow[] = [
  [["/"], "Type a query"],
  [["J", "K", "↓", "↑"], "Move; with Shift select up to there"],
  [["Page", "Home", "End"], "Move far"],
  [["X", "Space"], "Select or unselect the record"],
  [["Ctrl", "A"], "Select all that match"],
  [["1", "9"], "Label the selection, or the record and go on; or the text that is selected"],
  [["N"], "No label fits"],
  [["⌫"], "Take the label away"],
  [["U", "Ctrl Z"], "Undo; with Shift repeat"],
  [["↵"], "Open in a Labeler, from this record on"],
  [["O"], "Open the selection, or all, in a Labeler"],
  [["S"], "Show the most similar records"],
  [["C"], "Comments on this record"],
  [["F"], "Filters"],
  [["T"], "List or table"],
  [["Esc"], "Unselect, then back to the notebook"],
];

interface Props {
  state: BrowserState;
  name: string;
  /** Puts a query into the field. */
  onPick(query: string): void;
  onClose(): void;
}

export function Sheets({ state, name, onPick, onClose }: Props): JSX.Element | null {
  if (state.deeds.confirming !== null) return <Confirm state={state} />;
  if (name === "keys") return <KeySheet rows={KEYS} onClose={onClose} />;
  if (name === "language" && state.info !== null) {
    return (
      <Sheet name="language" title="How to ask" wide="rn-sheet-keys" onClose={onClose}>
        <Later
          part="language"
          ask={(part) => state.link.call("part", { name: part })}
          props={{ info: state.info, onPick }}
        />
      </Sheet>
    );
  }
  if (name === "slice") return <SliceSheet state={state} onClose={onClose} />;
  if (name === "export") return <ExportSheet state={state} onClose={onClose} />;
  if (name === "slices") return <SlicesSheet state={state} onClose={onClose} />;
  if (name === "comments") return <RecordSheet state={state} onClose={onClose} />;
  if (name === "columns") return <ColumnSheet state={state} onClose={onClose} />;
  return null;
}

function Confirm({ state }: { state: BrowserState }): JSX.Element | null {
  const { confirming } = state.deeds;
  if (confirming === null) return null;
  const { label, keep, count } = confirming;
  const what = plural(count, "record");
  const close = (yes: boolean): void => state.deeds.confirm(yes);
  return (
    <Sheet name="confirm" title={`Label ${what}?`} onClose={() => close(false)}>
      <div class="rn-br-form">
        <p>
          {label === null ? (
            "They get no label: none fits."
          ) : (
            <>
              They get the label <b>{label.name}</b>.
            </>
          )}{" "}
          {keep ? "Those that are labelled stay as they are." : "A label of yours is replaced."}
        </p>
        <p class="rn-quiet">Undo takes all of them back at once.</p>
        <div class="rn-tools">
          <button
            type="button"
            class="rn-button rn-primary"
            data-first
            data-testid="yes"
            onClick={() => close(true)}
          >
            Label {what}
          </button>
          <button type="button" class="rn-button" onClick={() => close(false)}>
            Cancel
          </button>
        </div>
      </div>
    </Sheet>
  );
}

const target = (state: BrowserState): string =>
  state.selection.size > 0
    ? `the ${plural(state.selection.size, "selected record")}`
    : `all ${plural(state.length, "record")} that match`;

function SliceSheet({ state, onClose }: { state: BrowserState; onClose(): void }): JSX.Element {
  const [name, setName] = useState("");
  const chosen = state.selection.size > 0;
  const [fixed, setFixed] = useState(chosen);
  const known = state.info?.slices.includes(name.trim()) === true;
  const keep = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (name.trim() !== "" && (await state.deeds.slice(name.trim(), fixed || chosen))) onClose();
  };
  return (
    <Sheet name="slice" title="Save as slice" onClose={onClose}>
      <form class="rn-br-form" onSubmit={(event) => void keep(event)}>
        <p class="rn-quiet">
          Keeps {target(state)} by name, to be opened later or given to somebody.
        </p>
        <label class="rn-field">
          name
          <input
            data-first
            type="text"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label class="rn-field">
          <input
            type="radio"
            name={`kind-${state.id}`}
            checked={!(fixed || chosen)}
            disabled={chosen}
            onChange={() => setFixed(false)}
          />
          follows the filter: records that match later belong to it
        </label>
        <label class="rn-field">
          <input
            type="radio"
            name={`kind-${state.id}`}
            checked={fixed || chosen}
            onChange={() => setFixed(true)}
          />
          keeps these records
        </label>
        {known ? <p class="rn-warn">There is a slice of this name; it is replaced.</p> : null}
        <button type="submit" class="rn-button rn-primary" disabled={name.trim() === ""}>
          {known ? "Replace slice" : "Save slice"}
        </button>
      </form>
    </Sheet>
  );
}

function ExportSheet({ state, onClose }: { state: BrowserState; onClose(): void }): JSX.Element {
  const [path, setPath] = useState("records.csv");
  const [exists, setExists] = useState(false);
  const write = async (event: Event): Promise<void> => {
    event.preventDefault();
    const done = await state.deeds.export(path, exists);
    if (done === "done") onClose();
    else setExists(done === "exists");
  };
  return (
    <Sheet name="export" title="Export" onClose={onClose}>
      <form class="rn-br-form" onSubmit={(event) => void write(event)}>
        <p class="rn-quiet">
          Writes {target(state)} with their labels to a file beside the notebook. The ending chooses
          the format: .csv, .xlsx, .json, .jsonl, .parquet.
        </p>
        <label class="rn-field">
          file
          <input
            data-first
            type="text"
            value={path}
            onInput={(event) => {
              setPath(event.currentTarget.value);
              setExists(false);
            }}
          />
        </label>
        {exists ? <p class="rn-warn">There is a file of this name.</p> : null}
        <button type="submit" class="rn-button rn-primary" disabled={path.trim() === ""}>
          {exists ? "Replace file" : "Write file"}
        </button>
      </form>
    </Sheet>
  );
}

function ColumnSheet({ state, onClose }: { state: BrowserState; onClose(): void }): JSX.Element {
  const all = state.info?.attributes.map((one) => one.name) ?? [];
  const { columns } = state;
  const ordered = [...columns, ...all.filter((name) => !columns.includes(name))];
  const toggle = (name: string): void =>
    state.setColumns(
      columns.includes(name) ? columns.filter((one) => one !== name) : [...columns, name],
    );
  const up = (name: string): void => {
    const at = columns.indexOf(name);
    if (at < 1) return;
    const moved = [...columns];
    [moved[at - 1], moved[at]] = [moved[at]!, moved[at - 1]!];
    state.setColumns(moved);
  };
  return (
    <Sheet name="columns" title="Columns" onClose={onClose}>
      <ul class="rn-br-columns">
        {ordered.map((name, at) => (
          <li key={name}>
            <label class="rn-field">
              <input
                type="checkbox"
                data-first={at === 0 ? true : undefined}
                checked={columns.includes(name)}
                onChange={() => toggle(name)}
              />
              {name}
            </label>
            {columns.indexOf(name) > 0 ? (
              <button
                type="button"
                class="rn-button rn-plain"
                aria-label={`Move ${name} before the one above`}
                onClick={() => up(name)}
              >
                ↑
              </button>
            ) : null}
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
