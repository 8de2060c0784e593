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

export function pieces(text: string, spans: Span[]): Piece[] {
  const offsets = new Offsets(text);
  const inside = spans.filter(([start, end]) => start >= 0 && start < end && end <= offsets.length);
  const ends = inside.map(([, end]) => end);
  const cuts = [...new Set([0, ...inside.map(([start]) => start), ...ends, offsets.length])];
  cuts.sort((one, other) => one - other);
  return cuts.slice(1).map((end, at) => {
    const start = cuts[at]!;
    const over = inside.filter((span) => span[0] <= start && span[1] >= end);
    return {
      text: offsets.slice(start, end),
      labels: [...new Set(over.map(([, , label]) => label))],
      ends: over.filter((span) => span[1] === end).map(([, , label]) => label),
    };
  });
}
