// A text cut where spans begin and end, so that spans that overlap can be shown.

import { Offsets } from "../offsets";

/** Half-open, in code points. */
type Span = [start: number, end: number, label: string];

export interface Piece {
  text: string;
  /** The labels of the spans that cover it. */
  labels: string[];
  /** Those that end with it. */
  ends: string[];
}

/** What lies between neighbours of the places where spans begin and end. */
export function runs(
  first: number,
  last: number,
  spans: readonly (readonly [start: number, end: number, ...rest: unknown[]])[],
): [start: number, end: number][] {
  const places = [...spans.map(([start]) => start), ...spans.map(([, end]) => end)];
  const edges = new Set([first, last, ...places.filter((one) => one > first && one < last)]);
  const sorted = [...edges].sort((one, other) => one - other);
  return sorted.slice(1).map((end, at) => [sorted[at]!, end]);
}

export function pieces(text: string, spans: Span[]): Piece[] {
  const offsets = new Offsets(text);
  const inside = spans.filter(([start, end]) => start >= 0 && start < end && end <= offsets.length);
  return runs(0, offsets.length, inside).map(([start, end]) => {
    const over = inside.filter((span) => span[0] <= start && span[1] >= end);
    return {
      text: offsets.slice(start, end),
      labels: [...new Set(over.map(([, , label]) => label))],
      ends: over.filter((span) => span[1] === end).map(([, , label]) => label),
    };
  });
}
