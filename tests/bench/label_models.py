"""Time, memory and accuracy of the label models, beside Snorkel's and plain numpy.

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
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision import supervise
from refinery_nb.supervision.ranking import rank
from tests.bench.supervision import load

TREC = Path(__file__).parents[3] / "shared" / "data" / "trec"
MODELS = ("majority", "weighted", "dawid_skene", "generative")
SEEDS = range(5)
ROUNDS = 3
# Name, records, sources, labels, share of the records that each source votes on.
SIZES = {
    "1,000,000 x 50, 4 labels": (1_000_000, 50, 4, 0.1),
    "30,000 x 8, 4 labels": (30_000, 8, 4, 0.5),
    "200,000 x 30, 1,500 labels": (200_000, 30, 1_500, 0.1),
    "100,000 x 3,000, 6 labels": (100_000, 3_000, 6, 0.003),
}
SNORKEL = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import numpy as np
from snorkel.labeling.model import LabelModel
matrix = np.load(sys.argv[1])
labels, where = int(sys.argv[2]), sys.argv[3]
model = LabelModel(cardinality=labels, verbose=False)
begin = time.perf_counter()
model.fit(matrix, seed=0, progress_bar=False)
fitted = time.perf_counter()
proba = model.predict_proba(matrix)
done = time.perf_counter()
np.save(where, proba)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps({"seconds": done - begin, "fit": fitted - begin, "peak": peak}))
"""


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
    dense = as_dense(votes, records)
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


def as_dense(votes: dict[str, Votes], records: int) -> np.ndarray:
    """Return the matrix as Snorkel takes it: -1 for an abstention."""
    dense = np.full((records, len(votes)), -1, dtype=np.int64)
    for source, column in enumerate(votes.values()):
        dense[column.record, source] = column.label
    return dense


def snorkel(dense: np.ndarray, labels: int) -> tuple[dict[str, float], np.ndarray] | None:
    """Return what Snorkel needs for a matrix and what it answers; None where there is none."""
    interpreter = os.environ.get("REFINERY_NB_SNORKEL")
    if not interpreter:
        return None
    with tempfile.TemporaryDirectory() as folder:
        matrix, proba = Path(folder) / "matrix.npy", Path(folder) / "proba.npy"
        np.save(matrix, dense)
        done = subprocess.run(
            [interpreter, "-c", SNORKEL, str(matrix), str(labels), str(proba)],
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout.splitlines()[-1]), np.load(proba)


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
        found = snorkel(as_dense(votes, records), labels)
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


def trec() -> None:
    """Print the share of the records with a vote that are labelled rightly, on real rules."""
    matrix, true, _ = load(TREC)
    voted = np.bincount(matrix.row, minlength=len(matrix)) > 0
    print("\nTREC, 68 rules: right of the questions with a vote, mean of five seeds")
    counts = (0, 50, 100, 500)
    print(f"{'manual labels':16}" + "".join(f"{count:>15}" for count in counts))
    for model in MODELS:
        row = []
        for count in counts:
            scores = []
            for seed in SEEDS if count else range(1):
                chosen = np.random.default_rng(seed).choice(len(true), count, replace=False)
                chosen = np.sort(chosen)
                gold = Gold(chosen, Votes.of(chosen, true[chosen])) if count else None
                weak = supervise(matrix, gold, model=model)
                right = true[weak.record] == weak.label
                scores.append(float(right.sum() / voted.sum()))
            row.append(f"{np.mean(scores):15.3f}")
        print(f"{model:16}" + "".join(row))
    dense = np.full((len(matrix), len(matrix.sources)), -1, dtype=np.int64)
    dense[matrix.row, matrix.source] = matrix.label
    found = snorkel(dense, len(matrix.labels))
    if found is None:
        print(f"{'Snorkel':16} not measured")
    else:
        proba = found[1]
        right = float((proba.argmax(axis=1) == true)[voted].mean())
        print(f"{'Snorkel':16}{right:15.3f}   (it takes no manual labels)")


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
    if TREC.is_dir():
        trec()
    else:
        print("\nTREC skipped: the folder of real data is not beside the project")
    return 0


if __name__ == "__main__":
    sys.exit(main())
