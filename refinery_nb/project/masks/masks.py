"""Which records a condition holds for, as a mask over all of them; and selections from that.

``store.views`` asks SQLite, which is quick for one page of one question. Here each part of a
condition becomes a mask, once per version of what it asks, so that the next filter over a million
records that differs in one part costs that part. Both answer the same (tests/project/test_masks).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.query import (
    Among,
    And,
    AttributeField,
    Commented,
    Compare,
    Condition,
    Conflicting,
    Field,
    FusedField,
    Judged,
    Keys,
    Labelled,
    LengthField,
    Marked,
    Not,
    Or,
    Paired,
    QueueField,
    RandomField,
    Selection,
    TextSearch,
    Voted,
    WeakField,
)
from refinery_nb.core.schema import Attribute, AttributeType, TaskKind, TaskSchema
from refinery_nb.project.masks.compared import COMPARISONS, compared, holds, is_search
from refinery_nb.project.masks.dense import Bools, Dense, Floats, Ints
from refinery_nb.project.selector import random_numbers
from refinery_nb.store import gold, page, schema, search, weak
from refinery_nb.store.comparison import compare

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

FEW = 8  # the first records are found alone where there are so many times as many
UNSTABLE = (QueueField, FusedField)  # orders that depend on which records are sorted


class Masks:
    """Answers selections of one project from masks and columns that it keeps."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.dense = Dense(project)

    def warm(self) -> None:
        """Read the columns that filters ask for, so that the first filter does not wait for it."""
        with self.project.database.read() as connection:
            attributes = schema.attributes(connection)
        for attribute in attributes:
            if not attribute.is_key:
                self.dense.numbers(attribute)
                self.dense.codes(attribute)
                self.dense.texts(attribute)

    def forget(self) -> None:
        """Read everything anew: records were deleted, or another process may have done so."""
        self.dense.kept.clear()

    def ids(self, selection: Selection) -> Ints:
        """Return the ids of the selected records, in order; as ``Selector.ids``.

        Raises
        ------
        QueryError
            If the selection makes no sense for the project.
        """
        if any(isinstance(field, UNSTABLE) for field, _ in selection.order):
            return self.project.select_ids(selection)
        mask = self.mask(selection.condition)
        every = self.dense.ids()
        if not selection.order:
            return every[mask][: selection.limit]
        if selection.limit is not None and not self.has_order(selection.order):
            first = self._first(mask, selection.order, selection.limit)
            if first is not None:
                return every[first]
        order = self.order(selection.order)
        return every[order[mask[order]]][: selection.limit]

    def count(self, condition: Condition) -> int:
        """Return for how many records a condition holds."""
        return int(self.mask(condition).sum())

    def mask(self, node: Condition) -> Bools:
        """Return where a condition holds, aligned with the ids of all records."""
        if isinstance(node, Not):
            return ~self.mask(node.item)
        if isinstance(node, (And, Or)):
            joined_by_and = isinstance(node, And)
            found = np.full(len(self.dense.ids()), joined_by_and)
            for item in node.items:
                part = self.mask(item)
                found = found & part if joined_by_and else found | part
            return found
        if isinstance(node, Among) and node.selection.limit is None:
            return self.mask(node.selection.condition)
        version = self._version(node)
        if version is None:
            return self.dense.marked(self.ids_of(node))
        return self.dense.kept.get(f"mask {node!r}", version, lambda: self._leaf(node))

    def is_at_hand(self, node: Condition) -> bool:
        """Say whether the mask of a condition is there, or soon made from columns."""
        if isinstance(node, Not):
            return self.is_at_hand(node.item)
        if isinstance(node, (And, Or)):
            return all(map(self.is_at_hand, node.items))
        if isinstance(node, (Voted, Conflicting, Labelled, Marked, Commented)):
            return True
        if isinstance(node, Compare) and isinstance(node.field, WeakField):
            return True
        if isinstance(node, Compare) and isinstance(node.field, AttributeField):
            attribute = self._attribute(node.field.name)
            if attribute is not None and self.dense.has(attribute):
                return True
            if attribute is not None and is_search(node) and self.dense.has_texts(attribute):
                return True
        version = self._version(node)
        return version is not None and self.dense.kept.has(f"mask {node!r}", version)

    def has_order(self, order: tuple[tuple[Field, bool], ...]) -> bool:
        """Say whether all records are sorted so already."""
        return self.dense.kept.has(f"order {order!r}", self._order_version(order))

    def _order_version(self, order: tuple[tuple[Field, bool], ...]) -> Hashable:
        runs = [field.run for field, _ in order if isinstance(field, WeakField)]
        weak_versions = [self.project.columns.weak_version(run) for run in runs]
        return (self.dense.version(), *weak_versions)

    def _first(self, mask: Bools, order: tuple[tuple[Field, bool], ...], limit: int) -> Ints | None:
        """Return the places of the first records in an order, without sorting all of them.

        None: where that is not quicker, or SQLite sorts.
        """
        at = np.flatnonzero(mask)
        if len(order) != 1 or not 0 < limit < len(at) // FEW:
            return None
        values = self._values(order[0][0])
        if values is None:
            return None
        own = -values[at] if order[0][1] else values[at]
        missing = np.isnan(own)
        last = np.partition(np.where(missing, np.inf, own), limit - 1)[limit - 1]
        near = np.flatnonzero(~(own > last))  # with those that are missing, and all that tie
        found = near[np.lexsort((own[near], missing[near]))][:limit]
        return at[found]

    def order(self, order: tuple[tuple[Field, bool], ...]) -> NDArray[np.int32] | NDArray[np.int64]:
        """Return the places of all records in an order; missing last, ties as they arrived."""
        keys: list[Any] = []
        for field, descending in order:
            values = self._values(field)
            if values is None:
                ids = self.project.select_ids(Selection(order=order))
                return self.dense.places(ids)
            keys += [np.isnan(values), -values if descending else values]

        def make() -> NDArray[np.int32]:
            # The first key of lexsort counts least; it is stable, and ids ascend.
            found = np.lexsort([key for pair in _pairs(keys) for key in pair])
            return found.astype(np.int32)

        return self.dense.kept.get(f"order {order!r}", self._order_version(order), make)

    def ids_of(self, node: Condition) -> Ints:
        """Return the records of one condition as SQLite finds them."""
        if isinstance(node, Commented):
            with self.project.database.read() as connection:
                return page.commented(connection, node.actor)
        if isinstance(node, TextSearch) and not search.literals(node.text):
            expression = search.match_expression(node.text)
            if expression is None:
                return self.dense.ids()
            search.bring_up_to_date(self.project.database)
            with self.project.database.read() as connection:
                return page.matching(connection, expression)
        return self.project.select_ids(Selection(node))

    def _version(self, node: Condition) -> Hashable:
        """Return what changes whenever the answer does; None where that is not known."""
        if isinstance(node, (TextSearch, Keys)):
            return self.dense.version()
        if isinstance(node, Compare):
            if isinstance(node.field, (AttributeField, LengthField)):
                return self.dense.version()
            if isinstance(node.field, WeakField):
                task = self._task(node.field.task)
                if task is None:
                    return None
                run = self.project.columns.weak_version(node.field.run)
                return (self.dense.version(), run, task.labels)
            return None
        if isinstance(node, (Labelled, Marked)):
            task = self._task(node.task)
            return None if task is None else (self._said(), task.labels)
        if isinstance(node, (Voted, Conflicting, Judged, Paired)):
            task = self._task(node.task)
            if task is None:
                return None
            votes = self.project.columns.versions(task)
            return (self.dense.version(), votes, self._said(), task.labels)
        return None

    def _said(self) -> Hashable:
        with self.project.database.read() as connection:
            return gold.version(connection)

    def _task(self, name: str) -> TaskSchema | None:
        with self.project.database.read() as connection:
            return next((task for task in schema.tasks(connection) if task.name == name), None)

    def _has_run(self, task: TaskSchema, run: int) -> bool:
        with self.project.database.read() as connection:
            return any(row.id == run for row in weak.runs(connection, task.id))

    def _attribute(self, name: str) -> Attribute | None:
        with self.project.database.read() as connection:
            return next((one for one in schema.attributes(connection) if one.name == name), None)

    def _leaf(self, node: Condition) -> Bools:
        found: Bools | None = None
        if isinstance(node, Compare):
            if isinstance(node.field, AttributeField):
                found = self._compared(node, self._attribute(node.field.name))
            elif isinstance(node.field, WeakField):
                found = self._weak(node, node.field)
        elif isinstance(node, Conflicting):
            task = self._task(node.task)
            if task is not None and task.kind is TaskKind.CLASSIFICATION:
                found = self.dense.conflicting(task)
        elif isinstance(node, Voted):
            found = self._voted(node)
        elif isinstance(node, (Labelled, Marked)):
            found = self._said_of(node)
        return self.dense.marked(self.ids_of(node)) if found is None else found

    def _said_of(self, node: Labelled | Marked) -> Bools | None:
        """Return where people have labelled: along their labels, not along all records."""
        task = self._task(node.task)
        if task is None:
            return None
        with self.project.database.read() as connection:
            if isinstance(node, Marked):
                return self.dense.marked(page.marked(connection, task.id, node.mark))
            asked = node.label is not None and not node.none
            label = task.label(node.label).id if asked and node.label is not None else None
            found = page.labelled(
                connection, task.id, label=label, actor=node.actor, none=node.none
            )
        return self.dense.marked(found)

    def _compared(self, node: Compare, attribute: Attribute | None) -> Bools | None:
        if attribute is None:
            return None
        compare("", attribute, node)  # says what is wrong with the value
        numbers = self.dense.numbers(attribute)
        if numbers is not None:
            return compared(numbers, node)
        if is_search(node):
            texts = self.dense.texts(attribute)
            if texts is not None:
                return texts.contains(node.value)
        coded = self.dense.codes(attribute)
        if coded is None:
            return None
        codes, values = coded
        told = np.array([holds(value, node) for value in values], np.bool_)
        table = np.append(told, node.op == "missing")  # the last one: a missing value
        found: Bools = table[codes]
        return found

    def _weak(self, node: Compare, field: WeakField) -> Bools | None:
        task = self._task(field.task)
        if task is None or not self._has_run(task, field.run):
            return None
        if field.what == "confidence":
            number = isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
            if node.op != "missing" and not (number and node.op in COMPARISONS):
                return None
            return compared(self.dense.confidence(field.run), node)
        if task.kind is not TaskKind.CLASSIFICATION:
            return None
        labels = self.dense.labels(field.run)
        if node.op == "missing":
            unlabelled: Bools = labels == 0
            return unlabelled
        if node.op not in ("=", "!=", "in"):
            return None
        names = node.value if node.op == "in" else (node.value,)
        wanted = [task.label(name).id for name in names]
        chosen: Bools = np.isin(labels, wanted)
        found: Bools = (labels > 0) & ~chosen if node.op == "!=" else chosen
        return found

    def _voted(self, node: Voted) -> Bools | None:
        task = self._task(node.task)
        if task is None:
            return None
        columns = self.project.columns.of_task(task, enabled_only=node.heuristic is None)
        if node.heuristic is not None and node.heuristic not in columns:
            return None
        wanted = None if node.label is None else task.label(node.label).id
        found = np.zeros(len(self.dense.ids()), np.bool_)
        for name, votes in columns.items():
            if node.heuristic in (None, name):
                some = votes.record if wanted is None else votes.record[votes.label == wanted]
                found[self.dense.places(some)] = True
        return found

    def _values(self, field: Field) -> Floats | None:
        """Return the numbers that records are sorted by; None where SQLite sorts."""
        if isinstance(field, RandomField):
            return random_numbers(self.dense.ids(), field.seed)
        if isinstance(field, WeakField):
            task = self._task(field.task)
            known = task is not None and self._has_run(task, field.run)
            own = known and field.what == "confidence"
            return self.dense.confidence(field.run) if own else None
        if not isinstance(field, AttributeField):
            return None
        attribute = self._attribute(field.name)
        if attribute is None:
            return None
        if attribute.type is AttributeType.CATEGORY:
            coded = self.dense.codes(attribute)
            if coded is None:
                return None
            return np.where(coded[0] < 0, np.nan, coded[0].astype(np.float64))
        return self.dense.numbers(attribute)


def _pairs(keys: list[Any]) -> list[tuple[Any, Any]]:
    """Return (values, missing) of each field, the first field last, as lexsort takes them."""
    return [(keys[at + 1], keys[at]) for at in range(len(keys) - 2, -1, -2)]
