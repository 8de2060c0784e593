"""What people say of a task and since when: all of it, or of the records that events touched."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ROWS = (
    'SELECT l.record, l.actor, l.label, l.start, l."end", l.stale, o.at FROM label AS l '
    "JOIN event AS e ON e.seq = l.version JOIN operation AS o ON o.seq = e.operation "
    "WHERE l.task = ? {among} ORDER BY l.record, l.actor, l.position"
)
AMONG = "AND l.record IN (SELECT value FROM json_each(?))"
NEWEST = "SELECT coalesce(max(seq), 0) FROM event"
TOUCHED = "SELECT DISTINCT record FROM event WHERE seq > ? AND task = ? ORDER BY record"


class SaidRow(NamedTuple):
    """One label of one person; ``label`` is None for "reviewed, none"."""

    record: int
    actor: str
    label: int | None
    start: int | None
    end: int | None
    stale: int
    at: str


def rows(
    connection: sqlite3.Connection, task: int, among: Sequence[int] | None = None
) -> Iterator[SaidRow]:
    """Yield what stands for a task, by record, then actor; of these records, or (None) of all."""
    if among is None:
        found = connection.execute(ROWS.format(among=""), (task,))
    else:
        found = connection.execute(ROWS.format(among=AMONG), (task, json.dumps(list(among))))
    for row in found:
        yield SaidRow(*row)


def newest(connection: sqlite3.Connection) -> int:
    """Return the number of the last event."""
    return int(connection.execute(NEWEST).fetchone()[0])


def touched(connection: sqlite3.Connection, task: int, since: int) -> NDArray[np.int64]:
    """Return the records of a task that events after one touched, ascending."""
    found = connection.execute(TOUCHED, (since, task))
    return np.fromiter((row[0] for row in found), np.int64)
