"""What a label model says of labelled records when it has not seen their labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, Ints, VoteMatrix
from refinery_nb.learn.calibration import heated, temperature
from refinery_nb.supervision.model import LabelModel
from refinery_nb.supervision.outcome import part_of, predict
from refinery_nb.supervision.reference import NONE, folds, reference_rows, without

FOLDS = 5
# What an abstention is worth where no label applies, and what a label is worth there.
RIGHTLY_SILENT, WRONGLY_SAID = 0.9, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Predictions on the labelled rows, each by a model fitted without it.

    Attributes
    ----------
    rows
        Which rows, ascending, shape (n,).
    label
        The position of the manual label of each, or NONE.
    proba
        Shape (n, labels); a row of 0 abstains.
    heat
        The temperature that fits best.
    """

    rows: Ints
    label: Ints
    proba: NDArray[np.float64]
    heat: float

    @property
    def log_loss(self) -> float:
        """The mean negative log-probability of what the people said."""
        return float(self.losses.mean())

    @property
    def losses(self) -> NDArray[np.float64]:
        """The negative log-probability of what the people said, shape (n,)."""
        k = self.proba.shape[1]
        proba = heated(self.proba, self.heat)
        silent = proba.sum(axis=1) == 0
        proba = np.where(silent[:, None], 1 / k, proba)
        said = np.where(self.label == NONE, 0, self.label)
        found = proba[np.arange(len(said)), said]
        none = np.where(silent, RIGHTLY_SILENT, WRONGLY_SAID)
        found = np.where(self.label == NONE, none, found)
        lost: NDArray[np.float64] = -np.log(np.maximum(found, 1e-6))
        return lost

    @property
    def accuracy(self) -> float:
        """The share that is right; an abstention is right where no label applies."""
        silent = self.proba.sum(axis=1) == 0
        said = np.where(silent, NONE, self.proba.argmax(axis=1))
        return float((said == self.label).mean())


def cross_fit(
    make: Callable[[], LabelModel],
    votes: VoteMatrix,
    gold: Gold,
    *,
    count: int = FOLDS,
    calibrate: bool = True,
    seed: int = 0,
) -> HeldOut:
    """Fit a model anew without each part of the labelled records, and ask it about that part."""
    rows, label = reference_rows(votes, gold)
    proba: NDArray[np.float64] = np.zeros((len(rows), len(votes.labels)))
    for records in folds(gold, count, seed=seed):
        part, where = part_of(votes, records)
        at = np.searchsorted(rows, where)
        kept = at < len(rows)
        kept[kept] &= rows[at[kept]] == where[kept]
        if not kept.any():
            continue
        fitted = make().fit(votes, without(gold, records))
        proba[at[kept]] = predict(fitted, part)[kept]
    heat = temperature(proba, label) if calibrate else 1.0
    return HeldOut(rows, label, proba, heat)
