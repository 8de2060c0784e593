// The queue of records: a window around the current one is kept ready, so that the next record is
// there before the kernel is asked.

import type { Card, QueueInfo } from "../rpc";

export const AHEAD = 40;
const BEHIND = 10;
const KEEP = 160;
/** Characters that one page should hold at most. */
const PAGE_CHARACTERS = 1_000_000;

export type FetchPage = (
  from: number,
  to: number,
  at: number,
) => Promise<{ revision: number; records: Card[] }>;

export class Queue {
  position = 0;
  /** Why the last page did not come; null while all is well. */
  trouble: string | null = null;
  private readonly cards = new Map<number, Card>();
  private readonly positions = new Map<number, number>();
  private fetching = false;
  private refetch = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  private average = 2_000;

  constructor(
    public info: QueueInfo,
    private readonly fetchPage: FetchPage,
    private readonly emit: () => void,
  ) {
    this.position = Math.min(info.position, info.length);
  }

  reset(info: QueueInfo): void {
    this.info = info;
    this.position = Math.min(info.position, info.length);
    this.cards.clear();
    this.positions.clear();
    this.ensure();
  }

  get current(): Card | undefined {
    return this.cards.get(this.position);
  }

  get atEnd(): boolean {
    return this.position >= this.info.length;
  }

  card(record: number): Card | undefined {
    const position = this.positions.get(record);
    const card = position === undefined ? undefined : this.cards.get(position);
    return card?.id === record ? card : undefined;
  }

  /** Move to a position, at most one beyond the last record; returns whether it changed. */
  go(position: number): boolean {
    const next = Math.max(0, Math.min(position, this.info.length));
    if (next === this.position) return false;
    this.position = next;
    this.ensure();
    return true;
  }

  /** Fetch what is missing around the position, one page at a time. */
  ensure(): void {
    if (this.fetching || this.stopped) return;
    const range = this.missing();
    if (range !== null) void this.load(range[0], range[1]);
  }

  /** Fetch the loaded window again and replace it as it comes: something changed in the kernel. */
  refresh(): void {
    this.refetch = true;
    if (!this.fetching) void this.load(...this.window());
  }

  /** Put a card in its place; never another one under the eyes of who labels. */
  replace(card: Card): void {
    const held = this.cards.get(card.position);
    if (held !== undefined && held.id !== card.id && card.position === this.position) return;
    this.cards.set(card.position, card);
    this.positions.set(card.id, card.position);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
  }

  private get size(): number {
    return Math.max(1, Math.min(AHEAD, Math.floor(PAGE_CHARACTERS / this.average)));
  }

  private window(): [number, number] {
    const from = Math.max(0, this.position - 2);
    return [from, Math.min(this.info.length, from + this.size + 2)];
  }

  private missing(): [number, number] | null {
    const { position, info } = this;
    let first = position;
    while (first < info.length && first < position + AHEAD && this.cards.has(first)) first += 1;
    const low = first - position < Math.max(1, Math.min(AHEAD, this.size) / 2);
    if (low && first < info.length) return [first, Math.min(info.length, first + this.size)];
    const before = position - 1;
    if (before >= 0 && !this.cards.has(before)) {
      return [Math.max(0, position - Math.min(BEHIND, this.size)), position];
    }
    return null;
  }

  private async load(from: number, to: number): Promise<void> {
    if (from >= to) return;
    this.fetching = true;
    this.refetch = false;
    clearTimeout(this.retry);
    let pause = 0;
    try {
      const { revision, records } = await this.fetchPage(from, to, this.position);
      this.trouble = null;
      if (revision === this.info.revision) {
        for (const card of records) this.replace(card);
        this.measure(records);
        if (records.length === 0) pause = 5_000;
      }
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
      pause = 2_000;
    }
    this.fetching = false;
    if (this.stopped) return;
    this.forget();
    this.emit();
    if (pause > 0) this.retry = setTimeout(() => this.ensure(), pause);
    else if (this.refetch) void this.load(...this.window());
    else this.ensure();
  }

  private measure(records: Card[]): void {
    if (records.length === 0) return;
    let characters = 0;
    for (const card of records) {
      for (const text of Object.values(card.texts)) characters += text.text.length;
    }
    this.average = Math.max(200, characters / records.length);
  }

  private forget(): void {
    if (this.cards.size <= KEEP) return;
    for (const [position, card] of this.cards) {
      if (Math.abs(position - this.position) > KEEP / 2) {
        this.cards.delete(position);
        this.positions.delete(card.id);
      }
    }
  }
}
