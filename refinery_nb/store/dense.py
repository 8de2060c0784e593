"""Whole columns of the records as arrays, for what asks all of them again and again."""

from __future__ import annotations

import sqlite3

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import Attribute
from refinery_nb.store.schema import column

EXACT = 2.0**53  # beyond it a float is not the whole number that it was
MOST_VALUES = 50_000
PART = 20_000


def numbers(connection: sqlite3.Connection, attribute: Attribute) -> NDArray[np.float64] | None:
    """Return the numbers of all records, by id, NaN where there is none.

    None: some whole number is too large to be exact.
    """
    rows = connection.execute(f"SELECT {column(attribute)} FROM record ORDER BY id")
    found = np.array([row[0] for row in rows], dtype=np.float64)  # None becomes NaN
    finite = found[np.isfinite(found)]
    whole = attribute.type.value == "integer" and len(finite) and np.abs(finite).max() > EXACT
    return None if whole else found


def codes(
    connection: sqlite3.Connection, attribute: Attribute
) -> tuple[NDArray[np.int32], list[str]] | None:
    """Return the place of each record's string among the sorted distinct ones; -1: missing.

    None: there are too many of them.
    """
    name = column(attribute)
    rows = connection.execute(
        f"SELECT DISTINCT {name} FROM record WHERE {name} IS NOT NULL LIMIT ?", (MOST_VALUES + 1,)
    )
    values = sorted(row[0] for row in rows)
    if len(values) > MOST_VALUES:
        return None
    place: dict[str | None, int] = {value: at for at, value in enumerate(values)}
    place[None] = -1
    found = connection.execute(f"SELECT {name} FROM record ORDER BY id")
    return np.fromiter((place[row[0]] for row in found), np.int32), values


def texts(
    connection: sqlite3.Connection, attribute: Attribute, most: int
) -> list[str | None] | None:
    """Return the strings of all records, by id; None: they have more characters than ``most``."""
    found: list[str | None] = []
    total = 0
    rows = connection.execute(f"SELECT {column(attribute)} FROM record ORDER BY id")
    while part := rows.fetchmany(PART):
        found += [row[0] for row in part]
        total += sum(len(row[0]) for row in part if row[0] is not None)
        if total > most:
            return None
    return found


def lengths(connection: sqlite3.Connection, attribute: Attribute) -> NDArray[np.float64]:
    """Return the length in characters of each record's string, by id, NaN where there is none."""
    rows = connection.execute(f"SELECT {column(attribute)} FROM record ORDER BY id")
    # SQLite's length() stops at a NUL.
    return np.array([None if row[0] is None else len(row[0]) for row in rows], dtype=np.float64)
