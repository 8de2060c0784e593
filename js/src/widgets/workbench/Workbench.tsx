// The workbench: one record, what is known of it at its side, and a cell of Python below.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { CommentedProps } from "../../ui/commenting";
import type { KeyOn } from "../../ui/events";
import { useSource } from "../../ui/hooks";
import { Later } from "../../ui/Later";
import { toNotebook } from "../../ui/notebook";
import { count } from "../../ui/numbers";
import { type KeyRow, KeySheet, KeysButton } from "../../ui/Sheet";
import { Empty, Skeleton, Toast, Trouble } from "../../ui/states";
import { Attributes } from "./Attributes";
import { Cell } from "./Cell";
import { LAYERS, type Layer } from "./layers";
import { Near } from "./Near";
import { Past } from "./Past";
import type { WorkbenchState } from "./state";
import { Votes } from "./Votes";

const KEYS: KeyRow[] = [
  [["J", "→"], "Next record"],
  [["K", "←"], "Previous record"],
  [["G"], "Go to a record by its key"],
  [["B"], "Back from a neighbour"],
  [["T"], "Show tokens, or the text"],
  [["N"], "Neighbours"],
  [["H"], "History"],
  [["C"], "Comments"],
  [["E"], "Edit the cell"],
  [["Shift", "Enter"], "Run the cell"],
  [["Esc"], "From a field to the workbench, then to the notebook"],
  [["?"], "These keys"],
];
const TABS = { near: "Neighbours", past: "History", comments: "Comments" } as const;
type Tab = keyof typeof TABS;
const TAB_KEYS: Record<string, Tab> = { n: "near", h: "past", c: "comments" };

export function Workbench({ state }: { state: WorkbenchState }): JSX.Element {
  useSource(state);
  const root = useRef<HTMLElement>(null);
  const key = useRef<HTMLInputElement>(null);
  const [keys, setKeys] = useState(false);
  const [tokens, setTokens] = useState(false);
  const [layers, setLayers] = useState<ReadonlySet<Layer>>(new Set(LAYERS));
  const [pointed, setPointed] = useState<string | null>(null);
  const [tab, setTab] = useState<Tab>("near");
  const [typing, setTyping] = useState(0);
  const [focus, setFocus] = useState(0);
  const { connection, hello, record, running } = state;
  const leave = (): void => root.current?.focus();

  const onKeyDown = (event: KeyOn<HTMLElement>): void => {
    if (event.isComposing || event.key === "Tab") return;
    const target = event.target as HTMLElement;
    const written = target.closest("textarea, input, .cm-editor") !== null;
    if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      void state.run();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    if (event.key === "Escape") {
      if (running) state.stop();
      else if (target !== root.current) leave();
      else toNotebook(root.current);
      return;
    }
    if (written && !(target as HTMLInputElement).matches("[type=checkbox]")) return;
    const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (pressed === "j" || pressed === "ArrowRight") void state.step(1);
    else if (pressed === "k" || pressed === "ArrowLeft") void state.step(-1);
    else if (pressed === "g") key.current?.focus();
    else if (pressed === "b") void state.back();
    else if (pressed === "t") setTokens(!tokens);
    else if (pressed === "e") setFocus(focus + 1);
    else if (pressed === "?") setKeys(!keys);
    else if (TAB_KEYS[pressed] !== undefined) {
      setTab(TAB_KEYS[pressed]);
      if (pressed === "c") setTyping(typing + 1);
    } else return;
    event.preventDefault();
  };

  return (
    <section
      ref={root}
      class="rn-ui rn-wb"
      tabIndex={-1}
      aria-label={`Workbench: ${hello?.project.name ?? ""}`}
      data-testid="workbench"
      data-connection={connection}
      data-record={record?.key ?? ""}
      onKeyDown={onKeyDown}
    >
      <Header state={state} field={key} onKeys={() => setKeys(!keys)} />
      <Trouble
        connection={connection}
        trouble={state.wrong}
        quiet={connection === "opening"}
        onClose={() => state.closeTrouble()}
      />
      {hello === null ? (
        connection === "opening" ? (
          <Skeleton trouble={state.wrong} />
        ) : null
      ) : record === null ? (
        <Empty
          text={state.told?.count === 0 ? "There is no record yet." : "This record is gone."}
          hint={state.told?.count === 0 ? "project.add(...) brings some." : ""}
        >
          {state.told?.count === 0 ? null : (
            <button type="button" class="rn-button" onClick={() => void state.go({ at: 0 })}>
              Show the first one
            </button>
          )}
        </Empty>
      ) : (
        <div class="rn-wb-body">
          <div class="rn-wb-main">
            <Attributes
              key={record.id}
              record={record}
              tokens={tokens}
              layers={layers}
              chosen={pointed}
              onLayers={setLayers}
              onTokens={setTokens}
            />
            <Cell state={state} focus={focus} onLeave={leave} />
          </div>
          <div class="rn-wb-side">
            <Votes record={record} onPoint={setPointed} />
            <Aside state={state} tab={tab} onTab={setTab} typing={typing} onLeave={leave} />
          </div>
        </div>
      )}
      {keys ? <KeySheet rows={KEYS} onClose={() => setKeys(false)} /> : null}
      <Toast text={state.notice.text} at={state.notice.at} />
    </section>
  );
}

interface HeaderProps {
  state: WorkbenchState;
  field: { current: HTMLInputElement | null };
  onKeys(): void;
}

function Header({ state, field, onKeys }: HeaderProps): JSX.Element {
  const { told, record, hello } = state;
  const [typed, setTyped] = useState("");
  const go = async (): Promise<void> => {
    if (typed.trim() === "") return;
    if (await state.go({ key: typed.trim() }, true)) {
      setTyped("");
      field.current?.closest<HTMLElement>(".rn-wb")?.focus();
    }
  };
  const count_ = told?.count ?? 0;
  return (
    <header class="rn-header">
      <h2>Workbench{hello === null ? "" : ` · ${hello.project.name}`}</h2>
      <span class="rn-tools">
        <button
          type="button"
          class="rn-button"
          aria-label="Previous record"
          data-testid="previous"
          disabled={count_ === 0}
          onClick={() => void state.step(-1)}
        >
          ←
        </button>
        <span class="rn-number rn-quiet" data-testid="place">
          {record === null
            ? ""
            : told?.at === null
              ? "not in this view"
              : count((told?.at ?? 0) + 1)}
          {told?.at === null ? "" : ` of ${count(count_)}`}
        </span>
        <button
          type="button"
          class="rn-button"
          aria-label="Next record"
          data-testid="next"
          disabled={count_ === 0}
          onClick={() => void state.step(1)}
        >
          →
        </button>
        {state.trail.length === 0 ? null : (
          <button
            type="button"
            class="rn-button"
            data-testid="back"
            onClick={() => void state.back()}
          >
            Back to {state.trail.at(-1)} <kbd>B</kbd>
          </button>
        )}
      </span>
      <span class="rn-wb-key" aria-live="polite">
        {record === null ? "" : <b title={record.key}>{record.key}</b>}
      </span>
      <span class="rn-grow" />
      {state.opening ? <span class="rn-quiet rn-late">opening…</span> : null}
      <input
        ref={field}
        type="search"
        class="rn-wb-go"
        aria-label="Go to the record with this key"
        placeholder="Go to key"
        data-testid="go"
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") void go();
        }}
      />
      <KeysButton onClick={onKeys} />
    </header>
  );
}

interface AsideProps {
  state: WorkbenchState;
  tab: Tab;
  onTab(tab: Tab): void;
  /** Grows when the field of a comment should get the keyboard. */
  typing: number;
  onLeave(): void;
}

function Aside({ state, tab, onTab, typing, onLeave }: AsideProps): JSX.Element {
  const { key, tasks } = state.record!;
  const [comments, setComments] = useState<number | null>(null);
  // The number stands on the tab, whichever is open.
  useEffect(() => {
    let wanted = true;
    state.comment("comments", { on: { kind: "record", name: key } }).then(
      (told) => wanted && setComments((told as { comments: unknown[] }).comments.length),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [key, state.said]);
  const props: CommentedProps = {
    ask: state.comment,
    on: { kind: "record", name: key },
    of: `record ${key}`,
    revision: state.said,
    focus: typing > 0,
    onLeave,
    tasks,
  };
  return (
    <section class="rn-wb-aside" aria-label="More about this record">
      <div class="rn-tabs" role="tablist">
        {(Object.keys(TABS) as Tab[]).map((one) => (
          <button
            key={one}
            type="button"
            role="tab"
            aria-selected={one === tab}
            data-testid={`tab-${one}`}
            onClick={() => onTab(one)}
          >
            {TABS[one]}
            {one === "comments" && comments !== null && comments > 0 ? ` (${comments})` : ""}
          </button>
        ))}
      </div>
      <div class="rn-wb-tab" role="tabpanel" aria-label={TABS[tab]}>
        {tab === "near" ? <Near state={state} /> : null}
        {tab === "past" ? <Past state={state} /> : null}
        {tab === "comments" ? (
          <Later key={typing} part="comments" ask={state.part} props={props} />
        ) : null}
      </div>
    </section>
  );
}
