"""How many records the label models get right on TREC, with 68 rules and 100 manual labels."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision import supervise

SHARED = Path(__file__).parents[3] / "shared" / "data"


def load(folder: Path) -> tuple[VoteMatrix, np.ndarray, list[str]]:
    """Return the votes of the rules, the true labels, and the names of the labels."""
    records, rules = (
        [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        for name in ("records.jsonl", "rules.jsonl")
    )
    names = sorted({record["label"] for record in records})
    truth = np.array([names.index(record["label"]) for record in records])
    texts = [record["text"].lower().strip() for record in records]
    votes = {}
    for number, one in enumerate(rules):
        pattern = re.compile(one["pattern"])
        hits = [at for at, text in enumerate(texts) if pattern.search(text)]
        votes[f"rule {number}"] = Votes.of(hits, [names.index(one["label"])] * len(hits))
    return VoteMatrix.build(range(len(records)), votes, range(len(names))), truth, names


def accuracies(folder: Path, *, model: str, seeds: Iterable[int]) -> list[float]:
    """Return, for each seed, the share of the records with a vote that are labelled rightly."""
    matrix, truth, _ = load(folder)
    voted = np.unique(matrix.row)
    found = []
    for seed in seeds:
        chosen = np.sort(np.random.default_rng(seed).choice(len(truth), 100, replace=False))
        gold = Gold(chosen, Votes.of(chosen, truth[chosen]))
        weak = supervise(matrix, gold, model=model)
        found.append(float((truth[weak.record] == weak.label).sum() / len(voted)))
    return found


def calibration(folder: Path, *, model: str) -> float:
    """Return the expected calibration error in ten bins, for seed 0."""
    matrix, truth, _ = load(folder)
    chosen = np.sort(np.random.default_rng(0).choice(len(truth), 100, replace=False))
    weak = supervise(matrix, Gold(chosen, Votes.of(chosen, truth[chosen])), model=model)
    right = truth[weak.record] == weak.label
    bins = np.minimum((weak.confidence * 10).astype(int), 9)
    return float(
        sum(
            abs(right[bins == b].mean() - weak.confidence[bins == b].mean()) * (bins == b).mean()
            for b in np.unique(bins)
        )
    )


def main() -> int:
    if not SHARED.is_dir():
        print("skipped: the folder of real data is not beside the project")
        return 0
    print(f"{'model':10} {'mean of five seeds':>20} {'least':>8} {'most':>8} {'ECE':>6}")
    for model in ("majority", "weighted"):
        found = accuracies(SHARED / "trec", model=model, seeds=range(5))
        ece = calibration(SHARED / "trec", model=model)
        print(f"{model:10} {np.mean(found):20.3f} {min(found):8.3f} {max(found):8.3f} {ece:6.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
