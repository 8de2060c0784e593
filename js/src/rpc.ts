// The protocol between the kernel and the browser: how a message is answered, and the Labeler's.
// Another widget has its own table of operations beside its components.
//
// request {v, id, op, args}  ->  {v, id, ok} | {v, id, error: {code, message, hint}}
// push    {v, push, ...}
// All offsets are half-open code points; refinery_nb/widgets/messages.py and operations.py are the other side.

import type { Transport } from "./transport/transport";
import type { CommentOperations } from "./ui/commenting";

export const PROTOCOL = 1;

export type SpanValue = [start: number, end: number, label: number];
export type Annotation =
  | null
  | { label: number }
  | { labels: number[] }
  | { none: true }
  | { spans: SpanValue[] };
export type Mark = "flag" | "skip";
export type Order =
  | "view"
  | "random"
  | "mixed"
  | "uncertain"
  | "margin"
  | "entropy"
  | "disagreement"
  | "diverse"
  | "representative";
export type Filter = "all" | "unlabelled" | "flagged" | "skipped";

export interface LabelInfo {
  id: number;
  name: string;
  color: string;
  hotkey: string;
  description?: string;
}

export interface TaskInfo {
  id: number;
  name: string;
  kind: "classification" | "multilabel" | "spans";
  on: string | null;
  overlap: "flat" | "nested" | "any";
  guideline: string;
  labels: LabelInfo[];
}

export interface QueueInfo {
  length: number;
  position: number;
  order: Order;
  filter: Filter;
  seed: number;
  search: string;
  title: string;
  /** Grows with every new snapshot; a page of an older one is dropped. */
  revision: number;
}

export type Progress = Record<string, { labelled: number; total: number }>;

export interface HelloResult {
  project: { id: string; name: string };
  actor: string;
  tasks: TaskInfo[];
  attributes: string[];
  queue: QueueInfo;
  progress: Progress;
  session: { id: string };
}

export interface CardText {
  text: string;
  /** Token offsets start, end, start, end ...; on the texts of span tasks only. */
  tokens?: number[];
  /** The full length, where the text was cut; the rest comes by the operation `text`. */
  truncated_at?: number;
}

export interface TaskState {
  version: number;
  value: Annotation;
  marks: Mark[];
  stale: boolean;
}

export interface Vote {
  heuristic: string;
  label: number;
  confidence: number;
  start?: number;
  end?: number;
}

export type Weak =
  | { label: number; confidence: number }
  | { labels: [label: number, confidence: number][] }
  | { spans: [start: number, end: number, label: number, confidence: number][] };

export interface Card {
  id: number;
  position: number;
  key: string;
  attributes: { name: string; value: unknown }[];
  texts: Record<string, CardText>;
  tasks: Record<string, TaskState>;
  votes: Record<string, Vote[]>;
  weak: Record<string, Weak>;
  /** How many there are, if any. */
  comments?: number;
}

export interface Operation {
  op_id: string;
  kind: "label" | "mark" | "undo" | "redo";
  task: number | null;
  record: number | null;
  base: number | null;
  value: Annotation | { mark: Mark; on: boolean } | { tasks: number[] };
}

export interface Change {
  record: number;
  task: number;
  actor: string;
  version: number;
  value: Annotation;
  marks: Mark[];
}

export interface Acknowledgement {
  op_id: string;
  status: "saved" | "conflict" | "rejected" | "nothing";
  changes: Change[];
  message: string;
}

/** Every operation: what it takes and what it answers. */
export interface Operations extends CommentOperations {
  hello: { args: { client: string }; ok: HelloResult };
  bye: { args: { client: string }; ok: Record<string, never> };
  page: {
    args: { from: number; to: number; at?: number };
    ok: { revision: number; records: Card[] };
  };
  text: {
    args: { record: number; attribute: string; from: number; to: number };
    ok: { text: string; tokens?: number[] };
  };
  apply: {
    args: { operations: Operation[] };
    ok: { acks: Acknowledgement[]; progress: Progress };
  };
  forms: { args: { task: number; attribute: string; text: string }; ok: FormsResult };
  rule: {
    args: { task: number; attribute: string; text: string; form: string; label: number };
    ok: { heuristic: string; added: boolean; state: string; votes: number; message: string };
  };
  queue: {
    args: { order?: Order; seed?: number; filter?: Filter; search?: string };
    ok: QueueInfo;
  };
  part: { args: { name: string }; ok: { text: string } };
}
export type OpName = keyof Operations;

/** A form that a selected text may take as a rule, and what it would hit. */
export interface RuleForm {
  id: "exact" | "folded" | "plural" | "digits" | "shape";
  rule: string;
  records: number;
  /** Votes on labelled records, and how many of them each label would be right on. */
  reviewed: number;
  agree: Record<string, number>;
  snippets: { key: string; before: string; hit: string; after: string }[];
}

/** Counts are "at least" where not all records were looked at. */
export interface FormsResult {
  total: number;
  looked_at: number;
  forms: RuleForm[];
}

export type Push =
  | { v: number; push: "labels"; changes: Change[]; op_ids: string[]; progress: Progress }
  | { v: number; push: "votes"; task: number | null }
  | { v: number; push: "comments" }
  | { v: number; push: "schema"; tasks: TaskInfo[] };

export interface ErrorBody {
  code: string;
  message: string;
  hint?: string | null;
}

/** An operation that was answered with an error, or not at all (`timeout`, `closed`, `version`). */
export class RpcError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string = "",
  ) {
    super(message);
    this.name = "RpcError";
  }
}

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: RpcError) => void;
  timer: ReturnType<typeof setTimeout>;
}

/** What any widget's table of operations looks like. */
export type Table<Names extends PropertyKey = string> = Record<
  Names,
  { args: object; ok: unknown }
>;

/** Requests and pushes over a transport. Ids start with the client, as replies reach every view. */
export class Rpc<Ops extends Table<keyof Ops> = Operations, Pushed = Push> {
  private readonly waiting = new Map<string, Waiting>();
  private counter = 0;
  private readonly stopListening: () => void;

  constructor(
    private readonly transport: Transport,
    readonly client: string,
    private readonly onPush: (push: Pushed) => void,
    private readonly onMismatch: (theirs: number) => void,
  ) {
    this.stopListening = transport.onMessage((message) => this.receive(message));
  }

  call<Op extends keyof Ops & string>(
    op: Op,
    args: Ops[Op]["args"],
    timeout = 10_000,
  ): Promise<Ops[Op]["ok"]> {
    const id = `${this.client}-${++this.counter}`;
    return new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new RpcError("timeout", `The kernel has not answered "${op}" yet.`));
      }, timeout);
      this.waiting.set(id, { resolve, reject, timer });
      try {
        this.transport.send({ v: PROTOCOL, id, op, args });
      } catch (error) {
        clearTimeout(timer);
        this.waiting.delete(id);
        reject(new RpcError("closed", String(error)));
      }
    }) as Promise<Ops[Op]["ok"]>;
  }

  private receive(message: unknown): void {
    if (typeof message !== "object" || message === null) return;
    const body = message as Record<string, unknown>;
    if (typeof body.v !== "number") return;
    const id = typeof body.id === "string" ? body.id : null;
    if (body.v !== PROTOCOL) {
      if (id === null || this.waiting.has(id)) this.onMismatch(body.v);
      return;
    }
    if (id === null) {
      if (typeof body.push === "string") this.onPush(body as unknown as Pushed);
      return;
    }
    const call = this.waiting.get(id);
    if (call === undefined) return;
    this.waiting.delete(id);
    clearTimeout(call.timer);
    if ("error" in body) {
      const error = body.error as ErrorBody;
      if (error.code === "version") this.onMismatch(body.v);
      call.reject(new RpcError(error.code, error.message, error.hint ?? ""));
    } else {
      call.resolve(body.ok);
    }
  }

  dispose(): void {
    this.stopListening();
    for (const { timer, reject } of this.waiting.values()) {
      clearTimeout(timer);
      reject(new RpcError("closed", "The widget was removed."));
    }
    this.waiting.clear();
  }
}
