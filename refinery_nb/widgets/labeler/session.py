"""What one widget labels: tasks, a view, and the queue of records as a snapshot of ids."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import Or, QueueField, Strategy
from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.view import View

STRATEGIES = tuple(one for one in get_args(Strategy) if one != "random")
ORDERS = ("view", "random", *STRATEGIES)
FILTERS = ("all", "unlabelled", "flagged", "skipped")
STAY = 2  # records behind the one that is looked at that stay: a person may be there already


class Session:
    """The queue of one widget.

    The ids are taken once, when the queue is made: while a person labels, nothing moves under
    them, and going back finds the same records. In an order that follows what is learnt from
    labels, the records that nobody has come to yet are put in the new order.
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
        self._fresh: NDArray[np.int64] | None = None
        self._furthest = 0
        self._unwatch: Callable[[], None] | None = None

    @property
    def ids(self) -> NDArray[np.int64]:
        """The record ids of the queue, in order."""
        with self._lock:
            if self._ids is None:
                self._ids = self._selected().ids()
                self._fresh, self._furthest = None, 0
                self.revision += 1
                self._watch()
            return self._ids

    def follow(self) -> bool:
        """Put what nobody has come to yet in the order that is learnt by now; say if there is one.

        It is taken over when the next page is asked for.
        """
        field, ids = self._learnt_order(), self._ids
        if field is None or ids is None:
            return False
        fresh = self.project.queues.sort(field, ids)
        with self._lock:
            if self._ids is ids:
                self._fresh = fresh
        return True

    def come_to(self, position: int) -> None:
        """Note where a person is, and let what lies ahead follow a new order."""
        with self._lock:
            self._furthest = max(self._furthest, position)
            ids, fresh = self._ids, self._fresh
            if ids is None or fresh is None:
                return
            kept = ids[: self._furthest + 1 + STAY]
            self._ids = np.concatenate([kept, fresh[~np.isin(fresh, kept)]])
            self._fresh = None

    def close(self) -> None:
        """Follow no labels any more."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    def _learnt_order(self) -> QueueField | None:
        """Return the order of the queue, if it follows what is learnt."""
        if self.order in STRATEGIES:
            return QueueField(self.tasks[0].name, self.order)  # type: ignore[arg-type]
        order = self.view.selection.order
        if self.order == "view" and order and isinstance(order[0][0], QueueField):
            return order[0][0]
        return None

    def _watch(self) -> None:
        """Have labels followed while the order asks for it."""
        self.close()
        field = self._learnt_order()
        if field is not None and field.strategy != "random":
            self._unwatch = self.project.learning.watch(self.project.task(field.task))

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
                    {
                        "id": label.id,
                        "name": label.name,
                        "color": label.color,
                        "hotkey": key,
                        "description": label.description,
                    }
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
        """Return the cards of these positions of the queue.

        A record that was deleted since has an empty card: the places of the others stay.
        """
        ids = self.ids[first:last].tolist()
        cards = {card["id"]: card for card in self.project.cards(ids, self.tasks, self.actor)}
        return [
            (cards.get(record) or self._gone(record)) | {"position": first + at}
            for at, record in enumerate(ids)
        ]

    def _gone(self, record: int) -> dict[str, Any]:
        tasks = [str(task.id) for task in self.tasks]
        nothing: dict[str, Any] = {"version": 0, "value": None, "marks": [], "stale": False}
        return {
            "id": record,
            "key": "This record was deleted.",
            "attributes": [],
            "texts": {},
            "tasks": dict.fromkeys(tasks, nothing),
            "votes": {task: [] for task in tasks},
            "weak": {},
        }

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
        field = self._learnt_order() if self.order != "view" else None
        return view if field is None else view.order_by(field)
