"""What votes say of labels beside a classifier, learnt from what both together believe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import VoteMatrix
from refinery_nb.supervision.latent import Latent

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]
# Shape (items, classes); sparse where labels are many.
Odds: TypeAlias = Any

SMOOTHING = 4.0  # records that what was held before weighs as much as
LEAST = 1e-6


class VoteEvidence:
    """How far a vote speaks for each class: the log of how much likelier it makes it.

    It begins with what a label model has learnt from the votes alone.

    Parameters
    ----------
    model
        Fitted.
    votes
        Of the records that are learnt from.
    none
        The share of records to which no label applies, which is then the last class; or 0.
    """

    def __init__(self, model: Latent, votes: VoteMatrix, *, none: float = 0.0) -> None:
        self._model = model
        held = model.learnt(votes)
        self.label = held.label
        self.balance = np.append(model.balance_ * (1 - none), [none] * (none > 0))
        self.wide = held.share is not None
        self._prior = held.right[:, None]
        if held.share is not None:
            lost = (1 - self._prior) * none
            self._prior = np.hstack([held.share * (1 - lost), *([lost] if none > 0 else [])])
        self.hits, self.plain = self.of(votes), self.of(votes, discounted=False)
        self.rate = self.plain.sum(axis=0) / max(1, len(votes))

    def of(self, votes: VoteMatrix, *, discounted: bool = True) -> csr_array:
        """Return how much each vote counts, shape (rows, items): dependent ones count less."""
        from scipy.sparse import csr_array

        held = self._model.learnt(votes)
        values = held.counts if discounted else votes.confidence.astype(np.float64)
        return csr_array((values, (votes.row, held.item)), shape=(len(votes), len(self.label)))

    def before(self) -> Odds:
        """Return the evidence before anything is learnt here, shape (items, classes)."""
        if self.wide:
            return cast(Floats, np.log(self._prior) - np.log(self.balance))
        return self._narrow(self._prior[:, 0], self.balance)

    def learn(self, belief: Floats, weight: Floats) -> Odds:
        """Return the evidence by what is believed of the records.

        Parameters
        ----------
        belief
            Shape (rows, classes).
        weight
            Of the rows, shape (rows,); rows of 0 are not looked at.
        """
        share = np.maximum(belief[weight > 0].mean(axis=0), LEAST)
        votes = self.plain.tocoo()
        if self.wide:
            counts = self.plain.T @ (belief * weight[:, None]) + SMOOTHING * self._prior
            return cast(Floats, np.log(counts / counts.sum(axis=1, keepdims=True)) - np.log(share))
        seen = votes.data * weight[votes.row]
        right = seen * belief[votes.row, self.label[votes.col]]
        items = len(self.label)
        total = np.bincount(votes.col, seen, minlength=items) + SMOOTHING
        right = np.bincount(votes.col, right, minlength=items) + SMOOTHING * self._prior[:, 0]
        return self._narrow(right / total, share)

    def presence(self, odds: Odds) -> Floats:
        """Return how many votes a record of each class is expected to have, shape (classes,)."""
        if not isinstance(odds, np.ndarray):
            own = self.rate * np.expm1(odds[np.arange(len(self.label)), self.label])
            more = np.bincount(self.label, own, minlength=len(self.balance))
            return cast(Floats, self.rate.sum() + more)
        return cast(Floats, self.rate @ np.exp(odds))

    def _narrow(self, right: Floats, share: Floats) -> csr_array:
        """Return the evidence for the label that is voted for alone."""
        from scipy.sparse import csr_array

        items = np.arange(len(self.label))
        chance = share[self.label]
        odds = np.log(right) - np.log1p(-right) - np.log(chance) + np.log1p(-chance)
        return csr_array((odds, (items, self.label)), shape=(len(items), len(self.balance)))


def spoken(hits: csr_array, odds: Odds) -> Floats:
    """Return what the votes of each row say together, shape (rows, classes)."""
    found = hits @ odds
    return cast(Floats, found if isinstance(found, np.ndarray) else found.toarray())
