// Numbers and dates in words.

import { fraction } from "../../ui/numbers";
import type { Change, Measure, Spec } from "./protocol";

export function share(part: number, whole: number): string {
  if (whole === 0) return "—";
  const percent = (100 * part) / whole;
  return `${percent > 0 && percent < 0.05 ? "< 0.1" : percent.toFixed(1)} %`;
}

/** A share with two digits: `.91`, `1`. */
export function rate(value: number | null): string {
  if (value === null) return "unknown";
  if (value >= 0.995) return "1.0";
  return fraction(value);
}

export function interval({ precision, low, high }: Measure): string {
  if (precision === null || low === null || high === null) return "unknown";
  return `${rate(precision)} (${rate(low)}–${rate(high)})`;
}

/** What a change did, as parts of a line: name, before, after, and whether it got better. */
export function changeParts(
  change: Change,
  records: number,
): { name: string; before: string; after: string; better: boolean | null }[] {
  const { before, after } = change;
  const tell = (one: number, other: number): boolean | null => (one === other ? null : other > one);
  return [
    {
      name: "coverage",
      before: share(before.covered, records),
      after: share(after.covered, records),
      better: tell(before.covered, after.covered),
    },
    {
      name: "precision",
      before: rate(before.precision),
      after: interval(after),
      better:
        before.precision === null || after.precision === null
          ? null
          : tell(before.precision, after.precision),
    },
  ];
}

export function when(at: string, now: number = Date.now()): string {
  const then = Date.parse(at);
  if (Number.isNaN(then)) return at;
  const minutes = Math.floor((now - then) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 60 * 24) return `${Math.floor(minutes / 60)} h ago`;
  return new Date(then).toISOString().slice(0, 10);
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A spec as lines, to compare versions. */
export function specText(spec: Spec | (Record<string, unknown> & { kind: string })): string {
  if (spec.kind === "function") return String((spec as { source: string }).source);
  if (spec.kind === "other") return (spec as { shown: string }).shown;
  return Object.entries(spec)
    .filter(([key, value]) => !["kind", "name"].includes(key) && value !== null)
    .map(([key, value]) =>
      Array.isArray(value)
        ? `${key}:\n${value.map((one) => `  ${one}`).join("\n")}`
        : `${key}: ${typeof value === "object" ? JSON.stringify(value, null, 2) : value}`,
    )
    .join("\n");
}
