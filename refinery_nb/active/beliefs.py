"""What a learner believes of records: a probability for each label."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints, Votes

Proba = NDArray[np.float32]
NONE = -1  # stands for "reviewed, none" where labels stand by id


@dataclass(frozen=True, slots=True, eq=False)
class Beliefs:
    """Probabilities of the labels of records.

    Attributes
    ----------
    records
        Ids, ascending, shape (n,).
    labels
        Ids of the labels by column; ``NONE`` is the last where people said "reviewed, none".
    proba
        Shape (n, labels). On records with a manual label it is what a model says that has not
        seen that label; a row of 0 there: nothing could be said so.
    known
        Positions of the records with a manual label, ascending, shape (m,).
    given
        Columns of those labels, shape (m,).
    """

    records: Ints
    labels: Ints
    proba: Proba
    known: Ints
    given: Ints

    def votes(self, *, min_confidence: float, labels: Collection[int] | None = None) -> Votes:
        """Return the likeliest label of each record, where it is likely enough.

        Parameters
        ----------
        min_confidence
            Less likely ones abstain.
        labels
            Ids of the labels that are voted for; None: all. "None" is never voted for.
        """
        if not self.proba.size:
            return Votes.empty()
        best = self.proba.argmax(axis=1)
        sure = self.proba[np.arange(len(best)), best]
        label = self.labels[best]
        said = (sure > 0) & (sure >= min_confidence) & (label != NONE)
        if labels is not None:
            said &= np.isin(label, list(labels))
        # Four digits are what anybody can use, and a column of them is half as long.
        confidence = np.clip(np.round(sure[said], 4), 1e-4, 1.0)
        return Votes.of(self.records[said], label[said], confidence)

    def of(self, records: Ints) -> Proba:
        """Return the probabilities of some records, shape (k, labels); 0 where nothing is known."""
        found = np.zeros((len(records), len(self.labels)), np.float32)
        if len(self.records):
            at = np.minimum(np.searchsorted(self.records, records), len(self.records) - 1)
            hit = self.records[at] == records
            found[hit] = self.proba[at[hit]]
        return found
