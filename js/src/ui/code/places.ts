// Places in a source where something is wrong.

/** Found without running it; columns are code points, null: the whole line. */
export interface Problem {
  line: number;
  start: number | null;
  end: number | null;
  message: string;
  severity: "error" | "warning";
}

/** What went wrong when it ran, at a line from 1. */
export interface Fault {
  line: number;
  message: string;
}
