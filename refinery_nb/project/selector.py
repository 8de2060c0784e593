"""Selections answered: compiled for a connection, with what stands outside SQLite resolved."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.condition_json import selection_nodes
from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.query import (
    Compare,
    Condition,
    Conflicting,
    Field,
    FusedField,
    GivenField,
    Judged,
    Paired,
    QueueField,
    RandomField,
    RelevanceField,
    Selection,
    SimilarityField,
    SliceField,
    TextSearch,
    Voted,
    WeakField,
)
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Ints, Votes
from refinery_nb.project.columns import VoteColumns
from refinery_nb.project.learning.queues import Queues
from refinery_nb.quality import faults
from refinery_nb.quality.fusion import fuse
from refinery_nb.store import (
    derived,
    gold,
    heuristics,
    indexes,
    records,
    schema,
    search,
    slices,
    weak,
)
from refinery_nb.store.db import Connection, Database
from refinery_nb.store.derived import Rankings, Resolved
from refinery_nb.store.functions import register
from refinery_nb.store.views import OUTSIDE, Compiler, within_limits

SCORES = (SimilarityField, RelevanceField, FusedField, GivenField, SliceField)
NO_SCORES = (RandomField, SliceField, QueueField)
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
        self._rankings = Rankings()
        # Set by the project: comparing two sources of labels takes texts and tokens too, and
        # similarities take vectors.
        self.paired: Callable[[Paired], Ints]
        self.similar: Callable[[SimilarityField], Resolved]
        self.queues: Queues

    def ids(self, selection: Selection) -> NDArray[np.int64]:
        """Return the ids of the selected records, in order."""
        with within_limits():
            self._prepare(selection)
        with self._database.read() as connection:
            return self._compiler(connection).ids(selection)

    def count(self, selection: Selection) -> int:
        """Return how many records are selected."""
        with within_limits():
            self._prepare(Selection(selection.condition))  # whatever their order
        with self._database.read() as connection:
            return self._compiler(connection).count(selection)

    def scores(self, selection: Selection, ids: Ints) -> NDArray[np.float64]:
        """Return the values of the field that a selection is ordered by; NaN where there is none.

        Raises
        ------
        QueryError
            If it is not ordered by a number from outside the records.
        """
        field = selection.order[0][0] if selection.order else None
        if not isinstance(field, OUTSIDE) or isinstance(field, NO_SCORES):
            raise QueryError(
                "this view is not ordered by a score.",
                hint="Search by meaning, ask similar_to, or order by a confidence.",
            )
        with within_limits():
            self._prepare(selection)
        with self._database.read() as connection:
            return self._compiler(connection).values(field, ids)

    def _prepare(self, selection: Selection) -> None:
        """Make what the selection needs: the search table, the vector of a text, an index."""
        asked = list(selection_nodes(selection))
        if any(isinstance(node, (TextSearch, RelevanceField)) for node in asked):
            search.bring_up_to_date(self._database)
        for node in asked:
            if isinstance(node, SimilarityField):
                self.similar(node)  # here, as loading a model inside a read keeps others waiting
            elif isinstance(node, QueueField):
                self.queues.prepare(node)  # here, as it learns
        with self._database.read() as connection:
            attributes = {a.name: a for a in schema.attributes(connection)}
        indexes.ensure(self._database, selection, attributes)

    def _compiler(self, connection: Connection) -> Compiler:
        register(connection)
        tasks = {task.name: task for task in schema.tasks(connection)}
        compiler = Compiler(
            connection,
            {attribute.name: attribute for attribute in schema.attributes(connection)},
            tasks,
            lambda node: self._resolve(connection, tasks, compiler, node),
            self._rankings,
        )
        return compiler

    def _resolve(
        self,
        connection: Connection,
        tasks: dict[str, TaskSchema],
        compiler: Compiler,
        node: Field | Condition,
    ) -> Resolved:
        if isinstance(node, SimilarityField):
            return self.similar(node)
        if isinstance(node, (RelevanceField, GivenField)):
            now = (records.version(connection), records.count(connection))
            if isinstance(node, RelevanceField):
                return Resolved(now, lambda: search.relevance(connection, node.text))
            return Resolved(now, lambda: _given(connection, node))
        if isinstance(node, SliceField):
            return _placed(connection, node)
        if isinstance(node, QueueField):
            return self.queues.resolve(node)
        if isinstance(node, FusedField):
            parts = [self._resolve(connection, tasks, compiler, one) for one in node.fields]
            return _fused(node, parts, compiler)
        if isinstance(node, Compare) and isinstance(node.field, SCORES):
            field = self._resolve(connection, tasks, compiler, node.field)
            return _compared(node, field)
        if isinstance(node, RandomField):
            return _random(connection, node.seed)
        if isinstance(node, WeakField):
            run = node.run
            return Resolved(self._columns.weak_version(run), lambda: _least(self._weak(run)))
        if isinstance(node, Compare) and isinstance(node.field, WeakField):
            return self._compared_weak(node, node.field, tasks[node.field.task])
        if isinstance(node, (Voted, Conflicting)):
            # The labels too: a renamed one is another question.
            task = tasks[node.task]
            version = (self._columns.versions(task), task.labels)
            if isinstance(node, Conflicting):
                return Resolved(version, lambda: (self._conflicting(task), None))
            return self._voted(node, task, version)
        if isinstance(node, Judged):
            task = tasks[node.task]
            seen = (self._columns.versions(task), task.labels, gold.version(connection))
            return Resolved(seen, lambda: (self._judged(connection, node, task), None))
        if isinstance(node, Paired):
            task = tasks[node.task]
            seen = (self._columns.versions(task), task.labels, gold.version(connection))
            return Resolved(seen, lambda: (self.paired(node), None))
        raise QueryError(f"{node!r} cannot be resolved.")

    def _weak(self, run: int) -> Votes:
        with self._database.read() as connection:
            if all(row.id != run for row in weak.runs(connection)):
                raise QueryError(f"there is no run {run} of weak supervision.")
        return self._columns.weak(run)

    def _compared_weak(self, node: Compare, field: WeakField, task: TaskSchema) -> Resolved:
        wanted = _wanted_weak(node, field, task)
        return Resolved(
            (self._columns.weak_version(field.run), task.labels),
            lambda: (_weak_matches(node, self._weak(field.run), wanted), None),
        )

    def _conflicting(self, task: TaskSchema) -> Ints:
        # Where several labels may stand together, none is against another.
        none = np.zeros(0, dtype=np.int64)
        return none if task.is_multi else conflicting([*self._columns.of_task(task).values()])

    def _judged(self, connection: Connection, node: Judged, task: TaskSchema) -> Ints:
        every = self._columns.of_task(task, enabled_only=False)
        for name in (node.heuristic, node.other):
            if name is not None and name not in every:
                raise QueryError(
                    f"task {task.name!r} has no heuristic {name!r}.",
                    hint=did_you_mean(name, every),
                )
        votes = every[node.heuristic]
        if node.what != "against":
            reference, _ = gold.gold(connection, task)
            if node.what == "missed":
                return faults.missed(votes, reference, self._labels_of(connection, node, task))
            return faults.compared(votes, reference, right=node.what == "right")
        others = (
            self._columns.of_task(task) if node.other is None else {node.other: every[node.other]}
        )
        if task.is_multi:
            return np.zeros(0, dtype=np.int64)
        return faults.against(votes, [v for n, v in others.items() if n != node.heuristic])

    def _labels_of(self, connection: Connection, node: Judged, task: TaskSchema) -> Ints:
        """Return the labels that a heuristic is about: the one it names, or all it votes for."""
        for row in heuristics.heuristics(connection, task.id):
            if row.name == node.heuristic and "label" in row.spec:
                return np.array([task.label(row.spec["label"]).id], dtype=np.int64)
        votes = self._columns.of_task(task, enabled_only=False)[node.heuristic]
        return np.unique(votes.label)

    def _voted(self, node: Voted, task: TaskSchema, version: Hashable) -> Resolved:
        # A heuristic that is asked for by name may be switched off.
        columns = self._columns.of_task(task, enabled_only=node.heuristic is None)
        if node.heuristic is not None and node.heuristic not in columns:
            raise QueryError(
                f"task {task.name!r} has no heuristic {node.heuristic!r}.",
                hint=did_you_mean(node.heuristic, columns),
            )
        chosen = list(columns.values()) if node.heuristic is None else [columns[node.heuristic]]
        wanted = None if node.label is None else task.label(node.label).id
        return Resolved(version, lambda: (_voted_on(chosen, wanted), None))


def _placed(connection: Connection, field: SliceField) -> Resolved:
    known = slices.slices(connection)
    if field.name not in known or not known[field.name].static:
        names = [name for name, row in known.items() if row.static]
        raise QueryError(
            f"there is no static slice {field.name!r}.", hint=did_you_mean(field.name, names)
        )
    row = known[field.name]

    def column() -> tuple[Ints, NDArray[np.float64]]:
        ids = slices.records_of(connection, row.id)
        order = np.argsort(ids)
        return ids[order], order.astype(np.float64)

    return Resolved((row.id, row.at, records.version(connection)), column)


def _given(connection: Connection, field: GivenField) -> tuple[Ints, NDArray[np.float64]]:
    values = dict(zip(field.keys, field.values, strict=True))
    known = records.ids_of_keys(connection, field.keys)
    rows = sorted((record, values[key]) for key, record in known.items())
    return np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows])


def _fused(field: FusedField, parts: list[Resolved], compiler: Compiler) -> Resolved:
    """Return the fused ranks of records by several fields, among those of a selection."""
    among = None if field.among is None else np.sort(compiler.ids(field.among))
    seen = None if among is None else blake2b(among.tobytes()).digest()

    def column() -> tuple[Ints, NDArray[np.float64]]:
        return fuse([_best(part, among, field.depth) for part in parts])

    return Resolved((*(part.version for part in parts), seen), column)


def _best(found: Resolved, among: Ints | None, depth: int) -> Ints:
    """Return the first records that have a value, highest first."""
    if found.top is not None:
        return found.top(depth, among)
    ids = found.column()[0]
    if among is not None:
        ids = np.intersect1d(ids, among)
    return derived.arranged(ids, found, descending=True)[:depth]


def _compared(node: Compare, found: Resolved) -> Resolved:
    """Return the records whose score compares with a number."""
    value = node.value.item() if isinstance(node.value, np.generic) else node.value
    if node.op not in COMPARISONS or isinstance(value, bool) or not isinstance(value, (int, float)):
        raise QueryError(f"a score is compared with a number, not with {node.value!r}.")
    if value != value:
        raise QueryError("a score is compared with a number, not with NaN.")

    def column() -> tuple[Ints, None]:
        ids, values = found.column()
        assert values is not None
        return ids[COMPARISONS[node.op](values, value)], None

    return Resolved(found.version, column)


def _random(connection: Connection, seed: int) -> Resolved:
    def column() -> tuple[Ints, NDArray[np.float64]]:
        ids = records.all_ids(connection)
        return ids, random_numbers(ids, seed)

    return Resolved(records.version(connection), column, at=lambda ids: random_numbers(ids, seed))


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


def _voted_on(columns: list[Votes], label: int | None) -> Ints:
    ids = [v.record if label is None else v.record[v.label == label] for v in columns]
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *ids]))


def _least(votes: Votes) -> tuple[Ints, NDArray[np.float64]]:
    """Return the least confidence of each record."""
    first = np.flatnonzero(np.diff(votes.record, prepend=-1))
    if len(first) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    # Rounded as it is shown: a comparison with 0.6 means what the reader sees.
    least = np.minimum.reduceat(votes.confidence.astype(np.float64), first)
    return votes.record[first].astype(np.int64), np.round(least, 6).astype(np.float64)


def _wanted_weak(node: Compare, field: WeakField, task: TaskSchema) -> float | list[int]:
    """Return what weak labels are compared with: a confidence, or ids of labels."""
    if field.what == "confidence":
        value = node.value.item() if isinstance(node.value, np.generic) else node.value
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
            raise QueryError(f"a confidence is a number; {node.value!r} is not.")
        if node.op not in COMPARISONS:
            raise QueryError(f"a confidence cannot be asked by {node.op!r}.")
        return float(value)
    if node.op not in ("=", "!=", "in"):
        raise QueryError(f"a weak label is compared by ==, != or isin, not by {node.op!r}.")
    return [task.label(name).id for name in (node.value if node.op == "in" else [node.value])]


def _weak_matches(node: Compare, votes: Votes, wanted: float | list[int]) -> Ints:
    ids, least = _least(votes)
    if isinstance(wanted, float):
        return ids[COMPARISONS[node.op](least, wanted)]
    having = np.unique(votes.record[np.isin(votes.label, wanted)])
    return np.setdiff1d(ids, having) if node.op == "!=" else having
