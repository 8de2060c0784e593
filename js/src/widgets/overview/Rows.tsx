// Bars in rows, each with its name: labels by hand and weak, heuristics, values of an attribute.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { safeColor } from "../../ui/color";
import { count as grouped } from "../../ui/numbers";
import { same, share, useWalk } from "./marks";
import type { Opening } from "./Panel";
import type { Mark } from "./protocol";

export interface RowBar {
  count: number;
  /** Of 1: how long the bar is. */
  length: number;
  /** Beside the bar. */
  told: string;
  /** For a screen reader, after the row's name. */
  said: string;
  /** Null where nothing is behind it. */
  mark: Mark | null;
  voice: "person" | "machine" | "plain";
  name: string;
}

export interface RowInfo {
  name: string;
  color?: string;
  /** "none", "missing". */
  quiet?: boolean;
  badge?: string;
  bars: RowBar[];
}

interface RowsProps extends Opening {
  rows: RowInfo[];
  name: string;
  label: string;
  /** Rows that are shown at first. */
  most?: number;
}

export function Rows({ rows, name, label, most = 12, opened, open }: RowsProps): JSX.Element {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, most);
  const flat = shown.flatMap(({ bars }) => bars);
  // Up and down go from row to row; only the last one may have fewer bars.
  const step = shown[0]?.bars.length ?? 1;
  const walk = useWalk(flat.length, step);
  let at = -1;
  return (
    <>
      <div
        class="rn-ov-rows"
        role="group"
        aria-label={label}
        data-testid={`rows-${name}`}
        onKeyDown={walk.onKeyDown}
      >
        {shown.map((row) => (
          <div
            key={`${row.quiet ?? false} ${row.name}`}
            class="rn-ov-row"
            data-testid={`row-${row.name}`}
          >
            <span class={`rn-ov-row-name${row.quiet ? " rn-quiet" : ""}`} title={row.name}>
              {row.color === undefined ? null : (
                <span class="rn-dot" style={{ "--rn-own": safeColor(row.color) }} />
              )}
              <span class="rn-ov-cut">{row.name}</span>
              {row.badge === undefined ? null : <span class="rn-badge">{row.badge}</span>}
            </span>
            <span class="rn-ov-bars">
              {row.bars.map((bar) => {
                at += 1;
                const { mark } = bar;
                return (
                  <button
                    key={bar.name}
                    type="button"
                    class={`rn-ov-bar rn-ov-${bar.voice}`}
                    style={row.color === undefined ? {} : { "--rn-own": safeColor(row.color) }}
                    aria-label={`${row.name}, ${bar.said}`}
                    aria-pressed={mark !== null && same(mark, opened)}
                    title={bar.said}
                    data-testid={`bar-${bar.name}`}
                    data-count={bar.count}
                    {...walk.props(at)}
                    onClick={() => {
                      if (mark !== null && bar.count > 0) open(mark);
                    }}
                  >
                    <span class="rn-ov-track">
                      <i style={{ width: `${100 * bar.length}%` }} data-some={bar.count > 0} />
                    </span>
                    <span class="rn-number">{bar.told}</span>
                  </button>
                );
              })}
            </span>
          </div>
        ))}
      </div>
      {rows.length > most ? (
        <p class="rn-ov-more">
          <button type="button" class="rn-link" onClick={() => setAll(!all)}>
            {all ? `Show ${most}` : `Show all ${grouped(rows.length)}`}
          </button>
        </p>
      ) : null}
    </>
  );
}

/** A bar with its count and share of a whole. */
export function plainBar(
  name: string,
  count: number,
  whole: number,
  what: string,
  mark: Mark | null,
  longest = whole,
): RowBar {
  const part = share(count, whole);
  return {
    name,
    count,
    length: longest === 0 ? 0 : count / longest,
    told: part === null ? grouped(count) : `${grouped(count)} · ${part}`,
    said: `${grouped(count)} ${what}${part === null ? "" : `, ${part}`}`,
    mark,
    voice: "plain",
  };
}
