"""Selections as SQL: conditions compiled to bound parameters, two-valued, in a fixed order.

What is not in a table (votes, weak labels, similarities, random numbers: columns of numpy) is put
into a temporary table of the connection first, once per version, and asked there. A page in the
order of such a column is looked up along that order; SQLite sorts by attributes only.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any, get_args

import numpy as np

from refinery_nb.core.errors import QueryError, did_you_mean
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
    GivenField,
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
    RelevanceField,
    Selection,
    SimilarityField,
    SliceField,
    TextSearch,
    Voted,
    WeakField,
)
from refinery_nb.core.schema import Attribute, TaskSchema
from refinery_nb.store import derived
from refinery_nb.store.comparison import among, compare, length_function
from refinery_nb.store.derived import Floats, Ints, Rankings, Resolved
from refinery_nb.store.schema import column
from refinery_nb.store.search import literals, match_expression

Parameters = list[Any]
Resolve = Callable[[Field | Condition], Resolved]
Outside = (
    WeakField
    | RandomField
    | SimilarityField
    | RelevanceField
    | FusedField
    | GivenField
    | SliceField
    | QueueField
)
OUTSIDE = get_args(Outside)

MOST_ROWS = 2**63 - 1
PARTS = 100  # joined at one level: SQLite takes expressions 1,000 levels deep
# How far along the order of an outside column a page is looked for before all that match are
# sorted instead: quick where many match, and where few do.
STEPS = ((0, 1_000), (1_000, 9_000))
TOO_LARGE = ("too many", "too large", "too big", "stack overflow")
COMMENTED = (
    "EXISTS (SELECT 1 FROM comment WHERE comment.kind = 'record' "
    "AND comment.target = record.id AND comment.deleted IS NULL "
    "AND (? IS NULL OR comment.actor = ?))"
)
ALONG = (
    "SELECT record.id FROM json_each(?) AS wanted "
    "CROSS JOIN record ON record.id = wanted.value WHERE {where}"
)


class Compiler:
    """Answers selections on one connection.

    Parameters
    ----------
    attributes, tasks
        What exists, by name.
    resolve
        Gives what stands outside SQLite.
    rankings
        Keeps the orders of outside columns between queries.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        attributes: Mapping[str, Attribute],
        tasks: Mapping[str, TaskSchema],
        resolve: Resolve,
        rankings: Rankings,
    ) -> None:
        self._connection = connection
        self._attributes = attributes
        self._tasks = tasks
        self._resolve = resolve
        self._rankings = rankings
        derived.trim(connection)

    def ids(self, selection: Selection) -> Ints:
        """Return the ids of the selected records, in order."""
        with within_limits():
            if len(selection.order) == 1:
                field, descending = selection.order[0]
                if isinstance(field, OUTSIDE):
                    return self._outside_order(selection, field, descending)
            return self._run(*self.selection(selection))

    def count(self, selection: Selection) -> int:
        """Return how many records are selected."""
        with within_limits():
            where, parameters = self.condition(selection.condition)
            sql = f"SELECT count(*) FROM record WHERE {where}"
            (found,) = self._connection.execute(sql, parameters).fetchone()
        return int(found) if selection.limit is None else min(int(found), selection.limit)

    def values(self, field: Outside, ids: Ints) -> Floats:
        """Return the value of an outside field of some records; NaN where there is none."""
        return derived.valued(ids, self._sortable(field))

    def selection(self, selection: Selection) -> tuple[str, Parameters]:
        """Return a SELECT of record ids, in order."""
        joined, orders = ["record"], []
        for at, (field, descending) in enumerate(selection.order):
            expression = self._sort(field, at, joined)
            orders.append(f"{expression} {'DESC' if descending else 'ASC'} NULLS LAST")
        where, parameters = self.condition(selection.condition)
        sql = (
            f"SELECT record.id FROM {' '.join(joined)} WHERE {where} "
            f"ORDER BY {', '.join([*orders, 'record.id'])}"
        )
        if selection.limit is not None:
            sql += " LIMIT ?"
            parameters.append(min(int(selection.limit), MOST_ROWS))
        return sql, parameters

    def _outside_order(self, selection: Selection, field: Outside, descending: bool) -> Ints:
        """Return the selected ids in the order of a column outside SQLite."""
        found = self._sortable(field)
        limit = selection.limit
        if limit is not None and limit <= STEPS[0][1] and not found.together:
            where, parameters = self.condition(selection.condition)
            kept: list[int] = []
            for step in self._steps(repr(field), found, descending, limit):
                asked = [json.dumps(step), *parameters]
                hits = set(self._run(ALONG.format(where=where), asked).tolist())
                kept += [record for record in step if record in hits]
                if len(kept) >= limit:
                    return np.array(kept[:limit], dtype=np.int64)
        ids = self._run(*self.selection(Selection(selection.condition)))
        return derived.arranged(ids, found, descending=descending)[:limit]

    def _steps(
        self, name: str, found: Resolved, descending: bool, limit: int
    ) -> Iterator[list[int]]:
        """Yield the first records in the order of a column, in steps."""
        if found.top is not None:
            if descending:
                best = found.top(2 * limit, None).tolist()
                yield best
                known = set(best)
                more = found.top(STEPS[0][1], None).tolist()
                yield [record for record in more if record not in known]
            return
        ranking = self._rankings.ranking(name, found, descending=descending)
        for first, last in STEPS:
            yield ranking[first:last].tolist()

    def _run(self, sql: str, parameters: Parameters) -> Ints:
        rows = self._connection.execute(sql, parameters)
        return np.fromiter(chain.from_iterable(rows), np.int64)

    def condition(self, node: Condition, *, negate: bool = False) -> tuple[str, Parameters]:
        """Return an expression that is true exactly where the condition is (or is not)."""
        if isinstance(node, Not):
            return self.condition(node.item, negate=not negate)
        if isinstance(node, (And, Or)):
            parts = [self.condition(item, negate=negate) for item in node.items]
            joined_by_and = isinstance(node, And) != negate
            if not parts:
                return ("1" if joined_by_and else "0"), []
            word = " AND " if joined_by_and else " OR "
            joined = _joined([sql for sql, _ in parts], word)
            return joined, [value for _, values in parts for value in values]
        sql, parameters = self._leaf(node)
        # Not plain NOT: a comparison with a missing value is NULL, and its negation must be true.
        return (f"({sql}) IS NOT TRUE" if negate else sql), parameters

    def _leaf(self, node: Condition) -> tuple[str, Parameters]:
        if isinstance(node, Compare):
            return self._compare(node)
        if isinstance(node, Labelled):
            return self._labelled(node)
        if isinstance(node, Marked):
            task = self._task(node.task)
            return (
                "EXISTS (SELECT 1 FROM mark WHERE mark.record = record.id "
                "AND mark.task = ? AND mark.kind = ?)",
                [task.id, node.mark],
            )
        if isinstance(node, (Judged, Paired)):
            self._task(node.task)
            return self._among_resolved(node, self._resolve(node))
        if isinstance(node, (Voted, Conflicting)):
            task = self._task(node.task)
            if isinstance(node, Voted) and node.label is not None:
                task.label(node.label)
            return self._among_resolved(node, self._resolve(node))
        if isinstance(node, Commented):
            return COMMENTED, [node.actor, node.actor]
        if isinstance(node, TextSearch):
            return self._search(node.text)
        if isinstance(node, Keys):
            return among("record.key", node.keys)
        if isinstance(node, Among):
            if node.selection.limit is None:
                return self.condition(node.selection.condition)
            # Answered first: so any order serves, and nothing nests deeper than SQLite takes.
            return (
                "record.id IN (SELECT value FROM json_each(?))",
                [json.dumps(self.ids(node.selection).tolist())],
            )
        raise QueryError(f"{node!r} is not a condition on records.")

    def _compare(self, node: Compare) -> tuple[str, Parameters]:
        field = node.field
        if isinstance(field, AttributeField):
            attribute = self.attribute(field.name)
            return compare(f"record.{column(attribute)}", attribute, node)
        if isinstance(field, LengthField):
            return length_function(f"record.{column(self._text(field.name))}", node)
        if isinstance(field, WeakField):
            self._task(field.task)
            if node.op == "missing":
                has_one, _ = self._among_resolved(field, self._resolve(field))
                return f"NOT ({has_one})", []
            return self._among_resolved(node, self._resolve(node))
        if isinstance(field, OUTSIDE) and not isinstance(field, RandomField):
            if node.op != "missing":
                return self._among_resolved(node, self._resolve(node))
            found = self._resolve(field)
            name, having = found.having or (repr(field), found)
            return f"record.id NOT IN (SELECT id FROM {self._table(name, having)})", []
        raise QueryError("random numbers are for sorting only.")

    def _labelled(self, node: Labelled) -> tuple[str, Parameters]:
        task = self._task(node.task)
        sql = (
            "EXISTS (SELECT 1 FROM label WHERE label.record = record.id AND label.task = ? "
            "AND NOT label.stale"
        )
        parameters: Parameters = [task.id]
        if node.none:
            sql += " AND label.label IS NULL"
        elif node.label is not None:
            sql += " AND label.label = ?"
            parameters.append(task.label(node.label).id)
        if node.actor is not None:
            sql += " AND label.actor = ?"
            parameters.append(node.actor)
        return sql + ")", parameters

    def _search(self, text: str) -> tuple[str, Parameters]:
        parts, parameters = [], []
        expression = match_expression(text)
        if expression is not None:
            parts.append("record.id IN (SELECT rowid FROM search WHERE search MATCH ?)")
            parameters.append(expression)
        columns = [f"record.{column(a)}" for a in self._attributes.values() if a.type.is_string]
        for literal in literals(text):
            parts.append(_joined([f"instr({name}, ?) > 0" for name in columns], " OR ") or "0")
            parameters += [literal] * len(columns)
        return _joined(parts, " AND ") or "1", parameters

    def _among_resolved(self, node: object, found: Resolved) -> tuple[str, Parameters]:
        return f"record.id IN (SELECT id FROM {self._table(repr(node), found)})", []

    def _table(self, name: str, found: Resolved) -> str:
        return derived.table(self._connection, name, found)

    def _sort(self, field: Field, at: int, joined: list[str]) -> str:
        if isinstance(field, AttributeField):
            return f"record.{column(self.attribute(field.name))}"
        if isinstance(field, LengthField):
            return f"rn_length(record.{column(self._text(field.name))})"
        if isinstance(field, OUTSIDE):
            table = self._table(repr(field), self._sortable(field))
            joined.append(f"LEFT JOIN {table} AS s{at} ON s{at}.id = record.id")
            return f"s{at}.value"
        raise QueryError(f"records cannot be sorted by {field!r}.")

    def _sortable(self, field: Outside) -> Resolved:
        if isinstance(field, WeakField):
            self._task(field.task)
            if field.what != "confidence":
                raise QueryError("records are sorted by the confidence of weak labels only.")
        return self._resolve(field)

    def attribute(self, name: str) -> Attribute:
        """Return an attribute by name, or say which there are."""
        if name not in self._attributes:
            raise QueryError(
                f"there is no attribute {name!r}.", hint=did_you_mean(name, self._attributes)
            )
        return self._attributes[name]

    def _text(self, name: str) -> Attribute:
        attribute = self.attribute(name)
        if not attribute.type.is_string:
            raise QueryError(f"{name!r} is {attribute.type.value}; only texts have a length.")
        return attribute

    def _task(self, name: str) -> TaskSchema:
        if name not in self._tasks:
            raise QueryError(f"there is no task {name!r}.", hint=did_you_mean(name, self._tasks))
        return self._tasks[name]


def _joined(parts: list[str], word: str) -> str:
    while len(parts) > PARTS:
        parts = [_joined(parts[at : at + PARTS], word) for at in range(0, len(parts), PARTS)]
    return word.join(f"({part})" for part in parts)


@contextmanager
def within_limits() -> Iterator[None]:
    """Say in our words that a condition is larger than SQLite or Python take."""
    try:
        yield
    except (sqlite3.OperationalError, RecursionError) as error:
        if isinstance(error, RecursionError) or any(word in str(error) for word in TOO_LARGE):
            raise QueryError(
                "the condition has too many parts, or parts too deep inside each other.",
                hint="Ask for many values at once by isin().",
            ) from error
        raise
