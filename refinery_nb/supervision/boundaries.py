"""Boundaries of span votes brought to a common form, so that sources that mean the same agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import VoteMatrix
from refinery_nb.learn.token_grid import TokenGrid


def aligned(votes: VoteMatrix, tokens: Mapping[int, NDArray[np.int32]]) -> VoteMatrix:
    """Return the votes with one spelling for spans of a label that touch the same tokens.

    One source takes the blank or the full stop after a word along, another cuts into the word:
    all get the offsets that most sources gave, at a tie those that lie on edges of tokens, then
    the longer. Spans that only one spelling is given of are not moved, so that a task whose spans
    are parts of words keeps them. Records without tokens, and spans between tokens, stay.

    >>> from refinery_nb.core.votes import Votes
    >>> said = {"a": Votes.of([7], [1], None, [0], [4]), "b": Votes.of([7], [1], None, [0], [5])}
    >>> matrix = VoteMatrix.build([7], said, [1], spans=True)
    >>> aligned(matrix, {7: np.array([[0, 4], [5, 9]])}).end.tolist()
    [4, 4]
    """
    assert votes.start is not None
    assert votes.end is not None
    grid = TokenGrid.of(votes.records, tokens)
    if not len(grid) or not len(votes.row):
        return votes
    first, last = grid.cover(votes.row, votes.start, votes.end)
    at = np.flatnonzero(last >= first)
    columns = np.stack([first[at], last[at], votes.label[at]], axis=1)
    _, group = np.unique(columns, axis=0, return_inverse=True)
    group = group.reshape(-1)
    start, end = votes.start[at], votes.end[at]
    spelling = np.stack([group, start, end], axis=1)
    distinct, which = np.unique(spelling, axis=0, return_inverse=True)
    which = which.reshape(-1)
    # A source that says it twice counts once.
    said = np.unique(np.stack([which, votes.source[at]], axis=1), axis=0)[:, 0]
    count = np.bincount(said, minlength=len(distinct))
    on_edge = np.zeros(len(distinct), dtype=np.int64)
    on_edge[which] = (grid.start[first[at]] == start).astype(int) + (grid.end[last[at]] == end)
    size = distinct[:, 2] - distinct[:, 1]
    order = np.lexsort((-size, -on_edge, -count, distinct[:, 0]))
    best = order[np.searchsorted(distinct[order, 0], np.arange(int(group.max(initial=-1)) + 1))]
    starts, ends = votes.start.copy(), votes.end.copy()
    starts[at], ends[at] = distinct[best[group], 1], distinct[best[group], 2]
    return replace(votes, start=starts, end=ends)
