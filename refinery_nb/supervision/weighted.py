"""The weighted vote: log-odds of how often each source was right, shrunk where little is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, VoteMatrix
from refinery_nb.supervision.patterns import without_ties
from refinery_nb.supervision.precision import CEILING, DEFAULT, FLOOR, precisions


class Weighted:
    """Adds up log-odds of the sources' precisions, as naive Bayes does for independent sources.

    A vote for label *l* by a source of precision *p* speaks for *l* with log p, and for each
    other of the *k* labels with log((1 - p) / (k - 1)). A vote of confidence below 1 counts as
    one of a precision nearer to chance. No class prior is added: a precision holds it already.
    It abstains on ties, and where nobody voted for the label that would win.

    Attributes
    ----------
    precision_
        Shape (sources, labels), after ``fit``.
    """

    precision_: NDArray[np.float64]

    def fit(self, votes: VoteMatrix, gold: Gold | None) -> Weighted:
        """Estimate the precision of each source and label from the manual labels."""
        _, self.precision_ = precisions(votes, gold)
        return self

    def predict_proba(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return probabilities, shape (rows, labels); a row of 0 abstains."""
        k = max(2, len(votes.labels))
        right = self._precision(votes, chance=1 / k)
        scores = np.zeros((len(votes), len(votes.labels)))
        wrong = np.log((1 - right) / (k - 1))
        np.add.at(scores, (votes.row, votes.label), np.log(right) - wrong)
        # Relative to "wrong" for all labels, which no softmax sees.
        scores -= scores.max(axis=1, keepdims=True, initial=0.0)
        proba = np.exp(scores)
        if len(votes.labels) == 1:
            # One label only: the question is whether it applies.
            proba = np.hstack([proba, np.exp(-scores)])[:, :1]
        proba /= np.maximum(proba.sum(axis=1, keepdims=True), 1e-300)
        voted = np.zeros(proba.shape, dtype=bool)
        voted[votes.row, votes.label] = True
        best = proba.argmax(axis=1)
        proba[~voted[np.arange(len(proba)), best]] = 0.0
        return without_ties(proba)

    def log_odds(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return the log-odds that each vote is right, shape (votes,)."""
        right = self._precision(votes, chance=0.5)
        odds: NDArray[np.float64] = np.log(right / (1 - right))
        return odds

    def _precision(self, votes: VoteMatrix, *, chance: float) -> NDArray[np.float64]:
        known = self.precision_.shape == (len(votes.sources), len(votes.labels))
        right = self.precision_[votes.source, votes.label] if known else DEFAULT
        shrunk = chance + (right - chance) * votes.confidence.astype(np.float64)
        return np.clip(shrunk, FLOOR, CEILING)
