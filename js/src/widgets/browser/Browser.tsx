// The Browser: the query, the filter by hand at the left, the records, and what is done with them.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { KeyOn } from "../../ui/events";
import { useSource } from "../../ui/hooks";
import type { Host } from "../../ui/host";
import { focusLabelerIn } from "../../ui/labeler";
import { toNotebook } from "../../ui/notebook";
import { Empty, Skeleton, Toast, Trouble } from "../../ui/states";
import { SpanPicker } from "../../ui/text/SpanPicker";
import { Foot, MOST_KEYS } from "./Foot";
import { Header } from "./Header";
import { List } from "./List";
import type { TaskInfo } from "./protocol";
import { Chips, QueryBar } from "./QueryBar";
import { Rail } from "./Rail";
import { Sheets } from "./Sheets";
import type { BrowserState } from "./state";

export function Browser({
  state,
  host,
}: {
  state: BrowserState;
  host?: Host | undefined;
}): JSX.Element {
  useSource(state);
  const root = useRef<HTMLElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const page = useRef(10);
  const watch = useRef({ cancel: (): void => undefined });
  const [sheet, setSheet] = useState("");
  const { info, shown, connection, deeds } = state;
  useEffect(() => () => watch.current.cancel(), []);

  const open = (from: number): void => {
    watch.current.cancel();
    watch.current = focusLabelerIn(root.current);
    void deeds.openLabeler(from);
  };
  const showRecord = host && (() => deeds.showRecord(host));
  const toList = (): void => (list.current ?? root.current)?.focus({ preventScroll: true });
  const asked = deeds.confirming !== null;
  useEffect(() => (asked ? toList : undefined), [asked]);
  const close = (): void => {
    setSheet("");
    toList();
  };
  const pick = (query: string): void => {
    setSheet("");
    field.current?.focus();
    state.typing.type(query, [...query].length);
  };
  const leave = (target: HTMLElement): void => {
    if (deeds.picked !== null) return deeds.pick(null);
    if (state.selection.size > 0) return state.unselect();
    if (target.closest(".rn-br-rail") !== null) return toList();
    toNotebook(root.current);
  };

  const pressed = (event: KeyOn<HTMLElement>): boolean => {
    const { key, shiftKey, repeat } = event;
    const folded = key.length === 1 ? key.toLowerCase() : key;
    if (folded === "?") setSheet(sheet === "keys" ? "" : "keys");
    else if (folded === "/") field.current?.focus();
    else if (info === null || shown === null) return false;
    else if (key === "ArrowDown" || folded === "j") state.moveBy(1, shiftKey);
    else if (key === "ArrowUp" || folded === "k") state.moveBy(-1, shiftKey);
    else if (key === "PageDown") state.moveBy(page.current, shiftKey);
    else if (key === "PageUp") state.moveBy(-page.current, shiftKey);
    else if (key === "Home") state.moveTo(0, shiftKey);
    else if (key === "End") state.moveTo(state.length, shiftKey);
    else if (repeat)
      return false; // a held key never labels twice
    else if (folded === "x" || key === " ") state.toggle();
    else if (folded === "u") void deeds.undo(shiftKey);
    else if (folded === "n") deeds.label(null, false);
    else if (key === "Backspace" || key === "Delete") void deeds.setLabel(null);
    else if (key === "Enter") open(state.cursor);
    else if (folded === "o") open(0);
    else if (folded === "r" && showRecord) showRecord();
    else if (folded === "s") void deeds.similar();
    else if (folded === "c") setSheet("comments");
    else if (folded === "f") state.setRail(!state.rail);
    else if (folded === "t") state.setMode(state.mode === "list" ? "table" : "list");
    else if (/^[1-9]$/.test(key) && Number(key) <= MOST_KEYS) {
      const label = state.task?.labels[Number(key) - 1];
      if (label === undefined) return false;
      if (deeds.picked !== null) void deeds.labelSpan(label.name);
      else deeds.label(label, false);
    } else return false;
    return true;
  };

  const withControl = (event: KeyOn<HTMLElement>): void => {
    const key = event.key.toLowerCase();
    if (key === "a") state.selectAll();
    else if (key === "z") void deeds.undo(event.shiftKey);
    else if (key === "y") void deeds.undo(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const onKeyDown = (event: KeyOn<HTMLElement>): void => {
    const target = event.target as HTMLElement;
    const typed = target.closest("input, select, textarea") !== null;
    if (event.isComposing || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      if (!typed && target.closest("[role=dialog]") === null) withControl(event);
      return;
    }
    if (event.key === "Tab") return;
    event.stopPropagation();
    if (target.closest("[role=dialog]") !== null) return;
    if (event.key === "Escape") return leave(target);
    if (typed) return;
    const natural = event.key === "Enter" || event.key === " ";
    if (natural && target.closest("button") !== null) return;
    if (pressed(event)) event.preventDefault();
  };

  return (
    <section
      ref={root}
      class="rn-ui rn-br"
      tabIndex={0}
      aria-label={`Records of ${info?.project ?? ""}`}
      data-testid="browser"
      data-connection={connection}
      data-revision={shown?.revision}
      data-asking={state.asking}
      onKeyDown={onKeyDown}
    >
      <Header state={state} onSheet={(name) => setSheet(sheet === name ? "" : name)} />
      <Trouble
        connection={connection}
        trouble={state.trouble}
        quiet={info === null}
        onClose={() => state.dismiss()}
      />
      {info === null || shown === null ? (
        connection === "opening" ? (
          <Skeleton trouble={state.trouble} />
        ) : null
      ) : (
        <>
          <QueryBar
            state={state}
            field={field}
            onLeave={toList}
            onHelp={() => setSheet(sheet === "language" ? "" : "language")}
          />
          <Chips state={state} />
          <div class="rn-br-body">
            {state.rail ? <Rail state={state} /> : null}
            {state.length === 0 ? (
              <Nothing state={state} />
            ) : (
              <List state={state} list={list} page={page} onOpen={open} />
            )}
          </div>
          <Foot
            state={state}
            onSheet={(name) => setSheet(sheet === name ? "" : name)}
            onOpen={() => open(0)}
            onRecord={showRecord}
            onDone={toList}
          />
        </>
      )}
      {deeds.picked === null || state.task === null ? null : (
        <SpanPicker
          at={deeds.picked.rect}
          root={root.current}
          tasks={[keyed(state.task)]}
          onLabel={(_, label) => (void deeds.labelSpan(label.name), toList())}
        />
      )}
      <Sheets state={state} name={sheet} onPick={pick} onClose={close} />
      <Toast text={state.notice.text} at={state.notice.at} />
    </section>
  );
}

/** Here the digits label. */
const keyed = (task: TaskInfo): TaskInfo => ({
  ...task,
  labels: task.labels.map((one, at) => ({ ...one, hotkey: at < MOST_KEYS ? `${at + 1}` : "" })),
});

function Nothing({ state }: { state: BrowserState }): JSX.Element {
  if (state.info?.total === 0) {
    return (
      <Empty
        text="The project has no records yet"
        hint={
          <>
            Add some in a cell: <code class="rn-mono">project.add("records.csv")</code>
          </>
        }
      />
    );
  }
  const asked = state.shown?.text ?? "";
  return (
    <Empty
      text="No record matches"
      hint={asked === "" ? "The view is empty." : "Leave a condition out, or begin anew."}
    >
      {asked === "" ? null : (
        <button
          type="button"
          class="rn-button rn-primary"
          onClick={() => void state.query({ text: "" })}
        >
          Show all records
        </button>
      )}
    </Empty>
  );
}
