"""Majority vote: every source counts the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, VoteMatrix
from refinery_nb.supervision.balance import Prior, shares
from refinery_nb.supervision.patterns import without_ties

# What one vote is worth where spans are weighed: better than chance, by the same for all.
PRECISION = 0.7


class Majority:
    """The label with most votes, each counted with its confidence; a tie abstains.

    Parameters
    ----------
    prior
        Shares of the labels by position: the votes for a label count in proportion to its share.
    """

    def __init__(self, *, prior: Prior = None) -> None:
        self.prior = prior

    def fit(self, votes: VoteMatrix, gold: Gold | None) -> Majority:
        """Return itself: there is nothing to learn."""
        del votes, gold
        return self

    def partial_fit(self, votes: VoteMatrix, gold: Gold | None = None) -> Majority:
        """Return itself: there is nothing to learn from new records either."""
        return self.fit(votes, gold)

    def predict_proba(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return the share of each label in the votes of a row, shape (rows, labels)."""
        proba = tally(votes, votes.confidence)
        balance = shares(self.prior, len(votes.labels))
        if balance is not None:
            proba *= balance
        total = proba.sum(axis=1, keepdims=True)
        proba /= np.where(total > 0, total, 1.0)
        return without_ties(proba)

    def log_odds(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return the same weight for every vote, less where its confidence is less."""
        return votes.confidence.astype(np.float64) * float(np.log(PRECISION / (1 - PRECISION)))


def tally(
    votes: VoteMatrix, weight: NDArray[np.float64] | NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the sum of the weights of the votes for each label, shape (rows, labels).

    >>> tally(VoteMatrix.build([1], {}, [7, 8]), np.zeros(0)).tolist()
    [[0.0, 0.0]]
    """
    labels = len(votes.labels)
    cell = votes.row * labels
    cell += votes.label
    sums = np.bincount(cell, weights=weight, minlength=len(votes) * labels)
    # A matrix without votes has counts, not sums.
    return sums.astype(np.float64, copy=False).reshape(len(votes), labels)
