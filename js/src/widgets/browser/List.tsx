// The records as a list or a table; only those in view are drawn, however many there are.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { ListRow, layout, TableHead, TableRow } from "./Row";
import { barOf, drawn, type Extent, real } from "./scrolling";
import type { BrowserState } from "./state";

const HEIGHTS = { list: 52, table: 32 }; // px of a row
export const HEAD = 32; // px of the table's head
const SPARE = 8; // rows beyond either edge
const USUAL = 480; // px of the window until it is measured

interface Props {
  state: BrowserState;
  list: { current: HTMLDivElement | null };
  /** How many rows a page key moves by. */
  page: { current: number };
  onOpen(at: number): void;
}

export function List({ state, list, page, onOpen }: Props): JSX.Element {
  const { mode, length, cursor, look } = state;
  const row = HEIGHTS[mode];
  // Where the scrollbar is, and what stands there: the same, unless the list is very long.
  const [top, setTop] = useState({ bar: 0, place: 0 });
  const [height, setHeight] = useState(USUAL);
  const extent: Extent = { whole: length * row, window: height };
  page.current = Math.max(1, Math.floor(height / row) - 1);

  useEffect(() => {
    const el = list.current;
    if (el === null) return;
    const measure = (): void =>
      setHeight(Math.max(row, (el.clientHeight || USUAL) - (mode === "table" ? HEAD : 0)));
    const watch = new ResizeObserver(measure);
    watch.observe(el);
    measure();
    return () => watch.disconnect();
  }, [mode]);

  useLayoutEffect(() => {
    const el = list.current;
    if (el === null) return;
    const own = cursor * row;
    const before = top.place;
    const place = own < before ? own : own + row > before + height ? own + row - height : before;
    el.scrollTop = barOf(extent, place);
    setTop({ bar: el.scrollTop, place });
  }, [look, mode]);

  const onScroll = (event: { currentTarget: HTMLDivElement }): void => {
    const bar = event.currentTarget.scrollTop;
    if (bar !== top.bar) state.deeds.pick(null); // it stands elsewhere by now
    if (bar !== top.bar) setTop({ bar, place: real(extent, bar, top.bar, top.place - top.bar) });
  };

  const { place } = top;
  const first = Math.max(0, Math.floor(place / row) - SPARE);
  const last = Math.min(length, Math.ceil((place + height) / row) + SPARE);
  useEffect(() => {
    if (first < last) state.rows.need(first, last);
  }, [first, last, state.shown?.revision]);

  const Kind = mode === "list" ? ListRow : TableRow;
  const id = (at: number): string => `rn-br-${state.id}-${at}`;
  return (
    <div
      ref={list}
      class={`rn-br-list rn-br-${mode}`}
      role={mode === "list" ? "listbox" : "grid"}
      tabIndex={0}
      aria-label="Records"
      aria-multiselectable="true"
      aria-rowcount={mode === "table" ? length + 1 : undefined}
      aria-activedescendant={length > 0 ? id(cursor) : undefined}
      aria-busy={state.asking}
      data-testid="records"
      data-length={length}
      data-revision={state.shown?.revision}
      onScroll={onScroll}
    >
      {mode === "table" ? <TableHead state={state} /> : null}
      <div
        class="rn-br-all"
        role="presentation"
        style={{
          height: `${drawn(extent)}px`,
          minWidth: mode === "table" ? `${layout(state).width}px` : undefined,
        }}
      >
        {Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at).map((at) => (
          <Kind
            key={at}
            id={id(at)}
            at={at}
            top={at * row - (place - top.bar)}
            state={state}
            row={state.row(at)}
            selected={state.selection.has(at)}
            current={at === cursor}
            pending={state.deeds.pending.get(at)}
            onOpen={onOpen}
          />
        ))}
      </div>
    </div>
  );
}
