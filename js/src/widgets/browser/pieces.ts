// A text cut into pieces with the same marks all through: what matches, and spans with their label.

import { Offsets } from "../../offsets";
import type { Snippet, SpanMark } from "./protocol";

export interface Piece {
  text: string;
  /** Where it begins, in UTF-16 units. */
  unit: number;
  match: boolean;
  /** The innermost span here. */
  span: SpanMark | null;
  /** Whether that span ends with this piece. */
  ends: boolean;
}

export function pieces({ text, marks, spans }: Snippet): Piece[] {
  const offsets = new Offsets(text);
  const edges = new Set([0, offsets.length]);
  for (const [start, end] of [...marks, ...spans]) {
    if (start >= 0 && start <= offsets.length) edges.add(start);
    if (end >= 0 && end <= offsets.length) edges.add(end);
  }
  const sorted = [...edges].sort((one, other) => one - other);
  const found: Piece[] = [];
  for (let at = 0; at + 1 < sorted.length; at++) {
    const [start, end] = [sorted[at]!, sorted[at + 1]!];
    const around = spans.filter((one) => one[0] <= start && one[1] >= end);
    const span = around.reduce<SpanMark | null>(
      (inner, one) => (inner === null || one[1] - one[0] < inner[1] - inner[0] ? one : inner),
      null,
    );
    found.push({
      // A list shows lines of its own; what is selected in it is counted in the text.
      text: offsets.slice(start, end).replace(/\s/g, " "),
      unit: offsets.toUtf16(start),
      match: marks.some((one) => one[0] <= start && one[1] >= end),
      span,
      ends: span !== null && span[1] === end,
    });
  }
  return found;
}
