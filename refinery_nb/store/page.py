"""What people say of a few records, all tasks and people at once: for a page of a list."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

SAID = (
    'SELECT task, record, actor, label, start, "end" FROM label '
    "WHERE task IN (SELECT value FROM json_each(?)) "
    "AND record IN (SELECT value FROM json_each(?)) AND NOT stale ORDER BY task, record, actor, "
    "position"
)
MARKS = (
    "SELECT task, record, kind FROM mark WHERE task IN (SELECT value FROM json_each(?)) "
    "AND record IN (SELECT value FROM json_each(?)) ORDER BY task, record, kind"
)


class Said(NamedTuple):
    """One label of one person; ``label`` is None for "reviewed, none"."""

    task: int
    record: int
    actor: str
    label: int | None
    start: int | None
    end: int | None


def said(connection: sqlite3.Connection, tasks: Sequence[int], ids: Sequence[int]) -> list[Said]:
    """Return the current labels of some records, without stale spans."""
    rows = connection.execute(SAID, (json.dumps(list(tasks)), json.dumps(list(ids))))
    return [Said(*row) for row in rows]


def marks(
    connection: sqlite3.Connection, tasks: Sequence[int], ids: Sequence[int]
) -> list[tuple[int, int, str]]:
    """Return (task, record, mark) of some records, whoever set them."""
    rows = connection.execute(MARKS, (json.dumps(list(tasks)), json.dumps(list(ids))))
    return [(row[0], row[1], row[2]) for row in rows]
