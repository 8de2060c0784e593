// In which order the heuristics stand, and which of them a search finds.

import type { Row } from "./protocol";

export type Order = "work" | "name" | "coverage" | "precision" | "conflicts" | "newest";

export const ORDERS: [order: Order, name: string, why: string][] = [
  [
    "work",
    "needs work",
    "Failed ones first, then those with errors and those not yet run, then by how many votes are probably wrong: " +
      "votes × (1 − precision), where few labels pull the precision towards one half",
  ],
  ["coverage", "coverage", "Most records first"],
  ["precision", "precision", "Least precise first; unknown last"],
  ["conflicts", "conflicts", "Most contradicted by others first"],
  ["newest", "last changed", "The last changed first"],
  ["name", "name", "By name"],
];

/** How many votes are probably wrong; one right and one wrong vote are taken for granted. */
export function wrongVotes({ measure }: Row): number {
  if (measure === null) return 0;
  const { correct, incorrect, hits } = measure;
  return (hits * (incorrect + 1)) / (correct + incorrect + 2);
}

const RANK: Record<Row["state"], number> = { failed: 0, new: 2, outdated: 3, finished: 3 };

function rank(row: Row): number {
  // One that is switched off can wait.
  if (!row.enabled) return 4;
  return row.errors > 0 ? Math.min(RANK[row.state], 1) : RANK[row.state];
}

const BY: Record<Order, (one: Row, other: Row) => number> = {
  work: (one, other) => rank(one) - rank(other) || wrongVotes(other) - wrongVotes(one),
  name: () => 0,
  coverage: (one, other) => (other.measure?.covered ?? -1) - (one.measure?.covered ?? -1),
  precision: (one, other) => (one.measure?.precision ?? 2) - (other.measure?.precision ?? 2),
  conflicts: (one, other) => (other.conflicts ?? -1) - (one.conflicts ?? -1),
  newest: (one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0),
};

export function ordered(rows: Row[], order: Order): Row[] {
  const byName = (one: Row, other: Row): number => one.name.localeCompare(other.name);
  return [...rows].sort((one, other) => BY[order](one, other) || byName(one, other));
}

export function found(rows: Row[], search: string): Row[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    const text = `${row.name} ${row.kind} ${row.state}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
