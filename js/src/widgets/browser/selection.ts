// Which places of the list are selected: sorted ranges that do not touch, so that a million cost one.

export type Range = [from: number, to: number];

export class Selection {
  constructor(readonly ranges: readonly Range[] = []) {}

  get size(): number {
    return this.ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  }

  has(at: number): boolean {
    return this.ranges.some(([from, to]) => from <= at && at < to);
  }

  add(from: number, to: number): Selection {
    if (from >= to) return this;
    let [first, last] = [from, to];
    const apart: Range[] = [];
    for (const one of this.ranges) {
      if (one[1] < first || one[0] > last) apart.push(one);
      else [first, last] = [Math.min(first, one[0]), Math.max(last, one[1])];
    }
    return new Selection([...apart, [first, last] as Range].sort((a, b) => a[0] - b[0]));
  }

  remove(from: number, to: number): Selection {
    if (from >= to) return this;
    const left: Range[] = [];
    for (const [first, last] of this.ranges) {
      if (first < Math.min(last, from)) left.push([first, Math.min(last, from)]);
      if (Math.max(first, to) < last) left.push([Math.max(first, to), last]);
    }
    return new Selection(left);
  }

  toggle(at: number): Selection {
    return this.has(at) ? this.remove(at, at + 1) : this.add(at, at + 1);
  }

  /** All from the anchor to here, and nothing else. */
  static between(anchor: number, at: number): Selection {
    return new Selection([[Math.min(anchor, at), Math.max(anchor, at) + 1]]);
  }
}
