// The heuristics of the task: what each is worth, and which needs work.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Bar, Whisker } from "../../ui/Bars";
import type { KeyOn } from "../../ui/events";
import { count, plural } from "../../ui/numbers";
import { type Draft, keyOf } from "./drafts";
import { interval, rate, share } from "./format";
import { found, ORDERS, type Order, ordered } from "./order";
import type { Measure, Row } from "./protocol";
import type { EditorSession } from "./session";

interface ListProps {
  session: EditorSession;
  order: Order;
  search: string;
  /** The key of the row that has the keyboard. */
  at: string | null;
  /** Grows when that row should get it. */
  focus: number;
  onOrder(order: Order): void;
  onSearch(search: string): void;
  /** A row was chosen, by mouse or by keyboard. */
  onAt(key: string): void;
}

/** In px: the height of a row, and of the list where the text beside it is short. */
const ROW = 50;
const TALL = 540;

/** The keys of the rows as they stand: drafts, then heuristics. */
export function shownKeys(session: EditorSession, order: Order, search: string): string[] {
  const rows = found(ordered(session.rows?.heuristics ?? [], order), search);
  return [...session.unsaved.map((draft) => draft.key), ...rows.map((row) => keyOf(row.id))];
}

export function List(props: ListProps): JSX.Element {
  const { session, order, search } = props;
  const rows = session.rows?.heuristics ?? [];
  const shown = found(ordered(rows, order), search);
  const active = props.at ?? session.draft?.key ?? shownKeys(session, order, search)[0] ?? null;
  const why = ORDERS.find(([one]) => one === order)?.[2] ?? "";
  return (
    <nav class="rne-list" aria-label="Heuristics">
      <div class="rn-tools">
        <input
          type="search"
          class="rne-search"
          placeholder="Find ( / )"
          aria-label="Find a heuristic"
          data-testid="search"
          value={search}
          onInput={(event) => props.onSearch(event.currentTarget.value)}
        />
        <label title={why}>
          <span class="rn-hidden">Order</span>
          <select
            data-testid="order"
            aria-description={why}
            value={order}
            onChange={(event) => props.onOrder(event.currentTarget.value as Order)}
          >
            {ORDERS.map(([value, name, reason]) => (
              <option key={value} value={value} title={reason}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="rne-heads" aria-hidden="true">
        <span>covers</span>
        <span>precision</span>
        <span>conflicts</span>
      </div>
      <div
        class="rne-rows rn-scroll"
        role="listbox"
        aria-label="Heuristics"
        data-testid="rows"
        style={{
          "--rne-tall": `${Math.min(ROW * (rows.length + session.unsaved.length), TALL)}px`,
        }}
      >
        {session.unsaved.map((draft) => (
          <DraftRow key={draft.key} draft={draft} {...rowProps(props, draft.key, active)} />
        ))}
        {shown.map((row) => (
          <HeuristicRow
            key={row.id}
            row={row}
            session={session}
            {...rowProps(props, keyOf(row.id), active)}
          />
        ))}
        {rows.length > 0 && shown.length === 0 ? (
          <p class="rne-note">No heuristic is called “{search}”.</p>
        ) : null}
      </div>
    </nav>
  );
}

interface Chosen {
  chosen: boolean;
  active: boolean;
  focus: number;
  onAt(): void;
}

function rowProps(props: ListProps, key: string, active: string | null): Chosen {
  return {
    chosen: props.session.draft?.key === key,
    active: active === key,
    focus: props.focus,
    onAt: () => props.onAt(key),
  };
}

function useKeyboard({ active, focus }: Chosen): { current: HTMLDivElement | null } {
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (active && focus > 0) {
      row.current?.focus({ preventScroll: true });
      row.current?.scrollIntoView({ block: "nearest" });
    }
  }, [focus, active]);
  return row;
}

function DraftRow(props: Chosen & { draft: Draft }): JSX.Element {
  const { draft, chosen, active } = props;
  const row = useKeyboard(props);
  return (
    <div
      ref={row}
      class="rne-row"
      role="option"
      aria-selected={chosen}
      tabIndex={active ? 0 : -1}
      data-testid="draft-row"
      onClick={props.onAt}
    >
      <span class="rne-top">
        <span class="rne-name">{draft.name || "unnamed"}</span>
        <span class="rn-badge">not saved</span>
        <span class="rne-kind">{draft.spec.kind}</span>
      </span>
    </div>
  );
}

const STATES: Record<Row["state"], [text: string, title: string] | null> = {
  new: ["not run", "This version has not been run: ⇧ Enter runs it on all records"],
  outdated: ["records changed", "Records were added or changed since it was run"],
  failed: ["failed", ""],
  finished: null,
};

function HeuristicRow(props: Chosen & { row: Row; session: EditorSession }): JSX.Element {
  const { row, session, chosen, active } = props;
  const place = useKeyboard(props);
  const { measure } = row;
  const total = session.rows?.records ?? 0;
  const widest = Math.max(
    1,
    ...(session.rows?.heuristics ?? []).map((one) => one.measure?.covered ?? 0),
  );
  const state: [text: string, title: string] | null = row.trusted
    ? STATES[row.state]
    : ["not trusted", "Written by somebody else: it runs only when you let it"];
  return (
    <div
      ref={place}
      class={`rne-row${row.enabled ? "" : " rne-off"}`}
      role="option"
      aria-selected={chosen}
      aria-label={inWords(row, total)}
      tabIndex={active ? 0 : -1}
      data-testid={`row-${row.name}`}
      data-state={row.state}
      data-enabled={row.enabled}
      data-covered={measure?.covered ?? ""}
      onClick={props.onAt}
    >
      {/* For the mouse: by keyboard it is the space bar, and the row says whether it is on. */}
      <span
        class="rne-switch"
        aria-hidden="true"
        title={row.enabled ? "On: it takes part in reports and weak labels" : "Off"}
        data-on={row.enabled}
        data-testid={`switch-${row.name}`}
        onClick={(event) => {
          event.stopPropagation();
          void session.roster.toggle(row);
        }}
      >
        <i />
      </span>
      <span class="rne-top">
        <span class="rne-name" title={row.name}>
          {row.name}
        </span>
        {state !== null ? (
          <span
            class={`rn-badge${row.state === "failed" ? " rn-bad" : ""}`}
            title={state[1] || row.message}
          >
            {state[0]}
          </span>
        ) : null}
        {row.errors > 0 && row.state !== "failed" ? (
          <span class="rn-badge rn-bad" title={row.message}>
            {plural(row.errors, "error")}
          </span>
        ) : null}
        {row.comments > 0 ? <span class="rn-badge">{plural(row.comments, "comment")}</span> : null}
        {session.edited(row.id) ? <span class="rn-badge">edited</span> : null}
        <span class="rne-kind">{row.kind}</span>
      </span>
      {measure === null ? null : (
        <>
          <span
            class="rne-cell rne-cell-first"
            title={`${count(measure.covered)} of ${count(total)} records; the bars are drawn to the widest`}
          >
            <Bar share={measure.covered / widest} name={null} quiet />
            <span class="rn-number">{share(measure.covered, total)}</span>
          </span>
          <span class="rne-cell" title={precisionInWords(measure)}>
            <Whisker value={measure.precision} low={measure.low} high={measure.high} />
            <span class="rn-number">
              {measure.precision === null ? "—" : rate(measure.precision)}
            </span>
          </span>
          <span
            class="rne-cell rne-conflicts"
            title={
              row.conflicts === null
                ? "Switched off"
                : `${count(row.conflicts)} of its ${count(measure.hits)} votes are contradicted by other heuristics`
            }
          >
            {row.conflicts === null ? "—" : count(row.conflicts)}
          </span>
        </>
      )}
    </div>
  );
}

export function precisionInWords(measure: Measure): string {
  const seen = measure.correct + measure.incorrect;
  if (seen === 0) return "Precision unknown: none of its records is labelled";
  return `Precision ${interval(measure)}, 95 % interval, from ${count(seen)} labelled`;
}

function inWords(row: Row, total: number): string {
  const parts = [row.name, row.kind, row.enabled ? "on" : "off"];
  if (!row.trusted) parts.push("not trusted");
  else if (row.state !== "finished") parts.push(STATES[row.state]?.[0] ?? "");
  if (row.errors > 0) parts.push(`${row.errors} errors`);
  if (row.comments > 0) parts.push(plural(row.comments, "comment"));
  if (row.measure !== null) {
    parts.push(`covers ${share(row.measure.covered, total)}`, precisionInWords(row.measure));
    if (row.conflicts !== null) parts.push(`${row.conflicts} conflicts`);
  }
  return parts.join(", ");
}

/** Which row a key leads to. */
export function nextRow(
  event: KeyOn<HTMLElement>,
  keys: string[],
  at: string | null,
): string | null {
  const here = at === null ? -1 : keys.indexOf(at);
  const to: Record<string, number> = {
    ArrowDown: here + 1,
    j: here + 1,
    ArrowUp: here - 1,
    k: here - 1,
    Home: 0,
    End: keys.length - 1,
  };
  const next = to[event.key];
  if (next === undefined || keys.length === 0) return null;
  return keys[Math.min(Math.max(next, 0), keys.length - 1)] ?? null;
}
