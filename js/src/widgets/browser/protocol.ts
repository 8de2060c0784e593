// The messages of the Browser; refinery_nb/widgets/browser/operations.py is the other side.
// Offsets are half-open code points; places are those of the records of one revision, from 0.

import type { CommentOperations } from "../../ui/commenting";

export interface LabelInfo {
  id: number;
  name: string;
  color: string;
  hotkey: string;
}

export interface TaskInfo {
  id: number;
  name: string;
  kind: "classification" | "multilabel" | "spans";
  on: string | null;
  labels: LabelInfo[];
  heuristics: string[];
  runs: number[];
  people: string[];
}

export type AttributeType = "text" | "category" | "integer" | "float" | "boolean" | "json";

export interface AttributeInfo {
  name: string;
  type: AttributeType;
  key: boolean;
}

export interface OrderInfo {
  id: string;
  title: string;
  /** The names of both directions; empty: it has one only. */
  up: string;
  down: string;
}

/** A part of a condition as JSON; refinery_nb/core/condition_json.py says its forms. */
export interface Json {
  is: string;
  [part: string]: unknown;
}

/** A condition as it is shown to be edited. */
export type Tree =
  | { join: "all" | "any"; not: boolean; items: Tree[] }
  | { leaf: Json; words: string; not: boolean };

/** What is wrong with a query, and where; an empty place: as a whole. */
export interface Fault {
  message: string;
  hint: string | null;
  start: number;
  end: number;
}

export type Mark = [start: number, end: number];
export type SpanMark = [start: number, end: number, label: number, voice: "person" | "machine"];

export interface Snippet {
  name: string;
  text: string;
  /** Where it begins in the whole text. */
  begin: number;
  /** Whether there is more text before and after. */
  cut: [before: boolean, after: boolean];
  marks: Mark[];
  spans: SpanMark[];
}

export interface RowTask {
  /** A label null: reviewed, none fits. */
  said: { label: number | null; by: string[] }[];
  /** Whether the person here is among those who said it. */
  own: boolean;
  marks: string[];
  weak: { label: number; confidence: number } | null;
  votes: number;
  conflict: boolean;
}

export type Cell = string | number | boolean;

export interface Row {
  at: number;
  id: number;
  key: string;
  /** The text that the list shows first, then others in which something matches. */
  texts: Snippet[];
  cells: Record<string, Cell>;
  /** How many people have made. */
  comments: number;
  tasks: Record<string, RowTask>;
  /** The record was deleted; nothing else of it is known. */
  gone?: boolean;
}

export interface Shown {
  fault: null;
  revision: number;
  text: string;
  order: string;
  descending: boolean;
  seed: number;
  tree: Tree;
  /** The parts that are joined by "and", in words. */
  chips: string[];
  /** Null: more than the first page, not counted yet. */
  count: number | null;
  first: Row[];
}

export interface Info {
  project: string;
  total: number;
  /** The task that digits label. */
  focus: string | null;
  /** The view inside which it stays, in words. */
  base: string | null;
  /** The attribute that the list shows. */
  text: string | null;
  tasks: TaskInfo[];
  attributes: AttributeInfo[];
  slices: string[];
  embeddings: string[];
  orders: OrderInfo[];
  shown: Shown;
}

export interface Candidate {
  text: string;
  kind: string;
}

type Nothing = Record<string, never>;
/** Ranges null: all that is shown. */
type Chosen = { revision: number; ranges: [from: number, to: number][] | null };

export interface BrowserOperations extends CommentOperations {
  hello: { args: { client: string }; ok: Info };
  bye: { args: { client: string }; ok: Nothing };
  query: {
    args: { text: string; order: string; descending: boolean; seed: number; number: number };
    ok: Shown | { fault: Fault } | { superseded: true };
  };
  whole: { args: { revision: number }; ok: { revision: number; count: number | null } };
  rows: {
    args: { revision: number; from: number; to: number };
    ok: { revision: number; rows: Row[] };
  };
  count: {
    args: { text: string; number: number };
    ok: { count: number | null; fault: Fault | null };
  };
  now: { args: { revision: number }; ok: { revision: number; count: number | null } };
  complete: {
    args: { text: string; cursor: number };
    ok: { start: number; end: number; candidates: Candidate[] };
  };
  written: { args: { condition: Json }; ok: { text: string } };
  select: { args: Chosen; ok: Nothing };
  values: { args: { attribute: string }; ok: { values: string[] } };
  label: {
    args: Chosen & { task: string; label: string | null; keep: boolean };
    ok: { count: number };
  };
  /** Labels the tokens that are touched; `there`: they were labelled so before. */
  span: {
    args: { revision: number; at: number; task: string; start: number; end: number; label: string };
    ok: { start: number; end: number; there: boolean };
  };
  part: { args: { name: string }; ok: { text: string } };
  undo: { args: { task: string; again: boolean }; ok: { done: boolean } };
  focus: { args: { task: string }; ok: Info };
  slice: {
    args: Chosen & { name: string; static: boolean };
    ok: { name: string; count: number; slices: string[] };
  };
  export: {
    args: Chosen & { path: string; replace: boolean };
    ok: { path: string; exists: boolean; count: number };
  };
  open: { args: Chosen & { at: number }; ok: { count: number } };
}

export type BrowserPush =
  | { v: number; push: "labels"; tasks: number[] }
  | { v: number; push: "changed" }
  /** Another query is shown, asked here or in another view of the same Browser. */
  | { v: number; push: "asked"; revision: number };
