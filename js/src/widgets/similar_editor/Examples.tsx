// What the concept is made of: examples to remove, and a field to add one.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { count } from "../../ui/numbers";
import type { ExampleInfo } from "./protocol";
import type { SimilarState } from "./state";

const WHAT: Record<ExampleInfo["kind"], string> = {
  record: "record",
  span: "span",
  text: "typed",
  vector: "vector",
};

interface Props {
  state: SimilarState;
  field: { current: HTMLInputElement | null };
  /** The button that had the keyboard is gone. */
  onRemoved(): void;
}

export function Examples({ state, field, onRemoved }: Props): JSX.Element {
  const [typed, setTyped] = useState("");
  const examples = state.draft?.examples ?? [];
  const counts = state.comparing
    ? undefined
    : state.ranking?.byExample(state.threshold, examples.length);
  const add = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await state.add(typed)) setTyped("");
  };
  return (
    <section class="rn-sim-examples" aria-label="Examples" data-testid="examples">
      <h3>
        Examples <span class="rn-quiet rn-number">{count(examples.length)}</span>
      </h3>
      <form class="rn-sim-add" onSubmit={(event) => void add(event)}>
        <input
          ref={field}
          type="text"
          aria-label="A text that is an example"
          placeholder="Type a text like those you look for   A"
          data-testid="add-text"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit" class="rn-button" disabled={typed.trim() === ""}>
          Add
        </button>
      </form>
      <ul class="rn-scroll">
        {examples.map((one, at) => (
          <Example
            key={`${one.kind} ${one.key} ${one.text}`}
            example={one}
            hits={counts?.[at]}
            onRemove={() => {
              void state.remove(at);
              onRemoved();
            }}
          />
        ))}
      </ul>
    </section>
  );
}

interface ExampleProps {
  example: ExampleInfo;
  hits: { hits: number; checked: number; right: number } | undefined;
  onRemove(): void;
}

function Example({ example, hits, onRemove }: ExampleProps): JSX.Element {
  const { kind, key, text } = example;
  const told =
    hits === undefined
      ? ""
      : `Nearest of ${count(hits.hits)} that are let in` +
        (hits.checked === 0 ? "" : `; right on ${hits.right} of ${hits.checked} labelled`);
  return (
    <li class="rn-sim-example" data-key={key}>
      <span class="rn-badge">{WHAT[kind]}</span>
      <span class="rn-sim-example-text" title={key === "" ? text : `${key}: ${text}`}>
        {text.trim() === "" ? key : text}
      </span>
      <span class="rn-quiet rn-number rn-sim-share" title={told}>
        {hits === undefined ? "" : count(hits.hits)}
        {hits === undefined || hits.checked === 0 ? "" : ` · ${hits.right}/${hits.checked}`}
      </span>
      <button
        type="button"
        class="rn-button rn-plain rn-sim-remove"
        aria-label={`Remove the example: ${text.slice(0, 60) || key}`}
        onClick={onRemove}
      >
        ✕
      </button>
    </li>
  );
}
