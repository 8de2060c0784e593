// Columns beside each other: numbers in ranges, labels over time; each opens its records.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { count as grouped } from "../../ui/numbers";
import { same, useWalk } from "./marks";
import { type Opening, Panel } from "./Panel";
import type { Mark } from "./protocol";

const WIDEST = 64; // px

export interface Column {
  name: string;
  count: number;
  mark: Mark;
}

interface ColumnsProps extends Opening {
  columns: Column[];
  /** What is counted: "weak labels". */
  what: string;
  /** Under the first and the last column. */
  ends: [string, string];
  axis?: string;
  machine?: boolean;
  name: string;
  onDetail(detail: string): void;
}

export function Columns(props: ColumnsProps): JSX.Element {
  const { columns, what, ends, axis = "", machine = false, opened, open, onDetail } = props;
  const walk = useWalk(columns.length);
  const width = Math.max(240, columns.length * WIDEST);
  const most = Math.max(1, ...columns.map(({ count }) => count));
  const said = ({ name, count }: Column): string => `${name}: ${grouped(count)} ${what}`;
  return (
    <div class="rn-ov-chart" style={{ maxWidth: `${width}px` }}>
      <span class="rn-ov-most rn-quiet rn-number" aria-hidden="true">
        {grouped(most)}
      </span>
      <div
        class={`rn-ov-columns${machine ? " rn-ov-machine" : ""}`}
        role="group"
        aria-label={`${what}, ${columns.length} columns`}
        data-testid={`columns-${props.name}`}
        onKeyDown={walk.onKeyDown}
        onMouseLeave={() => onDetail("")}
      >
        {columns.map((column, at) => {
          const { onFocus, ...place } = walk.props(at);
          return (
            <button
              key={column.name}
              type="button"
              class="rn-ov-column"
              aria-label={said(column)}
              aria-pressed={same(column.mark, opened)}
              data-count={column.count}
              {...place}
              onFocus={() => {
                onFocus();
                onDetail(said(column));
              }}
              onBlur={() => onDetail("")}
              onMouseEnter={() => onDetail(said(column))}
              onClick={() => {
                if (column.count > 0) open(column.mark);
              }}
            >
              <i
                style={{ height: `${(100 * column.count) / most}%` }}
                data-some={column.count > 0}
              />
            </button>
          );
        })}
      </div>
      <p class="rn-ov-axis rn-quiet rn-number" aria-hidden="true">
        <span>{ends[0]}</span>
        <span>{axis}</span>
        <span>{ends[1]}</span>
      </p>
    </div>
  );
}

interface ColumnsPanelProps extends Omit<ColumnsProps, "onDetail"> {
  title: string;
  told?: string;
}

export function ColumnsPanel({ title, told, ...rest }: ColumnsPanelProps): JSX.Element {
  const [detail, setDetail] = useState("");
  return (
    <Panel title={title} name={rest.name} told={told} detail={detail}>
      <Columns {...rest} onDetail={setDetail} />
    </Panel>
  );
}
