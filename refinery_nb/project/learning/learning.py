"""Learners of a project: what they have learnt, kept until labels or records change."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from refinery_nb.active.beliefs import Beliefs
from refinery_nb.active.several import SeveralBeliefs
from refinery_nb.active.tagger import SpanBeliefs
from refinery_nb.core.errors import HeuristicError, StoreError
from refinery_nb.core.votes import Gold
from refinery_nb.heuristics.active import ActiveLearner
from refinery_nb.learn.token_features import TokenFeatures
from refinery_nb.project.learning import learning_classes, learning_several, learning_spans
from refinery_nb.project.learning.learning_following import Following, Stopped
from refinery_nb.project.learning.learning_space import Placed, Spaces
from refinery_nb.project.records import frames
from refinery_nb.project.rules import engine_kinds, rules
from refinery_nb.store import heuristics, records
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

log = logging.getLogger(__name__)

KEPT = 8  # lessons


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What was learnt from the labels of a task.

    Attributes
    ----------
    beliefs
        What is believed of all records.
    labels
        How many labelled records it was learnt from.
    message
        For people: how good it is, and what is missing.
    """

    beliefs: Beliefs | SeveralBeliefs | SpanBeliefs
    labels: int
    message: str


class Learning:
    """Learns from the labels of a project, and again while people label.

    ``project.learning.pause()`` keeps learners from following, ``resume()`` lets them again, and
    ``wait()`` returns when nothing is left to learn.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.spaces = Spaces(project)
        self._lock = threading.Lock()
        # Held while something is learnt, before any lock of the database: two threads would learn
        # the same twice.
        self._teaching = threading.Lock()
        self._lessons: dict[tuple[int, str], tuple[bytes, Lesson | HeuristicError]] = {}
        self._clusters: dict[tuple[str | None, int, int], TokenFeatures] = {}
        self._watched: dict[int, int] = {}
        self._admitted: set[str] = set()  # recipes with code that was run here on purpose
        self._following = Following(
            project.events, self._relearn, lambda: [task.id for task in project.schemas]
        )
        self.pause = self._following.pause
        self.resume = self._following.resume
        self.wait = self._following.wait
        self.close = self._following.close

    @property
    def paused(self) -> bool:
        """Whether learners do not follow the labels."""
        return self._following.paused

    def watch(self, task: Task) -> Callable[[], None]:
        """Have the labels of a task followed though no heuristic does; return how to end that."""
        with self._lock:
            self._watched[task.id] = self._watched.get(task.id, 0) + 1
        ended = threading.Event()

        def end() -> None:
            with self._lock:
                if not ended.is_set():
                    ended.set()
                    self._watched[task.id] -= 1

        return end

    def lesson(self, task: Task, learner: ActiveLearner | None = None) -> Lesson:
        """Return what a learner has learnt from the labels that stand, learnt now if need be.

        Parameters
        ----------
        learner
            None: the first enabled one of the task, or else the built-in one.

        Raises
        ------
        HeuristicError
            If nothing can be learnt from these labels.
        """
        learner = learner or self.learner_of(task)
        check = self._following.check
        with self._teaching:
            gold, _ = frames.gold_columns(task)
            key, seen = (task.id, learner.recipe), self._version(task, learner)
            mark = _mark(task, gold, seen)
            with self._lock:
                known = self._lessons.get(key)
            if known is None or known[0] != mark:
                try:
                    found: Lesson | HeuristicError = self._taught(task, learner, gold)
                except HeuristicError as error:
                    check()
                    found = error
                known = mark, found
                with self._lock:
                    self._lessons.pop(key, None)
                    self._lessons[key] = known
                    while len(self._lessons) > KEPT:
                        del self._lessons[next(iter(self._lessons))]
        if isinstance(known[1], HeuristicError):
            raise known[1]
        return known[1]

    def learner_of(self, task: Task) -> ActiveLearner:
        """Return the first enabled learner of a task that may run here, or the built-in one."""
        for row in learners(task):
            if row.enabled and self._may_run(row.spec):
                return ActiveLearner.from_spec(row.spec)
        return ActiveLearner(task.schema.on)

    def placed(self, task: Task, learner: ActiveLearner | None = None) -> Placed:
        """Return where the records stand for a learner."""
        learner = learner or self.learner_of(task)
        embedding = None if learner.source or task.schema.is_spans else learner.embedding
        on = learner.on or task.schema.on
        return self.spaces.placed(on, embedding, check=self._following.check)

    def admit(self, learner: ActiveLearner) -> None:
        """Note that a learner was added or run here: its code may run in the background."""
        with self._lock:
            self._admitted.add(learner.recipe)

    def _may_run(self, spec: Mapping[str, Any]) -> bool:
        """Say whether a learner has no code of its own, or code that somebody ran here."""
        learner = ActiveLearner.from_spec(spec)
        with self._lock:
            return not learner.source or learner.recipe in self._admitted

    def _version(self, task: Task, learner: ActiveLearner) -> tuple[object, ...]:
        """Return what changes whenever what is learnt from does, but for the labels."""
        if not task.schema.is_spans:
            return self.placed(task, learner).version
        name = learning_spans.token_embedding(task, learner.embedding)
        row = None if name is None else self._project.embeddings.row(name)
        with self._project.database.read() as connection:
            now = (records.version(connection), records.count(connection))
        return (None if row is None else (row.id, row.generation, row.at), *now)

    def _taught(self, task: Task, learner: ActiveLearner, gold: Gold) -> Lesson:
        follow = self._following
        if task.schema.is_spans:
            texts = learning_spans.TaggedTexts(task, learner.embedding)
            spans = learning_spans.believe(
                task,
                learner,
                gold,
                texts,
                lambda: self._clustered(task, texts),
                check=follow.check,
                cancel=follow.stop,
            )
            return Lesson(spans, len(spans.known), learning_spans.told(spans, texts, learner))
        placed = self.placed(task, learner)
        if task.schema.is_multi:
            several = learning_several.believe(
                task, learner, gold, placed, check=follow.check, cancel=follow.stop
            )
            said = learning_several.told(task, several, placed, learner)
            return Lesson(several, len(several.known), said)
        beliefs = learning_classes.believe(
            task, learner, gold, placed, check=follow.check, cancel=follow.stop
        )
        return Lesson(beliefs, len(beliefs.known), learning_classes.told(beliefs, placed, learner))

    def _clustered(self, task: Task, texts: learning_spans.TaggedTexts) -> TokenFeatures:
        with self._project.database.read() as connection:
            key = (task.schema.on, records.version(connection), records.count(connection))
        if key not in self._clusters:
            self._clusters = {key: learning_spans.clusters(texts, self._following.check)}
        return self._clusters[key]

    def _relearn(self, task_id: int) -> None:
        """Learn again from the labels of a task; called on the thread that follows."""
        task = next((one for one in self._project.tasks.values() if one.id == task_id), None)
        if task is None:
            return
        rows = [row for row in learners(task) if row.enabled and row.spec["follow"]]
        rows = [row for row in rows if self._may_run(row.spec)]
        with self._lock:
            watched = self._watched.get(task.id, 0) > 0
        if not rows and not watched:
            return
        changed = [self._voted(task, row) for row in rows]
        try:
            if watched:
                self.lesson(task)
        except HeuristicError:
            watched = False  # too few labels: the order that needs none stands
        # Orders first: who is told of votes then asks for records, and gets them in the new order.
        if watched or rows:
            self._project.events.emit("learnt", task=task.id)
        if any(changed):
            self._project.events.emit("votes", task=task.id)

    def _voted(self, task: Task, row: HeuristicRow) -> bool:
        """Bring the votes of a learner up to date; return whether anything changed."""
        with self._project.database.read() as connection:
            now = records.version(connection)
        try:
            if row.state == "new":
                try:
                    self.lesson(task, ActiveLearner.from_spec(row.spec))
                except HeuristicError:
                    return False  # too few labels yet: nothing has failed
            told = engine_kinds.run(task, [row], now=now)
        except (Stopped, StoreError):
            raise
        except Exception as error:
            log.exception("the learner %r failed", row.name)
            message = f"{row.name}: it failed in the background: {type(error).__name__}: {error}"
            with self._project.database.write() as connection:
                heuristics.save_failure(connection, row.version, state="failed", message=message)
            return True
        return told[row.name][0] != "unchanged"


def learners(task: Task) -> list[HeuristicRow]:
    """Return the learners of a task, in the order in which they were added."""
    return [row for row in rules.rows(task) if row.spec["kind"] == ActiveLearner.kind]


def _mark(task: Task, gold: Gold, seen: tuple[object, ...]) -> bytes:
    """Return what changes whenever something else would be learnt."""
    digest = blake2b(digest_size=16)
    votes = gold.votes
    for column in (gold.reviewed, votes.record, votes.label, votes.start, votes.end):
        digest.update(b"-" if column is None else column.tobytes())
    digest.update(repr(([label.id for label in task.schema.labels], seen)).encode())
    return digest.digest()
