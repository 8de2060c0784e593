"""Several rankings as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OFFSET = 60  # so that the very first places are not everything


def fuse(
    rankings: Sequence[NDArray[np.int64]],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the ids of all rankings, ascending, and their fused scores.

    Reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009): the sum of 1 / (60 + rank) over
    the rankings in which an id stands, ranks from 1.

    Parameters
    ----------
    rankings
        Ids, best first, each once.

    >>> ids, scores = fuse([np.array([7, 3]), np.array([3])])
    >>> ids.tolist(), (scores * 60).round(3).tolist()
    ([3, 7], [1.951, 0.984])
    """
    if not rankings:
        return np.zeros(0, np.int64), np.zeros(0)
    every = np.concatenate(rankings).astype(np.int64)
    gains = np.concatenate([1 / (OFFSET + 1 + np.arange(len(one))) for one in rankings])
    ids, place = np.unique(every, return_inverse=True)
    return ids, np.bincount(place, gains, minlength=len(ids)).astype(np.float64)
