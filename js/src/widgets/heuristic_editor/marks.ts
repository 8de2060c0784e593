// A text with its marks, cut into pieces that have the same marks all through.

import { Offsets } from "../../offsets";
import { runs } from "../../ui/marked";
import type { Example } from "./protocol";

export interface Mark {
  kind: "vote" | "gold" | "looked";
  start: number;
  end: number;
  label: number | null;
  right: boolean | null;
}

export interface Piece {
  text: string;
  marks: Mark[];
  /** The spans that end with it: votes, and what people say that no vote is equal to. */
  ends: Mark[];
  /** Whether text was left out before it. */
  cut: boolean;
}

/** From so many characters on only the surroundings of the marks are shown. */
const LONG = 700;
const AROUND = 160;

export function marksOf(example: Example, attribute: string, on: string | null): Mark[] {
  const looked = example.looked[attribute] ?? [];
  const marks: Mark[] = looked.map(([start, end]) => ({
    kind: "looked",
    start,
    end,
    label: null,
    right: null,
  }));
  if (attribute === on) {
    for (const { start, end, label, right } of example.votes) {
      if (start !== null && end !== null) marks.push({ kind: "vote", start, end, label, right });
    }
    for (const one of example.gold ?? []) {
      if (typeof one !== "number") {
        marks.push({ kind: "gold", start: one[0], end: one[1], label: one[2], right: null });
      }
    }
  }
  return marks;
}

export function pieces(text: string, marks: Mark[], whole: boolean): Piece[] {
  const offsets = new Offsets(text);
  const inside = marks.filter((mark) => mark.start < mark.end && mark.end <= offsets.length);
  const shown =
    whole || offsets.length <= LONG ? [[0, offsets.length]] : windows(inside, offsets.length);
  const spans = inside.map(({ start, end }): [number, number] => [start, end]);
  const found: Piece[] = [];
  for (const [first, last] of shown as [number, number][]) {
    for (const [start, end] of runs(first, last, spans)) {
      found.push({
        text: offsets.slice(start, end),
        marks: inside.filter((mark) => mark.start <= start && mark.end >= end),
        ends: inside.filter((mark) => mark.end === end && isNamed(mark, inside)),
        cut: start === first && first > 0,
      });
    }
  }
  return found;
}

function isNamed(mark: Mark, others: Mark[]): boolean {
  if (mark.kind !== "gold") return mark.kind === "vote";
  return !others.some(
    ({ kind, start, end, label }) =>
      kind === "vote" && start === mark.start && end === mark.end && label === mark.label,
  );
}

/** The parts of a long text that are worth reading: around the marks, or its beginning. */
function windows(marks: Mark[], length: number): [number, number][] {
  const around = marks
    .map(({ start, end }): [number, number] => [
      Math.max(0, start - AROUND),
      Math.min(length, end + AROUND),
    ])
    .sort((one, other) => one[0] - other[0]);
  if (around.length === 0) return [[0, Math.min(length, 3 * AROUND)]];
  const joined: [number, number][] = [];
  for (const [start, end] of around.slice(0, 12)) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last[1] + 20) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}

export function isLong(text: string): boolean {
  return text.length > LONG;
}
