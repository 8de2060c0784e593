// The state of one workbench: the record that is shown, what was asked about it, and the cell.

import { RpcError } from "../../rpc";
import { type Connection, Link, told } from "../../state/link";
import { Source } from "../../state/source";
import type { Store } from "../../state/storage";
import type { Transport } from "../../transport/transport";
import type { Fault } from "../../ui/code/places";
import type { AskComments } from "../../ui/commenting";
import type {
  Change,
  Hello,
  Neighbour,
  Ran,
  Sheet,
  Told,
  WorkbenchOperations,
  WorkbenchPush,
} from "./protocol";

const PAUSE = 150; // ms, in which several changes make one look
const LONG = 3_600_000; // ms; a cell may have limits of its own

/** What was asked about a record; null while it is on its way. */
export interface About<Value> {
  value: Value | null;
  trouble: string;
}

/** What the cell did last, and on which record. */
export interface Outcome {
  key: string;
  source: string;
  ran: Ran;
}

export class WorkbenchState extends Source {
  hello: Hello | null = null;
  told: Told | null = null;
  /** The place from which previous and next go on where the record has none of its own. */
  place = 0;
  /** The keys of the records that were left by a jump, the last one at the end. */
  trail: string[] = [];
  trouble = "";
  /** Whether a record is on its way: a long text is cut into tokens first. */
  opening = false;
  source = "";
  outcome: Outcome | null = null;
  running = false;
  /** Grows when the text of the editor is another one. */
  revision = 0;
  /** Grows when somebody has said something. */
  said = 0;
  embedding = "";
  /** Grows when what was asked about the record may be another thing by now. */
  version = 0;
  near: About<Neighbour[]> | null = null;
  past: About<{ changes: Change[]; total: number }> | null = null;
  faults: Fault[] = [];
  private readonly link: Link<WorkbenchOperations, Hello, WorkbenchPush>;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private turn = 0;
  private runs = 0;

  constructor(
    transport: Transport,
    private readonly store: Store,
    makeId: () => string = () => crypto.randomUUID(),
    private readonly pause = PAUSE,
  ) {
    super();
    this.link = new Link(transport, makeId(), {
      hello: (hello) => this.welcome(hello),
      push: (push) => this.pushed(push),
      emit: () => this.emit(),
    });
  }

  get connection(): Connection {
    return this.link.connection;
  }

  /** Why it does not open, or what went wrong with what was asked last. */
  get wrong(): string {
    return this.link.trouble || this.trouble;
  }

  get record(): Sheet | null {
    return this.told?.record ?? null;
  }

  open(): Promise<void> {
    return this.link.open();
  }

  readonly part = (name: string): Promise<{ text: string }> =>
    this.link.call("part", { name }, 60_000);

  readonly comment: AskComments = (op, args) => this.link.call(op, args as never, 60_000);

  private welcome(hello: Hello): void {
    const first = this.hello === null;
    this.hello = hello;
    if (!hello.embeddings.some(({ name }) => name === this.embedding)) {
      this.embedding = hello.embeddings[0]?.name ?? "";
    }
    if (first) {
      const text = hello.record?.attributes.find((one) => "text" in one)?.name;
      const begin = text === undefined ? "record" : `record[${JSON.stringify(text)}]`;
      this.source = this.store.get(this.cell) ?? begin;
      this.revision += 1;
    }
    // Where the kernel was found again, it need not stand where a person does.
    const key = this.record?.key;
    this.show(hello);
    if (!first && key !== undefined && key !== hello.record?.key) void this.go({ key });
  }

  /** Under which name the browser keeps the cell. */
  private get cell(): string {
    return `refinery_nb:workbench:${this.hello?.project.id ?? ""}`;
  }

  private show(next: Told): void {
    const before = this.record?.id;
    this.told = next;
    if (next.at !== null) this.place = next.at;
    if (next.record?.id !== before) {
      this.near = this.past = null;
      this.faults = [];
    }
    this.version += 1;
    this.emit();
  }

  private pushed({ push }: WorkbenchPush): void {
    if (push === "comments") {
      this.said += 1;
      this.emit();
    } else {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.look(), this.pause);
    }
  }

  /** Look at the same record again: something about it has changed. */
  private async look(): Promise<void> {
    const id = this.record?.id;
    if (this.connection !== "ready") return;
    if (id === undefined) return this.link.open(); // there may be a first one by now
    await this.go({ id });
  }

  /** Show another record; whether it is there. */
  async go(where: WorkbenchOperations["open"]["args"], jump = false): Promise<boolean> {
    const turn = ++this.turn;
    const left = this.record?.key;
    this.opening = true;
    this.emit();
    try {
      const next = await this.link.call("open", where, 120_000);
      if (turn !== this.turn) return false; // another one was asked for meanwhile
      this.opening = false;
      this.trouble = "";
      if (jump && left !== undefined && left !== next.record?.key) this.trail.push(left);
      this.show(next);
      return next.record !== null;
    } catch (error) {
      this.opening = turn !== this.turn;
      this.failed(error);
      return false;
    }
  }

  /** Go to the next record, or by -1 to the one before. */
  async step(by: number): Promise<void> {
    const count = this.told?.count ?? 0;
    const at = this.place + (this.told?.at === null && by < 0 ? 0 : by);
    if (at < 0) return this.say("This is the first record.");
    if (at >= count) return this.say("This is the last record.");
    this.trail = [];
    this.place = at; // the next step may come before the answer
    await this.go({ at });
  }

  /** Go back to where the last jump began. */
  async back(): Promise<void> {
    const key = this.trail.pop();
    if (key !== undefined) await this.go({ key });
  }

  async askNeighbours(embedding = this.embedding): Promise<void> {
    const { record } = this;
    if (record === null || embedding === "") return;
    // What is known stays until it is known better.
    const value = embedding === this.embedding ? (this.near?.value ?? null) : null;
    const about: About<Neighbour[]> = { value, trouble: "" };
    this.embedding = embedding;
    this.near = about;
    this.emit();
    try {
      const args = { id: record.id, embedding };
      about.value = (await this.link.call("neighbours", args, 120_000)).neighbours;
    } catch (error) {
      about.trouble = worded(error);
    }
    this.emit();
  }

  async askHistory(): Promise<void> {
    const { record } = this;
    if (record === null) return;
    const about: NonNullable<typeof this.past> = { value: this.past?.value ?? null, trouble: "" };
    this.past = about;
    this.emit();
    try {
      about.value = await this.link.call("history", { id: record.id }, 120_000);
    } catch (error) {
      about.trouble = worded(error);
    }
    this.emit();
  }

  write(source: string): void {
    this.source = source;
    this.store.set(this.cell, source);
    this.emit();
  }

  /** Run the cell on the record that is shown. */
  async run(): Promise<void> {
    const { record, source } = this;
    if (record === null || this.connection !== "ready") return;
    const own = ++this.runs;
    this.running = true;
    this.emit();
    let ran: Ran;
    try {
      ran = await this.link.call("run", { id: record.id, source }, LONG);
    } catch (error) {
      ran = { ...NOTHING, message: worded(error) };
    }
    if (own !== this.runs) return; // it was run again meanwhile
    this.running = false;
    this.outcome = { key: record.key, source, ran };
    const { line, message } = ran;
    this.faults = line === null || record.id !== this.record?.id ? [] : [{ line, message }];
    this.emit();
  }

  stop(): void {
    if (this.running) this.link.call("stop", {}).catch(() => undefined);
  }

  closeTrouble(): void {
    this.trouble = "";
    this.emit();
  }

  private failed(error: unknown): void {
    if (!(error instanceof RpcError)) throw error;
    if (this.link.disposed || error.code === "closed") return;
    this.trouble = told(error);
    this.emit();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.link.dispose();
    this.silence();
  }
}

const NOTHING: Ran = {
  state: "failed",
  output: "",
  value: null,
  message: "",
  traceback: "",
  line: null,
  seconds: 0,
};

function worded(error: unknown): string {
  if (!(error instanceof RpcError)) throw error;
  return told(error);
}
