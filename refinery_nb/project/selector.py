"""Selections answered: compiled for a connection, with what stands outside SQLite resolved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import (
    Among,
    And,
    Compare,
    Condition,
    Conflicting,
    Field,
    Not,
    Or,
    RandomField,
    Selection,
    TextSearch,
    Voted,
    WeakField,
)
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Ints, Votes
from refinery_nb.project.columns import VoteColumns
from refinery_nb.store import indexes, records, schema, search, views
from refinery_nb.store.db import Connection, Database
from refinery_nb.store.views import Resolved

COMPARISONS = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


class Selector:
    """Answers which records a selection holds."""

    def __init__(self, database: Database, columns: VoteColumns) -> None:
        self._database = database
        self._columns = columns
        self._last_random: tuple[int, Resolved] | None = None

    def ids(self, selection: Selection) -> NDArray[np.int64]:
        """Return the ids of the selected records, in order."""
        self._prepare(selection)
        with self._database.read() as connection:
            return views.ids(self._compiler(connection), connection, selection)

    def count(self, selection: Selection) -> int:
        """Return how many records are selected."""
        self._prepare(selection)
        with self._database.read() as connection:
            return views.count(self._compiler(connection), connection, selection)

    def _prepare(self, selection: Selection) -> None:
        """Make what the selection needs: the search table, an index."""
        if _searches(selection.condition):
            search.bring_up_to_date(self._database)
        with self._database.read() as connection:
            attributes = {a.name: a for a in schema.attributes(connection)}
        indexes.ensure(self._database, selection, attributes)

    def _compiler(self, connection: Connection) -> views.Compiler:
        views.register(connection)
        tasks = {task.name: task for task in schema.tasks(connection)}
        return views.Compiler(
            connection,
            {attribute.name: attribute for attribute in schema.attributes(connection)},
            tasks,
            lambda node: self._resolve(connection, tasks, node),
        )

    def _resolve(
        self, connection: Connection, tasks: dict[str, TaskSchema], node: Field | Condition
    ) -> Resolved:
        if isinstance(node, RandomField):
            return self._random(connection, node.seed)
        if isinstance(node, WeakField):
            ids, values = _least(self._columns.weak(node.run))
            return Resolved(node.run, ids, values)
        if isinstance(node, Compare) and isinstance(node.field, WeakField):
            votes = self._columns.weak(node.field.run)
            task = tasks[node.field.task]
            return Resolved(node.field.run, _weak_matches(node, node.field, votes, task))
        if isinstance(node, (Voted, Conflicting)):
            task = tasks[node.task]
            found = self._columns.of_task(task, enabled_only=False)
            version = self._columns.versions(task)
            if isinstance(node, Conflicting):
                enabled = self._columns.of_task(task)
                return Resolved(version, conflicting(list(enabled.values())))
            return Resolved(version, _voted(node, found, task))
        raise QueryError(f"{node!r} cannot be resolved.")

    def _random(self, connection: Connection, seed: int) -> Resolved:
        """Return random numbers for all records; the last ones are kept, for page after page."""
        version = records.version(connection)
        last = self._last_random
        if last is not None and last[0] == seed and last[1].version == version:
            return last[1]
        ids = records.all_ids(connection)
        found = Resolved(version, ids, random_numbers(ids, seed))
        self._last_random = (seed, found)
        return found


def random_numbers(ids: Ints, seed: int) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each id, the same for the same id and seed.

    The finalizer of SplitMix64 (Steele, Lea and Flood, 2014) on a mix of both.
    """
    with np.errstate(over="ignore"):
        mixed = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed += np.uint64(seed % 2**64) * np.uint64(0xD1B54A32D192ED03)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / float(2**53)


def conflicting(columns: list[Votes]) -> Ints:
    """Return the records on which different labels are voted for, ascending.

    For spans: different labels on shared characters.
    """
    if not columns:
        return np.zeros(0, dtype=np.int64)
    votes = Votes.concat(columns)
    if votes.start is None or votes.end is None:
        pairs = np.unique(np.stack([votes.record, votes.label], axis=1), axis=0)
        records_, labels = np.unique(pairs[:, 0], return_counts=True)
        return records_[labels > 1].astype(np.int64)
    found = set()
    by_label: dict[int, int] = {}
    current = -1
    for record, label, start, end in zip(
        votes.record.tolist(),
        votes.label.tolist(),
        votes.start.tolist(),
        votes.end.tolist(),
        strict=True,
    ):
        if record != current:
            current, by_label = record, {}
        # Sorted by start: an earlier span of another label that reaches beyond it shares text.
        if any(reach > start for other, reach in by_label.items() if other != label):
            found.add(record)
        by_label[label] = max(by_label.get(label, 0), end)
    return np.array(sorted(found), dtype=np.int64)


def _voted(node: Voted, columns: dict[str, Votes], task: TaskSchema) -> Ints:
    if node.heuristic is not None and node.heuristic not in columns:
        raise QueryError(f"task {task.name!r} has no heuristic {node.heuristic!r}.")
    chosen = [
        votes for name, votes in columns.items() if node.heuristic is None or name == node.heuristic
    ]
    wanted = None if node.label is None else task.label(node.label).id
    ids = [v.record if wanted is None else v.record[v.label == wanted] for v in chosen]
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *ids]))


def _least(votes: Votes) -> tuple[Ints, NDArray[np.float64]]:
    """Return the least confidence of each record."""
    ids, first = np.unique(votes.record, return_index=True)
    if len(ids) == 0:
        return ids, np.zeros(0)
    # Rounded as it is shown: a comparison with 0.6 means what the reader sees.
    least = np.minimum.reduceat(votes.confidence.astype(np.float64), first)
    return ids, np.round(least, 6).astype(np.float64)


def _weak_matches(node: Compare, field: WeakField, votes: Votes, task: TaskSchema) -> Ints:
    ids, least = _least(votes)
    if field.what == "confidence":
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float, np.number)):
            raise QueryError(f"a confidence is a number; {node.value!r} is not.")
        if node.op not in COMPARISONS:
            raise QueryError(f"a confidence cannot be asked by {node.op!r}.")
        return ids[COMPARISONS[node.op](least, float(node.value))]
    if node.op not in ("=", "!=", "in"):
        raise QueryError(f"a weak label is compared by ==, != or isin, not by {node.op!r}.")
    names = node.value if node.op == "in" else [node.value]
    wanted = [task.label(name).id for name in names]
    having = np.unique(votes.record[np.isin(votes.label, wanted)])
    return np.setdiff1d(ids, having) if node.op == "!=" else having


def _searches(condition: Condition) -> bool:
    if isinstance(condition, (And, Or)):
        return any(_searches(item) for item in condition.items)
    if isinstance(condition, Not):
        return _searches(condition.item)
    if isinstance(condition, Among):
        return _searches(condition.selection.condition)
    return isinstance(condition, TextSearch)
