"""What one widget labels: tasks, a view, and the queue of records as a snapshot of ids."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import Or
from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.view import View

ORDERS = ("view", "random", "uncertain")
FILTERS = ("all", "unlabelled", "flagged", "skipped")


class Session:
    """The queue of one widget.

    The ids are taken once, when the queue is made: while a person labels, nothing moves under
    them, and going back finds the same records.
    """

    def __init__(self, tasks: Sequence[Task], view: View | None, *, by: str | None) -> None:
        if not tasks:
            raise QueryError("a Labeler needs at least one task.")
        self.tasks = list(tasks)
        self.project: Project = tasks[0].project
        self.actor = by or self.project.actor
        self.view = view if view is not None else self.project.view()
        others = [self.view.project, *(task.project for task in tasks)]
        if any(project is not self.project for project in others):
            raise QueryError("the tasks and the view of a Labeler belong to one project.")
        self.id = str(uuid.uuid4())
        self.order, self.filter, self.search, self.seed = "view", "all", "", 0
        self.revision = 0
        self._lock = threading.Lock()
        self._ids: NDArray[np.int64] | None = None

    @property
    def ids(self) -> NDArray[np.int64]:
        """The record ids of the queue, in order."""
        with self._lock:
            if self._ids is None:
                self._ids = self._selected().ids()
                self.revision += 1
            return self._ids

    def requeue(self, **changes: Any) -> None:
        """Make the queue anew with another order, seed, filter or search."""
        for name, value in changes.items():
            setattr(self, name, value)
        if changes.get("order") == "random":
            self.seed += 1
        with self._lock:
            self._ids = None

    def queue(self) -> dict[str, Any]:
        """Return what the front end knows of the queue."""
        ids = self.ids
        return {
            "length": len(ids),
            "position": 0,
            "order": self.order,
            "filter": self.filter,
            "seed": self.seed,
            "search": self.search,
            "title": self.view.title,
            "revision": self.revision,
        }

    def infos(self) -> list[dict[str, Any]]:
        """Return the tasks with their labels; every key stands for one label only."""
        taken: set[str] = set()
        infos = []
        for schema in (task.schema for task in self.tasks):
            info = asdict(schema) | {"kind": schema.kind.value, "overlap": schema.overlap.value}
            info["labels"] = []
            for label in schema.labels:
                key = "" if label.hotkey in taken else label.hotkey
                taken.add(key)
                info["labels"].append(
                    {"id": label.id, "name": label.name, "color": label.color, "hotkey": key}
                )
            infos.append(info)
        return infos

    def progress(self) -> dict[str, dict[str, int]]:
        """Return by task id how many records the actor has labelled, of how many."""
        found = {}
        for task in self.tasks:
            labelled, total = task.progress(self.actor)
            found[str(task.id)] = {"labelled": labelled, "total": total}
        return found

    def cards(self, first: int, last: int) -> list[dict[str, Any]]:
        """Return the cards of these positions of the queue; fewer than asked if they are long."""
        ids = self.ids[first:last].tolist()
        cards = self.project.cards(ids, self.tasks, self.actor)
        position = {record: first + at for at, record in enumerate(ids)}
        return [card | {"position": position[card["id"]]} for card in cards]

    def _selected(self) -> View:
        view = self.view
        if self.filter == "unlabelled":
            view = view.where(Or(tuple(task.unlabeled for task in self.tasks)))
        elif self.filter in ("flagged", "skipped"):
            marks = [
                task.flagged if self.filter == "flagged" else task.skipped for task in self.tasks
            ]
            view = view.where(Or(tuple(marks)))
        if self.search.strip():
            view = view.search(self.search, how="words")
        if self.order == "random":
            return view.shuffle(self.seed)
        if self.order == "uncertain":
            return self._least_certain(view)
        return view

    def _least_certain(self, view: View) -> View:
        runs = [run for task in self.tasks for run in task.runs()[-1:]]
        if not runs:
            raise QueryError(
                "there are no weak labels yet, so nothing is known to be uncertain.",
                hint="Run task.run() and task.supervise() first.",
            )
        return view.order_by(runs[0].confidence)
