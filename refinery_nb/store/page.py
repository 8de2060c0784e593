"""What people say of records: of a few all at once, for a page of a list; or which ones at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
LABELLED = (
    "SELECT DISTINCT record FROM label WHERE task = :task AND NOT stale "
    "AND (:actor IS NULL OR actor = :actor) AND (:label IS NULL OR label = :label) "
    "AND (NOT :none OR label IS NULL)"
)
COMMENTED = (
    "SELECT DISTINCT target FROM comment WHERE kind = 'record' AND deleted IS NULL "
    "AND (:actor IS NULL OR actor = :actor)"
)
MATCHING = "SELECT rowid FROM search WHERE search MATCH ?"
MARKED = "SELECT DISTINCT record FROM mark WHERE task = ? AND kind = ?"


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


def labelled(
    connection: sqlite3.Connection, task: int, *, label: int | None, actor: str | None, none: bool
) -> NDArray[np.int64]:
    """Return the records that a person labelled: with a label, or that nothing applies."""
    rows = connection.execute(
        LABELLED, {"task": task, "label": label, "actor": actor, "none": none}
    )
    return np.fromiter(chain.from_iterable(rows), np.int64)


def commented(connection: sqlite3.Connection, actor: str | None) -> NDArray[np.int64]:
    """Return the records that an actor, or anyone, commented on."""
    rows = connection.execute(COMMENTED, {"actor": actor})
    return np.fromiter(chain.from_iterable(rows), np.int64)


def matching(connection: sqlite3.Connection, expression: str) -> NDArray[np.int64]:
    """Return the records that an FTS5 expression finds."""
    return np.fromiter((row[0] for row in connection.execute(MATCHING, (expression,))), np.int64)


def marked(connection: sqlite3.Connection, task: int, mark: str) -> NDArray[np.int64]:
    """Return the records that a person flagged or skipped."""
    return np.fromiter((row[0] for row in connection.execute(MARKED, (task, mark))), np.int64)
