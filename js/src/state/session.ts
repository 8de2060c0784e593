// One labeling session: the connection, the queue, the outbox and undo, behind plain verbs.

import type {
  Acknowledgement,
  Annotation,
  Card,
  Change,
  Filter,
  HelloResult,
  Mark,
  Operation,
  Order,
  Progress,
  Push,
  TaskInfo,
  TaskState,
} from "../rpc";
import { type Operations, type Rpc, RpcError } from "../rpc";
import type { Transport } from "../transport/transport";
import { type Connection, Link, told } from "./link";
import { joined } from "./longer";
import { type Effect, type Entry, Outbox } from "./outbox";
import { Queue } from "./queue";
import { Rate } from "./rate";
import { Source } from "./source";
import type { Store } from "./storage";
import { Sync } from "./sync";
import { UndoStack } from "./undo";

/** One thing to set on the current record. */
export interface Setting {
  task: TaskInfo;
  value?: Annotation;
  mark?: { mark: Mark; on: boolean };
}

const NO_STATE: TaskState = { version: 0, value: null, marks: [], stale: false };

export class Session extends Source {
  hello: HelloResult | null = null;
  tasks: TaskInfo[] = [];
  progress: Progress = {};
  queue: Queue | null = null;
  sync: Sync | null = null;
  /** A sentence for the status line and the screen reader; the number makes repeats count. */
  override notice = { text: "", at: 0, seen: true };
  /** The annotation saved last, for the tick that fades. */
  saved: { record: number; at: number } | null = null;
  private readonly link: Link<Operations, HelloResult, Push>;
  /** Grows when somebody may have commented. */
  said = 0;
  private readonly undoStack = new UndoStack();
  private readonly rate = new Rate();
  private readonly client: string;
  private busyTimer: ReturnType<typeof setTimeout> | undefined;
  private adopted = 0;
  private counter = 0;

  constructor(
    transport: Transport,
    private readonly store: Store,
    private readonly now: () => number = Date.now,
    makeId: () => string = () => crypto.randomUUID(),
  ) {
    super();
    this.client = makeId();
    this.link = new Link<Operations, HelloResult, Push>(
      transport,
      this.client,
      {
        hello: (hello) => this.welcome(hello),
        push: (push) => this.pushed(push),
        emit: () => this.emit(),
      },
      { hello: 5_000, call: 10_000, awaited: "The records come" },
    );
  }

  get connection(): Connection {
    return this.link.connection;
  }

  /** Why the kernel refused to open, or that it is slow to. */
  get trouble(): string {
    return this.link.trouble;
  }

  /** What stands elsewhere on the screen is only read aloud: not seen. */
  override say(text: string, seen = true): void {
    this.notice = { text, at: this.notice.at + 1, seen };
    this.emit();
  }

  // -- opening -------------------------------------------------------------------------------

  open(): Promise<void> {
    return this.link.open();
  }

  private welcome(hello: HelloResult): void {
    const again = this.hello !== null;
    this.hello = hello;
    this.tasks = hello.tasks;
    this.progress = hello.progress;
    if (again && this.queue !== null) {
      if (hello.queue.revision !== this.queue.info.revision) this.queue.reset(hello.queue);
      else this.queue.refresh();
      this.sync?.restart();
    } else {
      this.queue = new Queue(
        hello.queue,
        (from, to, at) => this.link.call("page", { from, to, at }),
        () => this.emit(),
      );
      const outbox = new Outbox(this.store, hello.project.id, hello.actor, this.now);
      this.adopted = outbox.entries.length;
      this.sync = new Sync(outbox, (ops) => this.link.call("apply", { operations: ops }, 600_000), {
        changed: (changes) => this.takeIn(changes),
        progress: (progress) => void Object.assign(this.progress, progress),
        settled: (entry, ack) => this.settled(entry, ack),
        version: (record, task) => this.confirmed(record, task)?.version ?? null,
        emit: () => this.emit(),
      });
      this.sync.schedule();
      this.queue.ensure();
    }
    this.emit();
  }

  /** Fetch everything shown again: after sleep, or when messages may have been lost. */
  resync(): void {
    if (this.connection !== "ready") return;
    this.queue?.refresh();
    this.sync?.schedule();
  }

  dispose(): void {
    clearTimeout(this.busyTimer);
    this.queue?.stop();
    this.sync?.stop();
    this.link.dispose();
    this.silence();
  }

  // -- what is shown ---------------------------------------------------------------------------

  get card(): Card | undefined {
    return this.queue?.current;
  }

  private confirmed(record: number, task: number): TaskState | undefined {
    return this.queue?.card(record)?.tasks[String(task)];
  }

  shown(card: Card, task: TaskInfo): { value: Annotation; marks: Mark[] } {
    const confirmed = card.tasks[String(task.id)] ?? NO_STATE;
    return this.sync?.shown(card.id, task.id, confirmed) ?? confirmed;
  }

  get perMinute(): number | null {
    return this.rate.perMinute(this.now());
  }

  /** Whether something has waited long for its confirmation. */
  get slow(): boolean {
    return this.sync?.busy ?? false;
  }

  // -- doing -----------------------------------------------------------------------------------

  go(position: number): void {
    if (this.queue?.go(position)) {
      const { info } = this.queue;
      const here = this.queue.position + 1;
      const { atEnd } = this.queue;
      this.say(atEnd ? "End of the queue" : `Record ${here} of ${info.length}`, atEnd);
    }
  }

  step(by: number): void {
    if (this.queue !== null) this.go(this.queue.position + by);
  }

  /** Set labels and marks of the current record as one action, undone together. */
  apply(card: Card, settings: Setting[]): void {
    const { sync } = this;
    if (sync === null || settings.length === 0) return;
    const before: Effect[] = [];
    const after: Effect[] = [];
    const ops: string[] = [];
    for (const { task, value, mark } of settings) {
      const shown = this.shown(card, task);
      const key = { record: card.id, task: task.id };
      const op: Operation = {
        op_id: this.id(),
        kind: mark === undefined ? "label" : "mark",
        task: task.id,
        record: card.id,
        base: mark === undefined ? (card.tasks[String(task.id)]?.version ?? 0) : null,
        value: mark ?? value ?? null,
      };
      let effect: Effect = { ...key, value: value ?? null };
      if (mark !== undefined) {
        const marks = shown.marks.filter((other) => other !== mark.mark);
        effect = { ...key, marks: mark.on ? [...marks, mark.mark] : marks };
        before.push({ ...key, marks: shown.marks });
      } else {
        before.push({ ...key, value: shown.value });
      }
      after.push(effect);
      ops.push(op.op_id);
      sync.add(op, [effect]);
    }
    this.undoStack.push({ ops, before, after });
    if (settings.some((s) => s.mark === undefined)) this.rate.add(this.now());
    this.watch();
    this.emit();
  }

  undo(): void {
    this.turnBack("undo", this.undoStack.undo());
  }

  redo(): void {
    this.turnBack("redo", this.undoStack.redo());
  }

  /** Turn back an action; it may be several operations, one a task. */
  private turnBack(kind: "undo" | "redo", effects: Effect[] | null): void {
    if (this.sync === null) return;
    for (const effect of effects ?? [null]) {
      const tasks = effect === null ? this.tasks.map((task) => task.id) : [effect.task];
      const op: Operation = {
        op_id: this.id(),
        kind,
        task: null,
        record: null,
        base: null,
        value: { tasks },
      };
      this.sync.add(op, effect === null ? [] : [effect]);
    }
    if (effects !== null) this.visit(effects.map((effect) => effect.record));
    this.watch();
    this.emit();
  }

  /** Set what conflicted again, now on top of what is stored. */
  insist(entry: Entry): void {
    this.sync?.outbox.remove(entry);
    const { op, effects } = entry;
    if (op.record === null || op.task === null) return;
    const base = entry.theirs?.version ?? null;
    this.sync?.add({ ...op, op_id: this.id(), base }, effects);
    this.emit();
  }

  /** Go to the first of these records that is in the loaded part of the queue. */
  private visit(records: number[]): void {
    for (const record of records) {
      const card = this.queue?.card(record);
      if (card !== undefined) {
        this.queue?.go(card.position);
        return;
      }
    }
  }

  async requeue(args: { order?: Order; seed?: number; filter?: Filter; search?: string }) {
    try {
      const info = await this.ask("queue", args);
      this.queue?.reset(info);
      this.say(`${info.length} ${info.length === 1 ? "record" : "records"} in the queue`);
    } catch (error) {
      if (!(error instanceof RpcError) || error.code === "closed") return;
      this.say(told(error));
    }
  }

  /** Fetch the next part of a text that was cut. */
  async more(card: Card, attribute: string, by: number): Promise<void> {
    const held = card.texts[attribute];
    if (held?.truncated_at === undefined) return;
    const from = [...held.text].length;
    try {
      const part = await this.link.call("text", {
        record: card.id,
        attribute,
        from,
        to: Math.min(held.truncated_at, from + by),
      });
      this.queue?.replace({ ...card, texts: { ...card.texts, [attribute]: joined(held, part) } });
      this.emit();
    } catch (error) {
      if (error instanceof RpcError) this.say(error.message);
    }
  }

  // -- what the kernel says --------------------------------------------------------------------

  private settled(entry: Entry, ack: Acknowledgement): void {
    if (ack.status === "saved") {
      const record = ack.changes[0]?.record;
      if (record !== undefined) this.saved = { record, at: this.notice.at };
      const turned = entry.op.kind === "undo" || entry.op.kind === "redo";
      if (turned && entry.effects.length === 0) this.visit(ack.changes.map((c) => c.record));
      if (turned) this.say(entry.op.kind === "undo" ? "Undone" : "Redone");
    } else if (ack.status === "nothing") {
      this.say(entry.op.kind === "undo" ? "Nothing to undo" : "Nothing to redo");
    } else {
      this.undoStack.forget(ack.op_id);
    }
    if (entry.adopted && this.adopted > 0) {
      const left = this.sync?.outbox.entries.some((e) => e.adopted && e.state === "pending");
      if (left === false) {
        const kept = this.sync?.outbox.entries.filter((e) => e.adopted).length ?? 0;
        const count = this.adopted - kept;
        this.adopted = 0;
        if (count > 0) {
          this.say(
            `${count} ${count === 1 ? "label" : "labels"} from before ${count === 1 ? "is" : "are"} saved now`,
          );
        }
      }
    }
  }

  private takeIn(changes: Change[]): void {
    for (const change of changes) {
      if (change.actor !== this.hello?.actor) continue;
      const card = this.queue?.card(change.record);
      if (card === undefined) continue;
      const state: TaskState = {
        version: change.version,
        value: change.value,
        marks: change.marks,
        stale: false,
      };
      this.queue?.replace({ ...card, tasks: { ...card.tasks, [String(change.task)]: state } });
    }
  }

  private pushed(push: Push): void {
    if (push.push === "labels") {
      Object.assign(this.progress, push.progress);
      // One's own operations are taken in with their acknowledgement, in order.
      const foreign = push.op_ids.filter((id) => !id.startsWith(this.client));
      if (foreign.length > 0 || push.op_ids.length === 0) {
        this.takeIn(push.changes);
        const mine = push.changes.some((change) => change.actor === this.hello?.actor);
        if (mine) this.undoStack.clear();
      }
    } else if (push.push === "votes" || push.push === "comments") {
      this.said += 1;
      this.queue?.refresh();
    } else if (push.push === "schema") {
      this.tasks = push.tasks;
      this.queue?.refresh();
    }
    this.emit();
  }

  /** Look again once the oldest pending operation counts as slow. */
  private watch(): void {
    clearTimeout(this.busyTimer);
    this.busyTimer = setTimeout(() => this.emit(), 3_100);
  }

  /** Ask the kernel what is no label; however busy it is, the answer comes. */
  readonly ask: Rpc["call"] = (op, args) => this.link.call(op, args, 3_600_000);

  private id(): string {
    return `${this.client}-op-${++this.counter}`;
  }
}
