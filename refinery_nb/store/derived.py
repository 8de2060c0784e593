"""Columns from outside SQLite, as temporary tables of a connection."""

from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.store import records
from refinery_nb.store.db import Connection

KEPT = 8  # tables a connection; the oldest goes first


def table(
    connection: sqlite3.Connection,
    key: tuple[Any, ...],
    ids: NDArray[np.int64],
    values: NDArray[np.float64] | None,
) -> str:
    """Return the name of a temporary table (id, value) with these rows, filled once per key."""
    assert isinstance(connection, Connection)
    known = connection.derived
    if key in known:
        known[key] = known.pop(key)  # the newest stands last
        return f"temp.{known[key]}"
    # Only those that no statement under way can be using: a query takes a handful.
    while len(known) >= KEPT * 2:
        connection.execute(f"DROP TABLE temp.{known.pop(next(iter(known)))}")
    connection.made += 1
    name = f"derived_{connection.made}"
    connection.execute(f"CREATE TEMP TABLE {name} (id INTEGER PRIMARY KEY, value REAL)")
    plain = [None] * len(ids) if values is None else values.tolist()
    own_transaction = not connection.in_transaction
    if own_transaction:
        connection.execute("BEGIN")
    connection.executemany(
        f"INSERT INTO temp.{name} VALUES (?, ?)", zip(ids.tolist(), plain, strict=True)
    )
    if own_transaction:
        connection.execute("COMMIT")
    known[key] = name
    return f"temp.{name}"


def order(
    connection: sqlite3.Connection,
    key: tuple[Any, ...],
    ids: NDArray[np.int64],
    values: NDArray[np.float64],
) -> str:
    """Return the name of a table (id, value) of all records, indexed by value.

    Records without a value are in it, with NULL: so that it can be joined from the left, and its
    index gives the order.
    """
    assert isinstance(connection, Connection)
    key = ("order", *key, records.version(connection))
    known = key in connection.derived
    name = table(connection, key, ids, values)
    if not known:
        connection.execute(f"INSERT OR IGNORE INTO {name} SELECT id, NULL FROM record")
        index = name.removeprefix("temp.")
        connection.execute(f"CREATE INDEX temp.{index}_value ON {index} (value, id)")
    return name
