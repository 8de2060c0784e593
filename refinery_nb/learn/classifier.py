"""A linear classifier on vectors that learns from hard and soft labels of different weight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from refinery_nb.learn.lbfgs import minimize

Matrix = NDArray[np.float32]
Proba = NDArray[np.float64]

ROWS = 50_000  # predicted at once


class Classifier:
    """Multinomial logistic regression with an L2 penalty, fitted by L-BFGS.

    Unlike that of scikit-learn it takes probabilities as targets, so that weak labels and manual
    ones are learnt from together, and it may begin from what another model says. Each weight is
    measured in steps that suit its column (a diagonal of Böhning's bound on the curvature, 1992):
    on principal axes eight steps do what sixty did.

    Parameters
    ----------
    strength
        Inverse of the penalty.
    intercept
        The same of the intercepts; None leaves them free.
    steps
        Iterations at most.
    """

    def __init__(
        self, *, strength: float = 1.0, intercept: float | None = None, steps: int = 60
    ) -> None:
        self.strength = strength
        self.intercept = intercept
        self.steps = steps
        self.coefficients_: NDArray[np.float32] = np.zeros((1, 1), np.float32)

    def fit(
        self,
        vectors: Matrix,
        targets: Proba,
        weight: NDArray[np.float64],
        *,
        offset: Proba | None = None,
        start: Classifier | None = None,
    ) -> Classifier:
        """Fit.

        Parameters
        ----------
        vectors
            Shape (rows, dimensions).
        targets
            Probabilities of the classes, shape (rows, classes).
        weight
            Of the rows, shape (rows,).
        offset
            Scores that are added to those of the classifier, shape (rows, classes): log-odds of
            another model, which this one corrects.
        start
            A classifier of the same shape near which the search begins.
        """
        rows = np.hstack([vectors, np.ones((len(vectors), 1), np.float32)])
        wanted = targets.astype(np.float32)
        weights = weight.astype(np.float32)[:, None]
        added = None if offset is None else offset.astype(np.float32)
        classes = wanted.shape[1]
        penalty = np.full((rows.shape[1], 1), 1 / self.strength)
        penalty[-1] = 0.0 if self.intercept is None else 1 / self.intercept
        share = 1 / max(2, classes)
        bend = (weights * rows * rows).sum(axis=0, dtype=np.float64) * share * (1 - share)
        step = 1 / np.sqrt(np.maximum(penalty + bend[:, None], 1e-9))

        def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            coefficients = flat.reshape(-1, classes) * step
            scores = rows @ coefficients.astype(np.float32)
            if added is not None:
                scores += added
            scores -= scores.max(axis=1, keepdims=True)
            proba = np.exp(scores)
            total = proba.sum(axis=1, keepdims=True)
            fit = (weights * wanted * (scores - np.log(total))).sum(dtype=np.float64)
            value = 0.5 * float((penalty * coefficients**2).sum()) - float(fit)
            error = weights * (proba / total - wanted)
            slope = (rows.T @ error).astype(np.float64) + penalty * coefficients
            return value, (slope * step).ravel()

        begin = np.zeros((rows.shape[1], classes)) if start is None else start.coefficients_ / step
        found = minimize(loss, begin.ravel(), steps=self.steps).reshape(-1, classes) * step
        self.coefficients_ = found.astype(np.float32)
        return self

    def log_proba(self, vectors: Matrix) -> Proba:
        """Return log-probabilities, shape (rows, classes)."""
        parts = [
            vectors[at : at + ROWS] @ self.coefficients_[:-1] + self.coefficients_[-1]
            for at in range(0, len(vectors), ROWS)
        ]
        classes = self.coefficients_.shape[1]
        scores = np.concatenate([*parts, np.zeros((0, classes))]).astype(np.float64)
        return log_softmax(scores)


def log_softmax(scores: Proba) -> Proba:
    """Return the logarithms of the softmax of each row.

    >>> np.exp(log_softmax(np.zeros((1, 4)))).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    scores = scores - scores.max(axis=1, keepdims=True, initial=-np.inf)
    shifted: Proba = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return shifted
