"""Rows with the same votes are decided once: the cost grows with distinct vote patterns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints, VoteMatrix

TIE = 1e-9


def patterns(votes: VoteMatrix) -> tuple[VoteMatrix, Ints]:
    """Return the distinct vote patterns as a matrix, and for each row which one it has.

    Rows are compared by a 64-bit hash of their votes, added up so that their order is no matter.

    >>> matrix = VoteMatrix.build([1, 2, 3], {}, [7])
    >>> patterns(matrix)[1].tolist()
    [0, 0, 0]
    """
    vote = votes.source * len(votes.labels) + votes.label
    mixed = _mix(vote.astype(np.uint64) + np.uint64(1))
    mixed = _mix(mixed ^ votes.confidence.view(np.uint32).astype(np.uint64))
    hashes = np.zeros(len(votes), dtype=np.uint64)
    np.add.at(hashes, votes.row, mixed)
    _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    return take_rows(votes, first.astype(np.int64)), which.astype(np.int64)


def take_rows(votes: VoteMatrix, rows: Ints) -> VoteMatrix:
    """Return the matrix with these rows only, in this order."""
    starts = np.searchsorted(votes.row, rows, side="left")
    ends = np.searchsorted(votes.row, rows, side="right")
    lengths = ends - starts
    entries = np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    entries = (entries + np.arange(int(lengths.sum()))).astype(np.int64)
    return VoteMatrix(
        votes.records[rows],
        votes.sources,
        votes.labels,
        np.repeat(np.arange(len(rows), dtype=np.int64), lengths),
        votes.source[entries],
        votes.label[entries],
        votes.confidence[entries],
        None if votes.start is None else votes.start[entries],
        None if votes.end is None else votes.end[entries],
    )


def without_ties(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    """Set the rows to 0 in which two labels are equally likely to be the best."""
    if proba.shape[1] > 1 and len(proba):
        best = np.partition(proba, -2, axis=1)[:, -2:]
        proba[best[:, 1] - best[:, 0] < TIE] = 0.0
    return proba


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the finalizer of SplitMix64 (Steele, Lea and Flood, 2014)."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = values ^ (values >> np.uint64(31))
    return mixed
