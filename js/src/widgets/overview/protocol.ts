// The messages of the Overview; refinery_nb/widgets/overview/operations.py is the other side.

import type { MatrixInfo } from "../confusion_matrix/protocol";

export type Value = string | boolean | null;

/** Which records count: of a slice, with a value of an attribute, found by a query. */
export interface Filter {
  slice: string | null;
  attribute: string | null;
  /** With an attribute: null asks for those without a value. */
  value: Value;
  /** A query in words, as the Browser takes it; "": none. */
  query: string;
}

/** A number, bar or cell; `what` and the rest say which, as refinery_nb/project/overview/marks.py. */
export interface Mark {
  what: string;
  [name: string]: string | number | null;
}

export interface Menu {
  project: string;
  /** The view that the overview was made of, in words. */
  base: string | null;
  total: number;
  tasks: { name: string; kind: string }[];
  task: string | null;
  slices: string[];
  values: { attribute: string; values: Value[] }[];
  attributes: { name: string; type: string }[];
  filter: Filter;
  /** What the Labeler below shows. */
  opened: Mark | null;
}

export interface LabelCount {
  /** null: reviewed, none. */
  name: string | null;
  color: string;
  /** Records. */
  manual: number;
  weak: number | null;
  /** How many spans there are, by hand and weak. */
  spans: [manual: number, weak: number | null] | null;
}

export interface Pair {
  one: string;
  other: string;
  records: number;
  agree: number;
  kappa: number | null;
}

export interface TimeSpan {
  begin: number;
  end: number;
  name: string;
  count: number;
}

export interface HeuristicCount {
  name: string;
  kind: string;
  enabled: boolean;
  count: number;
}

export interface CalibrationBin {
  bin: number;
  confidence: number;
  accuracy: number;
  low: number;
  high: number;
  count: number;
}

export interface Numbers {
  task: string;
  kind: "classification" | "multilabel" | "spans";
  records: number;
  labelled: number;
  differing: number;
  labels: LabelCount[];
  agreement: {
    people: string[];
    several: number;
    agree: number;
    alpha: number | null;
    pairs: Pair[];
  };
  pace: {
    total: number;
    today: number;
    /** An hour of work. */
    rate: number | null;
    unit: "hour" | "day" | "days";
    spans: TimeSpan[];
  };
  voted: {
    rows: HeuristicCount[];
    enabled: number;
    covered: number;
    /** null: where a record may have several labels, none is against another. */
    conflicting: number | null;
  };
  weak: { model: string; labelled: number; confidence: number[] } | null;
  matrix: MatrixInfo | null;
  calibration: { bins: CalibrationBin[]; error: number | null } | null;
}

export type Unit = "values" | "numbers" | "characters" | "tokens";

export interface Statistics {
  attribute: string;
  unit: Unit;
  bars: { name: string; count: number }[];
  missing: number;
  others: number;
  distinct: number | null;
  low: number | null;
  mean: number | null;
  median: number | null;
  high: number | null;
  /** How many records were looked at, where these are not all. */
  looked_at: number | null;
}

export interface Counted extends Menu {
  /** How many records count. */
  records: number;
  /** null: there is no task. */
  numbers: Numbers | null;
}

export interface OverviewOperations {
  hello: { args: { client: string }; ok: Menu };
  bye: { args: { client: string }; ok: Record<string, never> };
  /** `label`: the one that the matrix asks about, where a record may have several. */
  numbers: { args: { task?: string; filter?: Filter; label?: string }; ok: Counted };
  statistics: {
    args: { attribute?: string; unit?: "characters" | "tokens" };
    ok: { statistics: Statistics | null };
  };
  /** Shows the records behind a mark in a Labeler. */
  open: { args: { mark: Mark }; ok: { count: number; title: string; opened: Mark | null } };
}

/** Told once until the front end has looked; `labels`: nothing but labels of people. */
export interface OverviewPush {
  v: number;
  push: "changed";
  labels: boolean;
}
