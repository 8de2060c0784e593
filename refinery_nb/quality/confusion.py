"""Which labels two sources give to the same records, tokens or spans: counted exactly.

A source is anything with an opinion: the manual labels, a person, a heuristic, weak labels. One
more category stands after the labels: "none" (classification: reviewed without a label, or
abstained) and "outside" (spans: no span there). All records that both sources have judged count,
those without a label or span on either side too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints, Votes

Counts = NDArray[np.int64]
Shares = NDArray[np.float64]
Piece = tuple[int, int, int]  # start, end, position of the label
Entry = tuple[int, int]  # position of the row's label, and of the column's


@dataclass(frozen=True, slots=True)
class Confusion:
    """A confusion matrix that remembers which record counts in which cell.

    Attributes
    ----------
    labels
        Label ids, in the order of the rows and columns; "none" or "outside" comes after them.
    judged
        The records that both sources have judged, int64, ascending.
    record, cell, count
        What each record adds to which cell (row * size + column), sorted by record.
    """

    labels: tuple[int, ...]
    judged: Ints
    record: Ints
    cell: Ints
    count: Ints

    @property
    def size(self) -> int:
        """The number of rows and of columns: the labels and the one without."""
        return len(self.labels) + 1

    @property
    def counts(self) -> Counts:
        """The matrix, shape (size, size), int64."""
        # Sums of weights are floats, exact up to 2**53.
        flat = np.bincount(self.cell, weights=self.count, minlength=self.size**2)
        return flat.astype(np.int64).reshape(self.size, self.size)

    def records_of(self, row: int, column: int) -> Ints:
        """Return the records that count in a cell, ascending; positions as in ``labels``."""
        return np.unique(self.record[self.cell == row * self.size + column])


def shares(counts: Counts, normalize: str | None) -> Shares:
    """Return the counts as shares of their row, their column or (None) of all; NaN of nothing.

    >>> shares(np.array([[3, 1], [0, 0]]), "rows").tolist()
    [[0.75, 0.25], [nan, nan]]
    """
    whole = (
        counts.sum(axis=1, keepdims=True)
        if normalize == "rows"
        else counts.sum(axis=0, keepdims=True)
        if normalize == "columns"
        else counts.sum(keepdims=True)
    )
    return np.asarray(counts / np.where(whole > 0, whole, np.nan), dtype=np.float64)


def of_classes(judged: Ints, rows: Votes, columns: Votes, labels: Sequence[int]) -> Confusion:
    """Compare two sources on a classification: one entry a record.

    Parameters
    ----------
    judged
        The records that count; votes on others are left out.

    >>> both = of_classes(np.array([1, 2, 3]), Votes.of([1, 2], [7, 8]), Votes.of([1], [7]), [7, 8])
    >>> both.counts.tolist()
    [[1, 0, 0], [0, 0, 1], [0, 0, 1]]
    """
    records = np.unique(np.asarray(judged, dtype=np.int64))
    row, column = _positions(records, rows, labels), _positions(records, columns, labels)
    cell = row * (len(labels) + 1) + column
    return Confusion(tuple(labels), records, records, cell, np.ones(len(records), dtype=np.int64))


def of_text(
    judged: Ints,
    rows: Votes,
    columns: Votes,
    labels: Sequence[int],
    *,
    tokens: Mapping[int, NDArray[np.int32]] | None = None,
    lengths: Mapping[int, int] | None = None,
) -> Confusion:
    """Compare two sources of spans token by token, or character by character.

    A token under several spans counts once for each label: those that both give are right, the
    others are paired in the order of the labels, and what is left stands against "outside".

    Parameters
    ----------
    tokens
        Offsets [n, 2] of the tokens by record; a token that a span touches has its label.
    lengths
        The number of characters by record; used where ``tokens`` is None.
    """
    outside = len(labels)
    entries: list[tuple[int, int, int, int]] = []
    records = np.unique(np.asarray(judged, dtype=np.int64))
    for record, of_row, of_column in _side_by_side(records, rows, columns, labels):
        if tokens is not None:
            offsets = tokens.get(record, np.zeros((0, 2), dtype=np.int32))
            length = len(offsets)
            of_row, of_column = _in_tokens(of_row, offsets), _in_tokens(of_column, offsets)
        else:
            length = (lengths or {}).get(record, 0)
        found: dict[Entry, int] = {}
        covered = 0
        for size, said, other in _segments(of_row, of_column):
            covered += size
            for entry in _pairs(said, other, outside):
                found[entry] = found.get(entry, 0) + size
        if length > covered:
            found[outside, outside] = found.get((outside, outside), 0) + length - covered
        entries.extend((record, *entry, size) for entry, size in found.items())
    return _confusion(labels, records, entries)


def of_spans(
    judged: Ints, rows: Votes, columns: Votes, labels: Sequence[int], *, touching: bool = False
) -> Confusion:
    """Compare two sources span by span: each span meets at most one of the other side.

    Spans with the same start and end are paired, those of the same label first; with
    ``touching`` then those that share text, the longest shared part first. A span left alone
    stands against "outside". Nothing is counted where neither side has a span.
    """
    outside = len(labels)
    entries: list[tuple[int, int, int, int]] = []
    records = np.unique(np.asarray(judged, dtype=np.int64))
    for record, of_row, of_column in _side_by_side(records, rows, columns, labels):
        found: dict[Entry, int] = {}
        for entry in _matched(of_row, of_column, outside, touching=touching):
            found[entry] = found.get(entry, 0) + 1
        entries.extend((record, *entry, size) for entry, size in found.items())
    return _confusion(labels, records, entries)


def _confusion(
    labels: Sequence[int], judged: Ints, entries: list[tuple[int, int, int, int]]
) -> Confusion:
    table = np.array(entries, dtype=np.int64).reshape(-1, 4)
    cell = table[:, 1] * (len(labels) + 1) + table[:, 2]
    return Confusion(tuple(labels), judged, table[:, 0], cell, table[:, 3])


def _positions(records: Ints, votes: Votes, labels: Sequence[int]) -> Ints:
    """Return the position of each record's label; that of "none" where it has no known one."""
    known = np.asarray(labels, dtype=np.int64)
    position = np.full(len(records), len(known), dtype=np.int64)
    order = np.argsort(known, kind="stable")
    row = np.searchsorted(records, votes.record)
    at = np.searchsorted(known[order], votes.label)
    keep = (row < len(records)) & (at < len(known))
    keep[keep] &= records[row[keep]] == votes.record[keep]
    keep[keep] &= known[order][at[keep]] == votes.label[keep]
    position[row[keep]] = order[at[keep]]
    return position


def _side_by_side(
    records: Ints, rows: Votes, columns: Votes, labels: Sequence[int]
) -> Iterator[tuple[int, list[Piece], list[Piece]]]:
    """Yield each record with the spans of both sources."""
    position = {label: at for at, label in enumerate(labels)}
    sides = []
    for votes in (rows, columns):
        by_record: dict[int, list[Piece]] = {}
        if votes.start is not None and votes.end is not None:
            known = votes.of_records(records)
            assert known.start is not None
            assert known.end is not None
            for record, label, start, end in zip(
                known.record.tolist(),
                known.label.tolist(),
                known.start.tolist(),
                known.end.tolist(),
                strict=True,
            ):
                if label in position:
                    by_record.setdefault(record, []).append((start, end, position[label]))
        sides.append(by_record)
    for record in records.tolist():
        yield record, sides[0].get(record, []), sides[1].get(record, [])


def _in_tokens(pieces: list[Piece], offsets: NDArray[np.int32]) -> list[Piece]:
    """Return spans as ranges of the tokens that they touch."""
    if not pieces:
        return []
    starts, ends = offsets[:, 0].tolist(), offsets[:, 1].tolist()
    return [
        (bisect_right(ends, start), bisect_left(starts, end), label) for start, end, label in pieces
    ]


def _segments(
    of_row: list[Piece], of_column: list[Piece]
) -> Iterator[tuple[int, set[int], set[int]]]:
    """Yield the pieces of text under a span: their size, and the labels of either side."""
    edges = []
    for side, pieces in enumerate((of_row, of_column)):
        for start, end, label in pieces:
            if start < end:
                edges += [(start, side, label, 1), (end, side, label, -1)]
    edges.sort()
    open_: tuple[dict[int, int], dict[int, int]] = ({}, {})
    last = 0
    for at, side, label, step in edges:
        if at > last:
            said, other = ({one for one, depth in d.items() if depth} for d in open_)
            if said or other:
                yield at - last, said, other
            last = at
        open_[side][label] = open_[side].get(label, 0) + step


def _pairs(said: set[int], other: set[int], outside: int) -> Iterator[Entry]:
    for label in said & other:
        yield label, label
    yield from zip_longest(sorted(said - other), sorted(other - said), fillvalue=outside)


def _matched(
    of_row: list[Piece], of_column: list[Piece], outside: int, *, touching: bool
) -> Iterator[Entry]:
    candidates = []
    by_place: dict[tuple[int, int], list[int]] = {}
    for other_at, (start, end, _) in enumerate(of_column):
        by_place.setdefault((start, end), []).append(other_at)
    for at, (start, end, label) in enumerate(of_row):
        near = range(len(of_column)) if touching else by_place.get((start, end), ())
        for other_at in near:
            other_start, other_end, other = of_column[other_at]
            same = (start, end) == (other_start, other_end)
            shared = min(end, other_end) - max(start, other_start)
            if same or shared > 0:
                candidates.append((not same, -shared, label != other, at, other_at))
    free, other_free = set(range(len(of_row))), set(range(len(of_column)))
    for *_, at, other_at in sorted(candidates):
        if at in free and other_at in other_free:
            free.remove(at)
            other_free.remove(other_at)
            yield of_row[at][2], of_column[other_at][2]
    for at in sorted(free):
        yield of_row[at][2], outside
    for other_at in sorted(other_free):
        yield outside, of_column[other_at][2]
