"""One growing array of vectors: a memory-mapped file beside the database, or plain memory.

A row has a record id, a hash of the text that the vector is of, and the vector. Rows ascend by
record id. Two files hold them: ``<name>.f32`` the vectors, ``<name>.rows`` the ids and hashes.

How many rows count is said by the database, and only after they are on disk: rows behind that
are what a killed process left, and are written over. A vector is replaced in its place, the
vector first and its hash after that; killed in between, the hash still says that it is old.
A stamp tells whether files and database are of the same time, or one came from a backup.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import StoreDamaged

ROW = np.dtype([("record", "<i8"), ("text", "<u8")])
Rows = NDArray[np.void]
Values = NDArray[np.float32]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


class VectorArray(Protocol):
    """Where the vectors of one embedding stand."""

    def append(self, count: int, records: Ints, texts: Hashes, values: Values) -> int:
        """Write rows behind the first ``count``; return how many there are then."""

    def replace(self, at: Ints, texts: Hashes, values: Values) -> None:
        """Write other vectors into rows that exist."""

    def rows(self, count: int) -> Rows:
        """Return id and hash of the first rows; a copy."""

    def values(self, count: int) -> Values:
        """Return the vectors of the first rows, shape (count, dim); not to be written to."""

    def stamp(self, said: str) -> None:
        """Note in the array what the database is about to say of it."""

    def stamped(self) -> str:
        """Return what was noted last: if the database says something else, one of them is older."""

    def delete(self) -> None:
        """Give the space back."""


class MemoryArray:
    """Vectors of a project in memory."""

    def __init__(self, dim: int) -> None:
        self._rows: Rows = np.zeros(0, ROW)
        self._values: Values = np.zeros((0, dim), np.float32)
        self._stamp = ""

    def append(self, count: int, records: Ints, texts: Hashes, values: Values) -> int:
        """Write rows behind the first ``count``; return how many there are then."""
        need = count + len(records)
        if need > len(self._rows):
            room = max(need, 2 * len(self._rows))
            grown = np.zeros((room, self._values.shape[1]), np.float32)
            grown[:count] = self._values[:count]
            rows = np.zeros(room, ROW)
            rows[:count] = self._rows[:count]
            self._values, self._rows = grown, rows
        self._values[count:need] = values
        self._rows["record"][count:need] = records
        self._rows["text"][count:need] = texts
        return need

    def replace(self, at: Ints, texts: Hashes, values: Values) -> None:
        """Write other vectors into rows that exist."""
        # Whoever holds the older array keeps what it saw.
        self._values, self._rows = self._values.copy(), self._rows.copy()
        self._values[at] = values
        self._rows["text"][at] = texts

    def rows(self, count: int) -> Rows:
        """Return id and hash of the first rows; a copy."""
        return self._rows[:count].copy()

    def values(self, count: int) -> Values:
        """Return the vectors of the first rows, shape (count, dim); not to be written to."""
        view = self._values[:count]
        view.flags.writeable = False
        return view

    def stamp(self, said: str) -> None:
        """Note in the array what the database is about to say of it."""
        self._stamp = said

    def stamped(self) -> str:
        """Return what was noted last."""
        return self._stamp

    def delete(self) -> None:
        """Give the space back."""
        self._rows = self._rows[:0].copy()
        self._values = self._values[:0].copy()


class Files:
    """The two files of an array, of vectors and of what they belong to, and the stamp of both."""

    def __init__(self, vectors: Path, index: Path, stamp: Path) -> None:
        self._vectors = vectors
        self._index = index
        self._stamp = stamp

    def stamp(self, said: str) -> None:
        """Note in the array what the database is about to say of it."""
        with self._open(self._stamp) as file:
            file.truncate(0)
            file.write(said.encode("utf-8"))
            to_disk(file)

    def stamped(self) -> str:
        """Return what was noted last."""
        return self._stamp.read_text(encoding="utf-8") if self._stamp.is_file() else ""

    def delete(self) -> None:
        """Give the space back."""
        self._stamp.unlink(missing_ok=True)
        self._vectors.unlink(missing_ok=True)
        self._index.unlink(missing_ok=True)

    @staticmethod
    def _check(path: Path, size: int) -> None:
        if size and (not path.is_file() or path.stat().st_size < size):
            raise damaged(path, "it is cut short" if path.exists() else "it is missing")

    @staticmethod
    def _open(path: Path) -> io.FileIO:
        return io.FileIO(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", closefd=True)


class FileArray(Files):
    """Vectors of a project on disk.

    Parameters
    ----------
    folder
        Where the two files stand; made if it is missing.
    name
        Of the files, without their suffixes.
    dim
        How many numbers a vector has.
    """

    def __init__(self, folder: Path, name: str, dim: int) -> None:
        super().__init__(folder / f"{name}.f32", folder / f"{name}.rows", folder / f"{name}.stamp")
        self._dim = dim

    def append(self, count: int, records: Ints, texts: Hashes, values: Values) -> int:
        """Write rows behind the first ``count``; return how many there are then."""
        self._vectors.parent.mkdir(mode=0o700, exist_ok=True)
        rows = np.zeros(len(records), ROW)
        rows["record"], rows["text"] = records, texts
        with self._open(self._vectors) as file:
            file.truncate(count * 4 * self._dim)
            file.seek(count * 4 * self._dim)
            file.write(np.ascontiguousarray(values, "<f4").data)
            to_disk(file)
        with self._open(self._index) as file:
            file.truncate(count * ROW.itemsize)
            file.seek(count * ROW.itemsize)
            file.write(rows.data)
            to_disk(file)
        if not count:
            to_disk_folder(self._vectors.parent)
        return count + len(records)

    def replace(self, at: Ints, texts: Hashes, values: Values) -> None:
        """Write other vectors into rows that exist."""
        vectors = np.ascontiguousarray(values, "<f4")
        with self._open(self._vectors) as file:
            for row, vector in zip(at.tolist(), vectors, strict=True):
                file.seek(row * 4 * self._dim)
                file.write(vector.data)
            to_disk(file)
        with self._open(self._index) as file:
            for row, text in zip(at.tolist(), texts.astype("<u8"), strict=True):
                file.seek(row * ROW.itemsize + 8)
                file.write(text.tobytes())
            to_disk(file)

    def rows(self, count: int) -> Rows:
        """Return id and hash of the first rows; a copy.

        Raises
        ------
        StoreDamaged
            If the file is missing or shorter, or the ids do not ascend.
        """
        self._check(self._index, count * ROW.itemsize)
        self._check(self._vectors, count * 4 * self._dim)
        if not count:
            return np.zeros(0, ROW)
        rows = np.fromfile(self._index, ROW, count)
        if (np.diff(rows["record"]) <= 0).any():
            raise damaged(self._index, "its record ids do not ascend")
        return rows

    def values(self, count: int) -> Values:
        """Return the vectors of the first rows, shape (count, dim); not to be written to.

        Raises
        ------
        StoreDamaged
            If the file is missing or shorter.
        """
        self._check(self._vectors, count * 4 * self._dim)
        if not count:
            return np.zeros((0, self._dim), np.float32)
        return np.memmap(self._vectors, "<f4", mode="r", shape=(count, self._dim))


def damaged(path: Path, what: str) -> StoreDamaged:
    """Return the error that says what is wrong with a file of vectors."""
    return StoreDamaged(
        f"the file of vectors cannot be used: {what}.",
        source=str(path),
        hint="Embed again: vectors are made anew from the records. Labels are not touched.",
    )


def to_disk(file: io.FileIO) -> None:
    """Wait until what was written to a file is on disk."""
    file.flush()
    os.fsync(file.fileno())


def to_disk_folder(folder: Path) -> None:
    """Wait until the names of new files are on disk."""
    if os.name == "nt":
        return  # a folder cannot be opened there
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
