// A selection in the text of a row, to be labelled as a span.

import { Offsets } from "../../offsets";
import { nativeRange, snapToGraphemes } from "../../ui/text/selection";
import type { Snippet, TaskInfo } from "./protocol";

/** Half-open code points of the whole text. */
export interface Picked {
  at: number;
  start: number;
  end: number;
  /** Where it stands on the page. */
  rect: DOMRect;
}

/** Whether spans of the task lie in this text. */
export const takesSpans = (task: TaskInfo | null, name: string): boolean =>
  task !== null && task.kind === "spans" && task.on === name;

/** What of the text of a row is selected; null: nothing. */
export function pickedIn(root: Element, at: number, { text, begin }: Snippet): Picked | null {
  const range = nativeRange(root);
  if (range === null) return null;
  const offsets = new Offsets(text);
  const [from, to] = snapToGraphemes(text, ...range).map((unit) => offsets.fromUtf16(unit));
  const native = root.ownerDocument.getSelection();
  const rect =
    native !== null && native.rangeCount > 0
      ? native.getRangeAt(0).getBoundingClientRect()
      : root.getBoundingClientRect();
  return { at, start: begin + from!, end: begin + to!, rect };
}
