"""Reading labels in bulk: all of a task, and those that are valid as reference."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Gold, Votes

LABELS = (
    'SELECT record, actor, label, start, "end", surface, stale FROM label WHERE task = ? '
    "ORDER BY record, actor, position"
)
PROGRESS = (
    "SELECT count(DISTINCT record) FROM label WHERE task = ? AND NOT stale "
    "AND (? IS NULL OR actor = ?)"
)
# What valid labels depend on: who said what, and which texts have changed under spans.
VERSION = (
    "SELECT (SELECT coalesce(max(seq), 0) FROM event), "
    "(SELECT value FROM setting WHERE name = 'record_version')"
)
LABELLED_AMONG = (
    "SELECT DISTINCT record FROM label WHERE task = ? "
    "AND record IN (SELECT value FROM json_each(?))"
)


class LabelRow(NamedTuple):
    """One manual label; ``label`` is None for "reviewed, none"."""

    record: int
    actor: str
    label: int | None
    start: int | None
    end: int | None
    surface: str | None
    stale: int


def labels(connection: sqlite3.Connection, task: int) -> Iterator[LabelRow]:
    """Yield all current labels of a task, by record, then actor."""
    for row in connection.execute(LABELS, (task,)):
        yield LabelRow(*row)


def gold(connection: sqlite3.Connection, task: TaskSchema) -> tuple[Gold, dict[int, str]]:
    """Return the valid reference labels of a task, and who set them.

    A record's labels are valid if one person labelled it, or if all who did agree (for spans:
    on the same set); the first by name then stands for them. Records that people disagree on,
    and those with stale spans, are left out (refinery's rule for valid labels).
    """
    reviewed: list[int] = []
    rows: list[LabelRow] = []
    by: dict[int, str] = {}
    known = {label.id for label in task.labels}
    for record, of_record in groupby(labels(connection, task.id), key=lambda row: row.record):
        people = [list(group) for _, group in groupby(of_record, key=lambda row: row.actor)]
        said = {frozenset(row[2:5] for row in person) for person in people}
        if len(said) > 1 or any(row.stale for person in people for row in person):
            continue
        reviewed.append(record)
        by[record] = people[0][0].actor
        rows.extend(row for row in people[0] if row.label in known)
    votes = Votes.of(
        [row.record for row in rows],
        [row.label or 0 for row in rows],
        None,
        [row.start or 0 for row in rows] if task.is_spans else None,
        [row.end or 0 for row in rows] if task.is_spans else None,
    )
    return Gold(np.asarray(reviewed, dtype=np.int64), votes), by


def version(connection: sqlite3.Connection) -> tuple[object, ...]:
    """Return what changes whenever a valid label may have changed."""
    return tuple(connection.execute(VERSION).fetchone())


def progress(connection: sqlite3.Connection, task: int, actor: str | None) -> int:
    """Return how many records are labelled for a task, by one actor or by anyone."""
    return int(connection.execute(PROGRESS, (task, actor, actor)).fetchone()[0])


def labelled_among(connection: sqlite3.Connection, task: int, ids: Sequence[int]) -> set[int]:
    """Return those of the records that anybody has labelled for a task."""
    return {row[0] for row in connection.execute(LABELLED_AMONG, (task, json.dumps(list(ids))))}
