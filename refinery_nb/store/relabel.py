"""Labels given other ids, taken away and put back, in all that people and sources said.

What people said is changed by operations of the kind ``rewrite``, one for each of them, so that
the log stays the truth; columns of votes are rewritten in their place.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from refinery_nb.core.operation import Annotation, Operation
from refinery_nb.core.votes import Votes
from refinery_nb.store import labels
from refinery_nb.store.schema import set_setting, setting

# Grows when columns of votes are rewritten in their place: whoever holds them reads them anew.
EPOCH = "votes_epoch"
USES = (
    "SELECT count(*), count(DISTINCT record) FROM label "
    "WHERE task = ? AND label IN (SELECT value FROM json_each(?))"
)
WHERE_USED = (
    "SELECT DISTINCT actor, record FROM label "
    "WHERE task = ? AND label IN (SELECT value FROM json_each(?)) ORDER BY actor, record"
)
LOST = (
    "SELECT actor, record, label FROM label WHERE task = ?1 AND label IS NOT NULL "
    "AND record IN (SELECT value FROM json_each(?2)) "
    "AND label NOT IN (SELECT id FROM task_label WHERE task = ?1 AND NOT deleted)"
)
# What a merged label became, by its id.
MERGED = "merged_label:{}"
OF_TASK = "SELECT count(*), count(DISTINCT record) FROM label WHERE task = ? AND label IS NOT NULL"
ACTOR_OF = "SELECT actor FROM operation WHERE seq = ?"
EVENTS = (
    "SELECT record, task, before, after FROM event WHERE operation = ? AND outcome = 'applied' "
    "ORDER BY seq"
)
VERSIONS = (
    "SELECT v.id, v.votes FROM heuristic_version AS v JOIN heuristic AS h ON h.id = v.heuristic "
    "WHERE h.task = ? AND v.votes IS NOT NULL"
)
NEWEST = (
    "SELECT v.votes FROM heuristic_version AS v JOIN heuristic AS h ON h.id = v.heuristic "
    "WHERE h.task = ? AND v.votes IS NOT NULL "
    "AND v.id = (SELECT max(id) FROM heuristic_version WHERE heuristic = h.id)"
)
SET_VERSION = "UPDATE heuristic_version SET votes = ? WHERE id = ?"
RUNS = "SELECT id, votes, proba, held_out FROM weak_run WHERE task = ?"
LAST_RUN = "SELECT votes FROM weak_run WHERE task = ? ORDER BY id DESC LIMIT 1"
SET_RUN = "UPDATE weak_run SET votes = ?, proba = ?, held_out = ? WHERE id = ?"

Rewritten = Callable[[int, Annotation], Annotation]  # record, what stands


def uses(connection: sqlite3.Connection, task: int, ids: Sequence[int]) -> tuple[int, int]:
    """Return how many manual labels carry these labels, and on how many records."""
    return connection.execute(USES, (task, json.dumps(list(ids)))).fetchone()  # type: ignore[no-any-return]


def uses_of_task(connection: sqlite3.Connection, task: int) -> tuple[int, int]:
    """Return how many manual labels a task has, and on how many records."""
    return connection.execute(OF_TASK, (task,)).fetchone()  # type: ignore[no-any-return]


def votes_for(
    connection: sqlite3.Connection, task: int, ids: Sequence[int] | None = None
) -> tuple[int, int]:
    """Return how many votes and weak labels (of the last run) are for labels, or for any."""

    def count(column: bytes) -> int:
        found = Votes.from_bytes(column).label
        return len(found) if ids is None else int(np.isin(found, list(ids)).sum())

    votes = sum(count(column) for (column,) in connection.execute(NEWEST, (task,)))
    return votes, sum(count(column) for (column,) in connection.execute(LAST_RUN, (task,)))


def mapped(labels_: Mapping[int, int | None]) -> Rewritten:
    """Return what gives labels other ids in an annotation, or takes them away (None).

    Spans that become the same are one; an annotation that has lost all its labels is taken away
    rather than turned into "reviewed, none", which nobody said.
    """

    def rewritten(record: int, value: Annotation) -> Annotation:
        del record
        if value is None or "none" in value:
            return value
        if "label" in value:
            label = labels_.get(value["label"], value["label"])
            return None if label is None else {"label": label}
        if "labels" in value:
            ids = {labels_.get(label, label) for label in value["labels"]} - {None}
            return {"labels": sorted(one for one in ids if one is not None)} if ids else None
        spans = []
        for start, end, old, surface in value["spans"]:
            label = labels_.get(old, old)
            if label is not None and [start, end, label, surface] not in spans:
                spans.append([start, end, label, surface])
        return {"spans": sorted(spans)} if spans else None

    return rewritten


def places(connection: sqlite3.Connection, task: int, ids: Iterable[int]) -> list[tuple[str, int]]:
    """Return who gave one of these labels to which record: (actor, record id), by actor."""
    return connection.execute(WHERE_USED, (task, json.dumps(list(ids)))).fetchall()


def rewrite(
    connection: sqlite3.Connection,
    task: int,
    where: Iterable[tuple[str, int]],
    rewritten: Rewritten,
    *,
    at: str,
) -> list[int]:
    """Change what people said at these places (actor, record id); return the operations' numbers.

    The actor of each operation is whose label it is, as the projection is made by actor.
    """
    made: dict[str, tuple[int, Operation]] = {}
    for actor, record in where:
        _, before = labels.annotation(connection, task, record, actor)
        after = rewritten(record, before)
        if after == before:
            continue
        if actor not in made:
            operation = Operation(str(uuid.uuid4()), "rewrite", actor, task)
            seq = labels.add_operation(connection, operation, at=at, target=None)
            made[actor] = (seq, operation)
        seq, operation = made[actor]
        labels.add_event(connection, seq, operation, record, task, "applied", before, after)
    return [seq for seq, _ in made.values()]


def reverse(connection: sqlite3.Connection, operations: Sequence[int], *, at: str) -> int:
    """Take rewrites back where what they wrote still stands; return how many places did not.

    What a person said since stands, and the log holds both.
    """
    stood = 0
    for target in reversed(operations):
        (actor,) = connection.execute(ACTOR_OF, (target,)).fetchone()
        operation = Operation(str(uuid.uuid4()), "rewrite", actor)
        seq = labels.add_operation(connection, operation, at=at, target=target)
        for record, task, before, after in reversed(
            connection.execute(EVENTS, (target,)).fetchall()
        ):
            _, now = labels.annotation(connection, task, record, actor)
            same = now == json.loads(after)
            stood += not same
            outcome = "applied" if same else "conflict"
            wanted = json.loads(before)
            labels.add_event(connection, seq, operation, record, task, outcome, now, wanted)
    return stood


def catch_up(connection: sqlite3.Connection, task: int, records: Sequence[int], *, at: str) -> None:
    """Have what was said of records that come back follow the merges and removals since."""
    lost = connection.execute(LOST, (task, json.dumps(list(records)))).fetchall()
    became: dict[int, int | None] = {}
    for _, _, label in lost:
        last: int | None = label
        while last is not None and (now := setting(connection, MERGED.format(last))) is not None:
            last = int(now)
        became[label] = None if last == label else last
    where = dict.fromkeys((actor, record) for actor, record, _ in lost)
    rewrite(connection, task, where, mapped(became), at=at)


def merge_votes(connection: sqlite3.Connection, task: int, into: Mapping[int, int]) -> None:
    """Give labels other ids in all columns of votes and weak labels of a task."""
    for old, new in into.items():
        set_setting(connection, MERGED.format(old), str(new))
    for version, column in connection.execute(VERSIONS, (task,)).fetchall():
        changed = _merged(column, into, together=False)
        if changed is not column:
            connection.execute(SET_VERSION, (changed, version))
    # Where each label is a question of its own, its probabilities do not add up with others'.
    together = connection.execute(labels.IS_MULTI, (task,)).fetchone() is None
    for run, votes, proba, held_out in connection.execute(RUNS, (task,)).fetchall():
        columns = (
            _merged(votes, into, together=False),
            _merged(proba, into, together=together),
            _merged(held_out, into, together=together),
        )
        connection.execute(SET_RUN, (*columns, run))
    next_epoch(connection)


def epoch(connection: sqlite3.Connection) -> int:
    """Return what grows whenever columns of votes are rewritten in their place."""
    return int(setting(connection, EPOCH) or 0)


def next_epoch(connection: sqlite3.Connection) -> None:
    """Have everybody read columns of votes anew."""
    set_setting(connection, EPOCH, str(epoch(connection) + 1))


def _merged(column: bytes | None, into: Mapping[int, int], *, together: bool) -> bytes | None:
    """Return a column with other label ids; itself if it has none of them.

    Rows that become the same are one, with the highest confidence, or (``together``) with the
    sum, as probabilities add up.
    """
    if column is None:
        return None
    votes = Votes.from_bytes(column)
    hit = np.isin(votes.label, list(into))
    if not hit.any():
        return column
    label = votes.label.copy()
    label[hit] = [into[old] for old in label[hit].tolist()]
    zeros = np.zeros(len(label), dtype=np.int64)
    start = zeros if votes.start is None else votes.start
    end = zeros if votes.end is None else votes.end
    keys = np.column_stack([votes.record, start, end, label])
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    confidence = np.zeros(len(first), dtype=np.float64)
    (np.add if together else np.maximum).at(confidence, group, votes.confidence)
    one = Votes(votes.record, label, votes.confidence, votes.start, votes.end).take(first)
    sure = np.minimum(confidence, 1).astype(np.float32)
    return Votes.of(one.record, one.label, sure, one.start, one.end).to_bytes()
