"""Picking records that lie apart, or that stand for many: greedy and bounded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints

Matrix = NDArray[np.float32]
Scores = NDArray[np.float64]

ROWS = 2_048  # distances to all the labelled rows that are in memory at once


def reach(rows: Matrix, labelled: Matrix) -> Scores:
    """Return the distance of each row to the nearest labelled one; infinite if there are none.

    >>> reach(np.array([[0, 0], [3, 4]], np.float32), np.zeros((1, 2), np.float32)).tolist()
    [0.0, 5.0]
    """
    found = np.full(len(rows), np.inf)
    if not len(labelled):
        return found
    square = (labelled * labelled).sum(axis=1)
    for first in range(0, len(rows), ROWS):
        part = rows[first : first + ROWS]
        near = (square - 2 * (part @ labelled.T)).min(axis=1) + (part * part).sum(axis=1)
        found[first : first + ROWS] = np.sqrt(np.maximum(near, 0.0))
    return found


def apart(
    rows: Matrix, count: int, *, distance: Scores, weight: Scores | None = None, first: int = 0
) -> tuple[Ints, Scores]:
    """Pick rows one after another, each the farthest from all labelled and picked ones.

    Farthest-first traversal (Gonzalez, 1985): within twice the least possible radius it covers the
    rows; as a queue for labeling it is the core-set method of Sener and Savarese (2018). A weight
    multiplies distances, so that rows of which much is known are passed over.

    Parameters
    ----------
    count
        How many are picked.
    distance
        Of each row to the nearest labelled one, as ``reach`` gives it.
    weight
        Of each row.
    first
        Which row is picked first where no row is labelled.

    Returns
    -------
    picked, distance
        Positions in order, and the distances of all rows then.

    >>> rows = np.array([[0], [1], [9], [5]], np.float32)
    >>> apart(rows, 3, distance=reach(rows, rows[:0]))[0].tolist()
    [0, 2, 3]
    """
    distance = distance.copy()
    scale = np.ones(len(rows)) if weight is None else weight
    square = (rows * rows).sum(axis=1)
    free = np.ones(len(rows), np.bool_)
    picked: list[int] = []
    for _ in range(min(count, len(rows))):
        worth = np.where(free, np.minimum(distance, 1e30) * scale, -1.0)
        at = int(worth.argmax()) if picked or np.isfinite(distance).all() else first
        picked.append(at)
        free[at] = False
        gap = square + square[at] - 2 * (rows @ rows[at])
        distance = np.minimum(distance, np.sqrt(np.maximum(gap, 0.0)))
    return np.array(picked, np.int64), distance


def standing(
    rows: Matrix, count: int, *, pool: Matrix, labelled: Matrix, weight: Scores | None = None
) -> Ints:
    """Pick rows one after another that leave all the pool as near as possible to a picked one.

    Greedy facility location on cosine similarities (Nemhauser, Wolsey and Fisher, 1978; Wei, Iyer
    and Bilmes, 2015): a picked row stands for the rows around it, so that dense regions come
    first, and each once.

    Parameters
    ----------
    rows
        Of unit length, shape (n, d): what may be picked.
    pool
        Of unit length: what is to be stood for.
    labelled
        Of unit length: what has been picked already.
    weight
        How much it is worth that each row of the pool is stood for.

    >>> rows = np.array([[1, 0], [0, 1], [0, 1]], np.float32)
    >>> standing(rows, 2, pool=rows, labelled=rows[:0]).tolist()
    [1, 0]
    >>> weight = np.array([1, 0, 0])
    >>> standing(rows, 2, pool=rows, labelled=rows[:0], weight=weight).tolist()
    [0, 1]
    """
    scale = np.ones(len(pool), np.float32) if weight is None else weight.astype(np.float32)
    alike = np.maximum(rows @ pool.T, 0.0)
    best = np.zeros(len(pool), np.float32)
    for first in range(0, len(labelled), ROWS):
        seen = labelled[first : first + ROWS] @ pool.T
        best = np.maximum(best, seen.max(axis=0, initial=0.0))
    picked: list[int] = []
    free = np.ones(len(rows), np.bool_)
    for _ in range(min(count, len(rows))):
        gain = np.maximum(alike - best, 0.0) @ scale
        at = int(np.where(free, gain, -1.0).argmax())
        picked.append(at)
        free[at] = False
        best = np.maximum(best, alike[at])
    return np.array(picked, np.int64)
