"""Suggested rules on TREC: estimates against hidden labels, and what the rules alone achieve."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import refinery_nb as rn

SHARED = Path(__file__).parents[3] / "shared" / "data"
SEEDS = range(5)
SUGGESTED = 20


def measured(records: list[dict[str, Any]], known: int, seed: int) -> list[float]:
    """Return what comes of accepting all suggestions from so many manual labels."""
    truth = {record["id"]: record["label"] for record in records}
    chosen = np.random.default_rng(seed).choice(len(records), known, replace=False)
    manual = {records[at]["id"]: records[at]["label"] for at in chosen}
    with rn.open(by="bench") as project:
        project.add([{"id": r["id"], "text": r["text"]} for r in records], key="id")
        task = project.task("topic", sorted(set(truth.values())), on="text")
        task.label_many(manual)
        begun = time.perf_counter()
        found = task.suggest(SUGGESTED)
        seconds = time.perf_counter() - begun
        told, true, inside, reached = [], [], [], set()
        for one in found:
            keys = one.hits.keys()
            reached |= set(keys)
            hidden = [truth[key] == one.label for key in keys if key not in manual]
            if hidden:
                told.append(one.precision)
                true.append(float(np.mean(hidden)))
                inside.append(one.low <= true[-1] <= one.high)
        found.accept()
        task.run(progress=False)
        weak = task.supervise(model="weighted").frame().dropna(subset="label")
        right = sum(truth[key] == label for key, label in zip(weak.key, weak.label, strict=True))
    return [
        len(told),
        float(np.mean(told)),
        float(np.mean(true)),
        float(np.mean(inside)),
        len(reached) / len(records),
        right / len(records),
        right / max(1, len(weak)),
        seconds,
    ]


def main() -> int:
    if not SHARED.is_dir():
        print("skipped: the folder of real data is not beside the project")
        return 0
    lines = (SHARED / "trec" / "records.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    print(f"TREC, {len(records):,} questions, the first {SUGGESTED} suggestions accepted unseen,")
    print(f"mean of {len(SEEDS)} seeds; precision on questions that were not labelled")
    print(
        f"{'labels':>6} {'rules':>6} {'estimate':>9} {'precision':>10} {'in 90 %':>8} "
        f"{'coverage':>9} {'right of all':>13} {'of covered':>11} {'seconds':>8}"
    )
    for known in (50, 100, 500):
        rows = np.mean([measured(records, known, seed) for seed in SEEDS], axis=0)
        rules, estimate, precision, inside, coverage, share, covered, seconds = rows
        print(
            f"{known:6} {rules:6.1f} {estimate:9.3f} {precision:10.3f} {inside:8.2f} "
            f"{coverage:9.3f} {share:13.3f} {covered:11.3f} {seconds:8.2f}"
        )
    print(large(records))
    lines = (SHARED / "mitr" / "records.jsonl").read_text(encoding="utf-8").splitlines()
    rows = np.mean([spans([json.loads(line) for line in lines], seed) for seed in SEEDS], axis=0)
    print(
        f"MIT Restaurant, 100 labelled queries: {rows[0]:.1f} span rules, estimate {rows[1]:.3f}, "
        f"precision of their spans elsewhere {rows[2]:.3f}, right spans {rows[3]:,.0f}"
    )
    return 0


def spans(records: list[dict[str, Any]], seed: int) -> list[float]:
    """Return how many span rules come of 100 queries, estimated and true precision, right spans."""
    truth = {r["id"]: {(s["start"], s["end"], s["label"]) for s in r["spans"]} for r in records}
    chosen = np.random.default_rng(seed).choice(len(records), 100, replace=False)
    manual = {records[at]["id"]: sorted(truth[records[at]["id"]]) for at in chosen}
    with rn.open(by="bench") as project:
        project.add([{"id": r["id"], "text": r["text"]} for r in records], key="id")
        labels = sorted({label for valid in truth.values() for _, _, label in valid})
        task = project.task("slots", labels, on="text", kind="spans")
        task.label_many(manual)
        found = task.suggest(SUGGESTED)
    told, true, right = [], [], 0
    for one in found:
        pattern = one.form.compiled()
        hidden = [
            (*match.span(one.form.group), one.label) in truth[record["id"]]
            for record in records
            if record["id"] not in manual
            for match in pattern.finditer(record["text"])
        ]
        right += sum(hidden)
        if hidden:
            told.append(one.precision)
            true.append(float(np.mean(hidden)))
    return [len(told), float(np.mean(told)), float(np.mean(true)), right]


def large(records: list[dict[str, Any]]) -> str:
    """Say how long suggestions take on 100,000 records with 200 labels."""
    rng = np.random.default_rng(0)
    pairs = rng.integers(0, len(records), (100_000, 2)).tolist()
    rows = [
        {"id": str(n), "text": f"{records[at]['text']} {records[other]['text']}"}
        for n, (at, other) in enumerate(pairs)
    ]
    names = sorted({record["label"] for record in records})
    with rn.open(by="bench") as project:
        project.add(rows, key="id")
        task = project.task("topic", names, on="text")
        task.label_many({str(n): records[pairs[n][0]]["label"] for n in range(200)})
        begun = time.perf_counter()
        found = len(task.suggest(SUGGESTED))
        seconds = time.perf_counter() - begun
    return f"100,000 records, 200 labels: {found} suggestions in {seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
