// Which text a rule is made of, and for which tasks.

import { Offsets } from "../../offsets";
import type { Card, LabelInfo, TaskInfo } from "../../rpc";
import type { Session } from "../../state/session";
import type { Range } from "../../ui/text/TextView";
import type { RuleSource } from "./RuleCard";

/** The tasks that a rule on this attribute may vote for: those about it first. */
export function rulesOn(tasks: TaskInfo[], attribute: string): TaskInfo[] {
  const about = tasks.filter((task) => task.on === attribute);
  return [...about, ...tasks.filter((task) => task.on === null)];
}

/** What is selected, by the cursor or the mouse, as the source of a rule; null: nothing. */
export function ruleSource(
  session: Session,
  card: Card,
  selection: (Range & { attribute: string }) | null,
  root: HTMLElement | null,
): RuleSource | null {
  const selected = selection !== null ? fromRange(card, selection) : fromMouse(root);
  if (selected === null || selected.text.trim() === "") return null;
  const tasks = rulesOn(session.tasks, selected.attribute);
  if (tasks.length === 0) return null;
  // A label of the very text that is selected says more than one of the record.
  const spansFirst = [...tasks].sort(
    (a, b) => Number(b.kind === "spans") - Number(a.kind === "spans"),
  );
  for (const task of spansFirst) {
    const label = labelHere(session, card, task, selection);
    if (label !== null) return { ...selected, task, label };
  }
  return { ...selected, task: null, label: null };
}

type Selected = Pick<RuleSource, "attribute" | "text">;

function fromRange(card: Card, selection: Range & { attribute: string }): Selected | null {
  const held = card.texts[selection.attribute];
  if (held === undefined) return null;
  const offsets = new Offsets(held.text);
  const text = held.text.slice(offsets.toUtf16(selection.start), offsets.toUtf16(selection.end));
  return { attribute: selection.attribute, text };
}

function fromMouse(root: HTMLElement | null): Selected | null {
  const scope = root?.getRootNode() as (Document | ShadowRoot) & {
    getSelection?: () => globalThis.Selection | null;
  };
  const native = scope?.getSelection?.() ?? root?.ownerDocument.getSelection() ?? null;
  if (root === null || native === null || native.isCollapsed || native.rangeCount === 0)
    return null;
  const inside = native.getRangeAt(0).commonAncestorContainer;
  const element = inside instanceof Element ? inside : inside.parentElement;
  const view = element?.closest<HTMLElement>(".rn-text") ?? null;
  const attribute = view?.dataset.attribute;
  if (view === null || attribute === undefined || !root.contains(view)) return null;
  return { attribute, text: native.toString() };
}

/** The label that a person gave the record, or the text that is selected. */
function labelHere(
  session: Session,
  card: Card,
  task: TaskInfo,
  selection: Range | null,
): LabelInfo | null {
  const { value } = session.shown(card, task);
  if (value === null) return null;
  let id: number | undefined;
  if ("label" in value) id = value.label;
  else if ("labels" in value) id = value.labels[0];
  else if ("spans" in value && selection !== null) {
    id = value.spans.find(([start, end]) => start < selection.end && end > selection.start)?.[2];
  }
  return task.labels.find((label) => label.id === id) ?? null;
}
