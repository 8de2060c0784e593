// One line of the text: chunks of segments with their spans. Drawn again only when it changed.

import { Component, type JSX } from "preact";
import type { Offsets } from "../../offsets";
import { inkOn, safeColor } from "../color";
import type { Chunk, Line as LineOfText } from "./chunks";
import { cutSegments, type Laned, type Segment } from "./lanes";
import { SUSPECT, symbolAt } from "./symbols";

export type LabelLook = Map<number, { name: string; color: string }>;

/** The height of a lane in px: its line and the space above it. */
const LANE = 5;

interface LineProps {
  offsets: Offsets;
  line: LineOfText;
  /** The spans of each chunk. */
  laned: Laned[][];
  labels: LabelLook;
  /** The id of the span that is chosen, if it is in this line. */
  chosen: string | null;
}

export class Line extends Component<LineProps> {
  override shouldComponentUpdate(next: LineProps): boolean {
    const now = this.props;
    return (
      next.line !== now.line ||
      next.labels !== now.labels ||
      next.chosen !== now.chosen ||
      next.laned.some((chunk, index) => !sameSpans(chunk, now.laned[index] ?? []))
    );
  }

  render(): JSX.Element {
    const { offsets, line, laned, labels, chosen } = this.props;
    let lanes = 0;
    for (const chunk of laned) for (const item of chunk) lanes = Math.max(lanes, item.lane + 1);
    const extra = Math.max(0, lanes - 1) * LANE;
    const style = extra > 0 ? { lineHeight: `calc(var(--rn-line) + ${extra}px)` } : undefined;
    return (
      <div class="rn-line" dir="auto" data-start={line.start} style={style}>
        {line.chunks.map((chunk, index) => (
          <ChunkView
            key={chunk.start}
            offsets={offsets}
            chunk={chunk}
            laned={laned[index] ?? []}
            lanes={lanes}
            labels={labels}
            chosen={chosen}
          />
        ))}
        {line.break === "" || line.break === "\n" ? null : (
          <span
            class="rn-sym rn-break"
            data-u={offsets.toUtf16(line.end)}
            data-n={0}
            title="carriage return"
          >
            ␍
          </span>
        )}
        {line.start === line.end ? <br /> : null}
      </div>
    );
  }
}

interface ChunkProps {
  offsets: Offsets;
  chunk: Chunk;
  laned: Laned[];
  lanes: number;
  labels: LabelLook;
  chosen: string | null;
}

class ChunkView extends Component<ChunkProps> {
  override shouldComponentUpdate(next: ChunkProps): boolean {
    const now = this.props;
    return (
      next.chunk !== now.chunk ||
      next.lanes !== now.lanes ||
      next.labels !== now.labels ||
      (next.chosen !== now.chosen &&
        next.laned.some(({ span }) => span.id === next.chosen || span.id === now.chosen)) ||
      !sameSpans(next.laned, now.laned)
    );
  }

  render(): JSX.Element[] {
    const { offsets, chunk, laned } = this.props;
    if (chunk.start === chunk.end) return [];
    return cutSegments(chunk.start, chunk.end, laned, chunk.reach).flatMap((segment) => {
      const from = offsets.toUtf16(segment.start);
      const to = offsets.toUtf16(segment.end);
      const pieces = textPieces(offsets.text, from, to);
      if (segment.covers.length === 0) return pieces;
      return [
        <span
          key={`s${segment.start}`}
          class="rn-seg"
          data-spans={segment.covers.map((item) => item.span.id).join(" ")}
          style={this.paint(segment)}
        >
          {pieces}
        </span>,
        ...segment.ends.map((item) => this.tag(item, to)),
      ];
    });
  }

  /** The lines of the spans as backgrounds: they wrap with the text, with ends at the borders. */
  private paint(segment: Segment): Record<string, string> {
    const { lanes, labels, chosen } = this.props;
    const images: string[] = [];
    const sizes: string[] = [];
    const places: string[] = [];
    let tint = "";
    for (const { span, lane } of segment.covers) {
      const color = safeColor(labels.get(span.label)?.color ?? "");
      const bottom = `calc(100% - ${(lanes - 1 - lane) * LANE}px)`;
      const solid = `linear-gradient(${color},${color})`;
      if (segment.starts.includes(lane)) {
        images.push(solid);
        sizes.push("2px 7px");
        places.push(`0 ${bottom}`);
      }
      if (segment.ends.some((item) => item.lane === lane)) {
        images.push(solid);
        sizes.push("2px 7px");
        places.push(`100% ${bottom}`);
      }
      const person = span.voice === "person";
      images.push(
        person ? solid : `repeating-linear-gradient(90deg,${color} 0 4px,transparent 4px 7px)`,
      );
      sizes.push(person ? "100% 3px" : "100% 2px");
      places.push(`0 ${bottom}`);
      if (span.id === chosen) tint = `${color}55`;
      else if (person && tint === "") tint = `${color}26`;
    }
    return {
      backgroundImage: images.join(","),
      backgroundSize: sizes.join(","),
      backgroundPosition: places.join(","),
      backgroundColor: tint,
      paddingBottom: `${lanes * LANE - 2}px`,
    };
  }

  private tag({ span }: Laned, unit: number): JSX.Element {
    const look = this.props.labels.get(span.label);
    const color = safeColor(look?.color ?? "");
    const person = span.voice === "person";
    const style = person
      ? { backgroundColor: color, borderColor: color, color: inkOn(color) }
      : { borderColor: color, backgroundSize: `${Math.round(span.confidence * 100)}% 2px` };
    return (
      <span
        key={`t${span.id}`}
        class={`rn-tag rn-tag-${span.voice} rn-is-${span.status}`}
        data-u={unit}
        data-n={0}
        data-spans={span.id}
        data-testid={person ? "span-tag" : "suggested-span-tag"}
        style={style}
      >
        {look?.name ?? "?"}
      </span>
    );
  }
}

/** Text as it is, in pieces that say at which unit they start; what is invisible as a symbol. */
function textPieces(text: string, from: number, to: number): JSX.Element[] {
  const pieces: JSX.Element[] = [];
  const part = text.slice(from, to);
  let plain = from;
  const put = (end: number): void => {
    if (end > plain) {
      pieces.push(
        <span key={`p${plain}`} data-u={plain}>
          {text.slice(plain, end)}
        </span>,
      );
    }
  };
  if (SUSPECT.test(part)) {
    for (let unit = from; unit < to; ) {
      const width = text.codePointAt(unit)! > 0xffff ? 2 : 1;
      const symbol = symbolAt(text, unit);
      if (symbol !== null) {
        put(unit);
        pieces.push(
          <span
            key={`y${unit}`}
            class={symbol === "→" ? "rn-sym rn-tab" : "rn-sym"}
            data-u={unit}
            data-n={width}
          >
            {symbol}
          </span>,
        );
        plain = unit + width;
      }
      unit += width;
    }
  }
  put(to);
  return pieces;
}

function sameSpans(a: Laned[], b: Laned[]): boolean {
  return (
    a.length === b.length &&
    a.every((item, index) => item.span === b[index]!.span && item.lane === b[index]!.lane)
  );
}
