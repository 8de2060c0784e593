"""What a learner believes of records that may have several labels: one answer to each question."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.active.uncertainty import disagreement, entropy
from refinery_nb.core.votes import Ints, VoteMatrix, Votes

Proba = NDArray[np.float32]
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SeveralBeliefs:
    """How likely each label of each record is, whatever the others are.

    Attributes
    ----------
    records
        Ids, ascending, shape (n,).
    labels
        Ids of the labels by column.
    asked
        Which of them could be learnt, shape (labels,); of the others nothing is believed.
    proba
        Shape (n, labels); 0 where nothing is known. On reviewed records it is what a model says
        that has not seen their labels.
    known
        Positions of the reviewed records, ascending, shape (m,).
    given
        Which labels these have, shape (m, labels).
    """

    records: Ints
    labels: Ints
    asked: NDArray[np.bool_]
    proba: Proba
    known: Ints
    given: NDArray[np.bool_]

    def votes(self, *, min_confidence: float, labels: Collection[int] | None = None) -> Votes:
        """Return the labels of each record that are likely enough.

        Parameters
        ----------
        min_confidence
            Less likely ones are left out.
        labels
            Ids of the labels that are voted for; None: all.
        """
        said = (self.proba > 0) & (self.proba >= min_confidence)
        if labels is not None:
            said &= np.isin(self.labels, list(labels))
        row, column = np.nonzero(said)
        # Four digits are what anybody can use, and a column of them is half as long.
        confidence = np.clip(np.round(self.proba[row, column], 4), 1e-4, 1.0)
        return Votes.of(self.records[row], self.labels[column], confidence)

    def doubts(self, records: Ints, measure: str) -> Scores:
        """Return how unsure it is of some records, shape (k,); 0 of which nothing is known.

        Parameters
        ----------
        measure
            ``uncertain``: 1 minus the chance that the likelier answer to every question is right.
            ``margin``: 1 minus the distance of yes and no where they are closest. ``entropy``:
            the mean over the questions.
        """
        at = np.minimum(np.searchsorted(self.records, records), max(0, len(self.records) - 1))
        found = np.zeros(len(records))
        if not len(self.records) or not self.asked.any():
            return found
        proba = self.proba[np.ix_(at, np.flatnonzero(self.asked))].astype(np.float64)
        hit = (self.records[at] == records) & proba.any(axis=1)
        found[hit] = MEASURES[measure](proba[hit])
        return found


def apart(questions: Collection[VoteMatrix]) -> Scores:
    """Return how far sources disagree on each row where they disagree most, shape (rows,).

    Parameters
    ----------
    questions
        What the sources answer to each, on the same rows; at least one.
    """
    found: Scores = np.max([disagreement(one) for one in questions], axis=0)
    return found


def _uncertain(proba: Scores) -> Scores:
    found: Scores = 1.0 - np.maximum(proba, 1.0 - proba).prod(axis=1)
    return found


def _margin(proba: Scores) -> Scores:
    found: Scores = 1.0 - np.abs(2.0 * proba - 1.0).min(axis=1)
    return found


def _entropy(proba: Scores) -> Scores:
    both = np.stack([proba, 1.0 - proba], axis=-1).reshape(-1, 2).astype(np.float32)
    found: Scores = entropy(both).reshape(proba.shape).mean(axis=1)
    return found


MEASURES = {"uncertain": _uncertain, "margin": _margin, "entropy": _entropy}
