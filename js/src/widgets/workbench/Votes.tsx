// What people, the label model and every heuristic say of a record, task by task.

import type { ComponentChildren, JSX } from "preact";
import { Offsets } from "../../offsets";
import { Chip } from "../../ui/Chip";
import { plural } from "../../ui/numbers";
import { agrees } from "./layers";
import type { HeuristicVotes, Sheet, TaskSheet, Vote } from "./protocol";

const EXCERPT = 40; // code points

interface VotesProps {
  record: Sheet;
  /** Points at a span in its text. */
  onPoint(id: string | null): void;
}

export function Votes({ record, onPoint }: VotesProps): JSX.Element {
  return (
    <section class="rn-wb-said" aria-label="Labels and votes">
      {record.tasks.length === 0 ? (
        <p class="rn-quiet">There is no task yet: project.task("topic", [...]) makes one.</p>
      ) : null}
      {record.tasks.map((task) => (
        <Task key={task.id} task={task} record={record} onPoint={onPoint} />
      ))}
    </section>
  );
}

function Task({ task, record, onPoint }: VotesProps & { task: TaskSheet }): JSX.Element {
  const value = record.attributes.find(({ name }) => name === task.on);
  const text = value !== undefined && "text" in value ? new Offsets(value.text) : null;
  const voting = task.votes.filter((one) => one.votes.length > 0);
  const silent = task.votes.filter((one) => one.votes.length === 0);
  const labels = (votes: Vote[], voice: "person" | "machine"): ComponentChildren =>
    votes.map((vote, at) => <Label key={at} {...{ vote, task, text, voice, onPoint }} />);
  return (
    <div class="rn-wb-task" data-testid={`task-${task.name}`}>
      <h3>
        {task.name}
        <span class="rn-quiet">
          {task.on === null ? "" : ` on ${task.on}`}
          {task.marks.length === 0 ? "" : ` · ${task.marks.join(", ")}`}
        </span>
      </h3>
      <ul>
        {task.said.map(({ by, labels: said }) => (
          <Row key={by} who={by.replace(/^local:/, "")} what="person">
            {said.length === 0 ? <span class="rn-chip rn-person">none</span> : null}
            {labels(said, "person")}
          </Row>
        ))}
        {task.said.length === 0 ? <li class="rn-quiet">Nobody has labelled it.</li> : null}
        {task.weak === null ? null : (
          <Row who="weak label" what={task.weak.model} right={agreement(task, task.weak.labels)}>
            {task.weak.labels.length === 0 ? <span class="rn-quiet">abstains</span> : null}
            {labels(task.weak.labels, "machine")}
          </Row>
        )}
        {voting.map((one) => (
          <Row
            key={one.heuristic}
            who={one.heuristic}
            what={`${one.kind}${one.enabled ? "" : ", off"}`}
            right={agreement(task, one.votes)}
          >
            {labels(one.votes, "machine")}
          </Row>
        ))}
      </ul>
      {silent.length === 0 ? null : <Silent heuristics={silent} />}
    </div>
  );
}

const agreement = (task: TaskSheet, votes: Vote[]): boolean | null =>
  votes.length === 0 ? null : agrees(task, votes);

interface RowProps {
  who: string;
  what: string;
  /** Whether people say so, too; null: that is not known. */
  right?: boolean | null;
  children: ComponentChildren;
}

function Row({ who, what, right = null, children }: RowProps): JSX.Element {
  return (
    <li class="rn-wb-row" data-testid="says" data-who={who}>
      <span class="rn-wb-who" title={`${who} (${what})`}>
        {who} <span class="rn-quiet">{what}</span>
      </span>
      <span class={`rn-wb-right ${right === true ? "rn-good" : "rn-bad"}`}>
        {right === null ? null : (
          <>
            {right ? "✓" : "✗"}
            <span class="rn-hidden">{right ? "as people say" : "people say otherwise"}</span>
          </>
        )}
      </span>
      <span class="rn-wb-labels">{children}</span>
    </li>
  );
}

interface LabelProps {
  vote: Vote;
  task: TaskSheet;
  text: Offsets | null;
  voice: "person" | "machine";
  onPoint(id: string | null): void;
}

function Label({ vote, task, text, voice, onPoint }: LabelProps): JSX.Element {
  const { label, confidence, start, end } = vote;
  const look = task.labels.find(({ id }) => id === label);
  const chip = (
    <Chip
      name={look?.name ?? "?"}
      color={look?.color ?? ""}
      voice={voice}
      confidence={confidence}
    />
  );
  if (start === null || end === null) return chip;
  const id = `${task.id}-${start}-${end}-${label}`;
  return (
    <span
      class="rn-wb-span"
      title={`[${start}, ${end})`}
      onMouseEnter={() => onPoint(id)}
      onMouseLeave={() => onPoint(null)}
    >
      <q>{text === null || end > text.length ? "…" : excerpt(text, start, end)}</q> {chip}
    </span>
  );
}

function excerpt(text: Offsets, start: number, end: number): string {
  if (end - start <= EXCERPT) return text.slice(start, end);
  return `${text.slice(start, start + EXCERPT)}…`;
}

function Silent({ heuristics }: { heuristics: HeuristicVotes[] }): JSX.Element {
  const said = (one: HeuristicVotes): string =>
    one.state === "new" ? `${one.heuristic} (never run)` : one.heuristic;
  return (
    <details class="rn-quiet" data-testid="silent">
      <summary>{plural(heuristics.length, "heuristic")} without a vote</summary>
      {heuristics.map(said).join(", ")}
    </details>
  );
}
