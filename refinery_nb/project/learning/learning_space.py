"""Where records stand for learners: embeddings and words of a project on common axes, kept."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.active.space import Space, sample, unit
from refinery_nb.core.errors import StoreDamaged
from refinery_nb.core.threads import one_thread
from refinery_nb.core.vectors import Vectors
from refinery_nb.core.votes import Ints
from refinery_nb.learn.words import Words
from refinery_nb.store import embeddings as stored
from refinery_nb.store import records, schema

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

log = logging.getLogger(__name__)

Matrix = NDArray[np.float32]

BLOCK = 10_000  # rows that are made at once
MOST_TEXTS = 200_000  # records whose words are looked at; beyond, the embedding has to do
KEPT = 2  # spaces of a project


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """The records of a project in a space.

    Attributes
    ----------
    records
        Ids, ascending, shape (n,).
    rows
        Their coordinates, float32, shape (n, axes); no columns where nothing is known of texts.
    blank
        Which of them have neither a vector nor a known word, shape (n,).
    meaning
        Whether an embedding took part.
    version
        Changes whenever a coordinate may have.
    """

    records: Ints
    rows: Matrix
    blank: NDArray[np.bool_]
    meaning: bool
    version: tuple[object, ...]

    def of(self, ids: Ints) -> Matrix:
        """Return the coordinates of some records, zero for those that are not known."""
        found = np.zeros((len(ids), self.rows.shape[1]), np.float32)
        if len(self.records):
            at = np.minimum(np.searchsorted(self.records, ids), len(self.records) - 1)
            hit = self.records[at] == ids
            found[hit] = self.rows[at[hit]]
        return found


class Spaces:
    """The spaces of a project, each made once for what the records say now."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._known: dict[tuple[str | None, str | None], Placed] = {}

    def placed(
        self, on: str | None, embedding: str | None = None, *, check: Callable[[], None]
    ) -> Placed:
        """Return where the records stand by an attribute; made now if anything has changed.

        Parameters
        ----------
        on
            The attribute; None: all texts of a record.
        embedding
            By name; None: the newest of the attribute, if there is any.
        check
            Called between two parts of the work; it may raise to end it.
        """
        key = (on, embedding)
        with self._making:  # two threads would make it twice
            vectors, version = self._vectors(on, embedding)
            with self._lock:
                known = self._known.get(key)
            if known is not None and known.version == version:
                return known
            with one_thread():
                made = self._made(on, vectors, version, check)
            with self._lock:
                self._known.pop(key, None)
                self._known[key] = made
                while len(self._known) > KEPT:
                    del self._known[next(iter(self._known))]
            return made

    def _vectors(
        self, on: str | None, name: str | None
    ) -> tuple[Vectors | None, tuple[object, ...]]:
        """Return the vectors, and what changes whenever they or the records do."""
        project = self._project
        with project.database.read() as connection:
            now = (records.version(connection), records.count(connection))
            rows = stored.embeddings(connection)
        if name is not None:
            row = project.embeddings.row(name)
            return project.embeddings[name].value(), (row.id, row.generation, row.at, *now)
        fitting = [
            row
            for row in rows.values()
            if on in (None, row.attribute) and row.count and row.level == "record"
        ]
        for row in sorted(fitting, key=lambda row: row.at, reverse=True):
            try:
                return project.embeddings.value(row.name), (row.id, row.generation, row.at, *now)
            except StoreDamaged as error:
                log.warning("%s: %s", row.name, error)
        return None, now

    def _made(
        self,
        on: str | None,
        vectors: Vectors | None,
        version: tuple[object, ...],
        check: Callable[[], None],
    ) -> Placed:
        ids = self._project.view().ids()
        words: Words | None = None
        chosen = sample(len(ids))
        if len(ids) <= MOST_TEXTS and len(ids):
            parts = [text for block in self._texts(on, ids[chosen], check) for text in block]
            words = Words().fit(parts)
            check()
        views = _Views(vectors, words)
        taught: list[Matrix] = []
        for first, texts in zip(
            range(0, len(chosen), BLOCK), self._texts(on, ids[chosen], check), strict=False
        ):
            taught.append(views.of(ids[chosen[first : first + BLOCK]], texts))
        if not taught or not taught[0].shape[1]:
            nothing = np.zeros((len(ids), 0), np.float32)
            return Placed(ids, nothing, np.ones(len(ids), np.bool_), False, version)
        space = Space.fit(np.concatenate(taught))
        del taught
        check()
        rows = np.empty((len(ids), space.directions.shape[1]), np.float32)
        blank = np.empty(len(ids), np.bool_)
        for first, texts in zip(
            range(0, len(ids), BLOCK), self._texts(on, ids, check), strict=False
        ):
            block = views.of(ids[first : first + BLOCK], texts)
            blank[first : first + BLOCK] = ~block.any(axis=1)
            rows[first : first + BLOCK] = space.place(block)
        return Placed(ids, rows, blank, vectors is not None, version)

    def _texts(self, on: str | None, ids: Ints, check: Callable[[], None]) -> Iterator[list[str]]:
        """Yield the texts of records in blocks; all strings joined where no attribute is named."""
        with self._project.database.read() as connection:
            attributes = [
                one
                for one in schema.attributes(connection)
                if (one.name == on if on is not None else one.type.is_string and not one.is_key)
            ]
        for first in range(0, len(ids), BLOCK):
            check()
            part = ids[first : first + BLOCK].tolist()
            with self._project.database.read() as connection:
                values = {
                    record: _joined(row)
                    for record, _, row in records.values(connection, attributes, part)
                }
            yield [values.get(record, "") for record in part]


class _Views:
    """What is seen of a record: its embedding and its words, side by side."""

    def __init__(self, vectors: Vectors | None, words: Words | None) -> None:
        self._vectors = vectors
        self._words = words

    def of(self, ids: Ints, texts: list[str]) -> Matrix:
        """Return both, each of length 1 or 0, shape (n, d)."""
        parts: list[Matrix] = [np.zeros((len(ids), 0), np.float32)]
        if self._vectors is not None:
            values, known = self._vectors.of_records(ids)
            part = np.zeros((len(ids), self._vectors.dim), np.float32)
            part[known] = unit(np.asarray(values, np.float32))
            parts.append(part)
        if self._words is not None:
            parts.append(self._words.transform(texts))
        return np.hstack(parts)


def _joined(values: tuple[Any, ...]) -> str:
    return " ".join(value for value in values if isinstance(value, str))
