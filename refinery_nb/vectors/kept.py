"""An index together with what it is known to hold: opened, doubted, brought in line, asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from refinery_nb.core.errors import StoreBusy, StoreDamaged, StoreError
from refinery_nb.core.vectors import Vectors
from refinery_nb.vectors.array import Hashes, Rows
from refinery_nb.vectors.held import Held, Notes
from refinery_nb.vectors.store import Filter, Hits, Ints, Payload, Values, VectorIndex

LOCK = "lock"
# Built again when so many came since, and so large a share: until then they are scanned.
REBUILT_FROM, REBUILT_SHARE = 20_000, 0.2


class Engine(Protocol):
    """What an index is held by.

    Attributes
    ----------
    name
        With its version, and for a server which one.
    shared
        Whether several processes can ask it at once.
    """

    name: str
    shared: bool

    def open(self, dim: int, *, fresh: bool) -> VectorIndex:
        """Open the index; ``fresh``: an empty one instead of what is there."""

    def fingerprint(self) -> str:
        """Return what changes when anybody changes what is stored."""


@dataclass(frozen=True, slots=True)
class Opened:
    """How an index was found.

    Attributes
    ----------
    rows
        Record and mark of the vectors that it holds, ascending by record.
    seen
        The record version and the event that its payloads cover.
    whole
        Whether it is as it was left; if not, it is to be brought in line and finished.
    doubt
        Why what was there is not used; blank: it is, or nothing was there.
    """

    rows: Rows
    seen: tuple[int, int]
    whole: bool
    doubt: str = ""


class KeptIndex:
    """An index in a folder, or behind a URL with its notes in a folder; one process writes to it.

    Parameters
    ----------
    folder
        Made if it is missing.
    engine
        What it is held by.

    Attributes
    ----------
    reading
        Whether another process writes to it; here it is only asked.

    Raises
    ------
    StoreBusy
        If another process has it open, and only one can.
    """

    def __init__(self, folder: Path, engine: Engine) -> None:
        self._held = Held(folder)
        self._engine = engine
        self._store: VectorIndex | None = None
        self._notes: Notes | None = None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = FileLock(folder / LOCK, timeout=0, thread_local=False)
        self.reading = False
        try:
            self._lock.acquire()
        except Timeout as error:
            if not engine.shared:
                raise _busy(folder) from error
            self.reading = True

    def open(self, made: str, dim: int, now: tuple[int, int]) -> Opened:
        """Open what is there, if it is of these vectors; else find it empty.

        Parameters
        ----------
        made, dim
            Of which vectors it must be; see ``Notes``.
        now
            The record version and the event from which on it will have to be told of changes.

        Raises
        ------
        StoreError
            If its server cannot be reached, or its folder not be written to.
        StoreBusy
            If another process makes it just now.
        """
        notes = self._held.notes()
        doubt = self._doubt(notes, made, dim)
        if self.reading and (notes is None or doubt or not notes.whole):
            raise _busy(self._held.folder)
        if notes is not None and not doubt:
            try:
                self._store = self._engine.open(dim, fresh=False)
                self._notes = notes
                return Opened(self._held.rows(), notes.seen, notes.whole)
            except StoreDamaged as error:
                doubt = error.message
        self._held.clear()
        self._store = self._engine.open(dim, fresh=True)
        self._notes = Notes(self._engine.name, made, dim, now)
        self._held.note(self._notes)
        return Opened(self._held.rows(), now, False, doubt)

    def add_fields(self, fields: Mapping[str, str]) -> None:
        """Make filters on fields quick: names to ``keyword``, ``integer`` or ``float``."""
        self._writing().add_fields(fields)

    def upsert(self, vectors: Vectors, marks: Hashes, payloads: Sequence[Payload]) -> None:
        """Take vectors in, and remember that once they are safe."""
        store = self._writing()
        store.upsert(vectors, payloads)
        store.flush()
        self._held.append(vectors.records, marks)
        assert self._notes is not None
        self._notes = replace(self._notes, since=self._notes.since + len(vectors))

    def delete(self, ids: Ints) -> None:
        """Drop vectors."""
        store = self._writing()
        store.delete(ids)
        store.flush()
        self._held.drop(ids)

    def set_payloads(self, ids: Ints, payloads: Sequence[Payload]) -> None:
        """Put other payloads in the place of the older ones."""
        self._writing().set_payloads(ids, payloads)

    def finish(self, seen: tuple[int, int], count: int) -> None:
        """Build the index if that is due, and leave it whole.

        Parameters
        ----------
        seen
            What its payloads cover.
        count
            How many vectors it must hold by now.

        Raises
        ------
        StoreDamaged
            If it holds another number.
        """
        store = self._writing()
        notes = self._notes
        assert notes is not None
        if not notes.built or notes.since > max(REBUILT_FROM, REBUILT_SHARE * notes.built):
            store.build()
            notes = replace(notes, built=count, since=0)
        store.flush()
        found = store.count()
        if found != count:
            raise StoreDamaged(f"the index holds {found:,} vectors instead of {count:,}.")
        self._held.compact()
        self._notes = replace(notes, seen=seen, whole=True, print=self._print())
        self._held.note(self._notes)

    def search(self, queries: Values, k: int, where: Filter | None = None) -> Hits:
        """Return the nearest for each query; see ``VectorIndex.search``."""
        if self._store is None:
            raise StoreError("the index is not open.")
        return self._store.search(queries, k, where=where)

    def close(self) -> None:
        """Let go of everything; closing twice is harmless."""
        if self._store is not None:
            with suppress(StoreError):
                self._store.close()
            self._store = None
        self._lock.release()

    def _print(self) -> str:
        return f"{self._engine.fingerprint()} {self._held.digest()}"

    def _doubt(self, notes: Notes | None, made: str, dim: int) -> str:
        """Say why what is there cannot be used."""
        if notes is None:
            return "its notes are missing or damaged." if self._held.any else ""
        if notes.engine != self._engine.name:
            return f"it was made by {notes.engine}, not by {self._engine.name}."
        if notes.dim != dim:
            return f"it is of vectors of {notes.dim} numbers, not {dim}."
        if notes.made != made:
            return "it is of vectors of another model, or of an earlier time."
        if notes.whole and notes.print != self._print():
            return "its files are damaged, or not those that were left."
        return ""

    def _writing(self) -> VectorIndex:
        """Return the store; note that it is not whole from now on."""
        if self._store is None or self._notes is None:
            raise StoreError("the index is not open.")
        if self.reading:
            raise _busy(self._held.folder)
        if self._notes.whole:
            self._notes = replace(self._notes, whole=False, print="")
            self._held.note(self._notes)
        return self._store


def _busy(folder: Path) -> StoreBusy:
    return StoreBusy("another process has this index open.", source=str(folder))
