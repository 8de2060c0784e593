"""One label for very many records, and taking it back: the same events as ``store.labels`` writes.

A few statements over all of them instead of several for each. Only for classifications: what is
said there is a label, or that none fits, or nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from refinery_nb.core.operation import Annotation

MANY = 1_000  # records from which on this is used
# What the actor says of a record now, as JSON of an event.
CURRENT = (
    "coalesce((SELECT CASE WHEN l.label IS NULL THEN '{\"none\":true}' "
    "ELSE '{\"label\":' || l.label || '}' END FROM label AS l "
    "WHERE l.task = :task AND l.record = :: AND l.actor = :actor AND l.position = 0), 'null')"
)
LABEL = (
    "INSERT INTO event (operation, record, task, base, outcome, before, after) "
    "SELECT :operation, asked.id, :task, NULL, "
    "CASE WHEN asked.before = :after THEN 'same' ELSE 'applied' END, asked.before, :after "
    f"FROM (SELECT record.id, {CURRENT.replace('::', 'record.id')} AS before "
    "FROM json_each(:records) AS wanted JOIN record ON record.id = wanted.value "
    "ORDER BY wanted.key) AS asked"
)
TAKE_BACK = (
    "INSERT INTO event (operation, record, task, base, outcome, before, after) "
    "SELECT :operation, done.record, done.task, NULL, "
    "CASE WHEN done.now = done.{expected} THEN 'applied' ELSE 'conflict' END, "
    "done.now, done.{wanted} "
    f"FROM (SELECT e.seq, e.record, e.task, e.before, e.after, {CURRENT.replace('::', 'e.record')} "
    "AS now FROM event AS e WHERE e.operation = :target AND e.outcome = 'applied') AS done "
    "ORDER BY done.seq {direction}"
)
# The projection of the events that were applied.
CLEAR = (
    "DELETE FROM label WHERE task = :task AND actor = :actor AND record IN "
    "(SELECT record FROM event WHERE operation = :operation AND outcome = 'applied')"
)
SET = (
    'INSERT INTO label (task, record, actor, position, version, label, start, "end", surface) '
    "SELECT task, record, :actor, 0, seq, json_extract(after, '$.label'), NULL, NULL, NULL "
    "FROM event WHERE operation = :operation AND outcome = 'applied' AND after <> 'null'"
)
# Of one task, each record once, and nothing but labels of a classification.
PLAIN = """
SELECT count(*), count(DISTINCT record), count(DISTINCT task), min(task),
       total(json_extract(before, '$.labels') IS NOT NULL
             OR json_extract(after, '$.labels') IS NOT NULL
             OR json_extract(before, '$.spans') IS NOT NULL
             OR json_extract(after, '$.spans') IS NOT NULL
             OR json_extract(before, '$.mark') IS NOT NULL)
FROM event WHERE operation = ? AND outcome = 'applied'"""


def label(
    connection: sqlite3.Connection,
    operation: int,
    task: int,
    actor: str,
    records: Sequence[int],
    value: Annotation,
) -> None:
    """Append the events of a stored operation that says the same of many records.

    Records that do not exist are passed over.

    Parameters
    ----------
    records
        Ids, each once.
    value
        A label, that none fits, or None.
    """
    after = json.dumps(value, separators=(",", ":"))
    said = {"operation": operation, "task": task, "actor": actor}
    connection.execute(LABEL, {**said, "after": after, "records": json.dumps(list(records))})
    _project(connection, operation, task, actor)


def is_plain(connection: sqlite3.Connection, operation: int) -> bool:
    """Say whether an operation has labelled many records of a classification."""
    count, records, tasks, _, others = connection.execute(PLAIN, (operation,)).fetchone()
    return bool(count >= MANY and records == count and tasks == 1 and not others)


def take_back(
    connection: sqlite3.Connection, operation: int, *, target: int, actor: str, undo: bool
) -> None:
    """Append the events that undo, or repeat, an operation which ``is_plain``."""
    task = int(connection.execute(PLAIN, (target,)).fetchone()[3])
    expected, wanted = ("after", "before") if undo else ("before", "after")
    sql = TAKE_BACK.replace("{expected}", expected).replace("{wanted}", wanted)
    connection.execute(
        sql.replace("{direction}", "DESC" if undo else "ASC"),
        {"operation": operation, "target": target, "task": task, "actor": actor},
    )
    _project(connection, operation, task, actor)


def _project(connection: sqlite3.Connection, operation: int, task: int, actor: str) -> None:
    said = {"operation": operation, "task": task, "actor": actor}
    connection.execute(CLEAR, said)
    connection.execute(SET, {"operation": operation, "actor": actor})
