"""What to label next, answered: what is learnt and voted, as orders of records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from refinery_nb.active.beliefs import Beliefs
from refinery_nb.active.queue import Candidates, arrange
from refinery_nb.active.several import SeveralBeliefs, apart
from refinery_nb.active.tagger import SpanBeliefs
from refinery_nb.active.uncertainty import disagreement, entropy, least_confident, margin
from refinery_nb.core.errors import HeuristicError, QueryError, did_you_mean
from refinery_nb.core.query import Labelled, QueueField, Selection, Strategy
from refinery_nb.core.votes import Ints, VoteMatrix, Votes
from refinery_nb.project.learning.learning_space import Placed
from refinery_nb.store import gold, records
from refinery_nb.store import weak as stored
from refinery_nb.store.derived import Resolved
from refinery_nb.supervision.several import question

if TYPE_CHECKING:
    from refinery_nb.project.learning.learning import Lesson
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task
    from refinery_nb.project.view import View

Scores = NDArray[np.float64]

# Labels before a model's doubts are asked: what one of fewer is unsure of says little.
START = 30
KEPT = 4  # orders
NOWHERE = Placed(
    np.zeros(0, np.int64), np.zeros((0, 0), np.float32), np.zeros(0, np.bool_), False, ()
)
MEASURES = {"uncertain": least_confident, "margin": margin, "entropy": entropy}


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of a task before its records are put in an order.

    Attributes
    ----------
    version
        Changes whenever an order may.
    labelled
        Ids of the records that anybody has labelled, ascending.
    lesson
        What is learnt from them; None: nothing can be learnt yet.
    votes
        Of the enabled heuristics by name.
    weak
        Gives the weak labels of the last run, of several labels how sure each answer is; None:
        there was none.
    """

    version: Hashable
    labelled: Ints
    placed: Placed
    lesson: Lesson | None
    votes: dict[str, Votes]
    labels: tuple[int, ...]
    spans: bool
    several: bool
    weak: Callable[[], Votes | None]

    def candidates(self, ids: Ints, strategy: str) -> Candidates:
        """Return records as candidates, with what a strategy asks of them."""
        placed = self.placed
        found: dict[str, Scores] = {}
        if strategy == "disagreement":
            order = np.argsort(ids, kind="stable")
            scores = self._apart(ids[order])
            if scores is not None:
                found["disagreement"] = np.empty(len(ids))
                found["disagreement"][order] = scores
        if strategy in ("mixed", "disagreement"):
            doubts = self._doubts(ids, "uncertain" if self.spans else "margin", 0)
            if doubts is not None:
                found["mixed"] = doubts
        elif strategy in MEASURES:
            doubts = self._doubts(ids, strategy, START)
            if doubts is None and strategy == "uncertain":
                weak = self.weak()
                doubts = None if weak is None else self._weak_doubts(ids, weak)
            if doubts is not None:
                found[strategy] = doubts
        return Candidates(ids, lambda at: placed.of(ids[at]), placed.of(self.labelled), found)

    def _apart(self, ids: Ints) -> Scores | None:
        """Return how far heuristics disagree on records, ids ascending; None: none votes."""
        if self.several:
            asked = [question(ids, self.votes, label) for label in self.labels]
            return apart(asked) if any(len(one.row) for one in asked) else None
        matrix = VoteMatrix.build(ids, self.votes, self.labels, spans=self.spans)
        return disagreement(matrix) if len(matrix.row) else None

    def _doubts(self, ids: Ints, measure: str, start: int) -> Scores | None:
        """Return how unsure the learner is of records; None where it has seen too few labels."""
        if self.lesson is None or self.lesson.labels < start:
            return None
        beliefs = self.lesson.beliefs
        if isinstance(beliefs, SeveralBeliefs):
            return beliefs.doubts(ids, measure)
        if isinstance(beliefs, Beliefs):
            proba = beliefs.of(ids)
            known = proba.any(axis=1)
            # Of a blank text nobody can learn: it comes last.
            return np.where(known, MEASURES[measure](proba), 0.0)
        assert isinstance(beliefs, SpanBeliefs)
        at = np.minimum(np.searchsorted(beliefs.records, ids), len(beliefs.records) - 1)
        hit = beliefs.records[at] == ids
        return np.where(hit, beliefs.doubts[measure][at], 0.0)

    @staticmethod
    def _weak_doubts(ids: Ints, weak: Votes) -> Scores:
        """Return 1 minus the (least) confidence of weak labels; less where there is none."""
        first = np.flatnonzero(np.diff(weak.record, prepend=-1))
        found = np.full(len(ids), -1.0)
        if len(first):
            least = np.minimum.reduceat(weak.confidence.astype(np.float64), first)
            having = weak.record[first]
            at = np.minimum(np.searchsorted(having, ids), len(having) - 1)
            hit = having[at] == ids
            found[hit] = 1.0 - least[at[hit]]
        return found


class Queues:
    """Answers ``QueueField``; what was answered last is kept, for page after page."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._known: dict[str, Known] = {}
        self._orders: dict[tuple[Hashable, ...], Ints] = {}

    def prepare(self, field: QueueField) -> Known:
        """Learn what a queue needs; not while a read is open, as it may take a while."""
        project = self._project
        task = project.tasks.get(field.task)
        if task is None:
            raise QueryError(
                f"there is no task {field.task!r}.", hint=did_you_mean(field.task, project.tasks)
            )
        labelled = np.sort(project.select_ids(Selection(Labelled(task.name))))
        learns = field.strategy in ("mixed", "disagreement", *MEASURES)
        lesson: Lesson | None = None
        if learns:
            try:
                lesson = project.learning.lesson(task)
            except HeuristicError:
                lesson = None  # too few labels yet
        run = project.columns.last_run(task.schema)
        with project.database.read() as connection:
            version = (gold.version(connection), records.version(connection), run)
        # Chance needs to know nothing.
        placed = NOWHERE if field.strategy == "random" else project.learning.placed(task)
        votes = project.columns.of_task(task.schema)
        known = Known(
            (version, placed.version, project.columns.versions(task.schema), lesson is None),
            labelled,
            placed,
            lesson,
            votes,
            tuple(label.id for label in task.schema.labels),
            task.schema.is_spans,
            task.schema.is_multi,
            partial(self._weak, task, run),
        )
        with self._lock:
            self._known[field.task] = known
        return known

    def _weak(self, task: Task, run: int | None) -> Votes | None:
        """Return the weak labels of a run; of several labels each answer, yes or no."""
        if run is None:
            return None
        votes = self._project.columns.weak(run)
        if not task.schema.is_multi:
            return votes
        with self._project.database.read() as connection:
            proba = stored.proba(connection, run)
        if proba is None:
            return votes
        sure = np.maximum(proba.confidence, 1 - proba.confidence)
        return Votes.of(proba.record, proba.label, sure)

    def resolve(self, field: QueueField) -> Resolved:
        """Return the places of records in a queue, by what was prepared."""
        with self._lock:
            known = self._known.get(field.task)
        if known is None:
            known = self.prepare(field)

        def at(ids: Ints) -> Scores:
            return self._places(field, known, ids)

        def column() -> tuple[Ints, Scores]:
            with self._project.database.read() as connection:
                ids = records.all_ids(connection)
            return ids, at(ids)

        return Resolved((known.version, field.strategy, field.seed), column, at, together=True)

    def sort(self, field: QueueField, ids: Ints) -> Ints:
        """Return ids in the order of a queue, those that are labelled last in their order."""
        places = self._places(field, self.prepare(field), ids)
        found: Ints = ids[np.argsort(np.where(np.isnan(places), np.inf, places), kind="stable")]
        return found

    def _places(self, field: QueueField, known: Known, ids: Ints) -> Scores:
        """Return the place of each record; NaN where it is labelled."""
        key = (known.version, field.strategy, field.seed, blake2b(ids.tobytes()).digest())
        free = np.flatnonzero(~np.isin(ids, known.labelled))
        with self._lock:
            order = self._orders.get(key)
        if order is None:
            # By id, so that the order in which they were asked for does not matter.
            free = free[np.argsort(ids[free], kind="stable")]
            candidates = known.candidates(ids[free], field.strategy)
            order = free[arrange(field.strategy, candidates, seed=field.seed)]
            with self._lock:
                self._orders[key] = order
                while len(self._orders) > KEPT:
                    del self._orders[next(iter(self._orders))]
        places = np.full(len(ids), np.nan)
        places[order] = np.arange(len(order))
        return places


def queue(
    task: Task,
    strategy: str = "mixed",
    view: View | None = None,
    *,
    n: int | None = None,
    seed: int = 0,
) -> View:
    """Return the unlabelled records in the order in which they are best labelled.

    Parameters
    ----------
    strategy
        ``mixed``: uncertain and unlike all that is labelled; the one to take.
        ``uncertain``: the likeliest label is least likely. ``margin``: the two likeliest labels
        are closest. ``entropy``: the probabilities are most even.
        ``disagreement``: heuristics vote for different labels; then as ``mixed``.
        ``diverse``: each as far as possible from all that are labelled or before it.
        ``representative``: each stands for as many others as possible.
        ``random``: by chance.
    view
        Of which records; None: all.
    n
        How many; None: all.
    seed
        Of what is random.

    Returns
    -------
    View
        Lazy: it follows what is learnt from labels as they come.

    Raises
    ------
    QueryError
        If there is no such strategy.

    Notes
    -----
    Where a record may have several labels, each is a question: ``uncertain`` is where the likelier
    answers to all of them are least likely to be right, ``margin`` where yes and no are closest,
    ``entropy`` their mean, and heuristics disagree that say yes and no to one.

    What a model is uncertain of comes from the first learner of the task, or from a logistic
    regression (spans: a conditional random field) where there is none. ``uncertain``, ``margin``
    and ``entropy`` begin as ``diverse`` until 30 records are labelled; ``uncertain`` follows the
    last weak labels until then, if there are any.
    """
    if strategy not in get_args(Strategy):
        raise QueryError(
            f"there is no strategy {strategy!r}.",
            hint=did_you_mean(str(strategy), get_args(Strategy)),
        )
    base = (view if view is not None else task.project.view()).where(task.unlabeled)
    found = base.order_by(QueueField(task.name, strategy, seed))  # type: ignore[arg-type]
    return found if n is None else found.head(n)
