// Sends the outbox to the kernel in order and takes in what it answers.

import type { Acknowledgement, Annotation, Change, Mark, Operation, Operations } from "../rpc";
import { RpcError } from "../rpc";
import type { Effect, Entry, Outbox } from "./outbox";

export const BUSY_AFTER = 3_000;
const BACK_OFF = [3_000, 6_000, 12_000, 24_000, 48_000, 60_000];
const FRAME = 16;
const BATCH = 200;

export interface SyncEvents {
  /** The store has this now; versions only grow. */
  changed(changes: Change[]): void;
  progress(progress: Operations["apply"]["ok"]["progress"]): void;
  /** An entry was settled: saved, refused, or found nothing to take back. */
  settled(entry: Entry, ack: Acknowledgement): void;
  /** The confirmed version of an annotation, if it is known here. */
  version(record: number, task: number): number | null;
  emit(): void;
}

export class Sync {
  /** Whether the oldest pending operation has waited long. */
  busy = false;
  private attempt = 0;
  private waiting = false;
  private frame: ReturnType<typeof setTimeout> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(
    readonly outbox: Outbox,
    private readonly apply: (operations: Operation[]) => Promise<Operations["apply"]["ok"]>,
    private readonly events: SyncEvents,
  ) {}

  add(op: Operation, effects: Effect[]): Entry {
    const before =
      op.kind === "label" ? this.outbox.lastTouching(op.record!, op.task!)?.op.op_id : undefined;
    const entry = this.outbox.add(op, effects, before ?? null);
    this.schedule();
    return entry;
  }

  /** The value and marks to show: the last effect not yet confirmed, else what is confirmed. */
  shown(
    record: number,
    task: number,
    confirmed: { value: Annotation; marks: Mark[] },
  ): { value: Annotation; marks: Mark[] } {
    let { value, marks } = confirmed;
    for (const entry of this.outbox.entries) {
      if (entry.state === "conflict") continue;
      for (const effect of entry.effects) {
        if (effect.record !== record || effect.task !== task) continue;
        if (effect.value !== undefined) value = effect.value;
        if (effect.marks !== undefined) marks = effect.marks;
      }
    }
    return { value, marks };
  }

  status(record: number, task: number): "saved" | Entry["state"] {
    let state: "saved" | Entry["state"] = "saved";
    for (const entry of this.outbox.entries) {
      if (!entry.effects.some((effect) => effect.record === record && effect.task === task))
        continue;
      if (entry.state !== "pending") return entry.state;
      state = "pending";
    }
    return state;
  }

  count(state: Entry["state"]): number {
    return this.outbox.entries.filter((entry) => entry.state === state).length;
  }

  retry(entry: Entry): void {
    entry.state = "pending";
    entry.message = "";
    entry.at = Date.now();
    this.outbox.save(entry);
    this.schedule();
    this.events.emit();
  }

  discard(entry: Entry): void {
    this.outbox.remove(entry);
    this.release(entry, entry.op.base);
    this.events.emit();
  }

  schedule(): void {
    if (this.stopped || this.frame !== undefined || this.waiting) return;
    this.frame = setTimeout(() => {
      this.frame = undefined;
      void this.send();
    }, FRAME);
  }

  /** Forget that an answer is outstanding, as after a reconnection, and send now. */
  restart(): void {
    clearTimeout(this.again);
    this.waiting = false;
    this.attempt = 0;
    this.schedule();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.frame);
    clearTimeout(this.again);
  }

  private batch(): Entry[] {
    const batch: Entry[] = [];
    for (const entry of this.outbox.entries) {
      if (batch.length === BATCH) break;
      if (entry.state !== "pending") continue;
      if (entry.after !== null) {
        if (this.outbox.find(entry.after)?.state === "pending") break;
        // Its predecessor was settled elsewhere (another tab), and with it the version.
        this.rebase(entry, null);
      }
      batch.push(entry);
    }
    return batch;
  }

  private async send(): Promise<void> {
    const batch = this.batch();
    if (batch.length === 0 || this.stopped) {
      this.busy = false;
      this.waiting = false;
      return;
    }
    this.waiting = true;
    const pause = BACK_OFF[Math.min(this.attempt, BACK_OFF.length - 1)]!;
    // The same operations again have no second effect, so an answer may simply be late.
    clearTimeout(this.again);
    this.again = setTimeout(() => {
      this.attempt += 1;
      this.busy = true;
      this.events.emit();
      void this.send();
    }, pause);
    try {
      this.settle(await this.apply(batch.map((entry) => entry.op)));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (["timeout", "closed", "version"].includes(error.code)) return;
      for (const entry of batch) this.fail(entry, [error.message, error.hint].join(" ").trim());
    }
    this.answered();
  }

  private answered(): void {
    clearTimeout(this.again);
    this.waiting = false;
    this.attempt = 0;
    this.busy = false;
    this.schedule();
    this.events.emit();
  }

  private fail(entry: Entry, message: string): void {
    if (!this.outbox.entries.includes(entry)) return;
    entry.state = "failed";
    entry.message = message;
    this.outbox.save(entry);
  }

  private settle(answer: Operations["apply"]["ok"]): void {
    for (const ack of answer.acks) {
      const entry = this.outbox.find(ack.op_id);
      if (entry === undefined) continue;
      if (ack.status === "saved" || ack.status === "nothing") {
        this.outbox.remove(entry);
        this.events.changed(ack.changes);
        this.release(entry, undefined, ack.changes);
      } else if (ack.status === "rejected") {
        this.fail(entry, ack.message || "The kernel refused this.");
        this.release(entry, entry.op.base);
      } else {
        this.conflict(entry, ack);
      }
      this.events.settled(entry, ack);
    }
    this.events.progress(answer.progress);
  }

  private conflict(entry: Entry, ack: Acknowledgement): void {
    this.events.changed(ack.changes);
    entry.state = "conflict";
    entry.theirs =
      ack.changes.find((c) => c.record === entry.op.record && c.task === entry.op.task) ?? null;
    entry.message = ack.message;
    this.outbox.save(entry);
    // A later edit of the same annotation stands on the base that its author saw: it conflicts
    // too, and then it alone is asked about.
    const later = this.outbox.entries.some((other) => other.after === entry.op.op_id);
    this.release(entry, entry.op.base);
    if (later) this.outbox.remove(entry);
  }

  /** Give the entries that waited for this one their base. */
  private release(entry: Entry, base: number | null | undefined, changes: Change[] = []): void {
    for (const next of this.outbox.entries) {
      if (next.after !== entry.op.op_id) continue;
      if (base !== undefined) {
        this.rebase(next, base);
        continue;
      }
      const { record, task } = next.op;
      const change = changes.find((c) => c.record === record && c.task === task);
      this.rebase(next, change?.version ?? this.events.version(record!, task!));
    }
  }

  private rebase(entry: Entry, base: number | null): void {
    entry.op = { ...entry.op, base };
    entry.after = null;
    this.outbox.save(entry);
  }
}
