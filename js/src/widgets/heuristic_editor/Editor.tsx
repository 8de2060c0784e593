// The HeuristicEditor: the list, the text, and the keyboard.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { KeyOn } from "../../ui/events";
import { useSource } from "../../ui/hooks";
import { toNotebook } from "../../ui/notebook";
import { count, plural } from "../../ui/numbers";
import { KeySheet } from "../../ui/Sheet";
import { Empty, Skeleton, Toast } from "../../ui/states";
import { keyOf } from "./drafts";
import { List, nextRow, shownKeys } from "./List";
import { Notices } from "./Notices";
import type { Order } from "./order";
import { Pane } from "./Pane";
import { CodeSheet, KEYS, New } from "./Sheets";
import type { EditorSession } from "./session";

export function Editor({ session }: { session: EditorSession }): JSX.Element {
  useSource(session);
  const root = useRef<HTMLElement>(null);
  const [order, setOrder] = useState<Order>("work");
  const [search, setSearch] = useState("");
  const [at, setAt] = useState<string | null>(null);
  const [listFocus, setListFocus] = useState(0);
  const [textFocus, setTextFocus] = useState(0);
  const [open, setOpen] = useState<"new" | "keys" | null>(null);
  const [code, setCode] = useState<string | null>(null);
  const [deleting, setDeleting] = useState<{ id: number; name: string } | null>(null);
  const { hello, rows, draft } = session;
  const keys = shownKeys(session, order, search);

  // One that needs work is open from the start, without the keyboard.
  useEffect(() => {
    if (rows !== null && draft === null && open === null && keys[0] !== undefined) {
      void session.select(keys[0]);
    }
  }, [rows === null, keys.length === 0]);
  useEffect(() => setDeleting(null), [draft?.key]);

  const toList = (): void => {
    const shown = shownKeys(session, order, "");
    setSearch("");
    if (shown.length === 0) root.current?.focus({ preventScroll: true });
    else {
      setAt(draft?.key ?? shown[0] ?? null);
      setListFocus((old) => old + 1);
    }
  };
  const openRow = (key: string): void => {
    setAt(key);
    void session.select(key);
  };
  const toText = (key: string): void => {
    setAt(key);
    void session.select(key).then(() => setTextFocus((old) => old + 1));
  };
  const askDelete = (): void => {
    const row = rows?.heuristics.find((one) => keyOf(one.id) === (at ?? draft?.key));
    if (row !== undefined) setDeleting({ id: row.id, name: row.name });
    else if (draft !== null && draft.heuristic === null) session.discard();
  };
  const copy = async (): Promise<void> => {
    const cell = await session.cell();
    if (cell === null) return;
    try {
      await navigator.clipboard.writeText(cell);
      session.say("The cell is on the clipboard.");
    } catch {
      setCode(cell);
    }
  };

  /** Keys with Ctrl, or Shift and Enter: they work everywhere in the widget. */
  const command = (event: KeyOn<HTMLElement>): boolean => {
    const control = (event.ctrlKey || event.metaKey) && !event.altKey;
    if (control && event.key === "Enter") session.tryOut();
    else if (control && event.key.toLowerCase() === "s" && !event.shiftKey) void session.save();
    else if (event.shiftKey && !control && event.key === "Enter") void session.run();
    else return false;
    return true;
  };

  const inList = (event: KeyOn<HTMLElement>, target: HTMLElement): boolean => {
    const next = nextRow(event, keys, at ?? draft?.key ?? null);
    const onRow = target.closest(".rne-row") !== null;
    if (onRow && next !== null) {
      openRow(next);
      setListFocus((old) => old + 1);
    } else if (onRow && event.key === "Enter") toText(at ?? keys[0]!);
    else if (onRow && event.key === " ") {
      const row = rows?.heuristics.find((one) => keyOf(one.id) === at);
      if (row !== undefined) void session.roster.toggle(row);
    } else if (onRow && (event.key === "Delete" || event.key === "Backspace")) askDelete();
    else if (event.key === "n") setOpen("new");
    else if (event.key === "d" && draft !== null) void session.duplicate();
    else if (event.key === "/") {
      root.current?.querySelector<HTMLElement>("input[type=search]")?.focus();
    } else if (event.key === "?") setOpen(open === "keys" ? null : "keys");
    else if (event.key === "Escape") {
      if (deleting !== null) {
        setDeleting(null);
        toList();
      } else if (onRow || target === root.current) toNotebook(root.current);
      else toList();
    } else return false;
    return true;
  };

  const onKeyDown = (event: KeyOn<HTMLElement>): void => {
    const target = event.target as HTMLElement;
    if (command(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    // The code editor has taken it, for example to undo.
    if (event.defaultPrevented) return event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    event.stopPropagation();
    const field = target.closest("input, select, textarea, .cm-editor, [role=dialog]");
    if (field !== null) {
      if (event.key === "Escape" && target.closest("[role=dialog]") === null) {
        event.preventDefault();
        toList();
      }
      return;
    }
    if (event.key !== "Tab" && inList(event, target)) event.preventDefault();
  };

  // Typing changes nothing in the list, which may be long.
  const list = useMemo(
    () => (
      <List
        session={session}
        order={order}
        search={search}
        at={at}
        focus={listFocus}
        onOrder={setOrder}
        onSearch={setSearch}
        onAt={openRow}
      />
    ),
    [
      rows,
      order,
      search,
      at,
      listFocus,
      draft?.key,
      draft?.name,
      session.dirty,
      session.drafts?.revision,
    ],
  );
  const total = rows?.heuristics.length ?? 0;
  const waiting =
    rows?.heuristics.filter((one) => one.enabled && one.trusted && one.state !== "finished") ?? [];
  return (
    <section
      ref={root}
      class="rn-ui rne"
      tabIndex={-1}
      aria-label="Heuristic editor"
      data-testid="heuristic-editor"
      data-connection={session.link.connection}
      data-heuristics={rows === null ? "" : total}
      onKeyDown={onKeyDown}
    >
      <header class="rn-header">
        <h2 class="rne-task">{hello?.task.name ?? "Heuristics"}</h2>
        {rows === null ? null : (
          <span class="rn-quiet rne-totals" data-testid="totals">
            {plural(total, "heuristic")} · {count(rows.labelled)} of {count(rows.records)} records
            labelled
          </span>
        )}
        {waiting.length > 0 && total > 1 ? (
          <button
            type="button"
            class="rn-button"
            data-testid="run-waiting"
            disabled={session.roster.job !== null}
            title={waiting.map((one) => one.name).join(", ")}
            onClick={() => void session.roster.run(waiting.map((one) => one.id))}
          >
            Run waiting ({waiting.length})
          </button>
        ) : null}
        <button
          type="button"
          class="rn-button"
          data-testid="new"
          data-opens="new"
          disabled={hello === null}
          onClick={() => setOpen(open === "new" ? null : "new")}
        >
          New <kbd>n</kbd>
        </button>
        <button
          type="button"
          class="rn-button"
          aria-label="Keys"
          title="Keys"
          data-opens="keys"
          onClick={() => setOpen(open === "keys" ? null : "keys")}
        >
          ?
        </button>
      </header>
      <Notices
        session={session}
        deleting={deleting}
        onDeleted={() => {
          setDeleting(null);
          setAt(null);
          root.current?.focus({ preventScroll: true });
        }}
      />
      <div class="rne-body">
        {rows === null ? (
          <Skeleton trouble={session.link.trouble} />
        ) : total === 0 && draft === null && session.unsaved.length === 0 ? (
          <Empty
            text="No heuristic yet."
            hint="A heuristic is a small rule that votes on every record: a function, a word list or a pattern. Write one here, or in a cell with @task.heuristic."
          >
            <button
              type="button"
              class="rn-button rn-primary"
              data-testid="first"
              data-opens="new"
              onClick={() => setOpen(open === "new" ? null : "new")}
            >
              Write the first one <kbd>n</kbd>
            </button>
          </Empty>
        ) : (
          <>
            {list}
            <div class="rne-main">
              {draft === null ? (
                <p class="rne-note">Choose a heuristic, or write a new one.</p>
              ) : (
                <Pane
                  session={session}
                  focus={textFocus}
                  onLeave={toList}
                  onDelete={() => {
                    setAt(draft.key);
                    const row = session.row;
                    if (row !== undefined) setDeleting({ id: row.id, name: row.name });
                  }}
                  onCopy={() => void copy()}
                />
              )}
            </div>
          </>
        )}
      </div>
      {open === "new" ? (
        <New
          session={session}
          onClose={() => {
            setOpen(null);
            setTextFocus((old) => old + 1);
          }}
        />
      ) : null}
      {open === "keys" ? <KeySheet rows={KEYS} onClose={() => (setOpen(null), toList())} /> : null}
      {code === null ? null : <CodeSheet code={code} onClose={() => (setCode(null), toList())} />}
      <Toast text={session.notice.text} at={session.notice.at} />
    </section>
  );
}
