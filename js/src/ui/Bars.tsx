// Small figures in a line: a share as a bar, an estimate with its interval as a whisker.

import type { JSX } from "preact";

interface BarProps {
  /** 0 to 1. */
  share: number;
  /** What it is a share of, for screen readers; null where words beside it say so. */
  name: string | null;
  quiet?: boolean;
}

export function Bar({ share, name, quiet = false }: BarProps): JSX.Element {
  const percent = Math.round(100 * Math.min(Math.max(share, 0), 1));
  const said =
    name === null
      ? ({ "aria-hidden": true } as const)
      : ({ role: "img", "aria-label": `${name} ${percent} percent` } as const);
  return (
    <span class={`rn-bar${quiet ? " rn-bar-quiet" : ""}`} {...said}>
      <i style={{ width: `${percent}%` }} />
    </span>
  );
}

interface WhiskerProps {
  /** From 0 to 1; null: unknown. */
  value: number | null;
  low: number | null;
  high: number | null;
}

export function Whisker({ value, low, high }: WhiskerProps): JSX.Element {
  if (value === null || low === null || high === null) return <span class="rn-whisker" />;
  return (
    <span class="rn-whisker">
      <u style={{ left: `${100 * low}%`, width: `${100 * (high - low)}%` }} />
      <b style={{ left: `${100 * value}%` }} />
    </span>
  );
}
