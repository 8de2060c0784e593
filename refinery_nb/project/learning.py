"""Learners of a project: what they have learnt, and the thread on which they follow the labels."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from refinery_nb.active.beliefs import Beliefs
from refinery_nb.core.errors import HeuristicError, StoreError
from refinery_nb.core.votes import Gold, Votes
from refinery_nb.heuristics.active import ActiveLearner
from refinery_nb.project import engine_kinds, foreign, frames, rules
from refinery_nb.project.asking import Outcome
from refinery_nb.project.learning_classes import believe
from refinery_nb.project.learning_space import Placed, Spaces
from refinery_nb.store import heuristics, records
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

log = logging.getLogger(__name__)

QUIET = 0.15  # seconds without a label, before it is learnt again
LONGEST = 0.5  # seconds that labels that keep coming can put it off
KEPT = 8  # lessons
STOP = 30.0  # seconds that closing waits for the work to notice


class Stopped(Exception):
    """The project is being closed: what was being learnt is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What was learnt from the labels of a task.

    Attributes
    ----------
    beliefs
        What is believed of all records.
    labels
        How many records with a valid label it was learnt from.
    message
        For people: how good it is, and what is missing.
    """

    beliefs: Beliefs
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
        self._changed = threading.Condition(self._lock)
        self._lessons: dict[tuple[int, str], tuple[bytes, Lesson | HeuristicError]] = {}
        self._teaching = threading.Lock()
        self._waiting: dict[int, float] = {}  # task to the time of its first new label
        self._last = 0.0
        self._thread: threading.Thread | None = None
        self._watched: dict[int, int] = {}
        self._admitted: set[str] = set()  # recipes with code that was run here on purpose
        self._paused = False
        self._stop = threading.Event()
        project.events.subscribe("labels", self._heard)

    # What is known

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
        gold, _ = frames.gold_columns(task)
        on = learner.on or task.schema.on
        with self._teaching:  # two threads would learn the same twice
            embedding = None if learner.source else learner.embedding
            placed = self.spaces.placed(on, embedding, check=self._check)
            key, mark = (task.id, learner.recipe), _mark(task, gold, placed, learner)
            with self._lock:
                known = self._lessons.get(key)
            if known is None or known[0] != mark:
                known = mark, self._taught(task, learner, gold, placed)
                with self._lock:
                    self._lessons.pop(key, None)
                    self._lessons[key] = known
                    while len(self._lessons) > KEPT:
                        del self._lessons[next(iter(self._lessons))]
        if isinstance(known[1], HeuristicError):
            raise known[1]
        return known[1]

    def learner_of(self, task: Task) -> ActiveLearner:
        """Return the first enabled learner of a task, or the built-in one."""
        for row in _learners(task):
            if row.enabled and self._may_run(row):
                return ActiveLearner.from_spec(row.spec)
        return ActiveLearner(task.schema.on)

    def placed(self, task: Task) -> Placed:
        """Return where the records stand for the learner of a task."""
        learner = self.learner_of(task)
        embedding = None if learner.source else learner.embedding
        return self.spaces.placed(learner.on or task.schema.on, embedding, check=self._check)

    def admit(self, learner: ActiveLearner) -> None:
        """Note that a learner was added or run here: its code may run in the background."""
        with self._lock:
            self._admitted.add(learner.recipe)

    # Following the labels

    @property
    def paused(self) -> bool:
        """Whether learners do not follow the labels."""
        return self._paused

    def pause(self) -> None:
        """Keep learners from learning in the background; ``task.run()`` still has them learn."""
        with self._lock:
            self._paused = True
            self._waiting.clear()

    def resume(self) -> None:
        """Let learners follow the labels again; they catch up."""
        with self._lock:
            self._paused = False
        for task in self._project.tasks.values():
            self._follow({task.id})

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

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all labels so far have been learnt from; False if time ran out."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._thread is None and not self._waiting, timeout
            )

    def close(self) -> None:
        """Stop following; what is being learnt is given up."""
        self._stop.set()
        with self._changed:
            self._waiting.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(STOP)

    def _heard(self, event: dict[str, Any]) -> None:
        self._follow({change.task for change in event["changes"]})

    def _follow(self, tasks: set[int]) -> None:
        """Note that labels changed; the thread that learns is started if it has ended."""
        with self._changed:
            if self._paused or self._stop.is_set():
                return
            self._last = time.monotonic()
            for task in tasks:
                self._waiting.setdefault(task, self._last)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="refinery_nb learning", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                while self._waiting and not self._stop.is_set():
                    now = time.monotonic()
                    due = min(self._last + QUIET, min(self._waiting.values()) + LONGEST)
                    if due <= now:
                        break
                    self._changed.wait(due - now)
                if not self._waiting or self._stop.is_set():
                    self._thread = None
                    self._changed.notify_all()
                    return
                tasks = list(self._waiting)
                self._waiting.clear()
            try:
                for task in self._project.tasks.values():
                    if task.id in tasks:
                        self._relearn(task)
            except Stopped:
                continue
            except StoreError:
                if not self._stop.is_set():
                    log.exception("learning failed")
            except Exception:
                log.exception("learning failed")

    def _relearn(self, task: Task) -> None:
        rows = [row for row in _learners(task) if row.enabled and row.spec["follow"]]
        rows = [row for row in rows if self._may_run(row)]
        with self._lock:
            watched = self._watched.get(task.id, 0) > 0
        if not rows and not watched:
            return
        changed = False
        for row in rows:
            try:
                self.lesson(task, ActiveLearner.from_spec(row.spec))
            except HeuristicError:
                if row.state == "new":
                    continue  # too few labels yet: nothing has failed
            changed |= self._run(task, row)
        if changed:
            self._project.events.emit("votes", task=task.id)
        if watched:
            try:
                self.lesson(task)
            except HeuristicError:
                return
        self._project.events.emit("learnt", task=task.id)

    def _run(self, task: Task, row: HeuristicRow) -> bool:
        """Bring the votes of a learner up to date; return whether they changed."""
        with self._project.database.read() as connection:
            now = records.version(connection)
        try:
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

    def _may_run(self, row: HeuristicRow) -> bool:
        """Say whether a learner has no code of its own, or code that somebody ran here."""
        learner = ActiveLearner.from_spec(row.spec)
        if not learner.source:
            return True
        with self._lock:
            return learner.recipe in self._admitted

    def _taught(
        self, task: Task, learner: ActiveLearner, gold: Gold, placed: Placed
    ) -> Lesson | HeuristicError:
        try:
            beliefs = believe(task, learner, gold, placed, check=self._check, cancel=self._stop)
        except HeuristicError as error:
            self._check()
            return error
        return Lesson(beliefs, len(beliefs.known), _message(beliefs, learner, placed))

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped


def learner_votes(task: Task, row: HeuristicRow) -> Outcome:
    """Return the votes of a learner on all records, learnt from the labels that stand."""
    learner = ActiveLearner.from_spec(row.spec)
    foreign.refuse(task.project, {row.name: row.spec})
    task.project.learning.admit(learner)
    lesson = task.project.learning.lesson(task, learner)
    return Outcome(_votes(task, learner, lesson), message=lesson.message)


def check(task: Task, learner: ActiveLearner) -> None:
    """Refuse a learner of what does not exist, before it is added.

    Raises
    ------
    RefineryError
        If there is no such attribute, embedding or label, or it learns another kind of task.
    """
    project, schema = task.project, task.schema
    if learner.on is not None:
        attribute = project.attribute(learner.on)
        if not attribute.type.is_string:
            raise HeuristicError(
                f"{learner.on!r} is of the type {attribute.type.value}; a learner learns from "
                "texts."
            )
    for label in learner.labels or ():
        schema.label(label)
    if learner.embedding is not None:
        project.embeddings.row(learner.embedding)
    if learner.spans is not None and learner.spans != schema.is_spans:
        kind = "spans" if learner.spans else "classes"
        raise HeuristicError(f"{learner.name!r} learns {kind}; {task.name!r} is another task.")
    project.learning.admit(learner)


def rename_label(task: Task, old: str, new: str) -> None:
    """Carry a renamed label into the label filters of learners."""
    with task.project.database.write() as connection:
        for row in heuristics.heuristics(connection, task.id):
            labels = row.spec.get("labels") if row.spec["kind"] == ActiveLearner.kind else None
            if labels and old in labels:
                spec = {**row.spec, "labels": [new if one == old else one for one in labels]}
                fingerprint = ActiveLearner.from_spec(spec).fingerprint
                heuristics.set_spec(connection, row.version, spec, fingerprint)


def _votes(task: Task, learner: ActiveLearner, lesson: Lesson) -> Votes:
    schema = task.schema
    wanted = None
    if learner.labels is not None:
        wanted = [schema.label(name).id for name in learner.labels]
    sure = learner.sure(spans=schema.is_spans)
    return lesson.beliefs.votes(min_confidence=sure, labels=wanted)


def _learners(task: Task) -> list[HeuristicRow]:
    return [row for row in rules.rows(task) if row.spec["kind"] == ActiveLearner.kind]


def _mark(task: Task, gold: Gold, placed: Placed, learner: ActiveLearner) -> bytes:
    """Return what changes whenever something else would be learnt."""
    digest = blake2b(digest_size=16)
    votes = gold.votes
    for column in (gold.reviewed, votes.record, votes.label, votes.start, votes.end):
        digest.update(b"-" if column is None else column.tobytes())
    labels = [label.id for label in task.schema.labels]
    # A model that somebody brought learns from the vectors alone: when they were made is enough.
    digest.update(repr((labels, placed.version, learner.recipe)).encode())
    return digest.digest()


def _message(beliefs: Beliefs, learner: ActiveLearner, placed: Placed) -> str:
    told = f"learnt from {len(beliefs.known):,} labels"
    apart = beliefs.proba[beliefs.known]
    if apart.any():
        right = float((apart.argmax(axis=1) == beliefs.given).mean())
        told += f"; held out, {right:.0%} of them are found again"
    if not learner.source and not placed.meaning:
        told += ". It knows words only: project.embed() adds what they mean"
    return told + "."
