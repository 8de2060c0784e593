"""Rows with the same votes are decided once: the cost grows with distinct vote patterns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints, VoteMatrix

TIE = 1e-9
# With more distinct patterns than this share of the rows, copying them costs more than it saves.
WORTHWHILE = 0.5
# With fewer labels than this, deciding a row costs no more than finding out whether it is known.
FEW = 8


def patterns(votes: VoteMatrix, *, few: int = FEW) -> tuple[VoteMatrix, Ints]:
    """Return the distinct vote patterns as a matrix, and for each row which one it has.

    Rows are compared by a 64-bit hash of their votes, added up so that their order is no matter.
    Where hardly two rows are alike, or labels are few, the matrix itself comes back.

    >>> matrix = VoteMatrix.build([1, 2, 3], {}, [7])
    >>> patterns(matrix, few=0)[1].tolist()
    [0, 0, 0]
    """
    rows = len(votes)
    if len(votes.labels) < few:
        return votes, np.arange(rows, dtype=np.int64)
    hashes = row_hashes(votes)
    order = np.argsort(hashes)
    new = np.ones(rows, dtype=bool)
    ranked = hashes[order]
    np.not_equal(ranked[1:], ranked[:-1], out=new[1:])
    count = int(np.count_nonzero(new))
    if count > WORTHWHILE * rows and count > 1:
        return votes, np.arange(rows, dtype=np.int64)
    which = np.empty(rows, dtype=np.int64)
    which[order] = np.cumsum(new) - 1
    # The least row of each pattern, so that patterns stand in the order of the rows.
    first = np.minimum.reduceat(order, np.flatnonzero(new)) if rows else order
    by_row = np.argsort(first)
    rank = np.empty(len(first), dtype=np.int64)
    rank[by_row] = np.arange(len(first))
    return take_rows(votes, first[by_row].astype(np.int64)), rank[which]


def row_hashes(votes: VoteMatrix) -> NDArray[np.uint64]:
    """Return a hash of the votes of each row, shape (rows,)."""
    mixed = votes.source * len(votes.labels)
    mixed += votes.label + 1
    hashed = _mix(mixed.view(np.uint64))
    if len(hashed) and np.any(votes.confidence != votes.confidence[0]):
        hashed = _mix(hashed ^ votes.confidence.view(np.uint32))
    # The sums of the rows, modulo 2**64, as differences of one running sum.
    total = np.zeros(len(hashed) + 1, dtype=np.uint64)
    np.cumsum(hashed, out=total[1:])
    starts = row_starts(votes)
    hashes: NDArray[np.uint64] = total[starts[1:]] - total[starts[:-1]]
    return hashes


def row_starts(votes: VoteMatrix) -> Ints:
    """Return where the votes of each row begin, and the end of the last, shape (rows + 1,).

    >>> row_starts(VoteMatrix.build([1, 2], {}, [7])).tolist()
    [0, 0, 0]
    """
    starts = np.zeros(len(votes) + 1, dtype=np.int64)
    np.cumsum(np.bincount(votes.row, minlength=len(votes)), out=starts[1:])
    return starts


def take_rows(votes: VoteMatrix, rows: Ints) -> VoteMatrix:
    """Return the matrix with these rows only, in this order."""
    if len(rows) and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows))):
        return _slice_rows(votes, int(rows[0]), int(rows[0]) + len(rows))
    begin = row_starts(votes)
    starts, ends = begin[rows], begin[rows + 1]
    lengths = ends - starts
    entries = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
    entries += np.arange(len(entries))
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
        proba = np.ascontiguousarray(proba)
        flat = proba.reshape(-1)
        best = proba.argmax(axis=1)
        best += np.arange(len(proba)) * proba.shape[1]
        most = flat[best]
        flat[best] = -1.0
        second = proba.max(axis=1)
        flat[best] = most
        proba[most - second < TIE] = 0.0
    return proba


def _slice_rows(votes: VoteMatrix, first: int, last: int) -> VoteMatrix:
    """Return rows that follow each other, without a copy of their votes."""
    if first == 0 and last == len(votes):
        return votes
    begin, end = np.searchsorted(votes.row, [first, last])
    taken = slice(int(begin), int(end))
    return VoteMatrix(
        votes.records[first:last],
        votes.sources,
        votes.labels,
        votes.row[taken] - first,
        votes.source[taken],
        votes.label[taken],
        votes.confidence[taken],
        None if votes.start is None else votes.start[taken],
        None if votes.end is None else votes.end[taken],
    )


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the finalizer of SplitMix64 (Steele, Lea and Flood, 2014)."""
    with np.errstate(over="ignore"):
        mixed = values >> np.uint64(30)
        mixed ^= values
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(27)
        mixed *= np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed
