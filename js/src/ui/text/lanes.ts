// Puts overlapping spans into lanes under the line, and cuts the text where any of them begins.

/** A span as it is drawn. */
export interface DrawnSpan {
  /** The same span keeps its id, and is then not drawn again. */
  id: string;
  start: number;
  end: number;
  label: number;
  task: number;
  voice: "person" | "machine";
  confidence: number;
  /** Which heuristics say so, or that the label model does. */
  sources: string[];
  status: "saved" | "pending" | "failed" | "conflict";
}

export interface Laned {
  span: DrawnSpan;
  lane: number;
}

export interface Segment {
  start: number;
  end: number;
  /** The spans that cover it, by lane. */
  covers: Laned[];
  /** Spans that start or end exactly here. */
  starts: number[];
  ends: Laned[];
}

/** Give each span the first lane that is free where it starts; longer ones first. */
export function assignLanes(spans: DrawnSpan[]): Laned[] {
  const ordered = [...spans].sort(
    (a, b) => a.start - b.start || b.end - a.end || (a.id < b.id ? -1 : 1),
  );
  const ends: number[] = [];
  return ordered.map((span) => {
    let lane = ends.findIndex((end) => end <= span.start);
    if (lane < 0) lane = ends.length;
    ends[lane] = span.end;
    return { span, lane };
  });
}

/** The spans that touch each of the ranges, which are in order and do not overlap. */
export function distribute(laned: Laned[], ranges: { start: number; end: number }[]): Laned[][] {
  const out: Laned[][] = ranges.map(() => []);
  for (const item of laned) {
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ranges[middle]!.end <= item.span.start) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < ranges.length && ranges[at]!.start < item.span.end; at++) {
      out[at]!.push(item);
    }
  }
  return out;
}

/** Cut a range at every border of its spans. */
export function cutSegments(start: number, end: number, laned: Laned[], reach = end): Segment[] {
  const cuts = new Set([start, end]);
  for (const { span } of laned) {
    if (span.start > start && span.start < end) cuts.add(span.start);
    if (span.end > start && span.end < end) cuts.add(span.end);
  }
  const points = [...cuts].sort((a, b) => a - b);
  const segments: Segment[] = [];
  let next = 0;
  let open: Laned[] = [];
  for (let index = 0; index + 1 < points.length; index++) {
    const from = points[index]!;
    const to = points[index + 1]!;
    open = open.filter((item) => item.span.end > from);
    while (next < laned.length && laned[next]!.span.start <= from) {
      if (laned[next]!.span.end > from) open.push(laned[next]!);
      next += 1;
    }
    const covers = [...open].sort((a, b) => a.lane - b.lane);
    segments.push({
      start: from,
      end: to,
      covers,
      starts: covers.filter((item) => item.span.start === from).map((item) => item.lane),
      ends: covers.filter(
        ({ span }) => span.end === to || (to === end && span.end > end && span.end <= reach),
      ),
    });
  }
  return segments;
}
