"""The embeddings of a project by name, and where their vectors stand."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from refinery_nb.core.errors import (
    InputError,
    StoreDamaged,
    StoreError,
    UnknownName,
    did_you_mean,
)
from refinery_nb.core.vectors import Entries, Vectors
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.vectors.embedding import Embedding
from refinery_nb.project.vectors.index import Indexes
from refinery_nb.project.vectors.level import OF, ONE, RAGGED
from refinery_nb.store import embeddings as stored
from refinery_nb.store import records
from refinery_nb.store.embeddings import EmbeddingRow
from refinery_nb.text import tokens as tokenizer
from refinery_nb.vectors import state as states
from refinery_nb.vectors.array import FileArray, Hashes, MemoryArray, Rows
from refinery_nb.vectors.ragged import BlockArray, MemoryRagged, RaggedFile

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

FOLDER = "vectors"
LOCK = "embed.lock"
PAGE = 1_024  # texts that are read at once
State = Mapping[str, NDArray[Any]]


class Embeddings(Mapping[str, Embedding]):
    """The embeddings of a project by name, and where their vectors stand."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._folder = None if project.root is None else project.root / FOLDER
        self._arrays: dict[str, MemoryArray | MemoryRagged] = {}
        self._states: dict[str, State] = {}
        self._values: dict[str, tuple[tuple[object, ...], Vectors, Hashes]] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self.indexes = Indexes(project)

    def __getitem__(self, name: str) -> Embedding:
        self.row(name)
        return Embedding(self._project, name)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._rows()))

    def __len__(self) -> int:
        return len(self._rows())

    def __repr__(self) -> str:
        return "\n".join([f"Embeddings: {len(self)}", *(f"  {one!r}" for one in self.values())])

    def row(self, name: str) -> EmbeddingRow:
        """Return what the database knows of an embedding.

        Raises
        ------
        SchemaError
            If there is none with this name.
        """
        known = self._rows()
        if name not in known:
            raise UnknownName(f"there is no embedding {name!r}.", hint=did_you_mean(name, known))
        return known[name]

    def best(self, on: str | None) -> Vectors | None:
        """Return the vectors that were made last, of an attribute or of any; None: there are none.

        Damaged ones are passed over with a warning.
        """
        rows = sorted(self._rows().values(), key=lambda row: row.at, reverse=True)
        for row in rows:
            if on not in (None, row.attribute) or not row.count or row.level in RAGGED:
                continue
            try:
                return self.value(row.name)
            except StoreDamaged as error:
                warnings.warn(f"{row.name}: {error}", RuntimeWarning, stacklevel=3)
        return None

    def value(self, name: str) -> Vectors:
        """Return the vectors of the records whose present text they are of."""
        return self.marked(self.row(name))[0]

    def marked(self, row: EmbeddingRow) -> tuple[Vectors, Hashes]:
        """Return the same, with the hash of each text."""
        name = row.name
        with self._project.database.read() as connection:
            now, total = records.version(connection), records.count(connection)
        version = (row.id, row.generation, row.count, row.at, now, total)
        with self._lock:
            if name in self._values and self._values[name][0] == version:
                return self._values[name][1:]
        self._at_level(row, "record")
        rows, keep = self.known(row)
        values = self.array(row).values(row.count)
        ids = rows["record"].astype(np.int64)
        found, marks = Vectors(ids, values), rows["text"].astype(np.uint64)
        if not keep.all():
            found, marks = Vectors(ids[keep], values[keep]), marks[keep]
        with self._lock:
            self._values[name] = version, found, marks
        return found, marks

    def known(self, row: EmbeddingRow) -> tuple[Rows, NDArray[np.bool_]]:
        """Return the rows of an embedding, and which of them are of a record's present text."""
        with self._project.database.read() as connection:
            now, total = records.version(connection), records.count(connection)
        array = self.array(row)
        rows = array.rows(row.count)
        # Files and database of different times, as after a backup was put back: nothing is
        # believed, all texts are compared with the hashes.
        seen = row.seen if array.stamped() == row.at else 0
        keep = ~self._outdated(row, rows, seen, now)
        if total != row.count or seen < now:
            with self._project.database.read() as connection:
                keep &= np.isin(rows["record"], records.all_ids(connection))
        return rows, keep

    def tokens(
        self, name: str, ids: Iterable[int] | None
    ) -> Iterator[tuple[int, NDArray[np.float16]]]:
        """Return the vectors of tokens, record by record."""
        row = self.row(name)
        self._at_level(row, "token")
        made = tokenizer.fingerprint(tokenizing.name_of(self._project, row.attribute))
        if row.spec["tokens"] != made:
            raise InputError(
                f"{name} has vectors of the tokens of {row.spec['tokens']}; now they are those of "
                f"{made}.",
                hint=f"Embed again: project.embeddings[{name!r}].update()",
            )
        rows, keep = self.known(row)
        runs = self.array(row).values(row.count)
        known = rows["record"][keep]
        wanted = known if ids is None else np.fromiter(ids, np.int64)
        at, found = positions(known, wanted)
        places = np.flatnonzero(keep)[at[found]] if len(known) else at[found]
        return (
            (record, runs.row(place))
            for record, place in zip(wanted[found].tolist(), places.tolist(), strict=True)
        )

    def entries(self, name: str) -> Entries:
        """Return one vector for each entry of lists of texts."""
        row = self.row(name)
        self._at_level(row, "list")
        rows, keep = self.known(row)
        runs = self.array(row).values(row.count)
        chosen = runs if keep.all() else runs[np.flatnonzero(keep)]
        return Entries(rows["record"][keep].astype(np.int64), chosen.length, chosen.packed())

    @staticmethod
    def _at_level(row: EmbeddingRow, level: str) -> None:
        if row.level != level:
            raise InputError(
                f"{row.name} has a vector for each {ONE[row.level]}.",
                hint=f"They are to be had by project.embeddings[{row.name!r}].{OF[row.level]}().",
            )

    def array(self, row: EmbeddingRow) -> BlockArray[Any]:
        """Return where the vectors of an embedding stand."""
        name, dtype = file_name(row), RAGGED.get(row.level)
        if self._folder is not None:
            return array_of(self._folder, row)
        if name not in self._arrays:
            self._arrays[name] = (
                MemoryArray(row.dim) if dtype is None else MemoryRagged(row.dim, dtype)
            )
        return self._arrays[name]

    def state(self, row: EmbeddingRow) -> State | None:
        """Return what the model of an embedding has learnt; None if that is lost."""
        if self._folder is None:
            return self._states.get(file_name(row))
        return states.load(self._folder / f"{file_name(row)}.npz")

    def keep_state(self, row: EmbeddingRow, state: State) -> None:
        """Keep what the model of an embedding has learnt."""
        if self._folder is None:
            self._states[file_name(row)] = state
        else:
            states.save(self._folder / f"{file_name(row)}.npz", state)

    def forget(self, row: EmbeddingRow) -> None:
        """Give the space of a generation back."""
        self.array(row).delete()
        self._arrays.pop(file_name(row), None)
        self._states.pop(file_name(row), None)
        if self._folder is not None:
            (self._folder / f"{file_name(row)}.npz").unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        """Delete an embedding with its vectors."""
        row = self.row(name)
        with self.busy():
            with self._project.database.write() as connection:
                stored.delete(connection, row.id)
            self.forget(row)
            self.indexes.forget(row)
            self._values.pop(name, None)
        self._project.events.emit("vectors", name=name)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Keep others from embedding at the same time.

        Raises
        ------
        StoreError
            If somebody does already.
        """
        busy = StoreError(
            "vectors of this project are being made by another cell or kernel.",
            hint="Wait until it has ended.",
        )
        if not self._writing.acquire(blocking=False):
            raise busy
        try:
            with ExitStack() as stack:
                if self._folder is not None:
                    self._folder.mkdir(mode=0o700, exist_ok=True)
                    try:
                        stack.enter_context(FileLock(self._folder / LOCK, timeout=0))
                    except Timeout as error:
                        raise busy from error
                yield
        finally:
            self._writing.release()

    def _outdated(
        self, row: EmbeddingRow, rows: NDArray[np.void], seen: int, now: int
    ) -> NDArray[np.bool_]:
        """Say of each row whether its record, if it changed since ``seen``, has another text."""
        outdated = np.zeros(len(rows), np.bool_)
        if seen >= now or not len(rows):
            return outdated
        attribute = self._project.attribute(row.attribute)
        after = 0
        while True:
            with self._project.database.read() as connection:
                page = stored.texts(connection, attribute, seen=seen, after=after, limit=4 * PAGE)
            if not page:
                return outdated
            after = page[-1][0]
            ids = np.array([record for record, _, _ in page], np.int64)
            texts = hashes(text for _, _, text in page)
            at, known = positions(rows["record"], ids)
            outdated[at[known]] = rows["text"][at[known]] != texts[known]

    def _rows(self) -> dict[str, EmbeddingRow]:
        with self._project.database.read() as connection:
            return stored.embeddings(connection)


def positions(
    known: NDArray[np.int64], ids: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return where ids stand among known ones, which ascend, and which of them do at all.

    >>> positions(np.array([3, 7]), np.array([7, 5]))
    (array([1, 1]), array([ True, False]))
    """
    if not len(known):
        return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
    at = np.minimum(np.searchsorted(known, ids), len(known) - 1).astype(np.int64)
    return at, known[at] == ids


def hashes(texts: Iterable[str | None]) -> NDArray[np.uint64]:
    """Return a hash of each text; blank and missing ones are the same."""
    plain = (text if text and text.strip() else "" for text in texts)
    found = (blake2b(text.encode("utf-8"), digest_size=8).digest() for text in plain)
    return np.frombuffer(b"".join(found), "<u8").astype(np.uint64)


def array_of(folder: Path, row: EmbeddingRow) -> BlockArray[Any]:
    """Return where the vectors of an embedding stand in a folder."""
    dtype = RAGGED.get(row.level)
    if dtype is not None:
        return RaggedFile(folder, file_name(row), row.dim, dtype)
    return FileArray(folder, file_name(row), row.dim)


def file_name(row: EmbeddingRow) -> str:
    """Return what the files of an embedding are called, without their suffixes."""
    return f"{row.id}-{row.generation}"
