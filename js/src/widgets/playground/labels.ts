// Labels as a person writes them: separated by commas, in quotes where a name holds one.

import type { TaskInfo } from "./protocol";

/** The colour of a label of the task; of another name, one that says nothing. */
export const colorOf = (task: TaskInfo, label: string): string =>
  task.labels.find(({ name }) => name === label)?.color ?? "#5b6b7b";

/** `Sports, "Mergers, deals"` as names; each once, in order. */
export function parseLabels(written: string): string[] {
  const found = written.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,\n]*))\s*(?:[,\n]|$)/g);
  const names = [...found].map(([, quoted, plain]) =>
    (quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"')).trim(),
  );
  return [...new Set(names.filter((name) => name !== ""))];
}

export function writeLabels(names: string[]): string {
  return names
    .map((name) => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name))
    .join(", ");
}
