// The token cursor: choosing a stretch of tokens with the arrow keys.

import { firstTokenEndingAfter } from "../../ui/text/selection";
import type { Range } from "../../ui/text/TextView";

/** Indices of tokens; the cursor stands on `head`, the stretch reaches to `anchor`. */
export interface Cursor {
  attribute: string;
  anchor: number;
  head: number;
}

export function enterCursor(
  attribute: string,
  tokens: readonly number[],
  at: number,
): Cursor | null {
  if (tokens.length === 0) return null;
  const token = Math.min(firstTokenEndingAfter(tokens, at), tokens.length / 2 - 1);
  return { attribute, anchor: token, head: token };
}

export function moveCursor(
  cursor: Cursor,
  tokens: readonly number[],
  by: number,
  extend: boolean,
): Cursor {
  const last = tokens.length / 2 - 1;
  // Leaving a stretch goes on from its end in the direction of the arrow.
  const low = Math.min(cursor.anchor, cursor.head);
  const high = Math.max(cursor.anchor, cursor.head);
  const from = extend || low === high ? cursor.head : by > 0 ? high : low;
  const head = Math.max(0, Math.min(last, from + by));
  return { ...cursor, head, anchor: extend ? cursor.anchor : head };
}

export function cursorRange(cursor: Cursor, tokens: readonly number[]): Range | null {
  const start = tokens[Math.min(cursor.anchor, cursor.head) * 2];
  const end = tokens[Math.max(cursor.anchor, cursor.head) * 2 + 1];
  return start === undefined || end === undefined ? null : { start, end };
}
