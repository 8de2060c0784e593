// The outbox: what a person did and the kernel has not yet confirmed, one stored entry an operation.

import type { Annotation, Change, Mark, Operation } from "../rpc";
import type { Store } from "./storage";

/** What an operation makes of one record and task, shown before the kernel answers. */
export interface Effect {
  record: number;
  task: number;
  value?: Annotation;
  marks?: Mark[];
}

export interface Entry {
  op: Operation;
  effects: Effect[];
  /** The unconfirmed operation on the same record and task whose version is this one's base. */
  after: string | null;
  /** When it was done, in ms. */
  at: number;
  state: "pending" | "failed" | "conflict";
  message: string;
  /** What stands in the store, for a conflict. */
  theirs: Change | null;
  /** Found in the storage when the widget opened. */
  adopted: boolean;
  /** Its storage key. */
  key: string;
}

const PREFIX = "refinery_nb:outbox:";

export class Outbox {
  readonly entries: Entry[] = [];
  /** False once the browser refused to keep an entry: then it lives in this page only. */
  durable = true;
  private last = 0;

  constructor(
    private readonly store: Store,
    readonly project: string,
    readonly actor: string,
    private readonly now: () => number = Date.now,
  ) {
    for (const key of store.keys(this.prefix)) {
      const entry = parse(store.get(key));
      if (entry === null) continue;
      this.entries.push({ ...entry, key, adopted: true });
      this.last = Math.max(this.last, Number(key.slice(this.prefix.length)) || 0);
    }
  }

  private get prefix(): string {
    return `${PREFIX}${this.project}:${encodeURIComponent(this.actor)}:`;
  }

  add(op: Operation, effects: Effect[], after: string | null): Entry {
    // Other widgets write here too: the time orders, the counter breaks ties.
    this.last = Math.max(this.last + 1, this.now() * 1000);
    let key = this.prefix + String(this.last).padStart(20, "0");
    while (this.store.get(key) !== null) {
      key = this.prefix + String(++this.last).padStart(20, "0");
    }
    const entry: Entry = {
      op,
      effects,
      after,
      at: this.now(),
      state: "pending",
      message: "",
      theirs: null,
      adopted: false,
      key,
    };
    this.entries.push(entry);
    this.save(entry);
    return entry;
  }

  save(entry: Entry): void {
    const { key, adopted: _adopted, ...kept } = entry;
    if (!this.store.set(key, JSON.stringify(kept))) this.durable = false;
  }

  remove(entry: Entry): void {
    const index = this.entries.indexOf(entry);
    if (index >= 0) this.entries.splice(index, 1);
    this.store.remove(entry.key);
  }

  find(opId: string): Entry | undefined {
    return this.entries.find((entry) => entry.op.op_id === opId);
  }

  /** The last unconfirmed operation that changes this annotation, or may. */
  lastTouching(record: number, task: number): Entry | undefined {
    return this.entries.findLast(
      (entry) => entry.state === "pending" && touches(entry, record, task),
    );
  }
}

/** Whether the operation changes the version of this annotation, or may (undo and redo). */
export function touches(entry: Entry, record: number, task: number): boolean {
  if (entry.op.kind === "undo" || entry.op.kind === "redo") return true;
  return entry.op.record === record && entry.op.task === task;
}

function parse(text: string | null): Entry | null {
  try {
    const entry = JSON.parse(text ?? "null") as Entry | null;
    if (entry === null || typeof entry.op?.op_id !== "string" || !Array.isArray(entry.effects)) {
      return null;
    }
    // What failed before is tried once more; a conflict is asked again.
    return { ...entry, state: "pending", message: "", theirs: null };
  } catch {
    return null;
  }
}
