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

# Whose labels are valid whatever others say: refinery's gold star, which marks one person's labels
# of a record as the ones that count.
GOLD_STAR = "gold star"
LABELS = (
    'SELECT record, actor, label, start, "end", surface, stale FROM label WHERE task = ? '
    "ORDER BY record, actor, position"
)
LABELS_AMONG = LABELS.replace(
    "task = ? ", "task = ? AND record IN (SELECT value FROM json_each(?)) "
)
LABELS_OF = (
    'SELECT record, actor, label, start, "end", surface, stale FROM label '
    "WHERE task = ? AND record = ? ORDER BY actor, position"
)
# Whose labels are votes: the enabled annotators among the heuristics of a task.
VOTERS = """
SELECT DISTINCT json_extract(v.spec, '$.actor')
FROM heuristic AS h JOIN heuristic_version AS v ON v.heuristic = h.id
WHERE h.task = ? AND h.enabled AND json_extract(v.spec, '$.kind') = 'annotator'
AND v.id = (SELECT max(id) FROM heuristic_version WHERE heuristic = h.id)"""
OF_ACTOR = (
    'SELECT record, label, start, "end" FROM label '
    "WHERE task = ? AND actor = ? AND NOT stale AND label IS NOT NULL"
)
ACTOR_VERSION = (
    "SELECT (SELECT coalesce(max(seq), 0) FROM operation WHERE actor = ?), "
    "(SELECT value FROM setting WHERE name = 'record_version')"
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


def labels(
    connection: sqlite3.Connection, task: int, among: Sequence[int] | None = None
) -> Iterator[LabelRow]:
    """Yield the current labels of a task, by record, then actor; of these records, or of all."""
    if among is None:
        found = connection.execute(LABELS, (task,))
    else:
        found = connection.execute(LABELS_AMONG, (task, json.dumps(list(among))))
    for row in found:
        yield LabelRow(*row)


def labels_of(connection: sqlite3.Connection, task: int, record: int) -> list[LabelRow]:
    """Return all current labels of a record for a task, by actor."""
    return [LabelRow(*row) for row in connection.execute(LABELS_OF, (task, record))]


def voters(connection: sqlite3.Connection, task: int) -> frozenset[str]:
    """Return whose labels are votes: the enabled annotators among the heuristics of a task."""
    return frozenset(row[0] for row in connection.execute(VOTERS, (task,)))


def gold(
    connection: sqlite3.Connection, task: TaskSchema, among: Sequence[int] | None = None
) -> tuple[Gold, dict[int, str]]:
    """Return the valid reference labels of a task, and who set them; of these records, or of all.

    A record's labels are valid if one person labelled it, or if all who did agree (for spans:
    on the same set); the first by name then stands for them. Where they disagree, those of
    ``GOLD_STAR`` are valid if it has any. Other records that people disagree on, and those with
    stale spans, are left out (refinery's rule for valid labels).

    Who votes does not judge: the labels of a person who is an enabled ``Annotator`` of the task
    are votes and no gold, for any heuristic. Measured on records that somebody else labelled,
    also where the two disagree, an annotator's precision is an honest one.
    """
    voting = voters(connection, task.id)
    reviewed: list[int] = []
    rows: list[LabelRow] = []
    by: dict[int, str] = {}
    known = {label.id for label in task.labels}
    judging = (row for row in labels(connection, task.id, among) if row.actor not in voting)
    for record, of_record in groupby(judging, key=lambda row: row.record):
        people = [list(group) for _, group in groupby(of_record, key=lambda row: row.actor)]
        people = [person for person in people if person[0].actor == GOLD_STAR] or people
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


def of_actor(connection: sqlite3.Connection, task: TaskSchema, actor: str) -> Votes:
    """Return what one person says of a task as votes, without stale spans."""
    rows = connection.execute(OF_ACTOR, (task.id, actor)).fetchall()
    return Votes.of(
        [row[0] for row in rows],
        [row[1] for row in rows],
        None,
        [row[2] for row in rows] if task.is_spans else None,
        [row[3] for row in rows] if task.is_spans else None,
    )


def actor_version(connection: sqlite3.Connection, actor: str) -> tuple[object, ...]:
    """Return what changes whenever the labels of a person may have changed."""
    return tuple(connection.execute(ACTOR_VERSION, (actor,)).fetchone())


def progress(connection: sqlite3.Connection, task: int, actor: str | None) -> int:
    """Return how many records are labelled for a task, by one actor or by anyone."""
    return int(connection.execute(PROGRESS, (task, actor, actor)).fetchone()[0])


def labelled_among(connection: sqlite3.Connection, task: int, ids: Sequence[int]) -> set[int]:
    """Return those of the records that anybody has labelled for a task."""
    return {row[0] for row in connection.execute(LABELLED_AMONG, (task, json.dumps(list(ids))))}
