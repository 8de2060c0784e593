// What the machine proposes for a record, and why: weak labels first, else the heuristics.

import type { Annotation, Card, SpanValue, TaskInfo, Vote } from "../../rpc";
import type { DrawnSpan } from "../../ui/text/lanes";

export interface Suggestion {
  label: number;
  confidence: number;
  /** "weak" for the label model, "votes" for the majority of the heuristics. */
  from: "weak" | "votes";
}

export interface SuggestedSpan {
  start: number;
  end: number;
  label: number;
  confidence: number;
  sources: string[];
}

/** Who votes for a label. */
export interface Tally {
  label: number;
  heuristics: string[];
  /** The share of all votes on the record. */
  share: number;
}

/** The votes of a classification by label, most first. */
export function tally(card: Card, task: TaskInfo): Tally[] {
  const votes = card.votes[String(task.id)] ?? [];
  const byLabel = new Map<number, string[]>();
  for (const vote of votes) {
    byLabel.set(vote.label, [...(byLabel.get(vote.label) ?? []), vote.heuristic]);
  }
  return [...byLabel]
    .map(([label, heuristics]) => ({ label, heuristics, share: heuristics.length / votes.length }))
    .sort((a, b) => b.heuristics.length - a.heuristics.length || a.label - b.label);
}

/** The labels of a value, if it has any. */
export function labelsOf(value: Annotation): number[] {
  if (value !== null && "labels" in value) return value.labels;
  return value !== null && "label" in value ? [value.label] : [];
}

/** What is proposed: one label, or where several may stand each that is likelier than not. */
export function suggestions(card: Card, task: TaskInfo): Suggestion[] {
  if (task.kind === "spans") return [];
  if (task.kind === "classification") {
    const one = suggestion(card, task);
    return one === null ? [] : [one];
  }
  const weak = card.weak[String(task.id)];
  if (weak !== undefined && "labels" in weak) {
    return weak.labels.map(([label, confidence]) => ({ label, confidence, from: "weak" }));
  }
  const voters = new Set((card.votes[String(task.id)] ?? []).map((vote) => vote.heuristic)).size;
  return tally(card, task)
    .map(({ label, heuristics }) => ({ label, confidence: heuristics.length / voters }))
    .filter((one) => one.confidence > 0.5)
    .map((one) => ({ ...one, from: "votes" }));
}

function suggestion(card: Card, task: TaskInfo): Suggestion | null {
  const weak = card.weak[String(task.id)];
  if (weak !== undefined && "label" in weak) return { ...weak, from: "weak" };
  const [first, second] = tally(card, task);
  // A tie is no suggestion: Enter must not decide what the rules do not.
  if (first === undefined || first.heuristics.length === second?.heuristics.length) return null;
  return { label: first.label, confidence: first.share, from: "votes" };
}

export function suggestedSpans(card: Card, task: TaskInfo): SuggestedSpan[] {
  if (task.kind !== "spans") return [];
  const votes = card.votes[String(task.id)] ?? [];
  const weak = card.weak[String(task.id)];
  if (weak !== undefined && "spans" in weak) {
    return weak.spans.map(([start, end, label, confidence]) => ({
      start,
      end,
      label,
      confidence,
      sources: votes
        .filter((v) => touches(v, start, end) && v.label === label)
        .map((v) => v.heuristic),
    }));
  }
  const found = new Map<string, SuggestedSpan>();
  for (const { start, end, label, confidence, heuristic } of votes) {
    if (start === undefined || end === undefined) continue;
    const key = `${start}-${end}-${label}`;
    const known = found.get(key);
    if (known === undefined)
      found.set(key, { start, end, label, confidence, sources: [heuristic] });
    else known.sources.push(heuristic);
  }
  return [...found.values()];
}

function touches(vote: Vote, start: number, end: number): boolean {
  return (vote.start ?? 0) < end && (vote.end ?? 0) > start;
}

/** The spans of a value, if it has any. */
export function spansOf(value: Annotation): SpanValue[] {
  return value !== null && "spans" in value ? value.spans : [];
}

/** The value with a span added; null if the task does not allow it beside the others. */
export function withSpan(task: TaskInfo, value: Annotation, span: SpanValue): Annotation | null {
  const others = spansOf(value);
  const [start, end, label] = span;
  for (const [from, to, other] of others) {
    if (from === start && to === end && other === label) return null;
    if (to <= start || from >= end || task.overlap === "any") continue;
    const inside = (from >= start && to <= end) || (from <= start && to >= end);
    if (task.overlap === "flat" || !inside) return null;
  }
  return { spans: [...others, span] };
}

/** The value without a span; a value that had only this one becomes unlabelled. */
export function withoutSpan(value: Annotation, span: DrawnSpan): Annotation {
  const left = spansOf(value).filter(
    ([start, end, label]) => start !== span.start || end !== span.end || label !== span.label,
  );
  return left.length > 0 ? { spans: left } : null;
}

/** The spans to draw on the text of a task: a person's, and suggestions that they do not settle. */
export function drawnSpans(
  task: TaskInfo,
  card: Card,
  value: Annotation,
  status: DrawnSpan["status"],
): DrawnSpan[] {
  const person = spansOf(value).map(
    ([start, end, label]): DrawnSpan => ({
      id: `p${task.id}-${start}-${end}-${label}`,
      start,
      end,
      label,
      task: task.id,
      voice: "person",
      confidence: 1,
      sources: [],
      status,
    }),
  );
  if (value !== null && "none" in value) return person;
  const same = new Set(person.map((span) => `${span.start}-${span.end}-${span.label}`));
  const machine = suggestedSpans(card, task)
    .filter((span) => !same.has(`${span.start}-${span.end}-${span.label}`))
    .map(
      (span): DrawnSpan => ({
        ...span,
        id: `m${task.id}-${span.start}-${span.end}-${span.label}`,
        task: task.id,
        voice: "machine",
        status: "saved",
      }),
    );
  return [...person, ...machine];
}
