"""What people say of one task, held beside the database: a new label costs that label alone.

Events say which records were touched since the last look; what stands of these is read and takes
the place of what was known. Only what changes records, labels or who votes has all read anew.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Floats, Gold, Ints, Votes
from refinery_nb.project.quality import sources
from refinery_nb.project.records import cards
from refinery_nb.quality.confusion import Confusion, of_classes, of_text
from refinery_nb.store import gold, records, relabel
from refinery_nb.store import said as stored

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

Answer = frozenset[tuple[int, int | None, int | None]]  # label, start, end; empty: "none"


@dataclass(frozen=True, slots=True)
class Answers:
    """Who judged which record, ascending by record: one row a record and person.

    Attributes
    ----------
    record, person, answer
        Record ids; positions among the people, and among the answers that were ever given.
    at
        When, in seconds since 1970.
    whole
        Whether none of the spans is stale: only then the answer is what the person meant.
    """

    record: Ints
    person: Ints
    answer: Ints
    at: NDArray[np.float64]
    whole: NDArray[np.bool_]

    def take(self, rows: NDArray[np.bool_] | Ints) -> Answers:
        """Return the rows at these positions, or where the mask is true."""
        return Answers(
            self.record[rows],
            self.person[rows],
            self.answer[rows],
            self.at[rows],
            self.whole[rows],
        )


@dataclass(frozen=True, slots=True)
class Met:
    """How weak labels that had not seen a judgement met it, ascending by record."""

    record: Ints
    confidence: Floats
    right: NDArray[np.bool_]


class Splice:
    """Puts new rows in the place of those of some records, in columns that ascend by record.

    >>> put = Splice(np.array([1, 2, 2, 5]), np.array([2, 4]), np.array([2, 4]))
    >>> put(np.array([10, 20, 21, 50]), np.array([22, 40])).tolist()
    [10, 22, 40, 50]
    """

    def __init__(self, known: Ints, touched: Ints, fresh: Ints) -> None:
        first, last = (np.searchsorted(known, touched, side) for side in ("left", "right"))
        self._drop = _ranges(first, last)
        self._place = np.searchsorted(np.delete(known, self._drop), fresh)

    def __call__(self, before: NDArray[Any], after: NDArray[Any]) -> NDArray[Any]:
        """Return a column with the new rows."""
        return np.insert(np.delete(before, self._drop), self._place, after)


class Said:
    """What people say of one task, and how the last run of weak supervision meets it.

    Attributes
    ----------
    people, answers
        Who judged, and what each judged; answers of nothing but stale spans are left out.
    gold
        The valid manual labels.
    run
        The id of the last run; None if there is none.
    met
        Whether the weak labels of reviewed records are right; None without a run.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.schema: TaskSchema = task.schema
        self.people: list[str] = []
        nobody = np.zeros(0, np.int64)
        self.answers = Answers(nobody, nobody, nobody, np.zeros(0), np.zeros(0, np.bool_))
        self.gold = Gold(np.zeros(0, np.int64), Votes.empty(spans=self.schema.is_spans))
        self.run: int | None = None
        self.met: Met | None = None
        # By the label that was asked about, where a record may have several.
        self._confusions: dict[int | None, Confusion] = {}
        self._codes: dict[Answer, int] = {frozenset(): 0}
        self._version: Hashable = None
        self._seen = 0
        self._heard_version: Hashable = None
        self._heard = Votes.empty(spans=self.schema.is_spans)

    def update(self) -> None:
        """Take in what was said since the last time, by anybody, in any process."""
        project = self.task.project
        self.schema = task = self.task.schema
        with project.database.read() as connection:
            version = (
                records.version(connection),
                relabel.epoch(connection),
                task.labels,
                gold.voters(connection, task.id),
            )
            newest = stored.newest(connection)
            touched = None
            if version == self._version:
                touched = stored.touched(connection, task.id, self._seen)
            among = None if touched is None else touched.tolist()
            if touched is None or len(touched):
                self._take(list(stored.rows(connection, task.id, among)), touched)
                found, _ = gold.gold(connection, task, among)
                self.gold = found if touched is None else _with_gold(self.gold, touched, found)
        self._version, self._seen = version, newest
        self._meet(project, touched)

    def confusion(self, label: int | None = None) -> Confusion | None:
        """Return manual (rows) against weak labels; None without a run.

        Parameters
        ----------
        label
            The id of the label that is asked about, yes or no: where a record may have several.
        """
        if self.run is not None and label not in self._confusions:
            self._confusions[label] = self._confuse(self.gold.reviewed, label)
        return self._confusions.get(label)

    def codes_of(self, label: int) -> list[int]:
        """Return the answers that hold a label."""
        return [at for answer, at in self._codes.items() if any(one == label for one, *_ in answer)]

    def _take(self, rows: Sequence[stored.SaidRow], touched: Ints | None) -> None:
        columns: list[tuple[int, int, int, float, bool]] = []
        known = {name: at for at, name in enumerate(self.people)}
        for (record, actor), group in groupby(rows, key=lambda row: (row.record, row.actor)):
            every = list(group)
            own = [row for row in every if not row.stale]
            if own:
                answer = frozenset((r.label, r.start, r.end) for r in own if r.label is not None)
                code = self._codes.setdefault(answer, len(self._codes))
                person = known.setdefault(actor, len(known))
                whole = len(own) == len(every)
                columns.append((record, person, code, _seconds(own[0].at), whole))
        self.people = list(known)
        fresh = Answers(
            np.array([row[0] for row in columns], np.int64),
            np.array([row[1] for row in columns], np.int64),
            np.array([row[2] for row in columns], np.int64),
            np.array([row[3] for row in columns], np.float64),
            np.array([row[4] for row in columns], np.bool_),
        )
        if touched is None:
            self.answers = fresh
            return
        old = self.answers
        put = Splice(old.record, touched, fresh.record)
        self.answers = Answers(
            put(old.record, fresh.record),
            put(old.person, fresh.person),
            put(old.answer, fresh.answer),
            put(old.at, fresh.at),
            put(old.whole, fresh.whole),
        )

    def _meet(self, project: Project, touched: Ints | None) -> None:
        """Hold what is said against the last run; of the touched records, or (None) of all."""
        self.run = project.columns.last_run(self.schema)
        version = None if self.run is None else project.columns.weak_version(self.run)
        if self.run is None:
            self.met, self._confusions = None, {}
        elif version != self._heard_version or touched is None or self.met is None:
            one = sources.source(self.task, f"run:{self.run}")
            people = sources.source(self.task, "gold")
            _, self._heard = sources.said(self.task, one, against=people)
            self.met = self._judge(self.gold.reviewed)
            self._confusions = {}
        elif len(touched):
            reviewed = touched[_among(touched, self.gold.reviewed)]
            fresh, old = self._judge(reviewed), self.met
            put = Splice(old.record, touched, fresh.record)
            self.met = Met(
                put(old.record, fresh.record),
                put(old.confidence, fresh.confidence),
                put(old.right, fresh.right),
            )
            for label, known in self._confusions.items():
                own = self._confuse(reviewed, label)
                self._confusions[label] = _with_confusion(known, touched, own)
        self._heard_version = version

    def _judge(self, reviewed: Ints) -> Met:
        votes = within(self._heard, reviewed)
        known = set(_entries(within(self.gold.votes, reviewed)))
        right = np.array([entry in known for entry in _entries(votes)], np.bool_)
        return Met(votes.record, votes.confidence, right)

    def _confuse(self, reviewed: Ints, label: int | None) -> Confusion:
        labels = [one.id for one in self.schema.labels] if label is None else [label]
        said, heard = within(self.gold.votes, reviewed), within(self._heard, reviewed)
        if not self.schema.is_spans:
            return of_classes(reviewed, said, heard, labels)
        tokens = cards.token_offsets(self.task.project, self.schema, reviewed.tolist())
        return of_text(reviewed, said, heard, labels, tokens=tokens)


def within(votes: Votes, some: Ints) -> Votes:
    """Return the votes on a few records, both ascending, without looking at the others."""
    first, last = (np.searchsorted(votes.record, some, side) for side in ("left", "right"))
    return votes.take(_ranges(first, last))


def _ranges(first: Ints, last: Ints) -> Ints:
    """Return the numbers from each first up to each last, one range after the other.

    >>> _ranges(np.array([3, 7]), np.array([5, 8])).tolist()
    [3, 4, 7]
    """
    count = last - first
    found: Ints = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
    return found.astype(np.int64)


def _with_gold(old: Gold, touched: Ints, fresh: Gold) -> Gold:
    ours, theirs = old.votes, fresh.votes
    put = Splice(ours.record, touched, theirs.record)
    votes = Votes(
        put(ours.record, theirs.record),
        put(ours.label, theirs.label),
        put(ours.confidence, theirs.confidence),
        None if ours.start is None or theirs.start is None else put(ours.start, theirs.start),
        None if ours.end is None or theirs.end is None else put(ours.end, theirs.end),
    )
    reviewed = Splice(old.reviewed, touched, fresh.reviewed)
    return Gold(reviewed(old.reviewed, fresh.reviewed), votes)


def _with_confusion(old: Confusion, touched: Ints, fresh: Confusion) -> Confusion:
    judged = Splice(old.judged, touched, fresh.judged)
    put = Splice(old.record, touched, fresh.record)
    return Confusion(
        old.labels,
        judged(old.judged, fresh.judged),
        put(old.record, fresh.record),
        put(old.cell, fresh.cell),
        put(old.count, fresh.count),
    )


def _among(some: Ints, known: Ints) -> NDArray[np.bool_]:
    """Return which of some are among the known ones, which ascend."""
    if not len(known):
        return np.zeros(len(some), np.bool_)
    at = np.minimum(np.searchsorted(known, some), len(known) - 1)
    found: NDArray[np.bool_] = known[at] == some
    return found


def _entries(votes: Votes) -> list[tuple[int, ...]]:
    columns = [votes.record, votes.label]
    if votes.start is not None and votes.end is not None:
        columns += [votes.start, votes.end]
    return list(zip(*(column.tolist() for column in columns), strict=True))


@lru_cache(maxsize=256)  # what was said at once has one time
def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
