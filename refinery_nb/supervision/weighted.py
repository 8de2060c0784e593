"""The weighted vote: log-odds of how often each source was right, shrunk where little is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, VoteMatrix
from refinery_nb.supervision.balance import Prior, shares
from refinery_nb.supervision.majority import tally
from refinery_nb.supervision.patterns import without_ties
from refinery_nb.supervision.precision import CEILING, FLOOR, Precisions


class Weighted:
    """Adds up log-odds of the sources' precisions, as naive Bayes does for independent sources.

    A vote for label *l* by a source of precision *p* speaks for *l* with log p, and for each
    other of the *k* labels with log((1 - p) / (k - 1)). A vote of confidence below 1 counts as
    one of a precision nearer to chance. No class prior is added unless one is given: a precision
    holds it already. It abstains on ties, and where nobody voted for the label that would win.

    Parameters
    ----------
    prior
        Shares of the labels by position.

    Attributes
    ----------
    precision_
        Shape (sources, labels), after ``fit``.
    """

    precision_: NDArray[np.float64]

    def __init__(self, *, prior: Prior = None) -> None:
        self.prior = prior
        self._counts = Precisions()

    def fit(self, votes: VoteMatrix, gold: Gold | None) -> Weighted:
        """Estimate the precision of each source and label from the manual labels."""
        self._counts = Precisions()
        return self.partial_fit(votes, gold)

    def partial_fit(self, votes: VoteMatrix, gold: Gold | None = None) -> Weighted:
        """Add the manual labels of new records to what was counted; without any, learn nothing."""
        self._counts = self._counts.add(votes, gold)
        _, self.precision_ = self._counts.shrunk()
        return self

    def predict_proba(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return probabilities, shape (rows, labels); a row of 0 abstains."""
        if not votes.labels:
            return np.zeros((len(votes), 0))
        k = max(2, len(votes.labels))
        scores = tally(votes, self._odds(votes, chance=1 / k) + np.log(k - 1))
        balance = shares(self.prior, len(votes.labels))
        if balance is not None:
            scores += np.log(balance * k)
        # Relative to "wrong" for all labels, which no softmax sees.
        scores -= scores.max(axis=1, keepdims=True, initial=0.0)
        proba = np.exp(scores)
        if len(votes.labels) == 1:
            # One label only: the question is whether it applies.
            proba = np.hstack([proba, np.exp(-scores)])[:, :1]
        proba /= np.maximum(proba.sum(axis=1, keepdims=True), 1e-300)
        best = proba.argmax(axis=1)
        for_best = np.zeros(len(proba), dtype=bool)
        for_best[votes.row[votes.label == best[votes.row]]] = True
        proba[~for_best] = 0.0
        return without_ties(proba)

    def log_odds(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return the log-odds that each vote is right, shape (votes,)."""
        return self._odds(votes, chance=0.5)

    def _odds(self, votes: VoteMatrix, *, chance: float) -> NDArray[np.float64]:
        """Return the log-odds of each vote; without confidence it is as good as chance."""
        known = votes.sources == self._counts.sources and votes.labels == self._counts.labels
        precision = self.precision_ if known else self._counts.of(votes)
        odds: NDArray[np.float64]
        if np.all(votes.confidence == 1):
            table = np.log(precision / (1 - precision)).ravel()
            odds = table[votes.source * len(votes.labels) + votes.label]
        else:
            right = precision[votes.source, votes.label]
            right = chance + (right - chance) * votes.confidence.astype(np.float64)
            right = np.clip(right, FLOOR, CEILING)
            odds = np.log(right / (1 - right))
        return odds
