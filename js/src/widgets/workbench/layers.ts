// The spans to draw over a text: of people, of the label model, of heuristics.

import type { DrawnSpan } from "../../ui/text/lanes";
import type { TaskSheet, Vote } from "./protocol";

export const LAYERS = ["people", "weak", "heuristics"] as const;
export type Layer = (typeof LAYERS)[number];

/** The spans of a task; the same span of several sources is drawn once, and names them. */
export function spansOf(task: TaskSheet, shown: ReadonlySet<Layer>): DrawnSpan[] {
  const found = new Map<string, DrawnSpan>();
  const add = (votes: Vote[], source: string, voice: DrawnSpan["voice"]): void => {
    for (const { label, confidence, start, end } of votes) {
      if (start === null || end === null) continue;
      const id = `${task.id}-${start}-${end}-${label}`;
      const known = found.get(id);
      if (known !== undefined) {
        // What a person says is drawn as theirs, whoever else says so.
        known.sources.push(source);
        continue;
      }
      found.set(id, {
        ...{ id, start, end, label, voice, confidence },
        task: task.id,
        sources: [source],
        status: "saved",
      });
    }
  };
  if (shown.has("people")) for (const { by, labels } of task.said) add(labels, by, "person");
  if (shown.has("weak")) add(task.weak?.labels ?? [], "weak label", "machine");
  if (shown.has("heuristics")) {
    for (const { heuristic, votes } of task.votes) add(votes, heuristic, "machine");
  }
  return [...found.values()];
}

/** Whether a vote says what all people say; null: nobody has said anything, or not the same. */
export function agrees(task: TaskSheet, votes: Vote[]): boolean | null {
  const sets = task.said.map(({ labels }) => new Set(labels.map(named)));
  const [first, ...others] = sets;
  if (first === undefined || others.some((one) => !same(first, one))) return null;
  return votes.every((vote) => first.has(named(vote)));
}

const named = ({ label, start, end }: Vote): string => `${start}-${end}-${label}`;
const same = (one: Set<string>, other: Set<string>): boolean =>
  one.size === other.size && [...one].every((name) => other.has(name));
