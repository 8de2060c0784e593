// The card of a span, beside the text.

import type { JSX } from "preact";
import type { TaskInfo } from "../../rpc";
import { Bar } from "../../ui/Bars";
import { safeColor } from "../../ui/color";
import type { DrawnSpan } from "../../ui/text/lanes";
import { useFloating } from "../../ui/text/SpanPicker";

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
