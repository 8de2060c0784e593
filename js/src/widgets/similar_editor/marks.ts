// A text cut where the compared span and what people have marked begin and end.

import { pieces } from "../../ui/marked";
import type { Row } from "./protocol";

const BEFORE = 32; // characters that a line shows before its span

export interface Piece {
  text: string;
  /** Whether it is of the span that was compared. */
  own: boolean;
  /** The labels that people have given it. */
  labels: string[];
}

/** The whole text that came, in pieces. */
export function whole(row: Row): Piece[] {
  const { text, start, end, spans, cut } = row;
  const own = start === null || end === null ? [] : [[start, end, ""] as [number, number, string]];
  const found = pieces(text, [...own, ...spans]).map(({ text: part, labels }) => ({
    text: part,
    own: labels.includes(""),
    labels: labels.filter((one) => one !== ""),
  }));
  const dots = { text: "…", own: false, labels: [] };
  return [...(cut[0] ? [dots] : []), ...found, ...(cut[1] ? [dots] : [])];
}

/** What fits into a line: the span, with a little of what stands before it. */
export function line(row: Row): Piece[] {
  const { start, end } = row;
  if (start === null || end === null) return [{ text: row.text, own: false, labels: [] }];
  const points = [...row.text];
  const from = start > BEFORE ? start - BEFORE : 0;
  const before = points.slice(from, start).join("");
  return [
    { text: (from > 0 || row.cut[0] ? "…" : "") + before, own: false, labels: [] },
    { text: points.slice(start, end).join(""), own: true, labels: [] },
    { text: points.slice(end).join(""), own: false, labels: [] },
  ];
}
