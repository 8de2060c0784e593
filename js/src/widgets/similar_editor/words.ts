// What a threshold gives, in words.

import { count, fraction, plural } from "../../ui/numbers";
import type { TaskInfo } from "./protocol";
import { type Cut, decimal } from "./ranking";

export type Part = [text: string, strong: boolean];

/** `at .62: 148 records, precision .91 (.82 to .96, 44 labelled), 3 of another label`, in parts. */
export function sentence(cut: Cut, kind: TaskInfo["kind"]): Part[] {
  const spans = kind === "spans";
  const parts: Part[] = [
    [`at ${decimal(cut.threshold)}: `, false],
    [plural(cut.hits, spans ? "span" : "record"), true],
  ];
  if (cut.hits === 0) return parts;
  if (cut.precision === null) return [...parts, [", none of them labelled yet", false]];
  const wrong = cut.checked - cut.right - cut.none;
  const told = [
    wrong > 0 ? `${count(wrong)} ${spans ? "wrong" : "of another label"}` : "",
    cut.none > 0 ? `${count(cut.none)} where no label fits` : "",
  ].filter((one) => one !== "");
  const known = spans ? "in reviewed records" : "labelled";
  return [
    ...parts,
    [", precision ", false],
    [fraction(cut.precision), true],
    [` (${fraction(cut.low)} to ${fraction(cut.high)}, ${count(cut.checked)} ${known})`, false],
    [told.map((one) => `, ${one}`).join(""), false],
  ];
}

export const plain = (parts: Part[]): string => parts.map(([text]) => text).join("");
