"""Tokens of many records end to end, and spans as tags of tokens: outside, begin, inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints, VoteMatrix
from refinery_nb.learn.crf import Chains

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TokenGrid:
    """The tokens of rows (records by position), one row after another.

    Attributes
    ----------
    first
        The first token of each row, and how many there are in all; shape (rows + 1,).
    start, end
        Offsets of each token in its text.
    """

    first: Ints
    start: Ints
    end: Ints

    @staticmethod
    def of(records: Ints, tokens: Mapping[int, NDArray[np.int32]]) -> TokenGrid:
        """Lay the tokens of records end to end; a record without any has none."""
        none = np.zeros((0, 2), dtype=np.int32)
        offsets = [tokens.get(record, none) for record in records.tolist()]
        first = np.concatenate([[0], np.cumsum([len(one) for one in offsets])]).astype(np.int64)
        joined = np.concatenate([none, *offsets]).astype(np.int64)
        return TokenGrid(first, joined[:, 0], joined[:, 1])

    def __len__(self) -> int:
        return len(self.start)

    @property
    def sizes(self) -> Ints:
        """How many tokens each row has."""
        return np.diff(self.first)

    @property
    def row(self) -> Ints:
        """The row of each token."""
        return np.repeat(np.arange(len(self.first) - 1), self.sizes)

    def row_of(self, tokens: Ints) -> Ints:
        """Return the rows of these tokens."""
        found: Ints = np.searchsorted(self.first, tokens, side="right") - 1
        return found

    def of_rows(self, rows: Ints) -> tuple[Chains, Ints]:
        """Return these rows as chains, and the tokens that they are made of."""
        sizes = self.sizes[rows]
        begin = np.repeat(self.first[rows] - (np.cumsum(sizes) - sizes), sizes)
        return Chains.of(sizes), begin + np.arange(int(sizes.sum()))

    def cover(self, row: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints]:
        """Return the first and last token that each span shares characters with.

        The last is before the first where it shares none: it lies between tokens.
        """
        scale = int(max(self.end.max(initial=0), end.max(initial=0))) + 1
        key = self.row * scale
        first = np.searchsorted(key + self.end, row * scale + start, side="right")
        last = np.searchsorted(key + self.start, row * scale + end, side="left") - 1
        return first.astype(np.int64), last.astype(np.int64)


def rules_of_tags(labels: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which tag may follow which, and which may stand first.

    Tag 0 is outside, 1 + 2 l begins label l, 2 + 2 l continues it.

    >>> rules_of_tags(1)[0].tolist()
    [[True, True, False], [True, True, True], [True, True, True]]
    """
    follow = np.ones((1 + 2 * labels, 1 + 2 * labels), dtype=bool)
    begin = np.ones(1 + 2 * labels, dtype=bool)
    for label in range(labels):
        inside = 2 + 2 * label
        follow[:, inside] = False
        follow[[inside - 1, inside], inside] = True
        begin[inside] = False
    return follow, begin


def tags_of(first: Ints, last: Ints, label: Ints, proba: Reals, *, shape: tuple[int, int]) -> Reals:
    """Return the probability of each tag at each token, of the shape (tokens, 1 + 2 labels).

    What a span leaves of the certainty stays with what was there, at first "outside".

    Parameters
    ----------
    first, last
        The tokens of each span, inclusive; a span whose last is before its first has none.
    """
    table = np.zeros(shape)
    table[:, 0] = 1.0
    for begin, stop, number, sure in zip(
        first.tolist(), last.tolist(), label.tolist(), proba.tolist(), strict=True
    ):
        if stop < begin:
            continue
        table[begin : stop + 1] *= 1 - sure
        table[begin, 1 + 2 * number] += sure
        table[begin + 1 : stop + 1, 2 + 2 * number] += sure
    return table


def votes_on(grid: TokenGrid, votes: VoteMatrix) -> csr_array:
    """Return what each source says at each token: begins, goes on, ends; (tokens, 3 sources)."""
    from scipy.sparse import csr_array

    assert votes.start is not None
    assert votes.end is not None
    first, last = grid.cover(votes.row, votes.start, votes.end)
    there = last >= first
    first, last, source = first[there], last[there], votes.source[there]
    more = last - first
    inner = np.repeat(first + 1, more) + np.arange(int(more.sum()))
    inner -= np.repeat(np.cumsum(more) - more, more)
    width = len(votes.sources)
    token = np.concatenate([first, inner, last])
    column = np.concatenate([source, np.repeat(source, more) + width, source + 2 * width])
    table = csr_array((np.ones(len(token)), (token, column)), shape=(len(grid), 3 * width))
    table.sum_duplicates()
    table.data[:] = 1.0
    return table
