// The state of one playground: the question as it is written, the last answer.

import { RpcError } from "../../rpc";
import { type Connection, Link, told } from "../../state/link";
import { Source } from "../../state/source";
import type { Transport } from "../../transport/transport";
import { parseLabels, writeLabels } from "./labels";
import type {
  Answered,
  PlaygroundOperations,
  PlaygroundPush,
  Question,
  RecordInfo,
  Subject,
  Told,
} from "./protocol";

const PAUSE = 500; // ms without a key, after which a model that scores is asked by itself

/** An answer with the question that it is to. */
export interface Shown {
  question: Question;
  answer: Answered;
}

export class PlaygroundState extends Source {
  told: Told | null = null;
  subject: Subject | null = null;
  text = "";
  labels = "";
  hypothesis = "";
  record: RecordInfo | null = null;
  shown: Shown | null = null;
  /** What went wrong with the last question. */
  fault = "";
  asking = false;
  private readonly link: Link<
    PlaygroundOperations,
    PlaygroundOperations["hello"]["ok"],
    PlaygroundPush
  >;
  private turn = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    transport: Transport,
    makeId: () => string = () => crypto.randomUUID(),
    private readonly pause = PAUSE,
  ) {
    super();
    this.link = new Link(transport, makeId(), {
      hello: (told) => this.take(told, told.chosen),
      push: () => void this.refresh(),
      emit: () => this.emit(),
    });
  }

  get connection(): Connection {
    return this.link.connection;
  }

  /** Why it does not open, or is slow to. */
  get trouble(): string {
    return this.link.trouble;
  }

  open(): Promise<void> {
    return this.link.open();
  }

  /** What the question is, as it is written. */
  get question(): Question | null {
    const { subject } = this;
    if (subject === null) return null;
    const labels = parseLabels(this.labels);
    const own = labels.length === 0 || same(labels, subject.labels);
    const written = this.hypothesis.trim();
    const hypothesis = written === "" || written === subject.hypothesis ? null : written;
    return {
      subject: subject.id,
      text: this.text,
      labels: own ? null : labels,
      hypothesis: subject.hypothesis === null ? null : hypothesis,
    };
  }

  /** Whether labels or hypothesis are others than those of the heuristic. */
  get isChanged(): boolean {
    const question = this.question;
    return question !== null && (question.labels !== null || question.hypothesis !== null);
  }

  /** Whether the answer is to another question than the one that is written. */
  get isStale(): boolean {
    const { shown, question } = this;
    return (
      shown !== null && JSON.stringify(shown.question) !== JSON.stringify(question ?? undefined)
    );
  }

  /** Whether asking costs nothing, so that it is done while a person types. */
  get isFree(): boolean {
    return this.subject?.mode === "nli" || this.subject?.mode === "similarity";
  }

  /** The labels that are not of the task: an answer with them can be looked at, but not kept. */
  get foreign(): string[] {
    const known = new Set(this.told?.task.labels.map(({ name }) => name));
    return (this.question?.labels ?? []).filter((name) => !known.has(name));
  }

  choose(id: string): void {
    const subject = this.told?.subjects.find((one) => one.id === id) ?? null;
    this.subject = subject;
    this.reset();
    this.soon(0);
  }

  /** Take labels and hypothesis of the heuristic back. */
  reset(): void {
    this.labels = writeLabels(this.subject?.labels ?? []);
    this.hypothesis = this.subject?.hypothesis ?? "";
    this.fault = "";
    this.emit();
  }

  write(change: Partial<Pick<PlaygroundState, "text" | "labels" | "hypothesis">>): void {
    if (change.text !== undefined && change.text !== this.text) this.record = null;
    Object.assign(this, change);
    this.emit();
    this.soon(this.pause);
  }

  private soon(pause: number): void {
    clearTimeout(this.timer);
    if (!this.isFree || this.text.trim() === "") return;
    this.timer = setTimeout(() => void this.ask(), pause);
  }

  async ask(): Promise<void> {
    clearTimeout(this.timer);
    const question = this.question;
    if (question === null || this.connection !== "ready") return;
    const turn = ++this.turn;
    this.asking = true;
    this.fault = "";
    this.emit();
    try {
      const answer = await this.link.call("ask", question);
      if (turn !== this.turn) return; // another question was asked meanwhile
      this.shown = { question, answer };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (turn !== this.turn) return;
      this.shown = null;
      this.fault = told(error);
    }
    this.asking = false;
    if (!this.link.disposed) this.emit();
  }

  cancel(): void {
    if (!this.asking) return;
    this.turn += 1;
    this.asking = false;
    this.link.call("cancel", {}).catch(() => undefined);
    this.emit();
  }

  /** Take the next record as the text; what people say of it is shown beside the answer. */
  async next(): Promise<void> {
    if (this.subject === null) return;
    try {
      const args = { subject: this.subject.id, after: this.record?.id ?? null };
      let { record } = await this.link.call("record", args);
      if (record === null && args.after !== null) {
        this.say("That was the last record. This is the first one.");
        ({ record } = await this.link.call("record", { ...args, after: null }));
      }
      if (record === null) return this.say("No record has a text.");
      this.record = record;
      this.text = record.text;
      this.emit();
      this.soon(0);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.fault = told(error);
      this.emit();
    }
  }

  /** Add the heuristic to the task, as it is written here. */
  async keep(): Promise<void> {
    const question = this.question;
    if (question === null) return;
    const { subject, labels, hypothesis } = question;
    try {
      const { subject: id, ...told } = await this.link.call("keep", {
        subject,
        labels,
        hypothesis,
      });
      this.take(told, id, true);
      this.say(`${this.subject?.name ?? "The heuristic"} is in the task. Run it to get its votes.`);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.fault = told(error);
      this.emit();
    }
  }

  private async refresh(): Promise<void> {
    if (this.connection !== "ready") return;
    try {
      const told = await this.link.call("subjects", {}, 30_000);
      if (!this.link.disposed) this.take(told, this.subject?.id ?? told.chosen);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
    }
  }

  /** Take what the kernel tells; what a person has written stays, unless it was just kept. */
  private take(told: Told, chosen: string | null, kept = false): void {
    const before = this.subject;
    const touched = this.isChanged && !kept;
    const fresh = kept && !this.isStale;
    this.told = told;
    this.subject = told.subjects.find(({ id }) => id === chosen) ?? told.subjects[0] ?? null;
    if (!touched || before?.name !== this.subject?.name) this.reset();
    if (fresh && this.shown !== null && this.question !== null) {
      // It is the same question under another name.
      this.shown = { ...this.shown, question: this.question };
    } else if (before !== null && JSON.stringify(before) !== JSON.stringify(this.subject)) {
      this.shown = null;
      this.soon(0);
    }
    this.emit();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.link.dispose();
    this.silence();
  }
}

const same = (one: string[], other: string[]): boolean =>
  one.length === other.length && one.every((name, at) => name === other[at]);
