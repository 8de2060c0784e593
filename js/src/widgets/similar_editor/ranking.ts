// Neighbours in their order, and what a threshold lets in. Thresholds are whole billionths.

export const UNIT = 1_000_000_000;
const COARSEST = UNIT / 100; // a threshold has two digits, or more where neighbours lie close

export interface Cut {
  threshold: number;
  hits: number;
  /** Of the hits: those that people have judged, and of these. */
  checked: number;
  right: number;
  /** Where no label fits. */
  none: number;
  /** `right / checked` with its 95 % interval; null where nothing was judged. */
  precision: number | null;
  low: number;
  high: number;
}

const RIGHT = 1;
const NONE = 2;

export class Ranking {
  /** The ranks that were judged, rising. */
  readonly ranks: Uint32Array;
  private readonly codes: Uint8Array;
  /** How many of the judged are right, and none, up to each. */
  private readonly rights: Uint32Array;
  private readonly nones: Uint32Array;

  constructor(
    /** Falling. */
    readonly similarity: Uint32Array,
    readonly example: Uint16Array,
    judged: Uint32Array,
  ) {
    this.ranks = judged.map((one) => Math.floor(one / 4));
    this.codes = Uint8Array.from(judged, (one) => one % 4);
    this.rights = new Uint32Array(judged.length + 1);
    this.nones = new Uint32Array(judged.length + 1);
    this.codes.forEach((code, at) => {
      this.rights[at + 1] = this.rights[at]! + Number(code === RIGHT);
      this.nones[at + 1] = this.nones[at]! + Number(code === NONE);
    });
  }

  get length(): number {
    return this.similarity.length;
  }

  withJudged(judged: Uint32Array): Ranking {
    return new Ranking(this.similarity, this.example, judged);
  }

  /** How many neighbours a threshold lets in. */
  hits(threshold: number): number {
    return first(this.length, (rank) => this.similarity[rank]! < threshold);
  }

  /** Whether a judged neighbour is right, by its place among the judged. */
  isRight(at: number): boolean {
    return this.codes[at] === RIGHT;
  }

  at(threshold: number): Cut {
    const hits = this.hits(threshold);
    const checked = first(this.ranks.length, (at) => this.ranks[at]! >= hits);
    const right = this.rights[checked]!;
    const [low, high] = wilson(right, checked);
    return {
      threshold,
      hits,
      checked,
      right,
      none: this.nones[checked]!,
      precision: checked === 0 ? null : right / checked,
      low,
      high,
    };
  }

  /** The shortest decimal that lets exactly the first `hits` in; those as similar come along. */
  threshold(hits: number): number {
    const wanted = this.whole(hits);
    if (wanted === 0) {
      const least = this.similarity[0] ?? 0;
      for (let step = COARSEST; step >= 1; step /= 10) {
        const above = Math.floor(least / step) * step + step;
        if (above <= UNIT) return above;
      }
      return UNIT; // what is equal to an example is always let in
    }
    const high = this.similarity[wanted - 1]!;
    const low = this.similarity[wanted] ?? 0;
    for (let step = COARSEST; step > 1; step /= 10) {
      const below = Math.floor(high / step) * step;
      if (below > low) return below;
    }
    return high;
  }

  /** Let one neighbour more in, or one out; those as similar come along. */
  step(threshold: number, by: number): number {
    const hits = this.hits(threshold);
    const wanted = Math.min(Math.max(hits + by, 0), this.length);
    if (by >= 0) return wanted === hits ? threshold : this.threshold(wanted);
    const tied = this.similarity[wanted];
    const before = first(this.length, (rank) => this.similarity[rank]! <= (tied ?? 0));
    return hits === 0 ? threshold : this.threshold(before);
  }

  /** The next judged neighbour to let in (1) or to leave out (-1), as its rank; null: none. */
  nextJudged(threshold: number, by: 1 | -1): number | null {
    const inside = this.at(threshold).checked;
    return this.ranks[by === 1 ? inside : inside - 1] ?? null;
  }

  /** The lowest threshold at which the judged neighbours reach a precision; null: none does. */
  reaching(precision: number): number | null {
    for (let at = this.ranks.length; at > 0; at--) {
      // What is as similar stands or falls together.
      const next = this.ranks[at];
      const own = this.similarity[this.ranks[at - 1]!];
      if (next !== undefined && this.similarity[next] === own) continue;
      if (this.rights[at]! >= precision * at) return this.threshold(this.ranks[at - 1]! + 1);
    }
    return null;
  }

  /** Per example: of how many hits it is the nearest, and of the judged of them how many are right. */
  byExample(
    threshold: number,
    examples: number,
  ): { hits: number; checked: number; right: number }[] {
    const found = Array.from({ length: examples }, () => ({ hits: 0, checked: 0, right: 0 }));
    const hits = this.hits(threshold);
    for (let rank = 0; rank < hits; rank++) {
      const own = found[this.example[rank]!];
      if (own !== undefined) own.hits += 1;
    }
    for (let at = 0; at < this.ranks.length && this.ranks[at]! < hits; at++) {
      const own = found[this.example[this.ranks[at]!]!];
      if (own === undefined) continue;
      own.checked += 1;
      own.right += Number(this.isRight(at));
    }
    return found;
  }

  /** As many as are wanted, or more where the next are as similar. */
  private whole(hits: number): number {
    if (hits <= 0) return this.similarity[0] === UNIT ? this.hits(UNIT) : 0;
    const last = Math.min(hits, this.length) - 1;
    return last < 0 ? 0 : this.hits(this.similarity[last]!);
  }
}

const Z = 1.959963984540054;

/** The 95 % score interval of a share (Wilson, 1927), as refinery_nb/quality/interval.py has it. */
export function wilson(right: number, total: number): [low: number, high: number] {
  if (total === 0) return [Number.NaN, Number.NaN];
  const share = right / total;
  const center = (share + Z ** 2 / (2 * total)) / (1 + Z ** 2 / total);
  const spread = Math.sqrt((share * (1 - share)) / total + Z ** 2 / (4 * total ** 2));
  const half = (Z * spread) / (1 + Z ** 2 / total);
  return [Math.max(center - half, 0), Math.min(center + half, 1)];
}

/** `.62`, `.6183`, `1.00`. */
export function decimal(threshold: number): string {
  const text = (threshold / UNIT).toFixed(9).replace(/0{1,7}$/, "");
  return text.replace(/^0/, "");
}

/** The first whole number below `end` for which something holds that goes on holding; else `end`. */
function first(end: number, holds: (at: number) => boolean): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
