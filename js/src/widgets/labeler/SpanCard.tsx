// What floats beside the text: the labels for a selection, and the card of a span.

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { LabelInfo, TaskInfo } from "../../rpc";
import { Bar } from "../../ui/Bars";
import { safeColor } from "../../ui/color";
import type { KeyOn } from "../../ui/events";
import type { DrawnSpan } from "../../ui/text/lanes";

/** Place an element under a rectangle of the page, inside the widget. */
function useFloating(at: DOMRect, root: HTMLElement | null) {
  const ref = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ left: 0, top: 0 });
  useLayoutEffect(() => {
    if (root === null || ref.current === null) return;
    const frame = root.getBoundingClientRect();
    const width = ref.current.offsetWidth;
    const left = Math.max(8, Math.min(at.left - frame.left, frame.width - width - 8));
    setPlace({ left, top: at.bottom - frame.top + 6 });
  }, [at.left, at.bottom, root]);
  return { ref, style: { left: `${place.left}px`, top: `${place.top}px` } };
}

interface PickerProps {
  at: DOMRect;
  root: HTMLElement | null;
  tasks: TaskInfo[];
  onLabel(task: TaskInfo, label: LabelInfo): void;
}

export function SpanPicker({ at, root, tasks, onLabel }: PickerProps): JSX.Element {
  const { ref, style } = useFloating(at, root);
  const [filter, setFilter] = useState("");
  const choices = tasks.flatMap((task) => task.labels.map((label) => ({ task, label })));
  const wanted = filter.trim().toLowerCase();
  const shown = choices.filter(({ label }) => label.name.toLowerCase().includes(wanted));
  const onKeyDown = (event: KeyOn<HTMLInputElement>): void => {
    if (event.key === "Escape") return;
    event.stopPropagation();
    const first = shown[0];
    if (event.key === "Enter" && first !== undefined) onLabel(first.task, first.label);
  };
  return (
    <div
      ref={ref}
      class="rn-float rn-picker"
      style={style}
      data-testid="span-picker"
      role="group"
      aria-label="Label the selection"
    >
      {choices.length >= 10 ? (
        <input
          class="rn-find"
          type="text"
          placeholder="Find a label"
          aria-label="Find a label for the selection"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      ) : null}
      {shown.map(({ task, label }) => (
        <button
          key={`${task.id}-${label.id}`}
          type="button"
          class="rn-chip"
          style={{ "--rn-own": safeColor(label.color) }}
          data-testid={`pick-${label.name}`}
          onClick={() => onLabel(task, label)}
        >
          {label.hotkey !== "" ? <kbd>{label.hotkey}</kbd> : null}
          <span class="rn-dot" />
          {label.name}
        </button>
      ))}
    </div>
  );
}

interface CardProps {
  at: DOMRect;
  root: HTMLElement | null;
  span: DrawnSpan;
  task: TaskInfo;
  actor: string;
  /** Whether it was clicked: only then it has buttons. */
  fixed: boolean;
  onDelete(): void;
  onAccept(): void;
}

export function SpanCard(props: CardProps): JSX.Element {
  const { at, root, span, task, actor, fixed } = props;
  const { ref, style } = useFloating(at, root);
  const label = task.labels.find((one) => one.id === span.label);
  const person = span.voice === "person";
  return (
    <div
      ref={ref}
      class={`rn-float rn-card${fixed ? "" : " rn-passive"}`}
      style={style}
      role={fixed ? "group" : "tooltip"}
      aria-label={`Span ${label?.name ?? ""}`}
      data-testid="span-card"
    >
      <div>
        <span class="rn-dot" style={{ "--rn-own": safeColor(label?.color ?? "") }} />{" "}
        <b>{label?.name}</b>
        <span class="rn-quiet"> · {task.name}</span>
      </div>
      <div class="rn-quiet">
        {person
          ? `Labelled by ${actor}`
          : span.sources.length > 0
            ? `Suggested by ${span.sources.join(", ")}`
            : "Weak label"}
      </div>
      {person ? null : <Bar share={span.confidence} name="confidence" />}
      {fixed ? (
        <div class="rn-tools">
          {person ? (
            <button
              type="button"
              class="rn-button"
              data-testid="delete-span"
              onClick={props.onDelete}
            >
              Delete
            </button>
          ) : (
            <button
              type="button"
              class="rn-button"
              data-testid="accept-span"
              onClick={props.onAccept}
            >
              Accept
            </button>
          )}
        </div>
      ) : null}
    </div>
  );
}
