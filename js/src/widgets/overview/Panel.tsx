// A panel of the overview: a title, what it is of, a chart or what to do instead, and details.

import type { ComponentChildren, JSX } from "preact";
import { Todo } from "../../ui/Todo";
import type { Mark } from "./protocol";

export interface Opening {
  /** What the Labeler below shows. */
  opened: Mark | null;
  open(mark: Mark): void;
}

interface PanelProps {
  title: string;
  name: string;
  /** What is counted, beside the title. */
  told?: ComponentChildren;
  /** What the mark under the pointer or the keyboard says. */
  detail?: string;
  /** It needs the whole width. */
  wide?: boolean;
  children: ComponentChildren;
}

export function Panel(props: PanelProps): JSX.Element {
  const { title, name, told, detail, wide = false } = props;
  return (
    <section
      class={`rn-ov-panel${wide ? " rn-ov-wide" : ""}`}
      aria-label={title}
      data-testid={`panel-${name}`}
    >
      <header class="rn-ov-panel-head">
        <h3>{title}</h3>
        {told == null ? null : <span class="rn-quiet">{told}</span>}
      </header>
      {props.children}
      {detail === undefined ? null : (
        <p class="rn-ov-detail rn-number" aria-hidden="true">
          {detail === "" ? " " : detail}
        </p>
      )}
    </section>
  );
}

/** What stands where a chart would be: why there is none, and what to do. */
export function Missing({ text, code }: { text: string; code?: string }): JSX.Element {
  return (
    <div class="rn-ov-missing" data-testid="missing">
      <p>{text}</p>
      {code === undefined ? null : <Todo text={code} code />}
    </div>
  );
}
