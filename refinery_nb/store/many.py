"""Very many rows into a table: several a statement, which takes half the time of one each."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

ROWS = 40  # of a statement
PARAMETERS = 30_000  # fewer than every SQLite since 3.32 takes


def insert(
    connection: sqlite3.Connection, into: str, row: str, parts: Sequence[Sequence[Any]]
) -> None:
    """Insert rows that stand in columns.

    Parameters
    ----------
    into
        The table with its columns, as SQL: ``record (id, key)``.
    row
        The values of a row, as SQL with as many question marks as there are columns: ``(?, ?)``.
    parts
        What stands for the first question mark in each row, for the second, and so on.
    """
    width, count = len(parts), len(parts[0])
    cells: list[Any] = [None] * (count * width)
    for at, part in enumerate(parts):
        cells[at::width] = part
    many = max(1, min(ROWS, PARAMETERS // width))
    whole = count // many * many
    for rows, where in ((many, range(0, whole, many)), (1, range(whole, count))):
        connection.executemany(
            f"INSERT INTO {into} VALUES {', '.join([row] * rows)}",
            (cells[at * width : (at + rows) * width] for at in where),
        )
