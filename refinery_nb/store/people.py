"""What one person said of a task, whatever others say."""

from __future__ import annotations

import sqlite3

import numpy as np

from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Gold, Votes

PEOPLE = "SELECT DISTINCT actor FROM label WHERE task = ? ORDER BY actor"
SAID = (
    'SELECT record, label, start, "end", stale FROM label WHERE task = ? AND actor = ? '
    "ORDER BY record, position"
)


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
