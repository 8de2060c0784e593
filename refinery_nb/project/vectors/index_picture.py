"""What an index holds, against the vectors as they are now; and searches that allow for that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.query import And, Condition, Keys, Selection
from refinery_nb.core.vectors import Vectors
from refinery_nb.project.vectors.index_child import ChildIndex
from refinery_nb.store import payloads as stored
from refinery_nb.store import records
from refinery_nb.store.embeddings import EmbeddingRow
from refinery_nb.vectors.array import ROW, Hashes, Rows
from refinery_nb.vectors.exact import ExactStore
from refinery_nb.vectors.kept import KeptIndex
from refinery_nb.vectors.store import NOTHING, Filter, Hits, Ints, Values, ranked

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

BEHIND = 2_000  # records that have changed since: the index is brought in line
SPARE = 8  # hits more than are wanted, as some may have changed
WIDER, TRIES = 4, 3  # how much deeper it is asked if too many had, and how often in all
FEW = 0.1  # of all that may be found: as quick by an exact search; as many may have changed
DEEPEST = 0.02  # of all: whoever wants more gets them by an exact search
Index = KeptIndex | ChildIndex


class Keeper(Protocol):
    """Whoever has the index."""

    def wake(self) -> None:
        """Bring the index in line, in the background."""

    def ask(self, picture: Picture, queries: Values, k: int, where: Filter | None) -> Hits | None:
        """Return what the index finds; None if it cannot be asked now."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What a ready index holds.

    Attributes
    ----------
    made
        Of which vectors; see ``made``.
    rows
        Record and mark of the text of each vector, ascending by record.
    seen
        The record version and the event that its payloads cover.
    """

    index: Index
    made: str
    rows: Rows
    seen: stored.Seen
    _known: list[tuple[Vectors, tuple[Ints, Ints]]] = field(default_factory=list)

    def behind(self, vectors: Vectors, marks: Hashes) -> tuple[Ints, Ints]:
        """Return what has changed since; see ``difference``."""
        for known, found in self._known:
            if known is vectors:
                return found
        found = difference(self.rows, vectors, marks)
        self._known[:] = [(vectors, found)]
        return found


def made(row: EmbeddingRow) -> str:
    """Return what tells the vectors of an embedding from those of another model or fit."""
    return f"{row.id} {row.spec.get('made', '')}"


def as_rows(vectors: Vectors, marks: Hashes) -> Rows:
    """Return record and mark of each vector."""
    rows = np.zeros(len(vectors), ROW)
    rows["record"], rows["text"] = vectors.records, marks
    return rows


def difference(rows: Rows, vectors: Vectors, marks: Hashes) -> tuple[Ints, Ints]:
    """Return which vectors rows do not hold as they are, and which rows have changed or gone.

    The first as positions, the second as record ids; both ascending.
    """
    held = rows["record"]
    if not len(held):
        return np.arange(len(vectors)), np.zeros(0, np.int64)
    at = np.minimum(np.searchsorted(held, vectors.records), len(held) - 1)
    same = (held[at] == vectors.records) & (rows["text"][at] == marks)
    unchanged = np.zeros(len(held), np.bool_)
    unchanged[at[same]] = True
    return np.flatnonzero(~same), held[~unchanged].astype(np.int64)


def within(ids: Ints, some: Ints) -> NDArray[np.bool_]:
    """Say of each id whether it is among some, which ascend.

    >>> within(np.array([[5, 3]]), np.array([3, 4])).tolist()
    [[False, True]]
    """
    if not len(some):
        return np.zeros(ids.shape, np.bool_)
    at = np.minimum(np.searchsorted(some, ids), len(some) - 1)
    found: NDArray[np.bool_] = some[at] == ids
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is searched for.

    Attributes
    ----------
    among
        Ids that may be found, ascending; None: all.
    condition, where
        What must be true of the records that are found, and the same as a filter; or None.
    """

    queries: Values
    k: int
    among: Ints | None = None
    condition: Condition | None = None
    where: Filter | None = None


def search(
    project: Project,
    keeper: Keeper,
    picture: Picture,
    exact: ExactStore,
    marks: Hashes,
    asked: Question,
) -> Hits | None:
    """Return the nearest vectors as they are; None if an exact search is to answer instead.

    Records that have changed since the picture are left out of what the index finds and searched
    exactly; what it finds is scored by the vectors themselves, so that a damaged index may miss
    something but says nothing wrong.

    Parameters
    ----------
    exact, marks
        The vectors as they are, and the marks of their texts.
    """
    vectors, k = exact.vectors, asked.k
    changed, stale = picture.behind(vectors, marks)
    tail = vectors.records[changed]
    if asked.where is not None and asked.condition is not None:
        with project.database.read() as connection:
            relabelled = stored.since(connection, picture.seen)
        stale, tail = np.union1d(stale, relabelled), np.union1d(tail, relabelled)
    if len(tail) + len(stale) > BEHIND:
        keeper.wake()
        if len(tail) + len(stale) > FEW * len(vectors):
            return None
    if asked.condition is not None:
        tail = _passing(project, tail, asked.condition)
    share = 1.0 if asked.among is None else len(asked.among) / max(1, len(vectors))
    if share < FEW:
        return None
    ids = _candidates(keeper, picture, asked, stale, share, len(vectors))
    if ids is None:
        return None
    scores = exact.scores(asked.queries, ids)
    ids = np.where(np.isneginf(scores), NOTHING, ids)
    if asked.among is not None:
        tail = tail[within(tail, asked.among)]
    if len(tail):
        more = exact.search(asked.queries, k, among=tail)
        ids, scores = np.hstack([ids, more[0]]), np.hstack([scores, more[1]])
    return ranked(ids, scores, k)


def _candidates(
    keeper: Keeper, picture: Picture, asked: Question, stale: Ints, share: float, count: int
) -> Ints | None:
    """Return at least ``k`` ids for each query, where there are so many, that may be found."""
    depth = int(1.5 * asked.k / share) + SPARE if share < 1 else asked.k + SPARE
    for _ in range(TRIES):
        if depth > max(100.0, DEEPEST * count):
            return None
        found = keeper.ask(picture, asked.queries, depth, asked.where)
        if found is None:
            return None
        ids = found[0]
        everything = ids[:, -1] == NOTHING
        ids = np.where(within(ids, stale), NOTHING, ids)
        if asked.among is not None:
            ids = np.where(within(ids, asked.among), ids, NOTHING)
        if (everything | ((ids != NOTHING).sum(axis=1) >= asked.k)).all():
            return ids
        depth *= WIDER
    return None


def _passing(project: Project, ids: Ints, condition: Condition) -> Ints:
    """Return those of some records of which a condition is true now, ascending."""
    if not len(ids):
        return ids
    with project.database.read() as connection:
        keys = records.keys_of_ids(connection, ids.tolist())
    found = project.select_ids(Selection(And((condition, Keys(tuple(keys.values()))))))
    return np.sort(found)
