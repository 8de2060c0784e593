// The labels of a task as chips: key, name, and what speaks for it.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Annotation, Card, LabelInfo, TaskInfo } from "../../rpc";
import { Bar } from "../../ui/Bars";
import { chipStyle } from "../../ui/Chip";
import type { KeyOn } from "../../ui/events";
import { labelsOf, type Suggestion, suggestions, tally } from "./suggestions";

/** What a chip is for a screen reader. */
const ROLE = { classification: "radio", multilabel: "checkbox", spans: undefined } as const;
/** From this many labels on, a box finds them by name. */
const MANY = 10;

export interface LabelsProps {
  task: TaskInfo;
  card: Card;
  value: Annotation;
  status: "saved" | "pending" | "failed" | "conflict";
  /** Counts the presses of the key that asks for the box. */
  find: number;
  onLabel(label: LabelInfo): void;
  onNone(): void;
  onDone(): void;
}

export function Labels(props: LabelsProps): JSX.Element {
  const { task, card, value, status, find, onLabel, onNone, onDone } = props;
  const [filter, setFilter] = useState("");
  const box = useRef<HTMLInputElement>(null);
  const many = task.labels.length >= MANY;
  useEffect(() => {
    if (find > 0 && many) box.current?.focus();
  }, [find]);
  const proposed = new Map(suggestions(card, task).map((one) => [one.label, one]));
  const own = labelsOf(value);
  // Spans show their votes on the text.
  const votes = task.kind === "spans" ? [] : tally(card, task);
  const tallies = new Map(votes.map((one) => [one.label, one]));
  const wanted = filter.trim().toLowerCase();
  const shown = task.labels.filter((label) => label.name.toLowerCase().includes(wanted));
  const none = value !== null && "none" in value;

  const onKeyDown = (event: KeyOn<HTMLInputElement>): void => {
    event.stopPropagation();
    if (event.key === "Enter" && !event.repeat && shown[0] !== undefined && wanted !== "") {
      onLabel(shown[0]);
    } else if (event.key !== "Escape") return;
    event.preventDefault();
    setFilter("");
    onDone();
  };

  return (
    <section
      class="rn-task"
      aria-label={`Labels of ${task.name}`}
      data-testid={`task-${task.name}`}
    >
      <div class="rn-task-name" title={task.name}>
        {task.name}
      </div>
      <div
        class="rn-chips"
        role={task.kind === "classification" ? "radiogroup" : "group"}
        aria-label={task.name}
      >
        {many ? (
          <input
            ref={box}
            class="rn-find"
            type="text"
            placeholder="Find a label ( . )"
            aria-label={`Find a label of ${task.name}`}
            data-testid={`find-${task.name}`}
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
            onKeyDown={onKeyDown}
          />
        ) : null}
        {shown.map((label) => (
          <Chip
            key={label.id}
            label={label}
            kind={task.kind}
            set={own.includes(label.id)}
            status={status}
            proposed={proposed.get(label.id) ?? null}
            share={tallies.get(label.id)?.share ?? 0}
            why={tallies.get(label.id)?.heuristics ?? []}
            onClick={() => onLabel(label)}
          />
        ))}
        {shown.length === 0 ? (
          <span class="rn-quiet">No label has “{filter}” in its name.</span>
        ) : null}
        <button
          type="button"
          class={`rn-chip rn-none${none ? " rn-person" : ""}`}
          role={ROLE[task.kind]}
          aria-checked={task.kind === "spans" ? undefined : none}
          aria-pressed={task.kind === "spans" ? none : undefined}
          data-testid={`none-${task.name}`}
          onClick={onNone}
        >
          <kbd>n</kbd>
          {none ? <StatusMark status={status} /> : null}
          none
        </button>
      </div>
    </section>
  );
}

interface ChipProps {
  label: LabelInfo;
  kind: TaskInfo["kind"];
  set: boolean;
  status: LabelsProps["status"];
  proposed: Suggestion | null;
  share: number;
  why: string[];
  onClick(): void;
}

function Chip({ label, kind, set, status, proposed, share, why, onClick }: ChipProps): JSX.Element {
  const style = chipStyle(label.color, set ? "person" : "machine");
  const reasons =
    why.length > 0 ? `${why.join(", ")} ${why.length === 1 ? "votes" : "vote"} for it` : "";
  const said =
    proposed?.from === "weak" ? "Weak label" : proposed !== null ? "Most heuristics" : "";
  return (
    <button
      type="button"
      class={`rn-chip${set ? " rn-person" : proposed !== null ? " rn-machine" : ""}`}
      style={style}
      role={ROLE[kind]}
      aria-checked={kind === "spans" ? undefined : set}
      aria-label={[
        label.name,
        proposed !== null ? `suggested, ${Math.round(100 * proposed.confidence)} percent` : "",
        label.hotkey && `key ${label.hotkey}`,
      ]
        .filter(Boolean)
        .join(", ")}
      title={[said, reasons].filter(Boolean).join(". ")}
      data-testid={`label-${label.name}`}
      data-set={set}
      data-suggested={proposed !== null}
      onClick={onClick}
    >
      {label.hotkey !== "" ? <kbd>{label.hotkey}</kbd> : null}
      {set ? <StatusMark status={status} /> : <span class="rn-dot" />}
      <span class="rn-chip-name">{label.name}</span>
      {proposed !== null ? (
        <Bar share={proposed.confidence} name={null} />
      ) : share > 0 ? (
        <Bar share={share} name={null} quiet />
      ) : null}
    </button>
  );
}

const STATUS = {
  saved: "saved",
  pending: "not saved yet",
  failed: "not saved",
  conflict: "in conflict",
};

export function StatusMark({ status }: { status: LabelsProps["status"] }): JSX.Element {
  return (
    <span
      class={`rn-mark rn-mark-${status}`}
      role="img"
      aria-label={STATUS[status]}
      data-testid={`status-${status}`}
    />
  );
}
