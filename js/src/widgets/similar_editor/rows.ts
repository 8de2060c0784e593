// The neighbours that are looked at, asked for as they come into view.

import type { Row } from "./protocol";

const PAGE = 200; // rows of one message
const KEPT = 2_000;

export interface Answer {
  revision: number;
  rows: Row[];
}

export class Rows {
  /** Of which comparison they are. */
  revision = -1;
  private readonly known = new Map<number, Row>();
  private readonly fresh = new Set<number>();
  private wanted: [first: number, last: number] = [0, 0];
  private fetching = false;

  constructor(
    /** Asks the kernel for some ranks; null: it could not answer. */
    private readonly ask: (from: number, to: number) => Promise<Answer | null>,
    private readonly changed: () => void,
  ) {}

  get(rank: number): Row | undefined {
    return this.known.get(rank);
  }

  /** The neighbours are others. */
  restart(revision: number): void {
    this.revision = revision;
    this.known.clear();
    this.fresh.clear();
  }

  /** Something about them has changed: what is shown stays until it comes anew. */
  renew(): void {
    this.fresh.clear();
    this.need(...this.wanted);
  }

  /** See to it that these are there; of several wishes only the last is asked for. */
  need(first: number, last: number): void {
    this.wanted = [Math.max(0, first), Math.min(last, first + PAGE)];
    if (!this.fetching) void this.fetch();
  }

  private async fetch(): Promise<void> {
    this.fetching = true;
    for (;;) {
      let [from, to] = this.wanted;
      while (from < to && this.fresh.has(from)) from++;
      while (from < to && this.fresh.has(to - 1)) to--;
      if (from >= to) break;
      const { revision } = this;
      for (let rank = from; rank < to; rank++) this.fresh.add(rank);
      const answer = await this.ask(from, to);
      if (answer === null) break;
      // Others were compared meanwhile, here or there: their rows are asked for by themselves.
      if (answer.revision !== revision || revision !== this.revision) continue;
      if (this.known.size > KEPT) this.known.clear();
      for (const row of answer.rows) this.known.set(row.rank, row);
      this.changed();
    }
    this.fetching = false;
  }
}
