// The neighbours, most similar first, with the cut between them; only those in view are drawn.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { Bar } from "../../ui/Bars";
import { Chip } from "../../ui/Chip";
import { count, fraction, plural } from "../../ui/numbers";
import { line } from "./marks";
import type { Row, TaskInfo } from "./protocol";
import { type Ranking, UNIT } from "./ranking";
import type { SimilarState } from "./state";

export const ROW = 28; // px
export const GAP = 20; // px between what is let in and what is not
const SPARE = 6; // rows beyond either edge

interface Props {
  state: SimilarState;
  ranking: Ranking;
  list: { current: HTMLDivElement | null };
}

export function List({ state, ranking, list }: Props): JSX.Element {
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(20 * ROW + GAP);
  const hits = ranking.hits(state.threshold);
  const { look } = state;
  const topOf = (rank: number): number => rank * ROW + (rank < hits ? 0 : GAP);
  const rowId = (rank: number): string => `rn-sim-${state.id}-${rank}`;

  useEffect(() => {
    const el = list.current;
    if (el === null) return;
    const watch = new ResizeObserver(() => setHeight(el.clientHeight || 20 * ROW + GAP));
    watch.observe(el);
    return () => watch.disconnect();
  }, []);

  useLayoutEffect(() => {
    const el = list.current;
    if (el === null) return;
    const high = el.clientHeight;
    const own = topOf(state.cursor);
    if (look.at === "cut") el.scrollTop = hits * ROW + (GAP - high) / 2;
    else if (own < el.scrollTop) el.scrollTop = own;
    else if (own + ROW > el.scrollTop + high) el.scrollTop = own + ROW - high;
    setTop(el.scrollTop);
  }, [look.turn]);

  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const last = Math.min(ranking.length, Math.ceil((top + height) / ROW) + SPARE);
  useEffect(() => state.rows.need(first, last), [first, last, ranking]);

  return (
    <div
      ref={list}
      class={`rn-sim-list${state.comparing ? " rn-sim-stale" : ""}`}
      role="listbox"
      tabIndex={0}
      aria-label="Neighbours, most similar first"
      aria-activedescendant={ranking.length > 0 ? rowId(state.cursor) : undefined}
      data-testid="neighbours"
      data-hits={hits}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div class="rn-sim-all" style={{ height: `${ranking.length * ROW + GAP}px` }}>
        {Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at).map((rank) => (
          <Neighbour
            key={rank}
            id={rowId(rank)}
            rank={rank}
            top={topOf(rank)}
            row={state.rows.get(rank)}
            similarity={ranking.similarity[rank]! / UNIT}
            size={ranking.length}
            inside={rank < hits}
            cursor={rank === state.cursor}
            pending={state.pending.get(rank)}
            task={state.info!.task}
            onPick={() => state.setCursor(rank)}
            onAdd={() => void state.addNeighbour(rank)}
          />
        ))}
        <div class="rn-sim-cut" style={{ top: `${hits * ROW}px` }} aria-hidden="true">
          <span>
            {hits === 0
              ? "↓ nothing is let in"
              : `↑ ${plural(hits, state.info!.task.kind === "spans" ? "span" : "record")}`}
          </span>
        </div>
      </div>
      {state.leftOut === 0 ? null : (
        <p class="rn-quiet rn-sim-rest">{count(state.leftOut)} less similar ones are not shown.</p>
      )}
    </div>
  );
}

interface NeighbourProps {
  id: string;
  rank: number;
  /** In px. */
  top: number;
  row: Row | undefined;
  similarity: number;
  size: number;
  inside: boolean;
  cursor: boolean;
  /** What was just said of it; undefined: nothing. */
  pending: string | null | undefined;
  task: TaskInfo;
  onPick(): void;
  onAdd(): void;
}

function Neighbour(props: NeighbourProps): JSX.Element {
  const { rank, row, similarity, inside, cursor, pending, task } = props;
  return (
    <div
      id={props.id}
      class={`rn-sim-row${inside ? "" : " rn-sim-outside"}${cursor ? " rn-sim-cursor" : ""}`}
      role="option"
      tabIndex={-1}
      aria-selected={cursor}
      aria-posinset={rank + 1}
      aria-setsize={props.size}
      style={{ top: `${props.top}px` }}
      data-testid="row"
      data-rank={rank}
      data-key={row?.key}
      onClick={props.onPick}
    >
      <Bar share={similarity} name="similarity" quiet={!inside} />
      <span class="rn-quiet rn-number rn-sim-similarity">{fraction(similarity, 3)}</span>
      <span class="rn-sim-text">
        {row === undefined
          ? ""
          : line(row).map(({ text, own }, at) => (own ? <mark key={at}>{text}</mark> : text))}
      </span>
      <Gold gold={row?.gold ?? null} pending={pending} task={task} />
      <button
        type="button"
        class="rn-button rn-plain rn-sim-like"
        tabIndex={-1}
        title="Like this: add it to the examples (+)"
        aria-label="Like this"
        onMouseDown={(event) => event.preventDefault()}
        onClick={(event) => {
          event.stopPropagation();
          props.onAdd();
        }}
      >
        +
      </button>
    </div>
  );
}

interface GoldProps {
  gold: string[] | null;
  pending: string | null | undefined;
  task: TaskInfo;
}

/** What people say of it; what is not stored yet is hollow. */
export function Gold({ gold, pending, task }: GoldProps): JSX.Element {
  const names =
    pending === undefined ? gold : pending === null ? null : pending === "" ? [] : [pending];
  const none = task.kind === "spans" ? "not labelled" : "none";
  return (
    <span class={`rn-sim-gold${pending === undefined ? "" : " rn-sim-pending"}`}>
      {names === null ? null : names.length === 0 ? (
        <span class="rn-badge">{none}</span>
      ) : (
        names.map((name) => (
          <Chip
            key={name}
            name={name}
            color={task.labels.find((one) => one.name === name)?.color ?? ""}
            voice="person"
          />
        ))
      )}
    </span>
  );
}
