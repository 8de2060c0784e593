// The records that are looked at, asked for as they come into view.

import type { Row } from "./protocol";

const PAGE = 60;
const KEPT = 3_000;

export interface Answer {
  revision: number;
  rows: Row[];
}

export class Rows {
  /** Of which query they are. */
  revision = -1;
  private readonly known = new Map<number, Row>();
  private readonly fresh = new Set<number>();
  private wanted: [first: number, last: number] = [0, 0];
  private fetching = false;

  constructor(
    /** Asks the kernel for some places; null: it could not answer. */
    private readonly ask: (from: number, to: number) => Promise<Answer | null>,
    private readonly changed: () => void,
  ) {}

  get(at: number): Row | undefined {
    return this.known.get(at);
  }

  /** The records are others; the first ones came along. */
  restart(revision: number, first: Row[]): void {
    this.revision = revision;
    this.known.clear();
    this.fresh.clear();
    for (const row of first) this.take(row);
  }

  private take(row: Row): void {
    this.known.set(row.at, row);
    this.fresh.add(row.at);
  }

  /** Something about them has changed: what is shown stays until it comes anew. */
  renew(): void {
    this.fresh.clear();
    this.need(...this.wanted);
  }

  /** See to it that these are there; of several wishes only the last is asked for. */
  need(first: number, last: number): void {
    this.wanted = [Math.max(0, first), last];
    if (!this.fetching) void this.fetch();
  }

  private async fetch(): Promise<void> {
    this.fetching = true;
    for (;;) {
      let [from, to] = this.wanted;
      while (from < to && this.fresh.has(from)) from++;
      while (from < to && this.fresh.has(to - 1)) to--;
      if (from >= to) break;
      to = Math.max(to, Math.min(from + PAGE, to + PAGE / 2));
      const { revision } = this;
      const answer = await this.ask(from, to);
      if (answer === null) break;
      if (answer.revision !== revision || revision !== this.revision) {
        if (revision === this.revision) break; // the kernel shows another query: it comes by itself
        continue;
      }
      if (this.known.size > KEPT) {
        this.known.clear();
        this.fresh.clear();
      }
      for (let at = from; at < to; at++) this.fresh.add(at);
      for (const row of answer.rows) this.take(row);
      this.changed();
    }
    this.fetching = false;
  }
}
