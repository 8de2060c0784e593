// What opens over the editor: how to begin a heuristic, the keys, and code to copy.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { RpcError } from "../../rpc";
import { told } from "../../state/link";
import { Whisker } from "../../ui/Bars";
import { count } from "../../ui/numbers";
import { type KeyRow, Sheet } from "../../ui/Sheet";
import { LabelChip } from "./Chip";
import { specOf } from "./drafts";
import { rate, share } from "./format";
import type { Brick, Hello, Spec, Suggested } from "./protocol";
import type { EditorSession } from "./session";

export function New(props: { session: EditorSession; onClose(): void }): JSX.Element | null {
  const { session, onClose } = props;
  const [search, setSearch] = useState("");
  useEffect(() => void session.bricks.load(), []);
  if (session.hello === null) return null;
  const begin = (spec: Spec, name: string): void => {
    onClose();
    void session.create(spec, name);
  };
  const bricks = wanted(session.bricks.known, search);
  return (
    <Sheet name="new" title="New heuristic" onClose={onClose}>
      <div class="rne-starts">
        {starts(session.hello).map(([name, title, what, spec], at) => (
          <button
            key={name}
            type="button"
            class="rne-start"
            data-first={at === 0 ? true : undefined}
            data-testid={`new-${spec.kind}`}
            onClick={() => begin(spec, name)}
          >
            <b>{title}</b>
            <span class="rn-quiet">{what}</span>
          </button>
        ))}
      </div>
      <Suggestions session={session} onChoose={begin} />
      {session.bricks.known.length === 0 ? null : (
        <>
          <label class="rne-field">
            <span>From a brick: a ready rule, inserted as code you can read and change</span>
            <input
              type="search"
              placeholder="Find a brick"
              data-testid="find-brick"
              value={search}
              onInput={(event) => setSearch(event.currentTarget.value)}
            />
          </label>
          <ul class="rne-bricks rn-scroll">
            {bricks.map((brick) => (
              <li key={brick.name}>
                <button
                  type="button"
                  class="rne-start"
                  data-testid={`brick-${brick.name}`}
                  onClick={() => begin({ kind: "function", source: brick.source }, brick.name)}
                >
                  <b>{brick.title}</b> <span class="rn-quiet">{brick.description}</span>
                </button>
              </li>
            ))}
            {bricks.length === 0 ? <li class="rne-note">No brick has these words.</li> : null}
          </ul>
        </>
      )}
    </Sheet>
  );
}

const LONG = 3_600_000;

interface SuggestionsProps {
  session: EditorSession;
  onChoose(spec: Spec, name: string): void;
}

/** Rules that the labels speak for: asked for, as they take a while where there is much text. */
function Suggestions({ session, onChoose }: SuggestionsProps): JSX.Element {
  const { hello, rows, link } = session;
  const [found, setFound] = useState<Suggested[] | "asked" | null>(null);
  const [trouble, setTrouble] = useState("");
  const list = useRef<HTMLUListElement>(null);
  // The button that had the keyboard is gone.
  useLayoutEffect(() => list.current?.querySelector("button")?.focus(), [found]);
  const ask = (): void => {
    setFound("asked");
    setTrouble("");
    link.call("suggest", {}, LONG).then(
      ({ suggestions }) => setFound(suggestions),
      (error: unknown) => {
        setFound(null);
        setTrouble(error instanceof RpcError ? told(error) : String(error));
      },
    );
  };
  return (
    <div class="rne-suggested">
      {Array.isArray(found) ? null : (
        <button
          type="button"
          class="rn-button"
          data-testid="suggest"
          disabled={found === "asked"}
          onClick={ask}
        >
          {found === "asked" ? "Looking for rules …" : "Suggest rules from the labels"}
        </button>
      )}
      {trouble === "" ? null : <p class="rn-bad">{trouble}</p>}
      {Array.isArray(found) && found.length === 0 ? (
        <p class="rn-quiet">No rule is suggested: label more records.</p>
      ) : null}
      {Array.isArray(found) && found.length > 0 ? (
        <>
          <p class="rn-quiet">From the labels, with the precision that is expected</p>
          <ul ref={list} class="rne-bricks rn-scroll" data-testid="suggestions">
            {found.map((one) => (
              <li key={one.name}>
                <button
                  type="button"
                  class="rne-start rne-suggestion"
                  onClick={() =>
                    onChoose(specOf({ spec: one.spec, editable: true, told: "" }), one.name)
                  }
                >
                  <LabelChip
                    label={hello?.task.labels.find((label) => label.id === one.label)}
                    voice="machine"
                  />
                  <code>{one.rule}</code>
                  <span
                    class="rne-cell"
                    title={`90 % interval: ${rate(one.low)} to ${rate(one.high)}`}
                  >
                    <Whisker value={one.precision} low={one.low} high={one.high} />
                    <span class="rn-number">{rate(one.precision)}</span>
                  </span>
                  <span class="rn-quiet rn-number">
                    {share(one.coverage, rows?.records ?? 0)}, {count(one.new)} new
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </div>
  );
}

export function wanted(bricks: Brick[], search: string): Brick[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return bricks.filter((brick) => {
    const text = `${brick.name} ${brick.title} ${brick.description} ${brick.group}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

type Start = [name: string, title: string, what: string, spec: Spec];

function starts(hello: Hello): Start[] {
  const label = hello.task.labels[0]?.name ?? "";
  return [
    [
      "new_rule",
      "Function",
      "Python: gets a record and returns a label, or yields spans",
      { kind: "function", source: hello.template },
    ],
    [
      `lookup:${label}`,
      "Word list",
      "Votes where one of its terms occurs",
      { kind: "lookup", label, terms: [], case: false, whole_words: true, plural: false, on: null },
    ],
    [
      `regex:${label}`,
      "Pattern",
      "Votes where a regular expression matches",
      { kind: "regex", label, pattern: "", case: false, group: 0, on: null },
    ],
  ];
}

export const KEYS: KeyRow[] = [
  [["Ctrl", "Enter"], "Try it on 10 records; nothing is stored"],
  [["Ctrl", "S"], "Save"],
  [["⇧", "Enter"], "Save and run on all records"],
  [["Esc"], "From the text to the list; from the list to the notebook"],
  [["↑", "↓"], "In the list: another heuristic"],
  [["Enter"], "In the list: edit it"],
  [["Space"], "In the list: switch it on or off"],
  [["n"], "New heuristic"],
  [["d"], "Duplicate"],
  [["Delete"], "Delete, after a question"],
  [["/"], "Find a heuristic"],
  [["Tab"], "In the text: take the completion, or indent"],
  [["F8"], "In the text: to the next problem"],
  [["?"], "These keys"],
];

/** Where the browser gives no clipboard: the code, selected. */
export function CodeSheet(props: { code: string; onClose(): void }): JSX.Element {
  return (
    <Sheet name="code" title="A cell that adds it" onClose={props.onClose}>
      <p class="rn-quiet">Copy it with Ctrl+C.</p>
      <textarea
        class="rn-mono"
        rows={10}
        readOnly
        data-first
        data-testid="cell-code"
        value={props.code}
        onFocus={(event) => event.currentTarget.select()}
      />
    </Sheet>
  );
}
