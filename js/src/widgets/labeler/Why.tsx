// Why the machine says so: which heuristics are for a label, and which against.

import type { JSX } from "preact";
import type { Card, TaskInfo } from "../../rpc";
import { suggestions, tally } from "./suggestions";

const NAMED = 4;

function names(list: string[]): string {
  const shown = list.slice(0, NAMED).join(", ");
  return list.length > NAMED ? `${shown} and ${list.length - NAMED} more` : shown;
}

function rules(count: number): string {
  return `${count} ${count === 1 ? "rule" : "rules"}`;
}

export function Why({ card, tasks }: { card: Card; tasks: TaskInfo[] }): JSX.Element | null {
  const lines = tasks
    .filter((task) => task.kind !== "spans")
    .map((task) => {
      const votes = tally(card, task);
      const proposed = suggestions(card, task)[0] ?? null;
      const name = (id: number): string => task.labels.find((l) => l.id === id)?.name ?? "?";
      const main = votes.find((vote) => vote.label === proposed?.label) ?? votes[0];
      const against = votes.filter((vote) => vote !== main);
      return { task, main, against, name, proposed };
    });
  if (lines.length === 0) return null;
  return (
    <section class="rn-why" aria-label="Why" data-testid="why">
      {lines.map(({ task, main, against, name, proposed }) => (
        <div key={task.id} class="rn-why-line">
          <span class="rn-quiet">
            {tasks.length > 1 ? `${task.name}: ` : "Why: "}
            {main === undefined && proposed === null ? "no rule says anything here" : ""}
          </span>
          {main !== undefined ? (
            <span title={main.heuristics.join(", ")}>
              {rules(main.heuristics.length)} for <b>{name(main.label)}</b> (
              {names(main.heuristics)})
            </span>
          ) : null}
          {against.map((vote) => (
            <span key={vote.label} title={vote.heuristics.join(", ")}>
              {" · "}
              {rules(vote.heuristics.length)} for {name(vote.label)} ({names(vote.heuristics)})
            </span>
          ))}
          {proposed?.from === "weak" ? (
            <span class="rn-quiet">
              {main !== undefined ? " · " : ""}weak label {name(proposed.label)},{" "}
              {Math.round(proposed.confidence * 100)} %
            </span>
          ) : null}
        </div>
      ))}
    </section>
  );
}
