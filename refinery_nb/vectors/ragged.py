"""Several vectors for each record: a growing array of runs, in files or in memory.

Two files hold them: ``<name>.runs`` has a row for each record, with its id, a hash of the text,
and where its run of vectors begins and how long it is; ``<name>.vec`` has the vectors one after
another. Rows ascend by record id, and how many count is said by the database, as in ``array``.

A run is replaced by writing the new one behind all others and pointing the row at it in one
write; killed before that, the row still has the old run and says so. What is pointed at by no
row is waste, until a new generation is written.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from refinery_nb.vectors import array
from refinery_nb.vectors.array import Files, Hashes, Ints, Rows

RUN = np.dtype([("record", "<i8"), ("text", "<u8"), ("start", "<i8"), ("length", "<i8")])
POINTER = 8  # bytes of a row that stay when its run is replaced: the record id
Block = TypeVar("Block")


@dataclass(frozen=True, slots=True)
class Ragged:
    """Runs of vectors: those of row ``i`` are ``values[start[i] : start[i] + length[i]]``.

    Attributes
    ----------
    start, length
        int64, shape (n,).
    values
        float32 or float16, shape (m, dim); it may be memory-mapped: do not write to it.
    """

    start: Ints
    length: Ints
    values: NDArray[Any]

    @classmethod
    def of(cls, length: Ints, values: NDArray[Any]) -> Ragged:
        """Return runs of these lengths that stand one after another.

        >>> Ragged.of(np.array([1, 0, 2]), np.zeros((3, 2), np.float32)).start.tolist()
        [0, 1, 1]
        """
        length = np.asarray(length, np.int64)
        return cls(np.cumsum(length) - length, length, values)

    def __len__(self) -> int:
        return len(self.length)

    def row(self, at: int) -> NDArray[Any]:
        """Return the vectors of one row, shape (length, dim), as they stand there."""
        start = int(self.start[at])
        return self.values[start : start + int(self.length[at])]

    def __getitem__(self, rows: NDArray[Any]) -> Ragged:
        """Return some rows, by positions or by a mask, with runs one after another."""
        start, length = self.start[rows], self.length[rows]
        made = Ragged.of(length, self.values)
        behind = np.repeat(start - made.start, length)
        if len(behind) and (behind == behind[0]).all():  # they already do
            first = int(behind[0])
            return Ragged(made.start, length, self.values[first : first + len(behind)])
        return Ragged(made.start, length, self.values[np.arange(len(behind)) + behind])

    def packed(self) -> NDArray[Any]:
        """Return the vectors of all rows, one run after another."""
        return self[np.arange(len(self))].values


def joined(parts: Sequence[Any]) -> Any:
    """Return blocks, arrays or runs, as one."""
    if not isinstance(parts[0], Ragged):
        return np.concatenate(parts)
    lengths = np.concatenate([part.length for part in parts])
    return Ragged.of(lengths, np.concatenate([part.packed() for part in parts]))


class BlockArray(Protocol[Block]):
    """Where the vectors of an embedding stand: a block has one or several for each record."""

    def append(self, count: int, records: Ints, texts: Hashes, values: Block) -> int:
        """Write rows behind the first ``count``; return how many there are then."""

    def replace(self, at: Ints, texts: Hashes, values: Block) -> None:
        """Write other vectors for rows that exist."""

    def rows(self, count: int) -> Rows:
        """Return ids (``record``) and hashes (``text``) of the first rows; a copy."""

    def values(self, count: int) -> Block:
        """Return the vectors of the first rows; not to be written to."""

    def stamp(self, said: str) -> None:
        """Note in the array what the database is about to say of it."""

    def stamped(self) -> str:
        """Return what was noted last."""

    def delete(self) -> None:
        """Give the space back."""


class MemoryRagged:
    """Runs of vectors of a project in memory."""

    def __init__(self, dim: int, dtype: str) -> None:
        self._rows: Rows = np.zeros(0, RUN)
        self._values: NDArray[Any] = np.zeros((0, dim), dtype)
        self._end = 0
        self._stamp = ""

    def append(self, count: int, records: Ints, texts: Hashes, values: Ragged) -> int:
        """Write rows behind the first ``count``; return how many there are then."""
        added = _rows(records, texts, values, self._end)
        self._add(values)
        self._rows = np.concatenate([self._rows[:count], added])
        return len(self._rows)

    def replace(self, at: Ints, texts: Hashes, values: Ragged) -> None:
        """Write other vectors for rows that exist."""
        rows = self._rows.copy()  # whoever holds the older rows keeps what it saw
        rows[at] = _rows(rows["record"][at], texts, values, self._end)
        self._add(values)
        self._rows = rows

    def rows(self, count: int) -> Rows:
        """Return ids, hashes, starts and lengths of the first rows; a copy."""
        return self._rows[:count].copy()

    def values(self, count: int) -> Ragged:
        """Return the runs of the first rows; not to be written to."""
        view = self._values[: self._end]
        view.flags.writeable = False
        return Ragged(self._rows["start"][:count], self._rows["length"][:count], view)

    def stamp(self, said: str) -> None:
        """Note in the array what the database is about to say of it."""
        self._stamp = said

    def stamped(self) -> str:
        """Return what was noted last."""
        return self._stamp

    def delete(self) -> None:
        """Give the space back."""
        self._rows, self._values = self._rows[:0].copy(), self._values[:0].copy()

    def _add(self, values: Ragged) -> None:
        packed = values.packed()
        need = self._end + len(packed)
        if need > len(self._values):
            grown = np.zeros((max(need, 2 * self._end), self._values.shape[1]), self._values.dtype)
            grown[: self._end] = self._values[: self._end]
            self._values = grown
        self._values[self._end : need] = packed
        self._end = need


class RaggedFile(Files):
    """Runs of vectors of a project on disk.

    Parameters
    ----------
    folder
        Where the two files stand; made if it is missing.
    name
        Of the files, without their suffixes.
    dim
        How many numbers a vector has.
    dtype
        Of the numbers: ``<f4`` or ``<f2``.
    """

    def __init__(self, folder: Path, name: str, dim: int, dtype: str) -> None:
        super().__init__(folder / f"{name}.vec", folder / f"{name}.runs", folder / f"{name}.stamp")
        self._shape = dim, np.dtype(dtype)
        self._end: int | None = None  # where runs end; known to whoever writes

    def append(self, count: int, records: Ints, texts: Hashes, values: Ragged) -> int:
        """Write rows behind the first ``count``; return how many there are then."""
        self._vectors.parent.mkdir(mode=0o700, exist_ok=True)
        rows = _rows(records, texts, values, self._add(count, values))
        with self._open(self._index) as file:
            file.truncate(count * RUN.itemsize)
            file.seek(count * RUN.itemsize)
            file.write(rows.data)
            array.to_disk(file)
        if not count:
            array.to_disk_folder(self._vectors.parent)
        return count + len(records)

    def replace(self, at: Ints, texts: Hashes, values: Ragged) -> None:
        """Write other vectors for rows that exist."""
        known = self._index.stat().st_size // RUN.itemsize
        rows = _rows(np.zeros(len(at), np.int64), texts, values, self._add(known, values))
        with self._open(self._index) as file:
            for row, run in zip(at.tolist(), rows, strict=True):
                file.seek(row * RUN.itemsize + POINTER)
                file.write(run.tobytes()[POINTER:])
            array.to_disk(file)

    def rows(self, count: int) -> Rows:
        """Return ids, hashes, starts and lengths of the first rows; a copy.

        Raises
        ------
        StoreDamaged
            If a file is missing or shorter, the ids do not ascend, or a run lies outside.
        """
        self._check(self._index, count * RUN.itemsize)
        if not count:
            self._end = 0
            return np.zeros(0, RUN)
        rows = np.fromfile(self._index, RUN, count)
        if (np.diff(rows["record"]) <= 0).any():
            raise array.damaged(self._index, "its record ids do not ascend")
        if (rows["start"] < 0).any() or (rows["length"] < 0).any():
            raise array.damaged(self._index, "a run of vectors lies outside of the file")
        self._end = _end(rows)
        self._check(self._vectors, self._end * self._bytes)
        return rows

    def values(self, count: int) -> Ragged:
        """Return the runs of the first rows; not to be written to.

        Raises
        ------
        StoreDamaged
            As ``rows``.
        """
        rows, (dim, dtype) = self.rows(count), self._shape
        end = _end(rows)
        found: NDArray[Any] = (
            np.memmap(self._vectors, dtype, mode="r", shape=(end, dim))
            if end
            else np.zeros((0, dim), dtype)
        )
        return Ragged(rows["start"].astype(np.int64), rows["length"].astype(np.int64), found)

    @property
    def _bytes(self) -> int:
        return self._shape[0] * self._shape[1].itemsize

    def _add(self, count: int, values: Ragged) -> int:
        """Write vectors behind all runs; return where they begin."""
        first = _end(self.rows(count)) if self._end is None else self._end
        with self._open(self._vectors) as file:
            file.truncate(first * self._bytes)
            file.seek(first * self._bytes)
            packed = np.ascontiguousarray(values.packed(), self._shape[1])
            _write(file, packed)
            array.to_disk(file)
        self._end = first + len(packed)
        return first


def _write(file: io.FileIO, values: NDArray[Any]) -> None:
    left = values.reshape(-1).view(np.uint8).data
    while left:  # one call writes 2 GB at most
        left = left[file.write(left) :]


def _rows(records: Ints, texts: Hashes, values: Ragged, first: int) -> Rows:
    rows = np.zeros(len(values), RUN)
    rows["record"], rows["text"] = records, texts
    rows["start"], rows["length"] = np.cumsum(values.length) - values.length + first, values.length
    return rows


def _end(rows: Rows) -> int:
    return int((rows["start"] + rows["length"]).max()) if len(rows) else 0
