"""Majority vote: every source counts the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, VoteMatrix
from refinery_nb.supervision.patterns import without_ties

# What one vote is worth where spans are weighed: better than chance, by the same for all.
PRECISION = 0.7


class Majority:
    """The label with most votes, each counted with its confidence; a tie abstains."""

    def fit(self, votes: VoteMatrix, gold: Gold | None) -> Majority:
        """Return itself: there is nothing to learn."""
        del votes, gold
        return self

    def predict_proba(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return the share of each label in the votes of a row, shape (rows, labels)."""
        proba: NDArray[np.float64] = np.zeros((len(votes), len(votes.labels)))
        np.add.at(proba, (votes.row, votes.label), votes.confidence.astype(np.float64))
        total = proba.sum(axis=1, keepdims=True)
        proba /= np.where(total > 0, total, 1.0)
        return without_ties(proba)

    def log_odds(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return the same weight for every vote, less where its confidence is less."""
        return votes.confidence.astype(np.float64) * float(np.log(PRECISION / (1 - PRECISION)))
