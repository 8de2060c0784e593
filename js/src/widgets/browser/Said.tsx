// What people say of a slice, or of a record; and the slices, each to be shown.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CommentedProps, Target } from "../../ui/commenting";
import { Later } from "../../ui/Later";
import { plural } from "../../ui/numbers";
import { Sheet } from "../../ui/Sheet";
import { quoted } from "./quoted";
import type { BrowserState } from "./state";

interface Props {
  state: BrowserState;
  onClose(): void;
}

function Said(props: { state: BrowserState; on: Target; of: string }): JSX.Element {
  const { state, on, of } = props;
  const told: CommentedProps = {
    ask: (op, args) => state.link.call(op, args as never),
    revision: state.looks,
    focus: true,
    ...{ on, of },
  };
  return <Later part="comments" ask={(name) => state.link.call("part", { name })} props={told} />;
}

export function RecordSheet({ state, onClose }: Props): JSX.Element | null {
  const key = state.row(state.cursor)?.key;
  if (key === undefined) return null;
  return (
    <Sheet name="comments" title={`Comments on ${key}`} onClose={onClose}>
      <Said state={state} on={{ kind: "record", name: key }} of={`record ${key}`} />
    </Sheet>
  );
}

export function SlicesSheet({ state, onClose }: Props): JSX.Element {
  const [open, setOpen] = useState("");
  const [counts, setCounts] = useState<Record<string, number>>({});
  const { looks } = state;
  const slices = state.info?.slices ?? [];
  useEffect(() => {
    void state
      .ask("comment_counts", { kind: "slice" })
      .then((told) => told !== null && setCounts(told.counts));
  }, [looks]);
  return (
    <Sheet name="slices" title="Slices" onClose={onClose}>
      {slices.length === 0 ? (
        <p class="rn-quiet">“Save as slice” keeps what is shown, or selected, by name.</p>
      ) : null}
      <ul class="rn-br-slices">
        {slices.map((name, at) => (
          <li key={name}>
            <div class="rn-tools">
              <button
                type="button"
                class="rn-link"
                data-first={at === 0 ? true : undefined}
                data-testid={`slice-${name}`}
                onClick={() => {
                  onClose();
                  void state.query({ text: `slice:${quoted(name)}` });
                }}
              >
                {name}
              </button>
              <span class="rn-grow" />
              <button
                type="button"
                class="rn-link"
                aria-expanded={open === name}
                data-testid={`said-${name}`}
                onClick={() => setOpen(open === name ? "" : name)}
              >
                {counts[name] === undefined ? "Comment" : plural(counts[name], "comment")}
              </button>
            </div>
            {open === name ? (
              <Said state={state} on={{ kind: "slice", name }} of={`slice ${name}`} />
            ) : null}
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
