// The messages of the SimilarEditor; refinery_nb/widgets/similar_editor/operations.py is the other side.
// Similarities and thresholds are whole billionths, so that what is equal stays equal.
// Columns travel as base64 of little-endian whole numbers. Offsets are half-open code points.

export interface LabelInfo {
  id: number;
  name: string;
  color: string;
}

export interface TaskInfo {
  name: string;
  kind: "classification" | "spans";
  on: string | null;
  labels: LabelInfo[];
}

export interface ExampleInfo {
  kind: "record" | "span" | "text" | "vector";
  key: string;
  text: string;
}

export interface DraftInfo {
  label: string;
  name: string;
  /** Whether it has a name of its own; else that follows the label. */
  named: boolean;
  threshold: number;
  /** Whether a person has chosen the threshold. */
  chosen: boolean;
  embedding: string | null;
  examples: ExampleInfo[];
  /** `changed`: a Similar of this name is another one; `taken`: it is a heuristic of that kind. */
  standing: "new" | "saved" | "changed" | "taken";
  kind: string;
}

export interface Info {
  project: string;
  task: TaskInfo;
  embeddings: string[];
  /** How many manual labels are the one of the rule. */
  labelled: number;
  draft: DraftInfo;
}

export interface Judged {
  revision: number;
  /** uint32: four times the rank, and 1 where the label is right, 2 where no label fits. */
  judged: string;
  labelled: number;
}

export interface Compared extends Judged {
  /** uint32, falling. */
  similarity: string;
  /** uint16: which example is the nearest. */
  example: string;
  left_out: number;
  draft: DraftInfo;
}

export type Place = [start: number, end: number];

export interface Row {
  rank: number;
  record: number;
  key: string;
  text: string;
  /** The span in `text`; null: the whole record. */
  start: number | null;
  end: number | null;
  /** Whether there is more text before and after. */
  cut: [before: boolean, after: boolean];
  /** The span in the whole text. */
  place: Place | null;
  /** Manual labels; null: nobody has judged it. */
  gold: string[] | null;
  spans: [start: number, end: number, label: string][];
}

type Nothing = Record<string, never>;
type Drafted = { draft: DraftInfo };

export interface SimilarOperations {
  hello: { args: { client: string }; ok: Info };
  bye: { args: { client: string }; ok: Nothing };
  neighbours: { args: Nothing; ok: Compared };
  judged: { args: Nothing; ok: Judged };
  rows: {
    args: { revision: number; from: number; to: number };
    ok: { revision: number; rows: Row[] };
  };
  add: { args: { text: string } | { rank: number; revision: number }; ok: Drafted };
  remove: { args: { at: number }; ok: Drafted };
  /** Takes a few that are labelled as examples. */
  start: { args: Nothing; ok: Drafted & { count: number } };
  change: {
    args: { label?: string; name?: string; embedding?: string };
    ok: Drafted & { labelled: number };
  };
  threshold: { args: { value: number; chosen: boolean }; ok: Drafted };
  /** An empty label says that none fits; null takes it away. */
  label: {
    args: { record: number; place: Place | null; label: string | null };
    ok: Judged & { counts: boolean };
  };
  undo: { args: Nothing; ok: Judged & { done: boolean } };
  save: {
    args: Nothing;
    ok: Drafted & { name: string; state: string; votes: number; message: string };
  };
  open: { args: { record?: number }; ok: { count: number } };
}

export type SimilarPush =
  | { v: number; push: "labels" | "vectors" | "task" }
  /** Another view of the same editor has compared. */
  | { v: number; push: "compared"; revision: number };
