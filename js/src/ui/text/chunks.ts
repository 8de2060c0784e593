// The text as lines, and long lines as chunks: the units that are drawn again when they change.

import type { Offsets } from "../../offsets";

export interface Chunk {
  /** Code points. */
  start: number;
  end: number;
  /** UTF-16 units. */
  unit: number;
  /** Up to where a span counts as ending here: the last chunk of a line has its line break. */
  reach: number;
}

export interface Line {
  start: number;
  /** Without the line break. */
  end: number;
  /** With it. */
  next: number;
  chunks: Chunk[];
  /** The line break: "" at the end of the text. */
  break: "" | "\n" | "\r" | "\r\n";
}

const CHUNK = 1_500;

/** Split at \n, \r and \r\n; offsets count every character of the text, the breaks included. */
export function splitLines(offsets: Offsets): Line[] {
  const { text } = offsets;
  const lines: Line[] = [];
  const breaks = /\r\n|\r|\n/g;
  let unit = 0;
  for (let match = breaks.exec(text); match !== null; match = breaks.exec(text)) {
    lines.push(makeLine(offsets, unit, match.index, match[0] as Line["break"]));
    unit = match.index + match[0].length;
  }
  if (unit < text.length || lines.length === 0)
    lines.push(makeLine(offsets, unit, text.length, ""));
  return lines;
}

function makeLine(offsets: Offsets, from: number, to: number, ending: Line["break"]): Line {
  const start = offsets.fromUtf16(from);
  const end = offsets.fromUtf16(to);
  const chunks: Chunk[] = [];
  let unit = from;
  while (unit < to || chunks.length === 0) {
    const stop = cut(offsets.text, unit, to);
    const reached = offsets.fromUtf16(stop);
    const reach = stop === to ? reached + ending.length : reached;
    chunks.push({ start: offsets.fromUtf16(unit), end: reached, unit, reach });
    unit = stop;
  }
  return { start, end, next: end + ending.length, chunks, break: ending };
}

/** Where the chunk ends: at a space if there is one, never inside a character. */
function cut(text: string, from: number, to: number): number {
  if (to - from <= CHUNK * 1.5) return to;
  const space = text.indexOf(" ", from + CHUNK);
  if (space >= 0 && space < from + CHUNK * 1.5) return space + 1;
  const stop = from + CHUNK;
  const code = text.charCodeAt(stop);
  return code >= 0xdc00 && code <= 0xdfff ? stop + 1 : stop;
}

/** The index of the line that holds this offset. */
export function lineAt(lines: Line[], offset: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (lines[middle]!.start <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
