// The text of a record: lines, an overlay for what is being selected, and the mouse.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Offsets } from "../../offsets";
import { type Line as LineOfText, lineAt, splitLines } from "./chunks";
import { type LabelLook, Line } from "./Line";
import { assignLanes, type DrawnSpan, distribute, type Laned } from "./lanes";
import { clearNative, nativeRange, pointAt, snapToGraphemes, snapToTokens } from "./selection";

export interface Range {
  start: number;
  end: number;
}

export interface TextViewProps {
  attribute: string;
  text: string;
  tokens: readonly number[];
  spans: DrawnSpan[];
  labels: LabelLook;
  /** Whether dragging selects characters to label. */
  selectable: boolean;
  selection: Range | null;
  /** Whether the selection is the token cursor. */
  cursor: boolean;
  chosen: string | null;
  onSelect(range: Range | null): void;
  onSpan(id: string | null, at: DOMRect): void;
  onHover(id: string | null, at: DOMRect): void;
  /** Where the selection stands on the screen, after it was drawn. */
  onPlaced(at: DOMRect | null): void;
}

export function TextView(props: TextViewProps): JSX.Element {
  const { text, spans, tokens, selection } = props;
  const root = useRef<HTMLDivElement>(null);
  const offsets = useMemo(() => new Offsets(text), [text]);
  const lines = useMemo(() => splitLines(offsets), [offsets]);
  const drawn = useStableSpans(spans);
  const laned = useMemo(() => laneLines(lines, drawn), [lines, drawn]);
  const [preview, setPreview] = useState<Range | null>(null);

  const read = (exact: boolean): Range | null => {
    const range = nativeRange(root.current);
    if (range === null) return null;
    const [from, to] = snapToGraphemes(text, ...range);
    const start = offsets.fromUtf16(from);
    const end = offsets.fromUtf16(to);
    if (exact) return { start, end };
    const snapped = snapToTokens(tokens, start, end);
    return snapped === null ? null : { start: snapped[0], end: snapped[1] };
  };
  const reading = useRef(read);
  reading.current = read;

  const onPointerDown = (event: PointerEvent): void => {
    if (!props.selectable || event.button !== 0) return;
    const doc = (event.currentTarget as Element).ownerDocument;
    let exact = event.altKey;
    const moved = (): void => setPreview(reading.current(exact));
    const move = (next: PointerEvent): void => {
      exact = next.altKey;
    };
    const up = (last: PointerEvent): void => {
      doc.removeEventListener("selectionchange", moved);
      doc.removeEventListener("pointermove", move);
      doc.removeEventListener("pointerup", up);
      doc.removeEventListener("pointercancel", up);
      setPreview(null);
      // The browser settles a click inside an old selection only after this event.
      setTimeout(() => {
        const range = reading.current(last.altKey);
        if (range !== null) {
          clearNative(root.current);
          props.onSelect(range);
        }
      }, 0);
    };
    doc.addEventListener("selectionchange", moved);
    doc.addEventListener("pointermove", move);
    doc.addEventListener("pointerup", up);
    doc.addEventListener("pointercancel", up);
  };

  const onClick = (event: MouseEvent): void => {
    const covered = (event.target as Element).closest("[data-spans]") as HTMLElement | null;
    if (nativeRange(root.current) !== null) return;
    if (covered === null) {
      props.onSpan(null, new DOMRect());
      if (event.detail === 1 && props.selection !== null && !props.cursor) props.onSelect(null);
      return;
    }
    props.onSpan(innermost(covered, drawn), nearRect(covered, event));
  };

  const onOver = (event: MouseEvent): void => {
    const covered = (event.target as Element).closest("[data-spans]") as HTMLElement | null;
    if (covered === null) props.onHover(null, new DOMRect());
    else props.onHover(innermost(covered, drawn), nearRect(covered, event));
  };

  const shown = preview ?? selection;
  return (
    <div
      class={`rn-text${props.selectable ? " rn-selectable" : ""}`}
      data-testid={`text-${props.attribute}`}
      data-attribute={props.attribute}
      role="group"
      aria-label={props.attribute}
      onPointerDown={onPointerDown}
      onClick={onClick}
      onMouseOver={onOver}
      onMouseLeave={() => props.onHover(null, new DOMRect())}
    >
      <Overlay
        root={root}
        lines={lines}
        offsets={offsets}
        range={shown}
        look={preview !== null ? "preview" : props.cursor ? "cursor" : "selection"}
        drawn={laned}
        onPlaced={props.onPlaced}
      />
      <div class="rn-lines" ref={root}>
        {lines.map((line, index) => (
          <Line
            key={line.start}
            offsets={offsets}
            line={line}
            laned={laned[index]!}
            labels={props.labels}
            chosen={props.chosen}
          />
        ))}
      </div>
    </div>
  );
}

/** Spans that are the same as before are the same objects, so that their lines are left alone. */
function useStableSpans(spans: DrawnSpan[]): DrawnSpan[] {
  const before = useRef<{ list: DrawnSpan[]; byId: Map<string, DrawnSpan> }>({
    list: [],
    byId: new Map(),
  });
  const old = before.current;
  const list = spans.map((span) => {
    const same = old.byId.get(span.id);
    return same !== undefined && same.status === span.status && same.confidence === span.confidence
      ? same
      : span;
  });
  const equal = list.length === old.list.length && list.every((span, i) => span === old.list[i]);
  if (equal) return old.list;
  before.current = { list, byId: new Map(list.map((span) => [span.id, span])) };
  return list;
}

function laneLines(lines: LineOfText[], spans: DrawnSpan[]): Laned[][][] {
  const chunks = lines.flatMap((line) => line.chunks);
  const parts = distribute(assignLanes(spans), chunks);
  let at = 0;
  return lines.map((line) => line.chunks.map(() => parts[at++]!));
}

interface OverlayProps {
  root: { current: HTMLDivElement | null };
  lines: LineOfText[];
  offsets: Offsets;
  range: Range | null;
  look: "preview" | "selection" | "cursor";
  drawn: unknown;
  onPlaced(at: DOMRect | null): void;
}

/** Rectangles behind the text: selecting never changes the text's own elements. */
function Overlay({
  root,
  lines,
  offsets,
  range,
  look,
  drawn,
  onPlaced,
}: OverlayProps): JSX.Element {
  const [boxes, setBoxes] = useState<DOMRect[]>([]);
  const [width, setWidth] = useState(0);
  const place = (): void => {
    const container = root.current;
    if (container === null || range === null) {
      setBoxes((old) => (old.length === 0 ? old : []));
      onPlaced(null);
      return;
    }
    const rects = rangeRects(container, lines, offsets, range);
    const origin = container.getBoundingClientRect();
    setBoxes(rects.map((r) => new DOMRect(r.x - origin.x, r.y - origin.y, r.width, r.height)));
    onPlaced(look === "preview" ? null : (rects[rects.length - 1] ?? null));
  };
  useLayoutEffect(place, [range?.start, range?.end, look, offsets, drawn, width]);
  useEffect(() => {
    const container = root.current;
    if (container === null || typeof ResizeObserver !== "function") return;
    const observer = new ResizeObserver(() => setWidth(container.clientWidth));
    observer.observe(container);
    return () => observer.disconnect();
  }, [root]);
  return (
    <div class={`rn-overlay rn-overlay-${look}`} aria-hidden="true">
      {boxes.map((box, index) => (
        <i
          key={index}
          style={{
            left: `${box.x - 1}px`,
            top: `${box.y - 1}px`,
            width: `${box.width + 2}px`,
            height: `${box.height + 2}px`,
          }}
        />
      ))}
    </div>
  );
}

function rangeRects(
  container: Element,
  lines: LineOfText[],
  offsets: Offsets,
  range: Range,
): DOMRect[] {
  const first = container.children[lineAt(lines, range.start)];
  const last = container.children[lineAt(lines, Math.max(range.start, range.end - 1))];
  if (first === undefined || last === undefined) return [];
  const from = pointAt(first, offsets.toUtf16(range.start));
  const to = pointAt(last, offsets.toUtf16(range.end));
  if (from === null || to === null) return [];
  const dom = container.ownerDocument.createRange();
  dom.setStart(...from);
  dom.setEnd(...to);
  return mergeRects([...dom.getClientRects()]);
}

/** One rectangle a row: nested elements give theirs several times. */
function mergeRects(rects: DOMRect[]): DOMRect[] {
  const rows: DOMRect[] = [];
  for (const rect of rects) {
    if (rect.width === 0) continue;
    const row = rows.find((r) => rect.y < r.y + r.height - 4 && r.y < rect.y + rect.height - 4);
    if (row === undefined) {
      rows.push(new DOMRect(rect.x, rect.y, rect.width, rect.height));
      continue;
    }
    const right = Math.max(row.right, rect.right);
    row.x = Math.min(row.x, rect.x);
    row.width = right - row.x;
  }
  return rows;
}

function innermost(element: HTMLElement, spans: DrawnSpan[]): string | null {
  const ids = (element.dataset.spans ?? "").split(" ");
  let best: DrawnSpan | null = null;
  for (const span of spans) {
    if (!ids.includes(span.id)) continue;
    if (best === null || span.end - span.start < best.end - best.start) best = span;
  }
  return best?.id ?? null;
}

function nearRect(element: Element, event: MouseEvent): DOMRect {
  const rects = [...element.getClientRects()];
  const hit = rects.find(
    (r) =>
      event.clientY >= r.top - 2 && event.clientY <= r.bottom + 2 && event.clientX <= r.right + 2,
  );
  return hit ?? element.getBoundingClientRect();
}
