"""Time and memory of the label models, beside Snorkel's and plain numpy.

Run: ``python tests/bench/label_models.py [--quick]``. Snorkel is used from the interpreter that the
variable REFINERY_NB_SNORKEL names, a virtual environment of its own; without it, its rows say "not
measured". Each measurement runs in a process of its own, so that its peak memory is its own: votes,
matrix, model and result together.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from refinery_nb.core.votes import VoteMatrix, Votes
from refinery_nb.supervision import supervise
from refinery_nb.supervision.ranking import rank
from tests.bench.snorkel_model import as_dense, snorkel

MODELS = ("majority", "weighted", "dawid_skene", "generative")
ROUNDS = 3
# Name, records, sources, labels, share of the records that each source votes on.
SIZES = {
    "1,000,000 x 50, 4 labels": (1_000_000, 50, 4, 0.1),
    "30,000 x 8, 4 labels": (30_000, 8, 4, 0.5),
    "200,000 x 30, 1,500 labels": (200_000, 30, 1_500, 0.1),
    "100,000 x 3,000, 6 labels": (100_000, 3_000, 6, 0.003),
}


def planted(
    records: int, sources: int, labels: int, coverage: float
) -> tuple[dict[str, Votes], np.ndarray]:
    """Return votes of independent sources that are right in 50 to 95 %, and the true labels."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, labels, records)
    votes = {}
    for source in range(sources):
        hit = np.flatnonzero(rng.random(records) < coverage)
        right = rng.random(len(hit)) < rng.uniform(0.5, 0.95)
        wrong = (true[hit] + rng.integers(1, labels, len(hit))) % labels
        votes[f"h{source}"] = Votes.of(hit, np.where(right, true[hit], wrong))
    return votes, true


def measure_ours(size: str, model: str) -> dict[str, float]:
    """Return time, memory and accuracy of one of our models; in a process of its own."""
    records, sources, labels, coverage = SIZES[size]
    votes, true = planted(records, sources, labels, coverage)
    begin = time.perf_counter()
    matrix = VoteMatrix.build(np.arange(records), votes, range(labels))
    build = time.perf_counter() - begin
    seconds = []
    for _ in range(ROUNDS if records > 100_000 else ROUNDS * 5):
        begin = time.perf_counter()
        if model == "rank":
            found = len(rank(matrix, None))
        else:
            weak = supervise(matrix, None, model=model)
            found = int((true[weak.record] == weak.label).sum())
        seconds.append(time.perf_counter() - begin)
    peak = peak_memory()
    right = -1.0 if model == "rank" else found / len(np.unique(matrix.row))
    return {"seconds": min(seconds), "build": build, "peak": peak, "right": right}


def peak_memory() -> float:
    """Return the most memory that this process had, in MB.

    Not by getrusage: a child starts with the peak of the process that it was forked from.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = dict(line.split(":", 1) for line in status.splitlines())
    return int(found["VmHWM"].split()[0]) / 1024


def measure_numpy(size: str) -> dict[str, float]:
    """Return the time of a weighted vote on the dense matrix: one column of weights at a time."""
    records, sources, labels, coverage = SIZES[size]
    votes, _ = planted(records, sources, labels, coverage)
    dense = as_dense(VoteMatrix.build(np.arange(records), votes, range(labels)))
    weight = np.linspace(0.5, 2.0, sources)
    seconds = []
    for _ in range(ROUNDS * 5):
        begin = time.perf_counter()
        score = np.zeros((records, labels))
        for label in range(labels):
            score[:, label] = (dense == label) @ weight
        best = score.argmax(axis=1)
        total = score.sum(axis=1)
        share = score[np.arange(records), best] / np.where(total > 0, total, 1)
        seconds.append(time.perf_counter() - begin)
        assert len(share) == records
    return {"seconds": min(seconds)}


def child(size: str, model: str) -> dict[str, Any]:
    """Measure in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--size", size, "--model", model],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def speed(size: str) -> None:
    """Print a table of one size."""
    records, sources, labels, coverage = SIZES[size]
    print(f"\n{size}, each source on {coverage:.1%} of the records")
    print(f"{'model':24} {'seconds':>8} {'MB':>7} {'right':>7} {'times faster':>13}")
    reference = None
    if sources * records <= 60_000_000 and labels <= 50:
        votes, true = planted(records, sources, labels, coverage)
        found = snorkel(
            as_dense(VoteMatrix.build(np.arange(records), votes, range(labels))), labels
        )
        if found is None:
            print(f"{'Snorkel LabelModel':24} not measured")
        else:
            figures, proba = found
            reference = figures["seconds"]
            voted = np.unique(np.concatenate([column.record for column in votes.values()]))
            right = float((proba.argmax(axis=1) == true)[voted].mean())
            line(f"Snorkel (fit {figures['fit']:.1f} s)", {**figures, "right": right}, None)
    else:
        print(f"{'Snorkel LabelModel':24} not measured: its dense matrix would take too much")
    for model in MODELS:
        figures = child(size, model)
        line(model, figures, reference)
    print(f"{'building the matrix':24} {figures['build']:8.3f}")
    if size.startswith("30,000"):
        line("refinery", child(size, "refinery"), None)
        line("weights in plain numpy", child(size, "numpy"), None)
    if sources >= 1_000:
        line("ranking the sources", child(size, "rank"), None)


def line(name: str, figures: dict[str, Any], reference: float | None) -> None:
    """Print a line of a table."""
    peak = f"{figures['peak']:7.0f}" if "peak" in figures else " " * 7
    right = f"{figures['right']:7.3f}" if figures.get("right", -1) >= 0 else " " * 7
    ratio = f"{reference / figures['seconds']:13.1f}" if reference else ""
    print(f"{name:24} {figures['seconds']:8.3f} {peak} {right} {ratio}".rstrip(), flush=True)


def main() -> int:
    """Print all tables, or measure one model as a child."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", choices=SIZES)
    options.add_argument("--model")
    options.add_argument("--quick", action="store_true", help="without the largest size")
    asked = options.parse_args()
    if asked.size:
        figures = (
            measure_numpy(asked.size)
            if asked.model == "numpy"
            else measure_ours(asked.size, asked.model)
        )
        print(json.dumps(figures))
        return 0
    for size in SIZES:
        if not (asked.quick and size.startswith("1,000,000")):
            speed(size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
