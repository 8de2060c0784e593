"""What other kernels have written: the marks by which one sees that something has changed."""

from __future__ import annotations

import sqlite3
from typing import Any

# By the event that tells of it: what differs when another kernel has written such a thing.
MARKS = {
    "records": "SELECT (SELECT count(*) FROM record), (SELECT max(version) FROM record)",
    "schema": "SELECT (SELECT group_concat(id || name || guideline || deleted) FROM task), "
    "(SELECT group_concat(id || name || color || hotkey || position || deleted) FROM task_label), "
    "(SELECT group_concat(id || name || type) FROM attribute), "
    "(SELECT group_concat(id || name || at) FROM slice)",
    "votes": "SELECT (SELECT group_concat(id || enabled) FROM heuristic), "
    "(SELECT count(*) FROM heuristic_version), (SELECT max(id) FROM heuristic_version), "
    "(SELECT total(seen) FROM heuristic_version), "
    "(SELECT group_concat(state) FROM heuristic_version), (SELECT max(id) FROM weak_run)",
    "vectors": "SELECT group_concat(name || generation || count) FROM embedding",
    "comments": "SELECT max(id), count(edited), count(deleted) FROM comment",
}
LAST = "SELECT coalesce(max(seq), 0) FROM operation"
SINCE = """
SELECT operation.op_id, event.task, event.record, operation.actor
FROM operation JOIN event ON event.operation = operation.seq
WHERE operation.seq > ? AND operation.seq <= ? AND event.outcome = 'applied'
ORDER BY event.seq LIMIT ?
"""


def marks(connection: sqlite3.Connection) -> dict[str, tuple[Any, ...]]:
    """Return the marks of each event by its name."""
    return {name: tuple(connection.execute(query).fetchone()) for name, query in MARKS.items()}


def last(connection: sqlite3.Connection) -> int:
    """Return the number of the last operation on labels."""
    return int(connection.execute(LAST).fetchone()[0])


def since(
    connection: sqlite3.Connection, after: int, until: int, most: int
) -> list[tuple[str, int, int, str]]:
    """Return ``op_id, task, record, actor`` of what operations have changed, in their order."""
    return connection.execute(SINCE, (after, until, most)).fetchall()
