"""What one HeuristicEditor works on: a task, the work that is under way, and what was removed."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from refinery_nb.core.errors import HeuristicError
from refinery_nb.project.rules import rule_standing
from refinery_nb.project.rules.rule_standing import Change, Standing
from refinery_nb.project.task import Task
from refinery_nb.store.rule_history import TakenOut

EVERY = 0.1  # seconds between two messages on progress
KEPT = 20  # removed heuristics that can be put back

Push = Callable[..., None]


class EditorSession:
    """The kernel's side of one HeuristicEditor.

    Trying and running take their time: they are done on threads of their own, one of each at
    most, so that the widget, and every other one of the kernel, goes on answering.
    """

    def __init__(self, task: Task, push: Push) -> None:
        self.task = task
        self.project = task.project
        self.actor = task.project.actor
        self.id = str(uuid.uuid4())
        self.removed: dict[str, TakenOut] = {}
        self._push = push
        self._lock = threading.Lock()
        self._trial: threading.Event | None = None
        self._run: threading.Event | None = None
        self._job: dict[str, Any] | None = None
        self._told = 0.0

    @property
    def job(self) -> dict[str, Any] | None:
        """How far a run is: ``heuristics, done, total``; None if there is none."""
        return self._job

    def begin_trial(self) -> threading.Event:
        """Return what ends a new trial; the one before it is ended, as nobody looks at it."""
        with self._lock:
            if self._trial is not None:
                self._trial.set()
            self._trial = threading.Event()
            return self._trial

    def begin_run(self, heuristics: list[int]) -> threading.Event:
        """Return what ends a new run.

        Raises
        ------
        HeuristicError
            If one is under way.
        """
        with self._lock:
            if self._run is not None:
                raise HeuristicError(
                    "a run of this editor is under way.", hint="Wait for its end, or cancel it."
                )
            self._run = threading.Event()
            self._job = {"heuristics": heuristics, "done": 0, "total": 0}
            return self._run

    def report(self, done: int, total: int) -> None:
        """Say how far the run is."""
        job = self._job
        if job is None:
            return
        self._job = job = {**job, "done": done, "total": total}
        now = time.monotonic()
        if now - self._told >= EVERY:
            self._told = now
            self._push("progress", job=job)

    def end_run(self) -> None:
        """Say that the run has ended."""
        with self._lock:
            self._run = self._job = None
        self._push("progress", job=None)

    def cancel(self) -> None:
        """End what is under way, soon."""
        with self._lock:
            for event in (self._trial, self._run):
                if event is not None:
                    event.set()

    def keep(self, taken: TakenOut) -> str:
        """Keep what was removed; return the word that gets it back."""
        token = str(uuid.uuid4())
        self.removed[token] = taken
        while len(self.removed) > KEPT:
            del self.removed[next(iter(self.removed))]
        return token

    def rows(self) -> dict[str, Any]:
        """Return the heuristics as the list shows them."""
        found, total, labelled = rule_standing.standings(self.task)
        said = self.project.comments.counts("heuristic", self.task.name)
        return {
            "heuristics": [
                {**standing_row(one), "comments": said.get(one.name, 0)} for one in found
            ],
            "records": total,
            "labelled": labelled,
        }


def standing_row(standing: Standing) -> dict[str, Any]:
    """Return how a heuristic stands as plain JSON."""
    row = asdict(standing)
    row["labels"] = [[label, count] for label, count in standing.labels.items()]
    return row


def change_row(change: Change | None) -> dict[str, Any] | None:
    """Return what a change did as plain JSON."""
    return None if change is None else asdict(change)
