"""Reading labels in bulk: all of a task, and those that are valid as reference."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

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
    """Return the current labels of a task, by record, then actor; of these records, or of all."""
    return map(LabelRow._make, _rows(connection, task, among))


def _rows(
    connection: sqlite3.Connection, task: int, among: Sequence[int] | None
) -> Iterator[tuple[Any, ...]]:
    if among is None:
        return connection.execute(LABELS, (task,))
    return connection.execute(LABELS_AMONG, (task, json.dumps(list(among))))


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
    rows = [row for row in _rows(connection, task.id, among) if row[1] not in voting]
    if not rows:
        return Gold(np.zeros(0, np.int64), Votes.empty(spans=task.is_spans)), {}
    of_record, actor, said, starts, ends, _, stale = zip(*rows, strict=True)
    record = np.asarray(of_record, np.int64)
    first = np.flatnonzero(np.diff(record, prepend=-1))
    count = np.diff(first, append=len(record))
    codes = {name: code for code, name in enumerate(dict.fromkeys(actor))}
    who = np.fromiter(map(codes.__getitem__, actor), np.int64, len(record))
    # Most records have one person's labels; what they say is valid unless their text has changed.
    valid = np.minimum.reduceat(who, first) == np.maximum.reduceat(who, first)
    valid &= np.maximum.reduceat(np.asarray(stale), first) == 0
    keep = np.repeat(valid, count)
    voice = first.copy()
    for at in np.flatnonzero(~valid).tolist():
        begin = int(first[at])
        agreed = _agreed(rows[begin : begin + int(count[at])])
        if agreed is not None:
            valid[at], voice[at] = True, begin + agreed.start
            keep[begin + agreed.start : begin + agreed.stop] = True
    label = np.asarray([one or 0 for one in said], np.int64)
    keep &= np.isin(label, [one.id for one in task.labels])
    spans = task.is_spans
    votes = Votes.of(
        record[keep],
        label[keep],
        None,
        np.asarray([one or 0 for one in starts], np.int64)[keep] if spans else None,
        np.asarray([one or 0 for one in ends], np.int64)[keep] if spans else None,
    )
    reviewed = record[first][valid]
    by = [actor[at] for at in voice[valid].tolist()]
    return Gold(reviewed, votes), dict(zip(reviewed.tolist(), by, strict=True))


def _agreed(rows: Sequence[tuple[Any, ...]]) -> range | None:
    """Return which rows of one record are valid, None where people disagree or a span is stale."""
    places = [list(group) for _, group in groupby(range(len(rows)), key=lambda at: rows[at][1])]
    people = [own for own in places if rows[own[0]][1] == GOLD_STAR] or places
    said = {frozenset(rows[at][2:5] for at in own) for own in people}
    if len(said) > 1 or any(rows[at][6] for own in people for at in own):
        return None
    return range(people[0][0], people[0][-1] + 1)


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
