// One text of a record with the spans of the tasks on it, and its floating parts.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { Offsets } from "../../offsets";
import type { Card, TaskInfo } from "../../rpc";
import type { Session } from "../../state/session";
import type { LabelLook } from "../../ui/text/Line";
import type { DrawnSpan } from "../../ui/text/lanes";
import { guessTokens } from "../../ui/text/selection";
import { type Range, TextView } from "../../ui/text/TextView";
import { drawnSpans } from "./suggestions";

export interface RecordTextProps {
  session: Session;
  card: Card;
  attribute: string;
  tasks: TaskInfo[];
  selection: Range | null;
  cursor: boolean;
  chosen: string | null;
  onSelect(range: Range | null): void;
  onSpan(span: DrawnSpan | null, at: DOMRect): void;
  onHover(span: DrawnSpan | null, at: DOMRect): void;
  onPlaced(at: DOMRect | null): void;
}

export function RecordText(props: RecordTextProps): JSX.Element {
  const { session, card, attribute, tasks } = props;
  const held = card.texts[attribute]!;
  const spanTasks = tasks.filter((task) => task.kind === "spans" && task.on === attribute);
  const labels = useMemo<LabelLook>(
    () => new Map(spanTasks.flatMap((task) => task.labels.map((label) => [label.id, label]))),
    [tasks, attribute],
  );
  const spans = spanTasks.flatMap((task) => {
    const status = session.sync?.status(card.id, task.id) ?? "saved";
    return drawnSpans(task, card, session.shown(card, task).value, status);
  });
  const find = (id: string | null): DrawnSpan | null => spans.find((s) => s.id === id) ?? null;
  const missing = held.truncated_at === undefined ? 0 : held.truncated_at - held.text.length;
  return (
    <div class="rn-record-text">
      {Object.keys(card.texts).length > 1 ? <div class="rn-attribute">{attribute}</div> : null}
      {held.text === "" ? <p class="rn-quiet">This text is empty.</p> : null}
      <TextView
        attribute={attribute}
        text={held.text}
        tokens={held.tokens ?? []}
        spans={spans}
        labels={labels}
        selectable={spanTasks.length > 0}
        selection={props.selection}
        cursor={props.cursor}
        chosen={props.chosen}
        onSelect={props.onSelect}
        onSpan={(id, at) => props.onSpan(find(id), at)}
        onHover={(id, at) => props.onHover(find(id), at)}
        onPlaced={props.onPlaced}
      />
      {missing > 0 ? (
        <button
          type="button"
          class="rn-button"
          onClick={() => void session.more(card, attribute, 300_000)}
        >
          Show more of this text
        </button>
      ) : null}
    </div>
  );
}

/** The tokens of a text, from the kernel or, without them, its words. */
export function tokensOf(card: Card, attribute: string): readonly number[] {
  const held = card.texts[attribute];
  if (held === undefined) return [];
  return held.tokens ?? guessTokens(new Offsets(held.text));
}
