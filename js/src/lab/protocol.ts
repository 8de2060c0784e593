// What a panel and its kernel say to each other: refinery_nb/widgets/application/operations.py is
// the other side.

export interface TaskRow {
  id: number;
  name: string;
  kind: "classification" | "multilabel" | "spans";
  on: string | null;
  labels: { name: string; color: string }[];
  labelled: number;
  records: number;
  heuristics: { name: string; enabled: boolean; state: string }[];
  weak: boolean;
}

export interface JobRow {
  id: number;
  title: string;
  state: "running" | "done" | "cancelled" | "failed";
  done: number;
  total: number;
  told: string;
}

export interface ProjectInfo {
  project: { id: string; name: string; path: string };
  actor: string;
  records: number;
  attributes: { name: string; type: string; key: boolean }[];
  tasks: TaskRow[];
  slices: string[];
  embeddings: string[];
  jobs: JobRow[];
  /** The session ends, and its files go with it. */
  temporary: boolean;
}

export interface Operations {
  hello: { args: { client: string }; ok: ProjectInfo };
  bye: { args: { client: string }; ok: Record<string, never> };
  project: { args: Record<string, never>; ok: ProjectInfo };
  add: {
    args: { path: string; key?: string } | { sample: true };
    ok: ProjectInfo & { told: string };
  };
  task: {
    args: { name: string; labels: string[]; on: string; kind: TaskRow["kind"] };
    ok: ProjectInfo;
  };
  run: { args: { task: string }; ok: { job: number } };
  supervise: { args: { task: string }; ok: { job: number } };
  embed: { args: { on: string }; ok: { job: number } };
  cancel: { args: { job: number }; ok: Record<string, never> };
  labels: { args: { task: string }; ok: { name: string; text: string; count: number } };
  code: {
    args: { view: string | null; task?: string | null; slice?: string | null };
    ok: { code: string };
  };
}

export type Pushed =
  | { push: "changed" }
  | { push: "jobs"; jobs: JobRow[]; changed: number }
  | { push: "opened"; opened: number; title: string; task: string };
