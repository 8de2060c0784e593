// Which key does what. Pure: from a key and what is on the screen to an action.

import type { LabelInfo, TaskInfo } from "../../rpc";
import type { KeyRow } from "../../ui/Sheet";

export type Action =
  | { do: "label"; task: TaskInfo; label: LabelInfo }
  | { do: "step"; by: number }
  | { do: "cursor"; by: number; extend: boolean }
  | {
      do:
        | "accept"
        | "undo"
        | "redo"
        | "skip"
        | "flag"
        | "none"
        | "guideline"
        | "comments"
        | "search"
        | "find"
        | "keys"
        | "enterCursor"
        | "rule"
        | "delete"
        | "escape";
    };

const PLAIN: Record<string, Action> = {
  Enter: { do: "accept" },
  u: { do: "undo" },
  U: { do: "redo" },
  s: { do: "skip" },
  f: { do: "flag" },
  n: { do: "none" },
  g: { do: "guideline" },
  ",": { do: "comments" },
  "/": { do: "search" },
  ".": { do: "find" },
  "?": { do: "keys" },
  t: { do: "enterCursor" },
  "+": { do: "rule" },
  Delete: { do: "delete" },
  Backspace: { do: "delete" },
  Escape: { do: "escape" },
};

/** Keys that may act again while they are held down. */
const REPEATABLE = new Set(["step", "cursor"]);

export interface KeyPress {
  key: string;
  shiftKey: boolean;
  repeat: boolean;
}

/** Return what a key press does, or null. A held key never labels twice. */
export function actionOf(press: KeyPress, tasks: TaskInfo[], cursor: boolean): Action | null {
  const action = find(press, tasks, cursor);
  return action !== null && press.repeat && !REPEATABLE.has(action.do) ? null : action;
}

function find({ key, shiftKey }: KeyPress, tasks: TaskInfo[], cursor: boolean): Action | null {
  if (key === "ArrowRight" || key === "ArrowLeft") {
    const by = key === "ArrowRight" ? 1 : -1;
    return cursor ? { do: "cursor", by, extend: shiftKey } : { do: "step", by };
  }
  const plain = PLAIN[key];
  if (plain !== undefined) return plain;
  // Caps lock: the letter decides, except for undo and redo, which differ by Shift.
  const folded = key.toLowerCase();
  if (folded === "u") return { do: shiftKey ? "redo" : "undo" };
  // Many labels: capitals are keys of their own; else a capital is its letter.
  for (const wanted of [key, folded]) {
    for (const task of tasks) {
      for (const label of task.labels) {
        if (label.hotkey !== "" && label.hotkey === wanted) return { do: "label", task, label };
      }
    }
  }
  return key.length === 1 ? (PLAIN[folded] ?? null) : null;
}

export const SHEET: KeyRow[] = [
  [["1–9", "a–z"], "Set the label whose key it is"],
  [["Enter"], "Accept the suggestion, then the next record"],
  [["←", "→"], "Previous and next record"],
  [["u", "⇧ u"], "Undo, redo"],
  [["s"], "Skip this record"],
  [["f"], "Flag this record"],
  [["n"], "Reviewed, none: no label applies"],
  [["t"], "Token cursor: ← → move, ⇧ extends, a key labels"],
  [["+"], "Make a rule of the selected text"],
  [["Delete"], "Remove the chosen span"],
  [["."], "Find a label by its name"],
  [["/"], "Search the records"],
  [["g"], "Guideline"],
  [[","], "Comments on this record"],
  [["?"], "These keys"],
  [["Esc"], "Close, or give the keyboard back to the notebook"],
];
