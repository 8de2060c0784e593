// The editor of a concept by examples: what it is made of at the left, its neighbours at the right.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { KeyOn } from "../../ui/events";
import { useSource } from "../../ui/hooks";
import { MOST_KEYS } from "../../ui/LabelButton";
import { focusLabelerIn } from "../../ui/labeler";
import { toNotebook } from "../../ui/notebook";
import { fraction } from "../../ui/numbers";
import { type KeyRow, KeySheet } from "../../ui/Sheet";
import { Empty, Skeleton, Toast, Trouble } from "../../ui/states";
import { Curve } from "./Curve";
import { Examples } from "./Examples";
import { Header } from "./Header";
import { List } from "./List";
import type { DraftInfo, Info } from "./protocol";
import { Reading } from "./Reading";
import { decimal, UNIT } from "./ranking";
import type { SimilarState } from "./state";
import { sentence } from "./words";

const KEYS: KeyRow[] = [
  [["←", "→"], "Leave the last neighbour out, let the next one in; with Shift ten"],
  [["[", "]"], "The same by labelled neighbours"],
  [["↑", "↓"], "Move in the list; Page keys by ten"],
  [["C"], "Back to the cut"],
  [["1", `${MOST_KEYS}`], "Label what is under the cursor, and go on"],
  [["N"], "No label fits"],
  [["⌫"], "Take its label away"],
  [["U"], "Undo"],
  [["+"], "Like this: take it as an example"],
  [["A"], "Type a text as an example"],
  [["↵"], "Open it in a Labeler"],
  [["O"], "Open what lies below the cut in a Labeler"],
  [["⇧", "↵"], "Put the rule into the task and run it"],
  [["Esc"], "From a field to the editor, then to the notebook"],
];
const SAVE: Record<DraftInfo["standing"], string> = {
  new: "Add to the task and run",
  changed: "Replace and run",
  saved: "Run again",
  taken: "Add to the task and run",
};

export function SimilarEditor({ state }: { state: SimilarState }): JSX.Element {
  useSource(state);
  const root = useRef<HTMLElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const watch = useRef({ cancel: (): void => undefined });
  const [keys, setKeys] = useState(false);
  const { info, ranking, connection, missing } = state;
  useEffect(() => () => watch.current.cancel(), []);

  const openLabeler = (rank?: number): void => {
    watch.current.cancel();
    watch.current = focusLabelerIn(root.current);
    void state.openLabeler(rank);
  };
  const leave = (target: HTMLElement): void => {
    if (target !== root.current) return root.current?.focus({ preventScroll: true });
    toNotebook(root.current);
  };

  const pressed = (event: KeyOn<HTMLElement>): boolean => {
    const { key, shiftKey } = event;
    const folded = key.length === 1 ? key.toLowerCase() : key;
    if (folded === "?") setKeys(!keys);
    else if (folded === "a" && field.current !== null) field.current.focus();
    else if (ranking === null || info === null) return false;
    else if (key === "ArrowRight") state.step(shiftKey ? 10 : 1);
    else if (key === "ArrowLeft") state.step(shiftKey ? -10 : -1);
    else if (key === "]" || key === "[") state.jump(key === "]" ? 1 : -1);
    else if (key === "ArrowDown") state.moveCursor(1);
    else if (key === "ArrowUp") state.moveCursor(-1);
    else if (key === "PageDown") state.moveCursor(10);
    else if (key === "PageUp") state.moveCursor(-10);
    else if (key === "Home") state.moveCursor(-ranking.length);
    else if (key === "End") state.moveCursor(ranking.length);
    else if (folded === "c") state.toCut();
    else if (event.repeat)
      return false; // a held key never labels twice
    else if (folded === "u") void state.undo();
    else if (folded === "+" || folded === "=") void state.addNeighbour(state.cursor);
    else if (folded === "o") openLabeler();
    else if (key === "Enter") openLabeler(state.cursor);
    else if (folded === "n" && info.task.kind !== "spans") void state.label("");
    else if (key === "Backspace" || key === "Delete") void state.label(null);
    else if (/^[1-9]$/.test(key) && info.task.labels[Number(key) - 1] !== undefined)
      void state.label(info.task.labels[Number(key) - 1]!.name);
    else return false;
    return true;
  };

  const onKeyDown = (event: KeyOn<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Tab") return;
    event.stopPropagation();
    const target = event.target as HTMLElement;
    if (event.key === "Enter" && event.shiftKey) {
      event.preventDefault();
      return void state.save();
    }
    if (target.closest("[role=dialog]") !== null) return;
    if (event.key === "Escape") return leave(target);
    if (target.closest("input, select") !== null) return;
    const natural = event.key === "Enter" || event.key === " ";
    if (natural && target.closest("button") !== null) return;
    if (pressed(event)) event.preventDefault();
  };

  return (
    <section
      ref={root}
      class="rn-ui rn-sim"
      tabIndex={0}
      aria-label={`Similar: ${info?.draft.name ?? ""}`}
      data-testid="similar-editor"
      data-connection={connection}
      data-comparing={state.comparing}
      data-standing={info?.draft.standing}
      onKeyDown={onKeyDown}
    >
      <Header state={state} onKeys={() => setKeys(!keys)} />
      <Trouble
        connection={connection}
        trouble={state.trouble}
        quiet={info === null}
        onClose={() => state.dismiss()}
      />
      {info === null ? (
        connection === "opening" ? (
          <Skeleton trouble={state.trouble} />
        ) : null
      ) : missing === "label" || missing === "embedding" ? (
        <Missing what={missing} info={info} />
      ) : (
        <>
          <div class="rn-sim-body">
            <div class="rn-sim-side">
              <Examples state={state} field={field} onRemoved={() => root.current?.focus()} />
              <Threshold state={state} />
            </div>
            <Neighbours state={state} info={info} list={list} />
          </div>
          {ranking === null || ranking.length === 0 ? null : (
            <Reading state={state} ranking={ranking} onOpen={() => openLabeler(state.cursor)} />
          )}
          {missing !== null ? null : (
            <Foot state={state} draft={info.draft} onOpen={() => openLabeler()} />
          )}
        </>
      )}
      {keys ? <KeySheet rows={KEYS} onClose={() => setKeys(false)} /> : null}
      <Toast text={state.notice.text} at={state.notice.at} />
    </section>
  );
}

function Threshold({ state }: { state: SimilarState }): JSX.Element | null {
  const { ranking, info, cut, missing } = state;
  if (info === null || missing !== null) return null;
  if (ranking === null || cut === null) return <div class="rn-sim-threshold" />;
  const write = (written: string): void => {
    const value = Number.parseFloat(written.replace(",", "."));
    if (value > 0 && value <= 1) state.moveTo(value * UNIT);
    else state.say("A threshold lies above 0 and up to 1");
  };
  return (
    <section
      class={`rn-sim-threshold${state.comparing ? " rn-sim-stale" : ""}`}
      aria-label="Threshold"
    >
      <div class="rn-tools">
        <h3>Threshold</h3>
        <input
          key={`${state.threshold} ${state.notice.at}`}
          type="text"
          inputMode="decimal"
          class="rn-sim-number"
          aria-label="Threshold"
          data-testid="threshold"
          defaultValue={decimal(state.threshold)}
          onChange={(event) => write(event.currentTarget.value)}
        />
        <span class="rn-grow" />
        <select
          class="rn-sim-select"
          aria-label="Go to the lowest threshold with a precision of at least"
          data-testid="reach"
          value=""
          disabled={ranking.ranks.length === 0}
          onChange={(event) => {
            if (event.currentTarget.value !== "") state.reach(Number(event.currentTarget.value));
            event.currentTarget.value = "";
          }}
        >
          <option value="">Go to precision…</option>
          {[0.99, 0.95, 0.9, 0.8, 0.7].map((one) => (
            <option key={one} value={one}>{`at least ${fraction(one)}`}</option>
          ))}
        </select>
      </div>
      <Curve state={state} ranking={ranking} />
      <p class="rn-sim-words" aria-live="polite" data-testid="words">
        {sentence(cut, info.task.kind).map(([text, strong], at) =>
          strong ? <b key={at}>{text}</b> : text,
        )}
      </p>
    </section>
  );
}

interface NeighboursProps {
  state: SimilarState;
  info: Info;
  list: { current: HTMLDivElement | null };
}

function Neighbours({ state, info, list }: NeighboursProps): JSX.Element {
  const { ranking, fault, missing } = state;
  if (missing === "examples") {
    return (
      <Empty
        text="There is no example yet"
        hint={`Type a text that is typical of ${info.draft.label}, or begin with what is labelled.`}
      >
        <button
          type="button"
          class="rn-button rn-primary"
          data-testid="start"
          disabled={info.labelled === 0}
          onClick={() => void state.start()}
        >
          {info.labelled === 0
            ? `Nothing is labelled ${info.draft.label} yet`
            : `Take ${Math.min(3, info.labelled)} labelled ${info.draft.label}`}
        </button>
      </Empty>
    );
  }
  if (fault !== "") {
    return (
      <Empty text="The records cannot be compared" hint={fault}>
        <button type="button" class="rn-button rn-primary" onClick={() => void state.compare()}>
          Try again
        </button>
      </Empty>
    );
  }
  if (ranking === null) return <Skeleton />;
  if (ranking.length === 0) {
    return (
      <Empty
        text="Nothing is like these examples"
        hint="No other record has a similarity above 0. Add another example, or choose another embedding."
      />
    );
  }
  return <List state={state} ranking={ranking} list={list} />;
}

interface FootProps {
  state: SimilarState;
  draft: DraftInfo;
  onOpen(): void;
}

function Foot({ state, draft, onOpen }: FootProps): JSX.Element {
  const { saving, comparing, ranking } = state;
  return (
    <footer class="rn-sim-foot rn-tools">
      <button
        type="button"
        class="rn-button rn-primary"
        data-testid="save"
        disabled={saving || draft.standing === "taken" || ranking === null}
        onClick={() => void state.save()}
      >
        {saving ? "Running…" : SAVE[draft.standing]} <kbd>⇧↵</kbd>
      </button>
      <button
        type="button"
        class="rn-button"
        data-testid="below"
        disabled={ranking === null || ranking.length === 0}
        onClick={onOpen}
      >
        Label those below the cut <kbd>O</kbd>
      </button>
      <span class="rn-quiet" data-testid="standing">
        {draft.standing === "taken"
          ? `${draft.name} is a heuristic of another kind (${draft.kind}): choose another name.`
          : comparing
            ? "Comparing…"
            : draft.standing === "saved"
              ? "The task has it as it is here."
              : draft.standing === "changed"
                ? `The task has another version of ${draft.name}.`
                : ""}
      </span>
    </footer>
  );
}

function Missing({ what, info }: { what: "label" | "embedding"; info: Info }): JSX.Element {
  const { task } = info;
  if (what === "label") {
    return (
      <Empty
        text={`The task ${task.name} has no label yet`}
        hint={
          <>
            Add one in a cell: <code class="rn-mono">task.add_labels(["..."])</code>. The editor
            goes on by itself.
          </>
        }
      />
    );
  }
  const on = task.on === null ? '"..."' : JSON.stringify(task.on);
  const level = task.kind === "spans" ? ', model="...", level="token"' : "";
  return (
    <Empty
      text={
        task.kind === "spans"
          ? "There are no vectors of tokens to compare by"
          : "There are no vectors to compare by"
      }
      hint={
        <>
          Make them in a cell: <code class="rn-mono">{`project.embed(${on}${level})`}</code>. The
          editor goes on by itself.
        </>
      }
    />
  );
}
