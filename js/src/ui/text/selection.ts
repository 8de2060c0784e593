// From a place in the page to an offset in the text and back, by the data of the drawn pieces.

import type { Offsets } from "../../offsets";

const DRAWN = "[data-u]";

function unitOf(element: Element): number {
  return Number((element as HTMLElement).dataset.u);
}

function widthOf(element: Element): number {
  const width = (element as HTMLElement).dataset.n;
  return width === undefined ? (element.textContent ?? "").length : Number(width);
}

/** The UTF-16 unit of a DOM position inside the drawn text, or null outside of it. */
export function unitAt(root: Element, node: Node, offset: number): number | null {
  if (!root.contains(node)) return null;
  if (node.nodeType === Node.TEXT_NODE) {
    const piece = node.parentElement?.closest(DRAWN) ?? null;
    if (piece === null || !root.contains(piece)) return null;
    if ((piece as HTMLElement).dataset.n === undefined) return unitOf(piece) + offset;
    return unitOf(piece) + (offset > 0 ? widthOf(piece) : 0);
  }
  const element = node as Element;
  if (element.matches(DRAWN)) return unitOf(element) + (offset > 0 ? widthOf(element) : 0);
  for (let index = offset; index < element.childNodes.length; index++) {
    const child = element.childNodes[index]!;
    if (child.nodeType !== Node.ELEMENT_NODE) continue;
    const piece = (child as Element).matches(DRAWN)
      ? (child as Element)
      : (child as Element).querySelector(DRAWN);
    if (piece !== null) return unitOf(piece);
  }
  const pieces = element.querySelectorAll(DRAWN);
  const last = pieces[pieces.length - 1];
  return last === undefined ? null : unitOf(last) + widthOf(last);
}

function nativeSelection(root: Element | null): globalThis.Selection | null {
  const scope = root?.getRootNode() as (Document | ShadowRoot) & {
    getSelection?: () => globalThis.Selection | null;
  };
  return scope?.getSelection?.() ?? root?.ownerDocument.getSelection() ?? null;
}

/** What is selected of the drawn text, in UTF-16 units; null: nothing. */
export function nativeRange(root: Element | null): [number, number] | null {
  const selection = nativeSelection(root);
  if (root === null || selection === null || selection.rangeCount === 0) return null;
  if (selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  if (!range.intersectsNode(root)) return null;
  const last = root.lastElementChild;
  const start = unitAt(root, range.startContainer, range.startOffset) ?? unitAt(root, root, 0);
  const end =
    unitAt(root, range.endContainer, range.endOffset) ??
    (last === null ? null : unitAt(root, last, last.childNodes.length));
  if (start === null || end === null || start >= end) return null;
  return [start, end];
}

export function clearNative(root: Element | null): void {
  nativeSelection(root)?.removeAllRanges();
}

/** The DOM position of a UTF-16 unit in a drawn line. */
export function pointAt(line: Element, unit: number): [node: Node, offset: number] | null {
  const pieces = line.querySelectorAll(`${DRAWN}:not(.rn-tag)`);
  let low = 0;
  let high = pieces.length - 1;
  if (high < 0) return [line, 0];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (unitOf(pieces[middle]!) <= unit) low = middle;
    else high = middle - 1;
  }
  const piece = pieces[low]!;
  const text = piece.firstChild;
  if (text === null) return [piece, 0];
  const into = unit - unitOf(piece);
  if ((piece as HTMLElement).dataset.n !== undefined) {
    return [text, into > 0 ? (text.textContent ?? "").length : 0];
  }
  return [text, Math.max(0, Math.min(into, (text.textContent ?? "").length))];
}

/** Widen to whole tokens (start, end, start, end ... in code points); null if it holds none. */
export function snapToTokens(
  tokens: readonly number[],
  start: number,
  end: number,
): [start: number, end: number] | null {
  const first = firstTokenEndingAfter(tokens, start);
  if (first * 2 >= tokens.length) return null;
  let last = first - 1;
  while ((last + 1) * 2 < tokens.length && tokens[(last + 1) * 2]! < Math.max(end, start + 1)) {
    last += 1;
  }
  return last < first ? null : [tokens[first * 2]!, tokens[last * 2 + 1]!];
}

/** The index of the first token that ends after this offset. */
export function firstTokenEndingAfter(tokens: readonly number[], offset: number): number {
  let low = 0;
  let high = tokens.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tokens[middle * 2 + 1]! <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Widen to whole graphemes, given and returned in UTF-16 units. */
export function snapToGraphemes(text: string, start: number, end: number): [number, number] {
  if (typeof Intl.Segmenter !== "function" || start >= end) return [start, end];
  const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text);
  const first = start < text.length ? (graphemes.containing(start)?.index ?? start) : start;
  const last = graphemes.containing(end - 1);
  return [first, last === undefined ? end : last.index + last.segment.length];
}

/** Words and signs, where the kernel sent no tokens. */
export function guessTokens(offsets: Offsets): number[] {
  const tokens: number[] = [];
  for (const match of offsets.text.matchAll(/[\p{L}\p{N}\p{M}_]+|[^\s]/gu)) {
    tokens.push(offsets.fromUtf16(match.index), offsets.fromUtf16(match.index + match[0].length));
  }
  return tokens;
}
