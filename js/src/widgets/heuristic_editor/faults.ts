// What went wrong when it ran: of what was tried last, or else of the last run on all records.

import type { Fault } from "../../ui/code/places";
import { count } from "../../ui/numbers";
import { type Draft, sameSpec, specOf } from "./drafts";
import type { Opened } from "./protocol";
import type { EditorSession } from "./session";

/** Whether what stands in the editor is what was run. */
function asStored(draft: Draft | null, stored: Opened | null): stored is Opened {
  return draft !== null && stored !== null && sameSpec(draft.spec, specOf(stored));
}

export function faultsOf(session: EditorSession): Fault[] {
  const { draft, stored, row } = session;
  const { trial } = session.trying.tried;
  if (draft?.spec.kind !== "function") return [];
  const found = new Map<number, string[]>();
  const add = (line: number | null, message: string): void => {
    if (line !== null) found.set(line, [...(found.get(line) ?? []), message]);
  };
  let of = "records";
  if (trial !== null) {
    for (const example of trial.examples) add(example.line, example.error);
    if (found.size === 0) add(trial.line, trial.message);
    of = `${trial.examples.length} examples`;
  } else if (asStored(draft, stored)) {
    const all = Math.max(row?.errors ?? 0, stored.errors.length);
    for (const error of stored.errors) add(error.line, error.message);
    if (found.size === 0 && stored.line !== null) add(stored.line, stored.message);
    of = `${all > stored.errors.length ? `the first ${stored.errors.length} of ` : ""}${count(all)} errors`;
  }
  return [...found].map(([line, messages]) => {
    const others = new Set(messages).size - 1;
    const times = messages.length > 1 ? ` (${messages.length} of ${of}` : "";
    const and = others > 0 ? `, ${others} other ${others === 1 ? "message" : "messages"}` : "";
    return { line, message: times === "" ? messages[0]! : `${messages[0]}${times}${and})` };
  });
}

/** One line about it; empty: nothing did, as far as is known. */
export function wentWrong(session: EditorSession): string {
  const { draft, stored, row, rows } = session;
  const { trial } = session.trying.tried;
  if (trial !== null) {
    const failed = trial.examples.filter((one) => one.error !== "");
    if (failed.length === 0) return "";
    const first = failed[0]!;
    return `✗ failed on ${failed.length} of ${trial.examples.length} examples${
      first.line === null ? `: ${first.error}` : ""
    }`;
  }
  if (!asStored(draft, stored) || row === undefined) return "";
  if (row.state === "failed") return `✗ the last run failed${at(stored)}`;
  if (row.errors === 0) return "";
  const [first] = stored.errors;
  const what = first !== undefined && first.line === null ? `: ${first.message}` : "";
  return `✗ failed on ${count(row.errors)} of ${count(rows?.records ?? 0)} records${what}`;
}

const at = ({ line, message }: Opened): string => (line === null ? `: ${message}` : "");
