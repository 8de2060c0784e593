// What the actions of a person mean for a record: settings to apply. Pure.

import type { Annotation, Card, LabelInfo, TaskInfo } from "../../rpc";
import type { Session, Setting } from "../../state/session";
import { labelsOf, suggestedSpans, suggestions, withSpan } from "./suggestions";

/** Setting a label again takes it away. */
export function toggled(task: TaskInfo, label: LabelInfo, value: Annotation): Setting {
  if (task.kind === "multilabel") {
    const now = labelsOf(value);
    const next = now.includes(label.id)
      ? now.filter((id) => id !== label.id)
      : [...now, label.id].sort((a, b) => a - b);
    return { task, value: next.length > 0 ? { labels: next } : null };
  }
  const same = value !== null && "label" in value && value.label === label.id;
  return { task, value: same ? null : { label: label.id } };
}

/** What accepting all suggestions sets, on the tasks that a person has not answered. */
export function accepted(session: Session, card: Card): Setting[] {
  const settings: Setting[] = [];
  for (const task of session.tasks) {
    let { value } = session.shown(card, task);
    if (value !== null) continue;
    const labels = suggestions(card, task).map((one) => one.label);
    if (task.kind === "multilabel" && labels.length > 0) {
      settings.push({ task, value: { labels: labels.sort((a, b) => a - b) } });
    } else if (labels[0] !== undefined) settings.push({ task, value: { label: labels[0] } });
    if (task.kind !== "spans") continue;
    const spans = suggestedSpans(card, task).sort((a, b) => b.confidence - a.confidence);
    for (const { start, end, label } of spans)
      value = withSpan(task, value, [start, end, label]) ?? value;
    if (value !== null) settings.push({ task, value });
  }
  return settings;
}

/** "Reviewed, none" for the tasks without an answer; if all say so already, it is taken back. */
export function none(session: Session, card: Card): Setting[] {
  const states = session.tasks.map((task) => ({ task, value: session.shown(card, task).value }));
  const open = states.filter(({ value }) => value === null);
  if (open.length > 0) return open.map(({ task }) => ({ task, value: { none: true } }));
  if (states.every(({ value }) => value !== null && "none" in value)) {
    return states.map(({ task }) => ({ task, value: null }));
  }
  // A single task: none replaces what was said.
  return states.length === 1 ? [{ task: states[0]!.task, value: { none: true } }] : [];
}

/** Turn a mark of the record on or off, for all tasks shown. */
export function marked(session: Session, card: Card, mark: "flag" | "skip"): Setting[] {
  const on = !session.tasks.every((task) => session.shown(card, task).marks.includes(mark));
  return session.tasks
    .filter((task) => session.shown(card, task).marks.includes(mark) !== on)
    .map((task) => ({ task, mark: { mark, on } }));
}
