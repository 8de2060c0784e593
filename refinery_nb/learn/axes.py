"""Principal axes of vectors: what linear models learn quickly on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

FLAT = 1e-6  # of the widest axis: a narrower one is rounding


class Principal(NamedTuple):
    """The axes of vectors, the widest first.

    Attributes
    ----------
    mean
        Shape (d,).
    turn
        Of length 1 each, float64, shape (d, axes).
    spread
        The variance of the vectors along each, shape (axes,).
    """

    mean: Matrix
    turn: NDArray[np.float64]
    spread: NDArray[np.float64]

    @property
    def trusted(self) -> NDArray[np.float64]:
        """The axes, each as long as the vectors spread along it, shape (d, axes).

        A coordinate is then the principal component times its standard deviation (*not* divided
        by it, as whitening does). For a linear model with a penalty this is a prior: what tells
        most records apart is trusted to tell labels apart too, before any label says so.
        """
        found: NDArray[np.float64] = self.turn * np.sqrt(self.spread)
        return found


def principal(rows: Matrix, *, most: int | None = None) -> Principal:
    """Return the axes of rows, shape (n, d); at most so many.

    >>> principal(np.array([[2, 0], [-2, 0], [0, 1], [0, -1]], np.float32)).spread.tolist()
    [2.0, 0.5]
    """
    mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    apart = rows - mean
    spread, turn = np.linalg.eigh((apart.T @ apart).astype(np.float64) / max(1, len(rows)))
    # Ascending; the sign of an axis is nobody's choice: its largest entry is positive.
    kept = np.flatnonzero(spread > FLAT * max(spread.max(initial=0.0), 1e-12))[::-1][:most]
    spread, turn = spread[kept], turn[:, kept]
    largest = turn[np.abs(turn).argmax(axis=0), np.arange(turn.shape[1])]
    return Principal(mean, turn * np.where(largest < 0, -1.0, 1.0), spread)
