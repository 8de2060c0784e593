"""The report on 100,000 records and 50 heuristics, against a pandas groupby of the same figures."""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from refinery_nb.core.schema import Label, TaskKind, TaskSchema
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.project.rules.report import report

RECORDS, SOURCES, LABELS, COVERAGE = 100_000, 50, 8, 0.2


def reference(matrix: VoteMatrix, gold: Gold) -> pd.DataFrame:
    """Count hits, overlaps, conflicts and right ones by pandas."""
    frame = pd.DataFrame(
        {"record": matrix.records[matrix.row], "source": matrix.source, "label": matrix.label}
    )
    frame["of_label"] = frame.groupby(["record", "label"])["source"].transform("size")
    frame["of_record"] = frame.groupby("record")["source"].transform("size")
    truth = pd.Series(gold.votes.label, index=gold.votes.record, name="truth")
    frame = frame.join(truth, on="record")
    frame["overlap"] = frame["of_label"] > 1
    frame["conflict"] = frame["of_record"] > frame["of_label"]
    frame["right"] = frame["truth"] == frame["label"]
    return frame.groupby(["source", "label"])[["overlap", "conflict", "right"]].sum()


def main() -> int:
    rng = np.random.default_rng(0)
    votes = {}
    for source in range(SOURCES):
        hits = np.flatnonzero(rng.random(RECORDS) < COVERAGE)
        votes[f"rule {source}"] = Votes.of(hits, rng.integers(0, LABELS, len(hits)))
    labels = tuple(Label(n, f"label {n}", "#000000", "", n) for n in range(LABELS))
    task = TaskSchema(1, "topic", TaskKind.CLASSIFICATION, "text", labels)
    chosen = np.sort(rng.choice(RECORDS, 2_000, replace=False))
    gold = Gold(chosen, Votes.of(chosen, rng.integers(0, LABELS, len(chosen))))
    times: dict[str, list[float]] = {"ours": [], "pandas": []}
    for _ in range(5):
        begun = time.perf_counter()
        matrix = VoteMatrix.build(np.arange(RECORDS), votes, range(LABELS))
        report(matrix, gold, task)
        times["ours"].append(time.perf_counter() - begun)
        begun = time.perf_counter()
        reference(matrix, gold)
        times["pandas"].append(time.perf_counter() - begun)
    ours, pandas = (float(np.median(times[name])) for name in ("ours", "pandas"))
    print(f"report on {RECORDS:,} records x {SOURCES} heuristics, {len(matrix.row):,} votes")
    print(f"ours   {ours:6.2f} s (goal: under 1)")
    print(f"pandas {pandas:6.2f} s for hits, overlaps, conflicts and right ones alone")
    print(f"ours / pandas: {ours / pandas:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
