// What is selected, and what can be done with it.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Chip } from "../../ui/Chip";
import { LabelButton } from "../../ui/LabelButton";
import { count, plural } from "../../ui/numbers";
import { Sheet } from "../../ui/Sheet";
import type { MapState } from "./state";

interface Props {
  state: MapState;
  unlabelled: boolean;
  onUnlabelled(on: boolean): void;
  /** What is open over the map: a form for a heuristic or a slice. */
  sheet: string;
  onSheet(name: "" | "rule" | "slice"): void;
}

export function Selection(props: Props): JSX.Element | null {
  const { state, unlabelled } = props;
  const { selection, info } = state;
  if (info === null) return null;
  if (selection === null) {
    return (
      <footer class="rn-map-foot rn-quiet" data-testid="selection" data-count="0">
        <span>
          Draw a lasso <kbd>L</kbd> around points to select them, or take all that are shown{" "}
          <kbd>A</kbd>.
        </span>
      </footer>
    );
  }
  const canLabel = info.kind === "classification" && selection.count > 0;
  return (
    <footer class="rn-map-foot" data-testid="selection" data-count={selection.count}>
      <div class="rn-tools">
        <b>{plural(selection.count, "record")} selected</b>
        {info.task === null || selection.count === 0 ? null : (
          <span class="rn-quiet">{count(selection.labelled)} labelled</span>
        )}
        {selection.labels.map((one) => (
          <span key={one.name} class="rn-map-said">
            <Chip name={one.name} color={one.color} voice="person" />
            <span class="rn-quiet rn-number">{count(one.count)}</span>
          </span>
        ))}
        <span class="rn-grow" />
        {info.task === null || selection.count === 0 ? null : (
          <>
            <button type="button" class="rn-button" onClick={() => void state.openLabeler()}>
              Open in Labeler <kbd>O</kbd>
            </button>
            {info.kind === "classification" ? (
              <button
                type="button"
                class="rn-button"
                data-opens="rule"
                onClick={() => props.onSheet("rule")}
              >
                Make a heuristic
              </button>
            ) : null}
          </>
        )}
        {selection.count === 0 ? null : (
          <button
            type="button"
            class="rn-button"
            data-opens="slice"
            onClick={() => props.onSheet("slice")}
          >
            Save as slice
          </button>
        )}
        <button type="button" class="rn-button" onClick={() => state.unselect()}>
          Clear <kbd>Esc</kbd>
        </button>
      </div>
      {canLabel ? (
        <div class="rn-tools" role="group" aria-label={`Label all as ${info.task}`}>
          <span class="rn-quiet">Label all as</span>
          {info.labels.map((one, at) => (
            <LabelButton
              key={one.id}
              label={one}
              at={at}
              onClick={() => void state.label(one.name, unlabelled)}
            />
          ))}
          <label class="rn-field">
            <input
              type="checkbox"
              checked={unlabelled}
              onChange={(event) => props.onUnlabelled(event.currentTarget.checked)}
            />
            leave labelled ones
          </label>
          <button type="button" class="rn-button rn-plain" onClick={() => void state.undo()}>
            Undo <kbd>U</kbd>
          </button>
        </div>
      ) : null}
      {props.sheet === "rule" ? (
        <RuleSheet state={state} onClose={() => props.onSheet("")} />
      ) : null}
      {props.sheet === "slice" ? (
        <SliceSheet state={state} onClose={() => props.onSheet("")} />
      ) : null}
    </footer>
  );
}

function RuleSheet({ state, onClose }: { state: MapState; onClose(): void }): JSX.Element {
  const labels = state.info?.labels ?? [];
  const [label, setLabel] = useState(labels[0]?.name ?? "");
  const [name, setName] = useState("");
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await state.heuristic(label, name.trim())) onClose();
  };
  return (
    <Sheet name="rule" title="Make a heuristic" onClose={onClose}>
      <form class="rn-map-form" onSubmit={(event) => void make(event)}>
        <p class="rn-quiet">
          It votes one label on {plural(state.selection?.count ?? 0, "record")}; records that come
          later are not among them.
        </p>
        <label class="rn-field">
          votes
          <select
            data-first
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
          >
            {labels.map((one) => (
              <option key={one.id}>{one.name}</option>
            ))}
          </select>
        </label>
        <label class="rn-field">
          name
          <input
            type="text"
            value={name}
            placeholder="chosen if left empty"
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="rn-button rn-primary">
          Add heuristic
        </button>
      </form>
    </Sheet>
  );
}

function SliceSheet({ state, onClose }: { state: MapState; onClose(): void }): JSX.Element {
  const [name, setName] = useState("");
  const keep = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (name.trim() !== "" && (await state.slice(name.trim()))) onClose();
  };
  return (
    <Sheet name="slice" title="Save as slice" onClose={onClose}>
      <form class="rn-map-form" onSubmit={(event) => void keep(event)}>
        <p class="rn-quiet">
          The {plural(state.selection?.count ?? 0, "record")} can be opened by this name later, and
          given to somebody to label.
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
        <button type="submit" class="rn-button rn-primary" disabled={name.trim() === ""}>
          Save slice
        </button>
      </form>
    </Sheet>
  );
}
