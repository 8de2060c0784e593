// Marks that the arrow keys walk: one stop of the tab key for each chart.

import { useState } from "preact/hooks";
import type { KeyOn } from "../../ui/events";
import type { Mark } from "./protocol";

export interface Walk {
  /** What the element at this place is given. */
  props(at: number): { tabIndex: number; onFocus(): void; "data-mark": number };
  /** Moves the focus; true if the key was one of these. */
  onKeyDown(event: KeyOn<HTMLElement>): void;
}

const STEPS: Record<string, (at: number, count: number) => number> = {
  ArrowLeft: (at) => at - 1,
  ArrowUp: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  ArrowDown: (at) => at + 1,
  Home: () => 0,
  End: (_, count) => count - 1,
};

export function useWalk(count: number, step = 1): Walk {
  const [place, setPlace] = useState(0);
  const here = Math.min(place, Math.max(count - 1, 0));
  return {
    props: (at) => ({
      tabIndex: at === here ? 0 : -1,
      onFocus: () => setPlace(at),
      "data-mark": at,
    }),
    onKeyDown(event) {
      const { key, ctrlKey, metaKey, altKey } = event;
      const move = STEPS[key];
      if (move === undefined || ctrlKey || metaKey || altKey) return;
      const across = key === "ArrowUp" || key === "ArrowDown";
      const wide = across && step > 1;
      const to = wide ? here + (key === "ArrowDown" ? step : -step) : move(here, count);
      event.preventDefault();
      const next = event.currentTarget.querySelector<HTMLElement>(
        `[data-mark="${Math.min(Math.max(to, 0), count - 1)}"]`,
      );
      next?.focus();
    },
  };
}

/** Whether two marks are the same, whatever the order of what they say. */
export function same(one: Mark, other: Mark | null): boolean {
  if (other === null) return false;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => (one[name] ?? null) === (other[name] ?? null));
}

/** A share with as many digits as it needs: `12 %`, `0.3 %`; null where there is no whole. */
export function share(part: number, whole: number): string | null {
  if (whole === 0) return null;
  const found = (100 * part) / whole;
  if (part === 0 || found >= 9.95) {
    const rounded = Math.round(found);
    return rounded === 100 && part < whole ? ">99 %" : `${rounded} %`;
  }
  return found < 0.05 ? "<0.1 %" : `${found.toFixed(1)} %`;
}

/** `12,345`, `1.2 M`: short enough for a head. */
export function short(value: number): string {
  if (value < 1_000_000) return value.toLocaleString("en");
  return `${(value / 1_000_000).toLocaleString("en", { maximumFractionDigits: 2 })} M`;
}

/** How fast somebody labels, from labels an hour of work. */
export function pace(rate: number | null): string {
  if (rate === null) return "";
  return rate >= 60
    ? `${Math.round(rate / 60)}/min while labelling`
    : `${Math.round(rate)}/h while labelling`;
}
