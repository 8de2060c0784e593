// What the grid shows: which labels in which order, shares, and how strongly a cell is coloured.

import { plural } from "../../ui/numbers";
import type { MatrixInfo, Normalize } from "./protocol";

export type Order = "labels" | "errors";
export type Tone = "agree" | "error" | "silent" | "nothing";

export interface Options {
  order: Order;
  hideEmpty: boolean;
  /** At most so many rows and columns are drawn; those with most errors stay. */
  most: number;
}

/** The counts behind the grid, with their sums. */
export class Counts {
  readonly size: number;
  readonly rowSums: number[];
  readonly columnSums: number[];
  readonly total: number;
  readonly worst: number;
  private readonly cells: ReadonlyMap<number, number>;

  constructor(readonly info: MatrixInfo) {
    this.size = info.row_labels.length;
    this.rowSums = new Array<number>(this.size).fill(0);
    this.columnSums = new Array<number>(this.size).fill(0);
    const cells = new Map<number, number>();
    let total = 0;
    let worst = 0;
    for (const [row, column, count] of info.cells) {
      cells.set(row * this.size + column, count);
      this.rowSums[row]! += count;
      this.columnSums[column]! += count;
      total += count;
      if (row !== column) worst = Math.max(worst, count);
    }
    this.cells = cells;
    this.total = total;
    this.worst = worst;
  }

  at(row: number, column: number): number {
    return this.cells.get(row * this.size + column) ?? 0;
  }

  /** The share of a cell in its row or column; null where that is empty. */
  share(row: number, column: number, normalize: Normalize): number | null {
    const whole = normalize === "columns" ? this.columnSums[column]! : this.rowSums[row]!;
    return whole === 0 ? null : this.at(row, column) / whole;
  }

  /** How many of a label, on either side, are not on the diagonal. */
  wrong(label: number): number {
    return this.rowSums[label]! + this.columnSums[label]! - 2 * this.at(label, label);
  }

  /** The share that agrees where both sides give a label; null where they never do. */
  get decided(): number | null {
    const none = this.size - 1;
    let both = 0;
    let same = 0;
    for (const [row, column, count] of this.info.cells) {
      if (row === none || column === none) continue;
      both += count;
      if (row === column) same += count;
    }
    return both === 0 ? null : same / both;
  }

  /** Of one label, yes or no: the F1 of either side by the other; null where neither gives it. */
  get f1(): number | null {
    const given = 2 * this.at(0, 0) + this.at(0, 1) + this.at(1, 0);
    return given === 0 ? null : (2 * this.at(0, 0)) / given;
  }

  tone(row: number, column: number): Tone {
    const { row_labels: rows, column_labels: columns } = this.info;
    const none = this.size - 1;
    if (this.at(row, column) === 0) return "nothing";
    if (row === column) return "agree";
    // Who abstains is not wrong; who says that there is none, or gives a span too many, is.
    const silent = (row === none ? rows[none] : columns[none]) === "abstains";
    return (row === none || column === none) && silent ? "silent" : "error";
  }

  /** How strongly a cell is coloured, 0 to 1. */
  strength(row: number, column: number, normalize: Normalize): number {
    const share =
      normalize !== "counts"
        ? (this.share(row, column, normalize) ?? 0)
        : this.at(row, column) / Math.max(this.worst, 1);
    // Errors are small shares: the root sets them apart.
    return Math.sqrt(Math.min(share, 1));
  }

  /** The labels to draw, in order: rows and columns are the same ones. */
  shown({ order, hideEmpty, most }: Options): number[] {
    let labels = this.rowSums.map((_, label) => label);
    if (hideEmpty) labels = labels.filter((l) => this.rowSums[l]! + this.columnSums[l]! > 0);
    const byErrors = [...labels].sort((a, b) => this.wrong(b) - this.wrong(a) || a - b);
    const kept = byErrors.slice(0, most);
    return order === "errors" ? kept : kept.sort((a, b) => a - b);
  }

  /** The cells off the diagonal, the largest first, of the labels that are shown. */
  errors(labels: readonly number[]): [row: number, column: number][] {
    const among = new Set(labels);
    return this.info.cells
      .filter(([row, column]) => row !== column && among.has(row) && among.has(column))
      .sort((a, b) => b[2] - a[2] || a[0] - b[0] || a[1] - b[1])
      .map(([row, column]) => [row, column]);
  }
}

export function percent(share: number): string {
  const whole = Math.round(share * 100);
  if (whole === 0 && share > 0) return "<1 %";
  if (whole === 100 && share < 1) return ">99 %";
  return `${whole} %`;
}

/** A long name without its middle: names that differ at their ends stay apart. */
export function shortened(name: string, most = 20): string {
  const characters = [...name];
  if (characters.length <= most) return name;
  const tail = Math.floor((most - 1) / 2);
  return [...characters.slice(0, most - 1 - tail), "…", ...characters.slice(-tail)].join("");
}

/** What is counted, in words: "1 record", "12 tokens". */
export function units(count: number, level: string): string {
  const name = level === "touching" ? "spans" : level;
  return plural(count, name.slice(0, -1), name);
}
