// The messages of the confusion matrix; refinery_nb/widgets/confusion_matrix/widget.py is the other side.

export type Kind = "gold" | "person" | "run" | "heuristic";
export type Normalize = "rows" | "columns" | "counts";

export interface SourceInfo {
  id: string;
  kind: Kind;
  title: string;
}

/** A cell by the names of its labels, as these stay when labels are added; null: no label. */
export interface CellName {
  row: string | null;
  column: string | null;
}

/** A cell that is not empty; positions in `row_labels` and `column_labels`. */
export type CellCount = [row: number, column: number, count: number];

export interface MatrixInfo {
  rows: { id: string; title: string };
  columns: { id: string; title: string };
  /** What is counted: records, tokens, characters, spans or touching. */
  level: string;
  /** Where a record may have several labels: the one that is asked about, yes or no. */
  label: string | null;
  /** The last of either is "none", "abstains" or "outside". */
  row_labels: string[];
  column_labels: string[];
  cells: CellCount[];
  judged: number;
  agreement: number | null;
  kappa: number | null;
}

export interface Told {
  task: string;
  kind: "classification" | "multilabel" | "spans";
  sources: SourceInfo[];
  /** The units that spans can be counted in, or one of several labels; none for classification. */
  levels: { id: string; title: string }[];
  /** The cell whose records the Labeler below shows; a label null: none. */
  opened: (CellName & { rows: string; columns: string; level: string }) | null;
  matrix: MatrixInfo | null;
  /** Why there is no matrix, and what to do. */
  empty: { message: string; hint: string } | null;
}

export interface MatrixOperations {
  hello: { args: { client: string }; ok: Told & { normalize: Normalize } };
  bye: { args: { client: string }; ok: Record<string, never> };
  matrix: { args: { rows?: string; columns?: string; level?: string }; ok: Told };
  /** Shows the records of a cell in a Labeler below; null stands for no label. */
  open: {
    args: CellName;
    ok: { count: number; title: string };
  };
}

export interface MatrixPush {
  v: number;
  push: "changed";
}
