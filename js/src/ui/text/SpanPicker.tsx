// The labels for a selection of text, floating beside it.

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { safeColor } from "../color";
import type { KeyOn } from "../events";

/** Place an element under a rectangle of the page, inside the widget. */
export function useFloating(at: DOMRect, root: HTMLElement | null) {
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

interface Label {
  id: number;
  name: string;
  color: string;
  hotkey: string;
}

interface PickerProps<Task> {
  at: DOMRect;
  root: HTMLElement | null;
  tasks: Task[];
  onLabel(task: Task, label: Label): void;
}

export function SpanPicker<Task extends { id: number; labels: Label[] }>(
  props: PickerProps<Task>,
): JSX.Element {
  const { at, root, tasks, onLabel } = props;
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
