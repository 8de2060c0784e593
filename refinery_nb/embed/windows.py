"""Vectors of whole tokens from those of sub-words, in texts of any length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OVERLAP = 4  # a window shares this part of its sub-words with the next: 4 is a quarter
Offsets = NDArray[np.int32]
Values = NDArray[np.float32]


def kept(counts: Sequence[int], overlap: int) -> list[tuple[int, int]]:
    """Return which sub-words are taken from each of a text's windows.

    Neighbours share ``overlap`` sub-words. The first half of these is taken from the earlier
    window, the second from the later one, so that each has something on both of its sides.

    >>> kept([8, 8, 5], 4)
    [(0, 6), (2, 6), (2, 5)]
    """
    half = overlap // 2
    last = len(counts) - 1
    return [
        (half if at else 0, count - (overlap - half) if at < last else count)
        for at, count in enumerate(counts)
    ]


def pooled(vectors: Values, subwords: Offsets, tokens: Offsets) -> Values:
    """Return the mean of the vectors of the sub-words that a token shares characters with.

    Parameters
    ----------
    vectors
        Of the sub-words, shape (m, d).
    subwords, tokens
        Half-open code points, ascending, shapes (m, 2) and (n, 2).

    Returns
    -------
    NDArray
        float32, shape (n, d); zero for a token that has no sub-word, such as one of characters
        that the model's tokenizer drops.

    >>> pooled(np.array([[2.0], [4.0]], np.float32), [[0, 3], [3, 5]], [[0, 5], [6, 7]]).tolist()
    [[3.0], [0.0]]
    """
    starts, ends = np.maximum.accumulate(np.reshape(subwords, (-1, 2)), axis=0).T
    known = np.reshape(tokens, (-1, 2))
    first = np.searchsorted(ends, known[:, 0], side="right")
    behind = np.searchsorted(starts, known[:, 1], side="left")
    some = np.flatnonzero(first < behind)
    found = np.zeros((len(known), vectors.shape[1]), np.float32)
    if len(some):
        padded = np.concatenate([vectors, np.zeros((1, vectors.shape[1]), np.float32)])
        edges = np.stack([first[some], behind[some]], axis=1).ravel()
        sums = np.add.reduceat(padded, edges, axis=0)[::2]
        found[some] = sums / (behind - first)[some, None]
    return found
