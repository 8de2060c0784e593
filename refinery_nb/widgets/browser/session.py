"""What one Browser shows: a query over a view, its records as a snapshot, and what is selected."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.condition_json import nodes
from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.query import (
    And,
    AttributeField,
    Commented,
    Compare,
    Condition,
    GivenField,
    Keys,
    Labelled,
    LengthField,
    Marked,
    Not,
    Or,
    Selection,
    TextSearch,
)
from refinery_nb.core.schema import AttributeType, TaskSchema
from refinery_nb.project import labeling
from refinery_nb.project.masks.masks import Masks
from refinery_nb.project.masks.matches import Matches
from refinery_nb.project.project import Project
from refinery_nb.project.query_text import Parser, Vocabulary, vocabulary, written
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.store import page, records, schema
from refinery_nb.widgets.browser import orders

FIRST = 60  # records of the first page
SMALL = 20_000  # records up to which all are found at once
LONGEST = 20_000  # characters of a query

# Asked of SQLite: the first page of these comes along an index, without all of them.
IN_TABLES = (
    And,
    Or,
    Not,
    Labelled,
    Marked,
    Commented,
    TextSearch,
    Keys,
    AttributeField,
    LengthField,
)

Ints = NDArray[np.int64]
Push = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query in words, and the order of what it finds."""

    text: str = ""
    order: str = "view"
    descending: bool = False
    seed: int = 1


@dataclass(slots=True)
class Snapshot:
    """The records of a query as they were when it was asked: while a person works, nothing moves.

    ``ids`` holds the first ones only until ``whole``.
    """

    revision: int
    asked: Asked
    condition: Condition  # of the query alone
    selection: Selection
    ids: Ints
    whole: bool
    matches: Matches
    lock: threading.Lock = field(default_factory=threading.Lock)


class BrowserSession:
    """The kernel's side of one Browser."""

    def __init__(
        self, project: Project, task: Task | None, view: View | None, *, by: str | None
    ) -> None:
        self.project = project
        self.actor = by or project.actor
        self.base = view
        self.focus = task.name if task is not None else None
        self.masks = Masks(project)
        self.revision = 0
        # The numbers of the newest questions: older ones need no answer while somebody types.
        self._asked = 0
        self._counted = 0
        self.selected: tuple[int, list[tuple[int, int]]] | None = None  # revision, places
        self._words: Vocabulary | None = None
        self._lock = threading.Lock()
        self.snapshot: Snapshot
        self.ask(Asked(), 0)

    @property
    def words(self) -> Vocabulary:
        """The names that a query can use."""
        found = self._words
        if found is None:
            found = self._words = vocabulary(self.project, self.focus)
        return found

    @property
    def is_large(self) -> bool:
        """Whether the first page of a query comes before the others."""
        return len(self.masks.dense.ids()) > SMALL

    @property
    def tasks(self) -> dict[str, Task]:
        """The tasks of the project by name."""
        return self.project.tasks

    def stale(self, *, records_changed: bool = False) -> None:
        """Look names up anew; and records, if they have changed."""
        self._words = None
        if records_changed:
            self.masks.forget()

    def parsed(self, text: str) -> Condition:
        """Return the condition of a query.

        Raises
        ------
        QueryTextError
            If it cannot be read.
        """
        if len(text) > LONGEST:
            raise QueryError(f"a query of {len(text):,} characters is too long to be typed.")
        return Parser(text, self.words).query()

    def view(self, asked: Asked) -> View:
        """Return the view of a query."""
        condition = self.parsed(asked.text)
        base = self.base if self.base is not None else self.project.view()
        found = base.where(condition)
        order = orders.chosen(self, asked, condition)
        if order is None:
            return found
        return found.order_by(order[0], descending=order[1])

    def ask(self, asked: Asked, number: int) -> Snapshot | None:
        """Find the records of a query; of many, the first page only, where that is quicker.

        ``number`` grows with every question; None: a newer one was asked meanwhile.

        Raises
        ------
        RefineryError
            If it cannot be read, or makes no sense for the project.
        """
        self._asked = max(self._asked, number)
        condition = self.parsed(asked.text)
        selection = self.view(asked).selection
        limit = FIRST if selection.limit is None else min(FIRST, selection.limit)
        if not self.is_large:
            ids, whole = self.masks.ids(selection), True
        elif self._first_page_alone(selection):
            ids, whole = self.project.select_ids(replace(selection, limit=limit)), False
        elif selection.order and not self.masks.has_order(selection.order):
            ids, whole = self.masks.ids(replace(selection, limit=limit)), False
        else:
            ids, whole = self.masks.ids(selection), True
        whole = whole or len(ids) < FIRST
        with self._lock:
            if number < self._asked:
                return None
            self.revision += 1
            self.snapshot = Snapshot(
                self.revision, asked, condition, selection, ids, whole, Matches(condition)
            )
            return self.snapshot

    def all_ids(self, snapshot: Snapshot) -> Ints:
        """Return all records of a snapshot, in order."""
        with snapshot.lock:
            if not snapshot.whole:
                found = self.masks.ids(snapshot.selection)
                first = snapshot.ids
                # What was shown already stays where it was, whatever was labelled since.
                if not np.array_equal(found[: len(first)], first):
                    found = np.concatenate([first, found[~np.isin(found, first)]])
                snapshot.ids, snapshot.whole = found, True
            return snapshot.ids

    def count(self, text: str, number: int) -> int | None:
        """Return how many records a query finds; None if a newer one was asked meanwhile."""
        self._counted = max(self._counted, number)
        view = self.view(replace(self.snapshot.asked, text=text, order="view"))
        if number < self._counted:
            return None
        if view.selection.limit is not None:
            return len(view)
        return self.masks.count(view.selection.condition)

    def now(self, snapshot: Snapshot) -> int:
        """Return how many records the query of a snapshot finds by now."""
        selection = snapshot.selection
        found = self.masks.count(selection.condition)
        return found if selection.limit is None else min(found, selection.limit)

    def chosen(self, revision: int, ranges: Sequence[tuple[int, int]] | None) -> Ints:
        """Return the records at some places of a snapshot, or all of it.

        Raises
        ------
        QueryError
            If the records are others by now.
        """
        snapshot = self.snapshot
        if revision != snapshot.revision:
            raise QueryError("the records are others by now.", hint="Select them again.")
        ids = self.all_ids(snapshot)
        if ranges is None:
            return ids
        parts = [ids[first:last] for first, last in ranges]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def chosen_view(self, revision: int, ranges: Sequence[tuple[int, int]] | None) -> View:
        """Return the view of the selected records in their order, or of the whole query."""
        if ranges is None:
            if revision != self.snapshot.revision:
                raise QueryError("the records are others by now.", hint="Look again.")
            return View(self.project, self.snapshot.selection)
        return self.of_keys(self.keys(self.chosen(revision, ranges)))

    def of_keys(self, keys: Sequence[str]) -> View:
        """Return the view of records by key, in this order."""
        places = tuple(float(at) for at in range(len(keys)))
        order = GivenField("place in the list", tuple(keys), places)
        return View(self.project, Selection(Keys(tuple(keys)), ((order, False),)))

    def keys(self, ids: Ints) -> list[str]:
        """Return the keys of records, as they are stored, in order."""
        with self.project.database.read() as connection:
            known = records.keys_of_ids(connection, ids.tolist())
        return [known[one] for one in ids.tolist() if one in known]

    def task(self, name: str) -> Task:
        """Return a task by name.

        Raises
        ------
        QueryError
            If there is none.
        """
        known = self.tasks
        if name not in known:
            raise QueryError(f"there is no task {name!r}.", hint=did_you_mean(name, known))
        return known[name]

    def label(self, task: Task, ids: Ints, said: str | None) -> int:
        """Label records by id, undone together; return how many.

        ``""``: none fits; None takes labels away. Where a record may have several, the label is
        added; one record that has it already loses it.
        """
        value = None if said is None else labeling.NONE if said == "" else said
        project, schema_ = self.project, task.schema
        if not (schema_.is_multi and isinstance(value, str)):
            return labeling.label_same(project, schema_, ids.tolist(), value, by=self.actor)
        schema_.label(value)
        with project.database.read() as connection:
            rows = page.said(connection, [task.id], ids.tolist())
            keys = records.keys_of_ids(connection, ids.tolist())
        own: dict[int, set[str]] = {one: set() for one in ids.tolist()}
        for row in rows:
            if row.actor == self.actor and row.label is not None:
                own[row.record].add(schema_.label_name(row.label))
        one = len(ids) == 1
        values = {
            key: sorted(own[record] ^ {value} if one else own[record] | {value})
            for record, key in keys.items()
        }
        return task.label_many(values, by=self.actor)

    def text_attribute(self) -> str | None:
        """Return the attribute that the list shows: the one of the task, or the first text."""
        with self.project.database.read() as connection:
            attributes = schema.attributes(connection)
            tasks = schema.tasks(connection)
        on = next((task.on for task in tasks if task.name == self.focus), None)
        on = on or next((task.on for task in tasks if task.on is not None), None)
        texts = [a.name for a in attributes if a.type is AttributeType.TEXT and not a.is_key]
        strings = [a.name for a in attributes if a.type.is_string and not a.is_key]
        every = [a.name for a in attributes]
        return on or next(iter([*texts, *strings, *every]), None)

    def written(self, condition: Condition) -> str:
        """Return a condition as a query."""
        return written(condition, self.words)

    def _first_page_alone(self, selection: Selection) -> bool:
        """Say whether SQLite finds the first page quicker than masks find all: of words, texts."""
        if selection.order:
            field_ = selection.order[0][0]
            if not isinstance(field_, LengthField) and not (
                isinstance(field_, AttributeField) and not self._is_dense(field_.name)
            ):
                return False
        elif self.masks.is_at_hand(selection.condition):
            return False
        parts = [
            one.field if isinstance(one, Compare) else one
            for one in nodes(selection.condition)
            if isinstance(one, Condition)
        ]
        return all(isinstance(one, IN_TABLES) for one in parts)

    def _is_dense(self, name: str) -> bool:
        return self.project.attribute(name).type not in (AttributeType.TEXT, AttributeType.JSON)

    def schemas(self) -> tuple[TaskSchema, ...]:
        """Return the tasks, the one in focus first."""
        every = self.project.schemas
        return tuple(sorted(every, key=lambda task: task.name != self.focus))
