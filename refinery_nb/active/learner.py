"""Learning a classification from labelled rows: the model, and what it says of rows unseen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints
from refinery_nb.learn.calibration import heated, temperature
from refinery_nb.learn.classifier import Classifier

Matrix = NDArray[np.float32]
Proba = NDArray[np.float64]

FOLDS = 5
STRENGTH = 10.0  # inverse of the penalty, in a space whose rows have a mean square length of 1
STEPS = 100
LEAST = 2  # labelled rows of a class, and classes that have so many
ROWS = 50_000  # predicted at once


class Model(Protocol):
    """A classifier in the manner of scikit-learn, for classes 0 to k - 1."""

    def fit(self, rows: Matrix, classes: Ints) -> Model:
        """Learn from rows, shape (n, d), and their classes, shape (n,)."""

    def predict_proba(self, rows: Matrix) -> Proba:
        """Return probabilities, shape (n, k)."""


class Logistic:
    """Multinomial logistic regression with a penalty, by L-BFGS.

    Parameters
    ----------
    count
        Number of classes; one without a row gets next to no probability.
    """

    def __init__(self, count: int, *, strength: float = STRENGTH) -> None:
        self.count = count
        self._classifier = Classifier(strength=strength, steps=STEPS)

    def fit(self, rows: Matrix, classes: Ints) -> Logistic:
        """Learn from rows, shape (n, d), and their classes, shape (n,)."""
        targets = np.eye(self.count)[classes]
        self._classifier.fit(rows, targets, np.ones(len(rows)))
        return self

    def predict_proba(self, rows: Matrix) -> Proba:
        """Return probabilities, shape (n, count)."""
        return np.exp(self._classifier.log_proba(rows))


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What was learnt.

    Attributes
    ----------
    model
        Fitted to all labelled rows.
    held_out
        What models say of the labelled rows that have not seen them, shape (m, classes), at the
        temperature; a row of 0 where that cannot be known.
    heat
        By what log-probabilities are divided so that they fit the held-out labels.
    """

    model: Model
    held_out: Proba
    heat: float


def enough(classes: Ints) -> bool:
    """Say whether there are two classes with two rows each: fewer cannot be learnt from honestly.

    >>> enough(np.array([0, 0, 1])), enough(np.array([0, 0, 1, 1]))
    (False, True)
    """
    return int((np.bincount(classes) >= LEAST).sum()) >= LEAST if len(classes) else False


def folds(records: Ints, classes: Ints, *, seed: int = 0, count: int = FOLDS) -> Ints:
    """Return the fold of each row: every class spread over all of them.

    It depends on the ids of the records, not on their order; a class with two rows has them in
    two folds.

    >>> folds(np.array([7, 8, 9, 10]), np.array([0, 0, 1, 1]), count=2).tolist()
    [0, 1, 0, 1]
    """
    with np.errstate(over="ignore"):
        mixed = records.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(27)
    order = np.lexsort((records, mixed, classes))
    fold = np.empty(len(records), np.int64)
    # Class after class, so that folds are of equal size and none lacks a class that fills it.
    fold[order] = np.arange(len(records)) % count
    return fold


def learn(
    make: Callable[[], Model],
    rows: Matrix,
    classes: Ints,
    records: Ints,
    *,
    count: int,
    seed: int = 0,
) -> Learnt:
    """Fit a model to all labelled rows, and one without each fold.

    Parameters
    ----------
    make
        Returns a fresh model.
    rows, classes, records
        Of the labelled rows; the ids of the records decide the folds.
    count
        Number of classes.
    """
    order = np.argsort(records, kind="stable")
    rows, classes, records = rows[order], classes[order], records[order]
    fold = folds(records, classes, seed=seed)
    apart: Proba = np.zeros((len(rows), count))
    seen = np.zeros((FOLDS, count), np.bool_)
    for number in range(FOLDS):
        inside, others = fold == number, fold != number
        seen[number] = np.bincount(classes[others], minlength=count) > 0
        if inside.any() and seen[number].sum() > 1:
            apart[inside] = make().fit(rows[others], classes[others]).predict_proba(rows[inside])
    # A class that was not seen is no matter of temperature.
    fair = seen[fold, classes]
    heat = temperature(apart[fair], classes[fair])
    held_out = np.empty_like(apart)
    held_out[order] = heated(apart, heat)
    return Learnt(make().fit(rows, classes), held_out, heat)


def predict(learnt: Learnt, rows: Matrix, *, count: int) -> NDArray[np.float32]:
    """Return probabilities of rows at the temperature, float32 of shape (n, classes)."""
    found = np.empty((len(rows), count), np.float32)
    for first in range(0, len(rows), ROWS):
        part = learnt.model.predict_proba(rows[first : first + ROWS])
        found[first : first + ROWS] = heated(part, learnt.heat)
    return found
