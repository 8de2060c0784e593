// Offsets between code points (the kernel, the wire) and UTF-16 units (browsers).
//
// The same conversion stands in refinery_nb/core/offsets.py; both are tested against
// tests/vectors/offsets.json. Nothing else in the front end converts offsets.

export class OffsetError extends Error {}

/** The offsets of one text; made once, then every conversion is a binary search. */
export class Offsets {
  /** The code-point index of every character that takes two units. */
  private readonly wide: number[] = [];
  /** The length in code points. */
  readonly length: number;

  constructor(readonly text: string) {
    let points = 0;
    for (let unit = 0; unit < text.length; points++) {
      if (text.codePointAt(unit)! > 0xffff) {
        this.wide.push(points);
        unit += 2;
      } else {
        unit += 1;
      }
    }
    this.length = points;
  }

  /** Convert code points to units. */
  toUtf16(offset: number): number {
    if (!(offset >= 0 && offset <= this.length) || !Number.isInteger(offset)) {
      throw new OffsetError(`offset ${offset} lies outside the text of ${this.length} characters`);
    }
    return offset + below(this.wide, offset);
  }

  /** Convert units to code points; an offset inside a character is an error, never a guess. */
  fromUtf16(unit: number): number {
    if (!(unit >= 0 && unit <= this.text.length) || !Number.isInteger(unit)) {
      throw new OffsetError(`UTF-16 offset ${unit} lies outside ${this.text.length} units`);
    }
    // wide[i] + i is the unit at which the i-th wide character starts.
    let low = 0;
    let high = this.wide.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.wide[middle]! + middle < unit) low = middle + 1;
      else high = middle;
    }
    if (low > 0 && this.wide[low - 1]! + low - 1 === unit - 1) {
      throw new OffsetError(`UTF-16 offset ${unit} lies inside a surrogate pair`);
    }
    return unit - low;
  }

  /** The text between two code-point offsets. */
  slice(start: number, end: number): string {
    return this.text.slice(this.toUtf16(start), this.toUtf16(end));
  }
}

function below(sorted: number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
