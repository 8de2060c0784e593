"""Columns of all records in memory, each read once per version of what it holds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import Attribute, AttributeType, TaskSchema
from refinery_nb.core.votes import Votes
from refinery_nb.project.masks.texts import MOST, Texts
from refinery_nb.store import dense, records

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Found = TypeVar("Found")

KEPT = 40  # columns, masks and orders; each takes 1 to 8 bytes a record
NUMBERS = (AttributeType.INTEGER, AttributeType.FLOAT, AttributeType.BOOLEAN)


class Kept:
    """What was computed, by name, while its version lasts; the oldest is forgotten first."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._known: dict[str, tuple[Hashable, Any]] = {}
        self._lock = threading.Lock()

    def get(self, name: str, version: Hashable, make: Callable[[], Found]) -> Found:
        """Return what has this name and version, made if it is not there."""
        with self._lock:
            found = self._known.pop(name, None)
            if found is not None and found[0] == version:
                self._known[name] = found
                return found[1]  # type: ignore[no-any-return]
        made = make()
        with self._lock:
            self._known[name] = (version, made)
            while len(self._known) > self._most:
                del self._known[next(iter(self._known))]
        return made

    def has(self, name: str, version: Hashable) -> bool:
        """Say whether it is there."""
        with self._lock:
            found = self._known.get(name)
            return found is not None and found[0] == version

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._known.clear()


class Dense:
    """The columns of one project, aligned with the ids of all its records, ascending."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.kept = Kept()

    def version(self) -> int:
        """Return what changes whenever a record does."""
        with self.project.database.read() as connection:
            return records.version(connection)

    def ids(self) -> Ints:
        """Return the ids of all records, ascending."""

        def read() -> Ints:
            with self.project.database.read() as connection:
                return records.all_ids(connection)

        return self.kept.get("ids", self.version(), read)

    def places(self, some: Ints) -> Ints:
        """Return where records stand among all; those that are gone are left out."""
        every = self.ids()
        if not len(every) or not len(some):
            return np.zeros(0, np.int64)
        if int(every[-1]) - int(every[0]) + 1 == len(every):  # no gaps: no search
            found: Ints = some - every[0]
            inside = (found >= 0) & (found < len(every))
            return found if inside.all() else found[inside]
        found = np.minimum(np.searchsorted(every, some), len(every) - 1).astype(np.int64)
        kept: Ints = found[every[found] == some]
        return kept

    def marked(self, some: Ints) -> Bools:
        """Return the mask of some records."""
        found = np.zeros(len(self.ids()), np.bool_)
        found[self.places(some)] = True
        return found

    def numbers(self, attribute: Attribute) -> Floats | None:
        """Return an attribute's numbers, NaN where missing; None where they are not exact."""
        if attribute.type not in NUMBERS:
            return None
        return self.kept.get(
            f"numbers {attribute.id}", self.version(), lambda: self._read(dense.numbers, attribute)
        )

    def codes(self, attribute: Attribute) -> tuple[NDArray[np.int32], list[str]] | None:
        """Return an attribute's values as places in their sorted list; None where too many."""
        if attribute.type is not AttributeType.CATEGORY:
            return None
        return self.kept.get(
            f"codes {attribute.id}", self.version(), lambda: self._read(dense.codes, attribute)
        )

    def texts(self, attribute: Attribute) -> Texts | None:
        """Return an attribute's texts, to be searched through; None where they are too many."""
        if attribute.type is not AttributeType.TEXT:
            return None

        def make() -> Texts | None:
            with self.project.database.read() as connection:
                found = dense.texts(connection, attribute, MOST)
            return None if found is None else Texts(found)

        return self.kept.get(f"texts {attribute.id}", self.version(), make)

    def has_texts(self, attribute: Attribute) -> bool:
        """Say whether an attribute's texts are there already."""
        return self.kept.has(f"texts {attribute.id}", self.version())

    def has(self, attribute: Attribute) -> bool:
        """Say whether an attribute has a column here: numbers and categories do."""
        return attribute.type in NUMBERS or attribute.type is AttributeType.CATEGORY

    def _read(self, read: Callable[..., Found], attribute: Attribute) -> Found:
        with self.project.database.read() as connection:
            return read(connection, attribute)

    def confidence(self, run: int) -> Floats:
        """Return the least confidence of each record's weak labels, NaN where it has none."""
        version = (self.version(), self.project.columns.weak_version(run))

        def make() -> Floats:
            votes = self.project.columns.weak(run)
            found = np.full(len(self.ids()), np.nan)
            first = np.flatnonzero(np.diff(votes.record, prepend=-1))
            if len(first):
                least = np.minimum.reduceat(votes.confidence.astype(np.float64), first)
                known = votes.record[first]
                here = np.isin(known, self.ids()) if len(known) else known
                # Rounded as it is shown: a comparison with 0.6 means what the reader sees.
                found[self.places(known)] = np.round(least, 6)[here]
            return found

        return self.kept.get(f"confidence {run}", version, make)

    def labels(self, run: int) -> Ints:
        """Return the weak label (an id) of each record, 0 where it has none; no spans."""
        version = (self.version(), self.project.columns.weak_version(run))

        def make() -> Ints:
            return self._labels(self.project.columns.weak(run))

        return self.kept.get(f"labels {run}", version, make)

    def _labels(self, votes: Votes) -> Ints:
        found = np.zeros(len(self.ids()), np.int64)
        places = self.places(votes.record)
        here = np.isin(votes.record, self.ids()) if len(places) < len(votes.record) else slice(None)
        found[places] = votes.label[here]
        return found

    def conflicting(self, task: TaskSchema) -> Bools:
        """Return where the heuristics of a classification vote for different labels."""

        def make() -> Bools:
            low = np.full(len(self.ids()), np.iinfo(np.int64).max)
            high = np.full(len(self.ids()), -1)
            for votes in self.project.columns.of_task(task).values():
                labels = self._labels(votes)
                voted = labels > 0
                np.minimum(low, labels, out=low, where=voted)
                np.maximum(high, labels, out=high, where=voted)
            found: Bools = (high > -1) & (low != high)
            return found

        version = (self.version(), self.project.columns.versions(task))
        return self.kept.get(f"conflicting {task.id}", version, make)
