"""Views with a name in the database."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SLICES = "SELECT id, name, at, selection, records IS NOT NULL, comment FROM slice ORDER BY id"
RECORDS = "SELECT records FROM slice WHERE id = ?"
SAVE = (
    "INSERT INTO slice (name, at, selection, records, comment) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (name) DO UPDATE SET at = excluded.at, selection = excluded.selection, "
    "records = excluded.records, comment = excluded.comment"
)
CHANGE = "UPDATE slice SET selection = ? WHERE id = ?"
RENAME = "UPDATE slice SET name = ? WHERE id = ?"
DELETE = "DELETE FROM slice WHERE id = ?"

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SliceRow:
    """A slice: a ``static`` one keeps its records, another one is looked up anew."""

    id: int
    name: str
    at: str
    selection: dict[str, Any]
    static: bool
    comment: str


def slices(connection: sqlite3.Connection) -> dict[str, SliceRow]:
    """Return all slices by name, oldest first."""
    return {
        row[1]: SliceRow(row[0], row[1], row[2], json.loads(row[3]), bool(row[4]), row[5])
        for row in connection.execute(SLICES)
    }


def records_of(connection: sqlite3.Connection, id_: int) -> Ints:
    """Return the record ids of a static slice, in their order."""
    (column,) = connection.execute(RECORDS, (id_,)).fetchone()
    with np.load(io.BytesIO(column), allow_pickle=False) as arrays:
        found: Ints = arrays["records"].astype(np.int64)
    return found


def save(
    connection: sqlite3.Connection,
    name: str,
    selection: Mapping[str, Any],
    *,
    at: str,
    records: Ints | None = None,
    comment: str = "",
) -> None:
    """Keep a view by name; one of the same name is replaced."""
    column = None
    if records is not None:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, records=records)
        column = buffer.getvalue()
    said = json.dumps(selection, ensure_ascii=False)
    connection.execute(SAVE, (name, at, said, column, comment))


def change(connection: sqlite3.Connection, id_: int, selection: Mapping[str, Any]) -> None:
    """Keep another form of how the records are chosen, as after a label was renamed."""
    connection.execute(CHANGE, (json.dumps(selection, ensure_ascii=False), id_))


def rename(connection: sqlite3.Connection, id_: int, name: str) -> None:
    """Give a slice another name."""
    connection.execute(RENAME, (name, id_))


def delete(connection: sqlite3.Connection, id_: int) -> None:
    """Delete a slice; its records stay."""
    connection.execute(DELETE, (id_,))
