"""What an index is known to hold: notes beside it, so that it can be lost and found behind.

``notes.json`` says of which vectors it is, up to where, and whether it is whole. ``rows`` has one
entry for each vector that is safely in it: the record and the mark of its text. While an index is
written to, entries are appended as its chunks reach the disk, and the last one of a record counts;
one with a negative record says that it was dropped. A process may be killed at any step.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from refinery_nb.vectors.array import ROW, Rows

FORMAT = 1
NOTES, ENTRIES = "notes.json", "rows"


@dataclass(frozen=True, slots=True)
class Notes:
    """What an index is of.

    Attributes
    ----------
    engine
        What holds it: its name and version, and for a server which one.
    made
        Which vectors it holds: changes when they are made anew.
    dim
        How many numbers a vector has.
    seen
        The record version and the event that its payloads cover.
    whole
        Whether it was left as it should be, rather than in the middle of something.
    built
        How many vectors there were when it was built; 0: never.
    since
        How many came since.
    print
        The fingerprint of its files and entries, if it is whole.
    format
        Of these notes.
    """

    engine: str
    made: str
    dim: int
    seen: tuple[int, int] = (0, 0)
    whole: bool = False
    built: int = 0
    since: int = 0
    print: str = ""
    format: int = FORMAT


class Held:
    """The notes in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def any(self) -> bool:
        """Whether there are any, readable or not."""
        return (self.folder / NOTES).exists() or (self.folder / ENTRIES).exists()

    def notes(self) -> Notes | None:
        """Return the notes; None if they are missing or cannot be read."""
        try:
            said = json.loads((self.folder / NOTES).read_bytes())
            found = Notes(**said | {"seen": tuple(int(one) for one in said["seen"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None
        typed = isinstance(found.dim, int) and isinstance(found.built, int)
        return found if typed and found.format == FORMAT and len(found.seen) == 2 else None

    def note(self, notes: Notes) -> None:
        """Write the notes, whole or not at all."""
        text = json.dumps(asdict(notes), indent=1).encode("ascii")
        self._replace(NOTES, text)

    def rows(self) -> Rows:
        """Return record and mark of all vectors, ascending by record."""
        try:
            data = (self.folder / ENTRIES).read_bytes()
        except OSError:
            return np.zeros(0, ROW)
        # The last entry may be cut; what it was of is written once more.
        entries = np.frombuffer(data[: len(data) - len(data) % ROW.itemsize], ROW)
        records = np.abs(entries["record"])
        _, last = np.unique(records[::-1], return_index=True)
        found = entries[len(entries) - 1 - last]
        return found[found["record"] >= 0]

    def digest(self) -> str:
        """Return a hash of the entries."""
        path = self.folder / ENTRIES
        content = path.read_bytes() if path.exists() else b""
        return blake2b(content, digest_size=8).hexdigest()

    def append(self, records: NDArray[np.int64], marks: NDArray[np.uint64]) -> None:
        """Say that these vectors are safely in the index."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        rows = np.zeros(len(records), ROW)
        rows["record"], rows["text"] = records, marks
        path = self.folder / ENTRIES
        # From a whole entry on: a killed process may have written half of one.
        size = path.stat().st_size if path.exists() else 0
        with path.open("r+b" if path.exists() else "wb") as file:
            file.seek(size - size % ROW.itemsize)
            file.write(rows.tobytes())
            file.flush()
            os.fsync(file.fileno())

    def drop(self, records: NDArray[np.int64]) -> None:
        """Say that the vectors of these records are not in it any more."""
        self.append(-records, np.zeros(len(records), np.uint64))

    def compact(self) -> None:
        """Keep one entry for each vector."""
        self._replace(ENTRIES, self.rows().tobytes())

    def clear(self) -> None:
        """Forget everything."""
        (self.folder / NOTES).unlink(missing_ok=True)
        (self.folder / ENTRIES).unlink(missing_ok=True)

    def _replace(self, name: str, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.folder / f".{name}.partial"
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.folder / name)
        finally:
            partial.unlink(missing_ok=True)
