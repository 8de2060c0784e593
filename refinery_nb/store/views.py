"""Selections as SQL: conditions compiled to bound parameters, two-valued, in a fixed order.

What is not in a table (votes, weak labels, random numbers: columns of numpy) is put into a
temporary table of the connection first, once per version, and joined from there.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.query import (
    Among,
    And,
    AttributeField,
    Compare,
    Condition,
    Conflicting,
    Field,
    Keys,
    Labelled,
    LengthField,
    Marked,
    Not,
    Or,
    RandomField,
    Selection,
    TextSearch,
    Voted,
    WeakField,
)
from refinery_nb.core.schema import Attribute, TaskSchema
from refinery_nb.store import derived
from refinery_nb.store.comparison import compare, json_list, length_function
from refinery_nb.store.schema import column
from refinery_nb.store.search import match_expression

Parameters = list[Any]
# Gives the ids (and values, for sorting) of something that is a column outside SQLite, and a
# version that changes whenever they do.
Resolve = Callable[[Field | Condition], "Resolved"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A column from outside SQLite: record ids, ascending, and their values if it has any."""

    version: object
    ids: NDArray[np.int64]
    values: NDArray[np.float64] | None = None


class Compiler:
    """Compiles conditions for one connection.

    Parameters
    ----------
    attributes, tasks
        What exists, by name.
    resolve
        Gives what stands outside SQLite.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        attributes: Mapping[str, Attribute],
        tasks: Mapping[str, TaskSchema],
        resolve: Resolve,
    ) -> None:
        self._connection = connection
        self._attributes = attributes
        self._tasks = tasks
        self._resolve = resolve

    def selection(self, selection: Selection) -> tuple[str, Parameters]:
        """Return a SELECT of record ids, in order."""
        tables, orders = [], []
        for at, (field, descending) in enumerate(selection.order):
            table, expression = self._sort(field, at)
            tables.append(table)
            orders.append(f"{expression} {'DESC' if descending else 'ASC'} NULLS LAST")
        where, parameters = self.condition(selection.condition)
        # What is sorted by first comes first: then its index gives the order, and a page is quick.
        joined = " CROSS JOIN ".join([*filter(None, tables), "record"])
        same = " ".join(f"AND {table.split()[-1]}.id = record.id" for table in tables if table)
        sql = (
            f"SELECT record.id FROM {joined} WHERE ({where}) {same} "
            f"ORDER BY {', '.join([*orders, 'record.id'])}"
        )
        if selection.limit is not None:
            sql += " LIMIT ?"
            parameters.append(int(selection.limit))
        return sql, parameters

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
            joined = word.join(f"({sql})" for sql, _ in parts)
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
        if isinstance(node, (Voted, Conflicting)):
            task = self._task(node.task)
            if isinstance(node, Voted) and node.label is not None:
                task.label(node.label)
            return self._among_resolved(node, self._resolve(node))
        if isinstance(node, TextSearch):
            expression = match_expression(node.text)
            if expression is None:
                return "1", []
            return (
                "record.id IN (SELECT rowid FROM search WHERE search MATCH ?)",
                [expression],
            )
        if isinstance(node, Keys):
            return (
                "record.key IN (SELECT value FROM json_each(?))",
                [json_list(node.keys)],
            )
        if isinstance(node, Among):
            sql, parameters = self.selection(node.selection)
            return f"record.id IN (SELECT id FROM ({sql}))", parameters
        raise QueryError(f"{node!r} is not a condition on records.")

    def _compare(self, node: Compare) -> tuple[str, Parameters]:
        field = node.field
        if isinstance(field, AttributeField):
            attribute = self.attribute(field.name)
            return compare(f"record.{column(attribute)}", attribute, node)
        if isinstance(field, LengthField):
            attribute = self.attribute(field.name)
            if not attribute.type.is_string:
                raise QueryError(f"{field.name!r} is {attribute.type.value}; only texts have one.")
            return length_function(f"record.{column(attribute)}", node)
        if isinstance(field, WeakField):
            self._task(field.task)
            if node.op == "missing":
                has_one, _ = self._among_resolved(field, self._resolve(field))
                return f"NOT ({has_one})", []
            return self._among_resolved(node, self._resolve(node))
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

    def _among_resolved(self, node: object, found: Resolved) -> tuple[str, Parameters]:
        table = derived.table(self._connection, (repr(node), found.version), found.ids, None)
        return f"record.id IN (SELECT id FROM {table})", []

    def _sort(self, field: Field, at: int) -> tuple[str, str]:
        if isinstance(field, AttributeField):
            return "", f"record.{column(self.attribute(field.name))}"
        if isinstance(field, LengthField):
            return "", f"rn_length(record.{column(self.attribute(field.name))})"
        if isinstance(field, (WeakField, RandomField)):
            found = self._resolve(field)
            if found.values is None:
                raise QueryError("records are sorted by the confidence of weak labels only.")
            table = derived.order(
                self._connection, (repr(field), found.version), found.ids, found.values
            )
            return f"{table} AS s{at}", f"s{at}.value"
        raise QueryError(f"records cannot be sorted by {field!r}.")

    def attribute(self, name: str) -> Attribute:
        """Return an attribute by name, or say which there are."""
        if name not in self._attributes:
            raise QueryError(
                f"there is no attribute {name!r}.", hint=did_you_mean(name, self._attributes)
            )
        return self._attributes[name]

    def _task(self, name: str) -> TaskSchema:
        if name not in self._tasks:
            raise QueryError(f"there is no task {name!r}.", hint=did_you_mean(name, self._tasks))
        return self._tasks[name]


def ids(
    compiler: Compiler, connection: sqlite3.Connection, selection: Selection
) -> NDArray[np.int64]:
    """Return the ids of the selected records, in order."""
    sql, parameters = compiler.selection(selection)
    return np.fromiter((row[0] for row in connection.execute(sql, parameters)), np.int64)


def count(compiler: Compiler, connection: sqlite3.Connection, selection: Selection) -> int:
    """Return how many records are selected."""
    where, parameters = compiler.condition(selection.condition)
    sql = f"SELECT count(*) FROM record WHERE {where}"
    (found,) = connection.execute(sql, parameters).fetchone()
    return int(found) if selection.limit is None else min(int(found), selection.limit)


def register(connection: sqlite3.Connection) -> None:
    """Give a connection the text functions that conditions use."""
    for name, arity, function in (
        ("rn_contains", 2, _contains),
        ("rn_starts", 3, _starts),
        ("rn_ends", 3, _ends),
        ("rn_matches", 2, _matches),
        ("rn_length", 1, _length),
    ):
        connection.create_function(name, arity, function, deterministic=True)


def _contains(text: str | None, folded: str) -> bool | None:
    return None if text is None else folded in text.casefold()


def _starts(text: str | None, beginning: str, case: int) -> bool | None:
    if text is None:
        return None
    return text.startswith(beginning) if case else text.casefold().startswith(beginning)


def _ends(text: str | None, ending: str, case: int) -> bool | None:
    if text is None:
        return None
    return text.endswith(ending) if case else text.casefold().endswith(ending)


@lru_cache(maxsize=32)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _matches(pattern: str, text: str | None) -> bool | None:
    return None if text is None else _compiled(pattern).search(text) is not None


def _length(text: str | None) -> int | None:
    # SQLite's length() stops at a NUL.
    return None if text is None else len(text)
