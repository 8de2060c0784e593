// The messages of the playground; refinery_nb/widgets/playground/operations.py is the other side.
// All offsets are half-open code points.

export interface LabelInfo {
  id: number;
  name: string;
  color: string;
}

export interface TaskInfo {
  id: number;
  name: string;
  kind: "classification" | "spans";
  labels: LabelInfo[];
}

/** A heuristic that can be asked. */
export interface Subject {
  id: string;
  name: string;
  kind: "zero_shot" | "llm";
  /** How it answers: `nli` and `similarity` score labels, `local` and `remote` are asked in words. */
  mode: "nli" | "similarity" | "local" | "remote";
  model: string;
  /** Whether it is in the task already. */
  added: boolean;
  on: string;
  labels: string[];
  /** With {} where a label stands; null: it has none. */
  hypothesis: string | null;
}

export interface Told {
  task: TaskInfo;
  subjects: Subject[];
  chosen: string | null;
}

export type Span = [start: number, end: number, label: string];

export interface RecordInfo {
  id: number;
  key: string;
  text: string;
  /** Whether people have said something; what they agree on, null: that no label fits. */
  reviewed: boolean;
  gold: string | Span[] | null;
}

export interface Answered {
  shares: [label: string, share: number][];
  vote: string | null;
  confidence: number | null;
  threshold: number;
  spans: Span[];
  faults: string[];
  prompt: [role: string, content: string][];
  raw: string;
  read: number;
  wrote: number;
  cost: number | null;
  /** Whether the answer was there already. */
  known: boolean;
}

export interface Question {
  subject: string;
  text: string;
  /** null: those of the heuristic. */
  labels: string[] | null;
  hypothesis: string | null;
}

type Nothing = Record<string, never>;

export interface PlaygroundOperations {
  hello: { args: { client: string }; ok: Told & { project: { id: string; name: string } } };
  bye: { args: { client: string }; ok: Nothing };
  subjects: { args: Nothing; ok: Told };
  record: { args: { subject: string; after: number | null }; ok: { record: RecordInfo | null } };
  ask: { args: Question; ok: Answered };
  keep: { args: Omit<Question, "text">; ok: Told & { subject: string } };
  cancel: { args: Nothing; ok: Nothing };
}

export interface PlaygroundPush {
  v: number;
  push: "changed";
}
