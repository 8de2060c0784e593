"""What one person said of a task, whatever others say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Gold, Votes

PEOPLE = "SELECT DISTINCT actor FROM label WHERE task = ? ORDER BY actor"
SAID = (
    'SELECT record, label, start, "end", stale FROM label WHERE task = ? AND actor = ? '
    "ORDER BY record, position"
)

DATED = (
    'SELECT l.record, l.actor, l.label, l.start, l."end", l.stale, o.at FROM label AS l '
    "JOIN event AS e ON e.seq = l.version JOIN operation AS o ON o.seq = e.operation "
    "WHERE l.task = ? ORDER BY l.record, l.actor, l.position"
)
MARKS = "SELECT count(DISTINCT record) FROM mark WHERE task = ?"


def people(connection: sqlite3.Connection, task: int) -> list[str]:
    """Return who has labelled records of a task, by name."""
    return [row[0] for row in connection.execute(PEOPLE, (task,))]


def said(connection: sqlite3.Connection, task: TaskSchema, actor: str) -> Gold:
    """Return the records that a person judged, and the labels; those with stale spans are left out.

    Labels that the task no longer has are left out too.
    """
    rows = connection.execute(SAID, (task.id, actor)).fetchall()
    stale = {row[0] for row in rows if row[4]}
    known = {label.id for label in task.labels}
    reviewed = sorted({row[0] for row in rows} - stale)
    kept = [row for row in rows if row[0] not in stale and row[1] in known]
    votes = Votes.of(
        [row[0] for row in kept],
        [row[1] for row in kept],
        None,
        [row[2] or 0 for row in kept] if task.is_spans else None,
        [row[3] or 0 for row in kept] if task.is_spans else None,
    )
    return Gold(np.asarray(reviewed, dtype=np.int64), votes)


class DatedLabel(NamedTuple):
    """A manual label, and when it was set; ``label`` is None for "reviewed, none"."""

    record: int
    actor: str
    label: int | None
    start: int | None
    end: int | None
    stale: int
    at: str


def dated(connection: sqlite3.Connection, task: int) -> Iterator[DatedLabel]:
    """Yield all current labels of a task with their times, by record, then actor."""
    for row in connection.execute(DATED, (task,)):
        yield DatedLabel(*row)


def marks(connection: sqlite3.Connection, task: int) -> int:
    """Return how many records are flagged or skipped for a task."""
    return int(connection.execute(MARKS, (task,)).fetchone()[0])
