"""Columns from outside SQLite: as temporary tables of a connection, and as orders of records."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.store.db import Connection

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

EXISTS = "SELECT 1 FROM temp.sqlite_master WHERE name = ?"
KEPT_TABLES = 8  # of a connection
KEPT_RANKINGS = 4  # 8 bytes a record each


@dataclass(frozen=True, slots=True)
class Resolved:
    """What stands outside SQLite for a field or condition.

    Attributes
    ----------
    version
        Changes whenever the column does.
    column
        Gives the record ids, ascending, and their values if it has any.
    at
        Gives the values of some records, NaN where there is none, where that is quicker than the
        whole column.
    top
        Gives the ids of the so many records with the highest values, in order, all of them or
        among some, where that is quicker still.
    having
        Which records have a value, as a name and a column without values, where other columns
        share that.
    together
        Whether the values depend on which records are asked for together by ``at``.
    """

    version: Hashable
    column: Callable[[], tuple[Ints, Floats | None]]
    at: Callable[[Ints], Floats] | None = None
    top: Callable[[int, Ints | None], Ints] | None = None
    having: tuple[str, Resolved] | None = None
    together: bool = False


def table(connection: sqlite3.Connection, name: str, found: Resolved) -> str:
    """Return the name of a temporary table (id, value) of a column, filled once per version."""
    assert isinstance(connection, Connection)
    known = connection.derived
    key = (name, found.version)
    if key in known:
        table_name = known.pop(key)
        # In memory, readers share the writer: its rollback takes their tables away.
        if connection.execute(EXISTS, (table_name,)).fetchone():
            known[key] = table_name  # the newest stands last
            return f"temp.{table_name}"
    ids, values = found.column()
    plain = [None] * len(ids) if values is None else values.tolist()
    connection.made += 1
    table_name = f"derived_{connection.made}"
    own_transaction = not connection.in_transaction
    if own_transaction:
        connection.execute("BEGIN")
    try:
        connection.execute(f"CREATE TEMP TABLE {table_name} (id INTEGER PRIMARY KEY, value REAL)")
        connection.executemany(
            f"INSERT INTO temp.{table_name} VALUES (?, ?)", zip(ids.tolist(), plain, strict=True)
        )
        if own_transaction:
            connection.execute("COMMIT")
    except BaseException:
        # Also KeyboardInterrupt: a half-filled table must not be taken for the column.
        if own_transaction and connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    known[key] = table_name
    return f"temp.{table_name}"


def trim(connection: sqlite3.Connection) -> None:
    """Drop the oldest temporary tables; only between two queries, which may use them all."""
    assert isinstance(connection, Connection)
    known = connection.derived
    while len(known) > KEPT_TABLES:
        connection.execute(f"DROP TABLE IF EXISTS temp.{known.pop(next(iter(known)))}")


def arranged(ids: Ints, found: Resolved, *, descending: bool) -> Ints:
    """Return record ids sorted by a column, those without a value last, ties by id."""
    values = valued(ids, found)
    by_value = -values if descending else values
    return ids[np.lexsort((ids, by_value, np.isnan(values)))]


def valued(ids: Ints, found: Resolved) -> Floats:
    """Return the values of some records, in their order; NaN where there is none."""
    if found.at is not None:
        return found.at(ids)
    known, column = found.column()
    values = np.full(len(ids), np.nan)
    if column is not None and len(known):
        at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        hit = known[at] == ids
        values[hit] = column[at[hit]]
    return values


class Rankings:
    """All records of a column in its order; the last few are kept, for page after page."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, bool, Hashable], Ints] = {}

    def ranking(self, name: str, found: Resolved, *, descending: bool) -> Ints:
        """Return the ids of the records that have a value, in the order of their values."""
        key = (name, descending, found.version)
        with self._lock:
            if key in self._known:
                self._known[key] = self._known.pop(key)
                return self._known[key]
        ranking = arranged(found.column()[0], found, descending=descending)
        with self._lock:
            self._known[key] = ranking
            while len(self._known) > KEPT_RANKINGS:
                del self._known[next(iter(self._known))]
        return ranking
