"""Votes with a known truth, for the tests of label models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from refinery_nb.core.votes import Gold, VoteMatrix, Votes


def truth(seed: int, records: int, balance: Sequence[float]) -> np.ndarray:
    """Return the true label of each record."""
    return np.random.default_rng([seed, 1]).choice(len(balance), records, p=balance)


def source(
    rng: np.random.Generator, true: np.ndarray, precision: float, coverage: float, labels: int
) -> Votes:
    """Return votes that are right so often, on so many records, and wrong at random."""
    hit = np.flatnonzero(rng.random(len(true)) < coverage)
    right = rng.random(len(hit)) < precision
    wrong = (true[hit] + rng.integers(1, labels, len(hit))) % labels
    return Votes.of(hit, np.where(right, true[hit], wrong))


def rule(
    rng: np.random.Generator, true: np.ndarray, label: int, precision: float, recall: float
) -> Votes:
    """Return votes for one label, on this share of its records and on others by mistake."""
    share = float((true == label).mean())
    wrong = recall * share * (1 - precision) / precision / (1 - share)
    hit = np.flatnonzero(rng.random(len(true)) < np.where(true == label, recall, wrong))
    return Votes.of(hit, np.full(len(hit), label))


def gold(true: np.ndarray, records: Sequence[int] | np.ndarray) -> Gold:
    """Return the true labels of these records as manual ones."""
    chosen = np.sort(np.asarray(records, dtype=np.int64))
    return Gold(chosen, Votes.of(chosen, true[chosen]))


def matrix(votes: dict[str, Votes], records: int, labels: int) -> VoteMatrix:
    """Return the votes side by side."""
    return VoteMatrix.build(range(records), votes, range(labels))


def accuracy(proba: np.ndarray, true: np.ndarray) -> float:
    """Return the share of the records that are labelled rightly, abstentions being wrong."""
    decided = proba.sum(axis=1) > 0
    return float((decided & (proba.argmax(axis=1) == true)).mean())
