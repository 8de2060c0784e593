"""Votes as columns: what a source (a heuristic, a label model, people) says of which record.

One value type serves all of them, for both kinds of task: parallel arrays, sorted by record.
Labels are label ids, so that a renamed label keeps its votes.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Votes:
    """What one source says on one task.

    Attributes
    ----------
    record
        Record ids, int64, ascending; several rows of one record only for spans.
    label
        Label ids, int64.
    confidence
        float32 in (0, 1].
    start, end
        Half-open code-point offsets, int64, for a spans task; None for classification.
    """

    record: Ints
    label: Ints
    confidence: Floats
    start: Ints | None = None
    end: Ints | None = None

    @staticmethod
    def of(
        record: Sequence[int] | Ints,
        label: Sequence[int] | Ints,
        confidence: Sequence[float] | Floats | None = None,
        start: Sequence[int] | Ints | None = None,
        end: Sequence[int] | Ints | None = None,
    ) -> Votes:
        """Make votes from sequences in any order; confidence 1.0 unless given.

        >>> Votes.of([7, 3], [1, 2]).record.tolist()
        [3, 7]
        """
        records = np.asarray(record, dtype=np.int64)
        starts = None if start is None else np.asarray(start, dtype=np.int64)
        order = (
            np.argsort(records, kind="stable")
            if starts is None
            else np.lexsort((np.asarray(end, dtype=np.int64), starts, records))
        )
        confidences = (
            np.ones(len(records), dtype=np.float32)
            if confidence is None
            else np.asarray(confidence, dtype=np.float32)
        )
        return Votes(
            records[order],
            np.asarray(label, dtype=np.int64)[order],
            confidences[order],
            None if starts is None else starts[order],
            None if end is None else np.asarray(end, dtype=np.int64)[order],
        )

    @staticmethod
    def empty(*, spans: bool = False) -> Votes:
        """Return no votes."""
        return Votes.of([], [], [], [] if spans else None, [] if spans else None)

    def __len__(self) -> int:
        return len(self.record)

    def take(self, rows: NDArray[np.bool_] | Ints | slice) -> Votes:
        """Return the votes at these positions, or where the mask is true."""
        return Votes(
            self.record[rows],
            self.label[rows],
            self.confidence[rows],
            None if self.start is None else self.start[rows],
            None if self.end is None else self.end[rows],
        )

    def of_records(self, records: Ints) -> Votes:
        """Return the votes on these records (ids in any order)."""
        return self.take(np.isin(self.record, records))

    def without_records(self, records: Ints) -> Votes:
        """Return the votes on all other records."""
        return self.take(~np.isin(self.record, records))

    @staticmethod
    def concat(parts: Sequence[Votes]) -> Votes:
        """Join votes of one source, for example its chunks.

        Raises
        ------
        ValueError
            If ``parts`` is empty (the kind of task would be unknown).
        """
        if not parts:
            raise ValueError("no votes to join")
        spans = parts[0].start is not None
        return Votes.of(
            np.concatenate([part.record for part in parts]),
            np.concatenate([part.label for part in parts]),
            np.concatenate([part.confidence for part in parts]),
            np.concatenate([part.start for part in parts if part.start is not None])
            if spans
            else None,
            np.concatenate([part.end for part in parts if part.end is not None]) if spans else None,
        )

    def to_bytes(self) -> bytes:
        """Return the votes as one compressed column (npz without pickles)."""
        arrays = {"record": self.record, "label": self.label, "confidence": self.confidence}
        if self.start is not None and self.end is not None:
            arrays |= {"start": self.start, "end": self.end}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
        return buffer.getvalue()

    @staticmethod
    def from_bytes(column: bytes) -> Votes:
        """Read what ``to_bytes`` wrote."""
        with np.load(io.BytesIO(column), allow_pickle=False) as arrays:
            return Votes(
                arrays["record"],
                arrays["label"],
                arrays["confidence"],
                arrays.get("start"),
                arrays.get("end"),
            )


@dataclass(frozen=True, slots=True)
class Gold:
    """The valid manual labels of one task: the reference of all statistics.

    Attributes
    ----------
    reviewed
        Ids of the records that a person has judged, int64, ascending. A reviewed record
        without a vote means: "reviewed, none".
    votes
        The labels, with confidence 1.
    """

    reviewed: Ints
    votes: Votes


@dataclass(frozen=True, slots=True)
class VoteMatrix:
    """The votes of several sources on the same records, as a sparse matrix in row order.

    Attributes
    ----------
    records
        The ids of all records that stand for rows, int64, ascending, voted on or not.
    sources
        The names of the columns.
    labels
        Label ids; ``label`` below holds positions in this tuple.
    row, source, label, confidence
        One entry a vote, sorted by row, then source: positions in ``records``, ``sources``
        and ``labels``, and float32.
    start, end
        Offsets of span votes; None for classification.
    """

    records: Ints
    sources: tuple[str, ...]
    labels: tuple[int, ...]
    row: Ints
    source: Ints
    label: Ints
    confidence: Floats
    start: Ints | None = None
    end: Ints | None = None

    @staticmethod
    def build(
        records: Sequence[int] | Ints,
        votes: Mapping[str, Votes],
        labels: Sequence[int],
        *,
        spans: bool = False,
    ) -> VoteMatrix:
        """Put the votes of each source side by side.

        Votes on other records, and votes for labels that the task no longer has, are left out.

        >>> matrix = VoteMatrix.build([1, 2, 3], {"a": Votes.of([3, 1], [20, 10])}, [10, 20])
        >>> matrix.row.tolist(), matrix.label.tolist()
        ([0, 2], [0, 1])
        """
        ids = np.asarray(records, dtype=np.int64)
        known = np.asarray(labels, dtype=np.int64)
        order = np.argsort(known, kind="stable")
        parts: list[tuple[Ints, Ints, Votes]] = []
        for column in votes.values():
            row = _positions(ids, column.record)
            at = np.searchsorted(known[order], column.label)
            keep = (row >= 0) & (at < len(known))
            keep[keep] &= known[order][at[keep]] == column.label[keep]
            if keep.all():
                parts.append((row, order[at], column))
            else:
                parts.append((row[keep], order[at[keep]], column.take(keep)))
        places, total = _places([row for row, _, _ in parts], len(ids))
        sorted_row, sorted_source, sorted_label, starts, ends = (
            np.zeros(count, dtype=np.int64) for count in [total] * 3 + [total * spans] * 2
        )
        confidence = np.zeros(total, dtype=np.float32)
        for position, (place, (row, label, column)) in enumerate(zip(places, parts, strict=True)):
            sorted_row[place] = row
            sorted_source[place] = position
            sorted_label[place] = label
            confidence[place] = column.confidence
            if spans and column.start is not None and column.end is not None:
                starts[place], ends[place] = column.start, column.end
        return VoteMatrix(
            ids,
            tuple(votes),
            tuple(int(label) for label in labels),
            sorted_row,
            sorted_source,
            sorted_label,
            confidence,
            starts if spans else None,
            ends if spans else None,
        )

    def __len__(self) -> int:
        return len(self.records)

    @property
    def is_spans(self) -> bool:
        """Whether these are span votes."""
        return self.start is not None


def _positions(ids: Ints, records: Ints) -> Ints:
    """Return where each record stands in these ascending ids, or -1."""
    if len(ids) and ids[-1] - ids[0] + 1 == len(ids):
        row: Ints = records - ids[0]
        row[(row < 0) | (row >= len(ids))] = -1
        return row
    row = np.searchsorted(ids, records).astype(np.int64)
    row[row >= len(ids)] = -1
    row[row >= 0] = np.where(ids[row[row >= 0]] == records[row >= 0], row[row >= 0], -1)
    return row


def _places(columns: Sequence[Ints], rows: int) -> tuple[list[Ints], int]:
    """Return the place of each vote when all columns (ascending rows) are sorted by row, source.

    A counting sort: it grows with the votes, while sorting keys was most of the time of a build.
    """
    count = np.zeros(rows + 1, dtype=np.int64)
    for column in columns:
        count[1:] += np.bincount(column, minlength=rows)
    following = np.cumsum(count)[:-1] if rows else count
    places = []
    for column in columns:
        place = following[column]
        if np.any(column[1:] == column[:-1]):
            # Several spans of one record: each after the one before.
            begin = np.flatnonzero(np.diff(column, prepend=-1))
            within = np.arange(len(column))
            within -= np.repeat(begin, np.diff(begin, append=len(column)))
            place = place + within
        places.append(place)
        following[column] = place + 1
    return places, int(count.sum())
