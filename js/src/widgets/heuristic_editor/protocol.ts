// The editor's messages; refinery_nb/widgets/heuristic_editor/operations.py is the other side.
// All offsets are half-open code points.

import type { Link } from "../../state/link";
import type { Problem } from "../../ui/code/places";
import type { CommentOperations } from "../../ui/commenting";

export interface LabelInfo {
  id: number;
  name: string;
  color: string;
}

export interface TaskInfo {
  id: number;
  name: string;
  kind: "classification" | "spans";
  on: string | null;
  labels: LabelInfo[];
}

export interface FunctionSpec {
  kind: "function";
  source: string;
  entry?: string | null;
  /** Of another system: how its functions are called, kept as it is. */
  dialect?: string;
  texts?: string[];
  model?: string;
}

export interface RegexSpec {
  kind: "regex";
  label: string;
  pattern: string;
  case: boolean;
  group: number | string;
  on: string | null;
}

export interface LookupSpec {
  kind: "lookup";
  label: string;
  terms: string[];
  case: boolean;
  whole_words: boolean;
  plural: boolean;
  on: string | null;
}

/** What says everything that is needed to run a heuristic; other kinds are only shown. */
export type Spec = FunctionSpec | RegexSpec | LookupSpec | OtherSpec;
export interface OtherSpec {
  kind: "other";
  shown: string;
}

export interface Measure {
  covered: number;
  hits: number;
  correct: number;
  incorrect: number;
  precision: number | null;
  low: number | null;
  high: number | null;
}

export type State = "new" | "finished" | "failed" | "outdated";

export interface Row {
  id: number;
  name: string;
  kind: string;
  enabled: boolean;
  version: number;
  versions: number;
  at: string;
  state: State;
  message: string;
  errors: number;
  conflicts: number | null;
  labels: [label: number, votes: number][];
  measure: Measure | null;
  /** False: its code came with somebody else's project, and nobody here has let it run. */
  trusted: boolean;
  /** How many people have made. */
  comments: number;
}

export interface Rows {
  heuristics: Row[];
  records: number;
  labelled: number;
}

export interface Change {
  old: number;
  new: number;
  before: Measure;
  after: Measure;
  gained: number;
  lost: number;
  flipped: number;
}

export interface Version {
  version: number;
  at: string;
  state: State;
  message: string;
}

export interface Stored {
  id: number;
  name: string;
  version: number;
  state: State;
  message: string;
  line: number | null;
  spec: Record<string, unknown> & { kind: string };
  editable: boolean;
  /** What one that cannot be edited does, in words. */
  told: string;
}

export interface Opened extends Stored {
  versions: Version[];
  errors: { key: string; message: string; traceback: string; line: number | null }[];
  change: Change | null;
}

/** An older version, and what changed from it to the one in force. */
export interface Compared {
  version: number;
  spec: Stored["spec"];
  change: Change | null;
}

export interface ExampleVote {
  label: number;
  confidence: number;
  start: number | null;
  end: number | null;
  right: boolean | null;
}

export interface Example {
  record: number;
  key: string;
  texts: Record<string, string>;
  votes: ExampleVote[];
  /** Label ids, or spans; null: nobody has labelled the record. */
  gold: (number | [start: number, end: number, label: number])[] | null;
  looked: Record<string, [start: number, end: number][]>;
  /** The heuristics in force that say otherwise. */
  others: { heuristic: string; label: number }[];
  error: string;
  traceback: string;
  line: number | null;
}

export interface Trial {
  examples: Example[];
  tried: number;
  state: "finished" | "failed" | "cancelled";
  message: string;
  line: number | null;
  output: string;
}

export type Sample = "random" | "label" | "hits" | "wrong" | "conflicts" | "uncovered" | "errors";

export interface Brick {
  name: string;
  title: string;
  description: string;
  group: string;
  source: string;
}

/** A rule that the labels speak for; its precision is an estimate, with a 90 % interval. */
export interface Suggested {
  name: string;
  spec: Stored["spec"];
  label: number;
  kind: string;
  rule: string;
  precision: number;
  low: number;
  high: number;
  coverage: number;
  new: number;
}

export interface Job {
  heuristics: number[];
  done: number;
  total: number;
}

export interface Ran {
  heuristic: string;
  state: "finished" | "failed" | "cancelled" | "unchanged";
  records: number;
  votes: number;
  errors: number;
  seconds: number;
  message: string;
}

export interface Hello {
  project: { id: string; name: string };
  task: TaskInfo;
  attributes: { name: string; type: string }[];
  lookups: { name: string; terms: number }[];
  template: string;
  job: Job | null;
}

type Written = { name: string; spec: Spec };
type Nothing = Record<string, never>;

export interface EditorOperations extends CommentOperations {
  hello: { args: { client: string }; ok: Hello };
  bye: { args: { client: string }; ok: Nothing };
  list: { args: Nothing; ok: Rows };
  open: { args: { heuristic: number }; ok: Opened };
  version: {
    args: { heuristic: number; version: number };
    ok: Compared;
  };
  part: { args: { name: string }; ok: { text: string } };
  check: { args: Written; ok: { problems: Problem[]; entry: string | null } };
  examples: {
    args: Written & { sample: Sample; label?: string; n: number; seed: number };
    ok: Trial;
  };
  save: { args: Written & { heuristic: number | null; base: number | null }; ok: Stored };
  run: { args: { heuristics: number[] }; ok: { runs: Ran[] } };
  cancel: { args: Nothing; ok: Nothing };
  enable: { args: { heuristic: number; enabled: boolean }; ok: Nothing };
  remove: { args: { heuristic: number }; ok: { token: string; name: string } };
  put_back: { args: { token: string }; ok: { heuristic: number } };
  restore: { args: { heuristic: number; version: number }; ok: Stored };
  suggest: { args: Nothing; ok: { suggestions: Suggested[] } };
  trust: { args: { heuristic: number }; ok: Nothing };
  name: { args: { wanted: string }; ok: { name: string } };
  cell: { args: Written; ok: { code: string } };
  bricks: { args: Nothing; ok: { bricks: Brick[] } };
}

export type EditorPush =
  | { v: number; push: "changed" }
  | { v: number; push: "schema" }
  | { v: number; push: "progress"; job: Job | null };

export type EditorLink = Link<EditorOperations, Hello, EditorPush>;
