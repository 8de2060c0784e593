// The messages of the workbench; refinery_nb/widgets/workbench/operations.py is the other side.
// All offsets are half-open code points.

import type { CommentOperations } from "../../ui/commenting";

export interface LabelInfo {
  id: number;
  name: string;
  color: string;
}

/** One label that somebody gives; `start` and `end` in tasks of spans only. */
export interface Vote {
  label: number;
  confidence: number;
  start: number | null;
  end: number | null;
}

/** What one person says: no label at all means that none fits. */
export interface SaidBy {
  by: string;
  labels: Vote[];
}

export interface HeuristicVotes {
  heuristic: string;
  kind: string;
  enabled: boolean;
  state: string;
  /** Empty: it abstains. */
  votes: Vote[];
}

export interface TaskSheet {
  id: number;
  name: string;
  kind: "classification" | "multilabel" | "spans";
  on: string | null;
  labels: LabelInfo[];
  said: SaidBy[];
  marks: string[];
  votes: HeuristicVotes[];
  /** null: nothing was supervised yet. */
  weak: { model: string; labels: Vote[] } | null;
}

export interface TextValue {
  name: string;
  type: string;
  key: boolean;
  text: string;
  /** Of the whole text, of which a part may be here. */
  length: number;
  /** start, end, start, end ... of those in the part. */
  tokens: number[];
  /** How many the whole text has. */
  count: number;
  tokenizer: string;
}

export type AttributeValue =
  | TextValue
  | { name: string; type: string; key: boolean; value: unknown };

export interface Sheet {
  id: number;
  key: string;
  attributes: AttributeValue[];
  tasks: TaskSheet[];
}

export interface Told {
  /** null: there is none, or it is gone. */
  record: Sheet | null;
  /** Its place among the records to go through; null: it is not one of them. */
  at: number | null;
  count: number;
}

export interface Hello extends Told {
  project: { id: string; name: string };
  actor: string;
  attributes: { name: string; type: string }[];
  lookups: { name: string; terms: number }[];
  embeddings: { name: string; attribute: string }[];
}

export interface Neighbour {
  id: number;
  key: string;
  text: string;
  similarity: number;
}

export interface Change {
  at: string;
  by: string;
  what: string;
  of: string;
  before: string | null;
  after: string | null;
}

/** What a cell did. */
export interface Ran {
  state: "finished" | "failed" | "cancelled";
  output: string;
  value: string | null;
  message: string;
  traceback: string;
  line: number | null;
  seconds: number;
}

type Nothing = Record<string, never>;

export interface WorkbenchOperations extends CommentOperations {
  hello: { args: { client: string }; ok: Hello };
  bye: { args: { client: string }; ok: Nothing };
  open: { args: { key: string } | { id: number } | { at: number }; ok: Told };
  neighbours: { args: { id: number; embedding: string }; ok: { neighbours: Neighbour[] } };
  history: { args: { id: number }; ok: { changes: Change[]; total: number } };
  run: { args: { id: number; source: string }; ok: Ran };
  stop: { args: Nothing; ok: Nothing };
  part: { args: { name: string }; ok: { text: string } };
}

export interface WorkbenchPush {
  v: number;
  push: "changed" | "comments";
}
