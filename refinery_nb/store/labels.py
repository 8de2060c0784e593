"""Labels as events: the one way in which a person's labels are written.

An operation (``core.operation``) appends one row to ``operation`` and one to ``event`` per record
that it touches, and changes the projection (``label``, ``mark``), in one transaction. The
projection can be rebuilt from the events at any time, identically.

The JSON of an event says the annotation with label ids; spans carry their surface text:
``null``, ``{"label": 3}``, ``{"labels": [3, 5]}``, ``{"none": true}``,
``{"spans": [[0, 5, 3, "Apple"]]}``; for marks
``{"mark": "flag", "on": true}``.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from refinery_nb.core.errors import LabelError, RefineryError
from refinery_nb.core.operation import Acknowledgement, Annotation, Change, Operation
from refinery_nb.core.schema import TaskSchema
from refinery_nb.store import annotated, bulk_labels

MARKS = ("flag", "skip")
MOST_CHANGES = 1_001  # that an answer tells: who asks for more than 1,000 looks again

KNOWN_OPERATION = "SELECT seq FROM operation WHERE op_id = ?"
ADD_OPERATION = "INSERT INTO operation (op_id, kind, actor, at, target) VALUES (?, ?, ?, ?, ?)"
ADD_EVENT = (
    "INSERT INTO event (operation, record, task, base, outcome, before, after) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
EVENTS = "SELECT record, task, outcome, before, after FROM event WHERE operation = ? ORDER BY seq"
CURRENT = (
    'SELECT version, label, start, "end", surface FROM label '
    "WHERE task = ? AND record = ? AND actor = ? ORDER BY position"
)
IS_MULTI = "SELECT 1 FROM task WHERE id = ? AND kind = 'multilabel'"
CLEAR = "DELETE FROM label WHERE task = ? AND record = ? AND actor = ?"
SET = (
    'INSERT INTO label (task, record, actor, position, version, label, start, "end", surface) '
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
CURRENT_MARKS = "SELECT kind FROM mark WHERE task = ? AND record = ? AND actor = ? ORDER BY kind"
SET_MARK = "INSERT OR REPLACE INTO mark (task, record, actor, kind, version) VALUES (?, ?, ?, ?, ?)"
CLEAR_MARK = "DELETE FROM mark WHERE task = ? AND record = ? AND actor = ? AND kind = ?"
RECORD_EXISTS = "SELECT 1 FROM record WHERE id = ?"
# Taken back as often as repeated: in force. {tasks} limits it to operations on these tasks.
LAST_DONE = """
SELECT seq FROM operation AS o
WHERE actor = ? AND kind IN ('label', 'mark') AND EXISTS (
    SELECT 1 FROM event WHERE operation = o.seq AND outcome = 'applied' {tasks})
AND (SELECT total(CASE kind WHEN 'undo' THEN 1 ELSE -1 END) FROM operation
     WHERE target = o.seq) = 0
ORDER BY seq DESC LIMIT 1"""
# The last one taken back and not repeated, unless the actor did something else after that.
LAST_UNDONE = """
SELECT o.seq FROM operation AS u JOIN operation AS o ON o.seq = u.target
WHERE u.actor = ? AND u.kind = 'undo' AND EXISTS (
    SELECT 1 FROM event WHERE operation = o.seq AND outcome = 'applied' {tasks})
AND (SELECT total(CASE kind WHEN 'undo' THEN 1 ELSE -1 END) FROM operation
     WHERE target = o.seq) = 1
AND NOT EXISTS (
    SELECT 1 FROM operation AS n WHERE n.actor = u.actor AND n.kind IN ('label', 'mark')
    AND n.seq > u.seq AND EXISTS (
        SELECT 1 FROM event WHERE operation = n.seq AND outcome = 'applied' {tasks}))
ORDER BY u.seq DESC LIMIT 1"""
ALL_EVENTS = (
    "SELECT e.seq, o.actor, e.record, e.task, e.after FROM event AS e "
    "JOIN operation AS o ON o.seq = e.operation WHERE e.outcome = 'applied' "
    "AND e.record IN (SELECT id FROM record) {among} ORDER BY e.seq"
)
AMONG = "AND e.record IN (SELECT value FROM json_each(?))"


def apply(
    connection: sqlite3.Connection,
    operation: Operation,
    *,
    tasks: Mapping[int, TaskSchema],
    at: str,
    text_of: annotated.TextOf,
) -> Acknowledgement:
    """Apply one operation inside an open transaction.

    The caller commits, and acknowledges only then. Applying an ``op_id`` again changes nothing
    and gives the same answer.

    Raises
    ------
    LabelError
        If the operation cannot be stored: an unknown record, task or label, or bad offsets.
    """
    known = connection.execute(KNOWN_OPERATION, (operation.op_id,)).fetchone()
    if known:
        return answer(connection, operation, known[0])
    if operation.kind in ("undo", "redo"):
        return _take_back(connection, operation, at=at)
    task = tasks.get(operation.task or 0)
    if task is None or operation.record is None:
        raise LabelError(f"task {operation.task!r} does not exist in this project.")
    return apply_bulk(
        connection,
        operation,
        [(operation.record, operation.value)],
        task=task,
        at=at,
        text_of=text_of,
    )


def apply_bulk(
    connection: sqlite3.Connection,
    operation: Operation,
    items: Sequence[tuple[int, Any]],
    *,
    task: TaskSchema,
    at: str,
    text_of: annotated.TextOf,
) -> Acknowledgement:
    """Apply one operation to several records of a task: (record id, value) pairs.

    They are undone together. ``operation.record`` and ``operation.value`` are not looked at.
    """
    stored = [
        (record, _checked(connection, operation.kind, record, value, task, text_of))
        for record, value in items
    ]
    seq = add_operation(connection, operation, at=at, target=None)
    for record, after in stored:
        before, version = _before(
            connection, operation.kind, task.id, record, operation.actor, after
        )
        # Marks do not compete with labels: they have no base.
        stale = (
            operation.kind == "label" and operation.base is not None and operation.base != version
        )
        outcome = "same" if before == after else "conflict" if stale else "applied"
        add_event(connection, seq, operation, record, task.id, outcome, before, after)
    return answer(connection, operation, seq)


def annotation(
    connection: sqlite3.Connection, task: int, record: int, actor: str
) -> tuple[int, Annotation]:
    """Return the version and the annotation of one record, task and actor."""
    rows = connection.execute(CURRENT, (task, record, actor)).fetchall()
    if not rows:
        return 0, None
    version, label, start, _, _ = rows[0]
    if label is None:
        return version, {"none": True}
    if start is None:
        if connection.execute(IS_MULTI, (task,)).fetchone() is None:
            return version, {"label": label}
        return version, {"labels": [row[1] for row in rows]}
    return version, {"spans": [list(_span_first(row[1:])) for row in rows]}


def replay(connection: sqlite3.Connection, records: Sequence[int] | None = None) -> None:
    """Rebuild the projection from the events: of all records, or of those that came back.

    Marks of stale spans are derived from the records and set again by ``store.stale``.
    """
    if records is None:
        connection.execute("DELETE FROM label")
        connection.execute("DELETE FROM mark")
        rows = connection.execute(ALL_EVENTS.format(among="")).fetchall()
    else:
        asked = (json.dumps(list(records)),)
        rows = connection.execute(ALL_EVENTS.format(among=AMONG), asked).fetchall()
    for seq, actor, record, task, after in rows:
        _project(connection, seq, task, record, actor, json.loads(after))


def _span_first(row: Sequence[Any]) -> tuple[int, int, int, str]:
    label, start, end, surface = row
    return start, end, label, surface


def _checked(
    connection: sqlite3.Connection,
    kind: str,
    record: int,
    value: Any,
    task: TaskSchema,
    text_of: annotated.TextOf,
) -> Any:
    """Return the value in the form in which it is stored, or raise a LabelError."""
    if connection.execute(RECORD_EXISTS, (record,)).fetchone() is None:
        raise LabelError(f"record {record} does not exist in this project.")
    if kind == "mark":
        if not (
            isinstance(value, dict)
            and value.get("mark") in MARKS
            and isinstance(value.get("on"), bool)
        ):
            raise LabelError(f"{value!r} is not a mark; marks are {', '.join(MARKS)}.")
        return {"mark": value["mark"], "on": value["on"]}
    return annotated.checked(connection, record, value, task, text_of)


def _before(
    connection: sqlite3.Connection, kind: str, task: int, record: int, actor: str, after: Any
) -> tuple[Any, int]:
    version, value = annotation(connection, task, record, actor)
    if kind != "mark":
        return value, version
    on = after["mark"] in _marks(connection, task, record, actor)
    return {"mark": after["mark"], "on": on}, version


def _marks(connection: sqlite3.Connection, task: int, record: int, actor: str) -> tuple[str, ...]:
    return tuple(row[0] for row in connection.execute(CURRENT_MARKS, (task, record, actor)))


def add_operation(
    connection: sqlite3.Connection, operation: Operation, *, at: str, target: int | None
) -> int:
    """Append an operation to the log; return its number."""
    cursor = connection.execute(
        ADD_OPERATION, (operation.op_id, operation.kind, operation.actor, at, target)
    )
    return int(cursor.lastrowid or 0)


def add_event(
    connection: sqlite3.Connection,
    seq: int,
    operation: Operation,
    record: int,
    task: int,
    outcome: str,
    before: Any,
    after: Any,
) -> None:
    """Append an event to the log, and to the projection if it is applied."""
    cursor = connection.execute(
        ADD_EVENT,
        (seq, record, task, operation.base, outcome, _dump(before), _dump(after)),
    )
    if outcome == "applied":
        _project(connection, int(cursor.lastrowid or 0), task, record, operation.actor, after)


def _project(
    connection: sqlite3.Connection, version: int, task: int, record: int, actor: str, value: Any
) -> None:
    """Write one applied event into the projection."""
    if value is not None and "mark" in value:
        if value["on"]:
            connection.execute(SET_MARK, (task, record, actor, value["mark"], version))
        else:
            connection.execute(CLEAR_MARK, (task, record, actor, value["mark"]))
        return
    connection.execute(CLEAR, (task, record, actor))
    if value is None:
        return
    connection.executemany(
        SET,
        (
            (task, record, actor, at, version, *row)
            for at, row in enumerate(annotated.rows_of(value))
        ),
    )


def _take_back(connection: sqlite3.Connection, operation: Operation, *, at: str) -> Acknowledgement:
    """Undo or redo the actor's last operation, on the tasks in ``value["tasks"]`` if given."""
    chosen = (operation.value or {}).get("tasks")
    among = f"AND task IN ({', '.join(str(int(task)) for task in chosen)})" if chosen else ""
    query = LAST_DONE if operation.kind == "undo" else LAST_UNDONE
    row = connection.execute(query.format(tasks=among), (operation.actor,)).fetchone()
    if row is None:
        return Acknowledgement(operation.op_id, "nothing")
    seq = add_operation(connection, operation, at=at, target=row[0])
    undo = operation.kind == "undo"
    if bulk_labels.is_plain(connection, row[0]):
        bulk_labels.take_back(connection, seq, target=row[0], actor=operation.actor, undo=undo)
        return answer(connection, operation, seq, most=MOST_CHANGES)
    events = connection.execute(EVENTS, (row[0],)).fetchall()
    for record, task, outcome, before, after in reversed(events) if undo else events:
        if outcome != "applied":
            continue
        expected, wanted = (after, before) if undo else (before, after)
        target = json.loads(wanted)
        kind = "mark" if target is not None and "mark" in target else "label"
        current, _ = _before(connection, kind, task, record, operation.actor, target)
        # Set to something else since, by another window: that stands, and the log says so.
        same = _dump(current) == expected
        add_event(
            connection,
            seq,
            operation,
            record,
            task,
            "applied" if same else "conflict",
            current,
            target,
        )
    return answer(connection, operation, seq)


def answer(
    connection: sqlite3.Connection, operation: Operation, seq: int, *, most: int | None = None
) -> Acknowledgement:
    """Say what became of a stored operation, with what stands now of the first records."""
    events = connection.execute(EVENTS, (seq,)).fetchall()
    changed = list(dict.fromkeys((event[1], event[0]) for event in events))
    changes = tuple(
        change(connection, task, record, operation.actor) for task, record in changed[:most]
    )
    conflict = any(event[2] == "conflict" for event in events)
    return Acknowledgement(operation.op_id, "conflict" if conflict else "saved", changes)


def change(connection: sqlite3.Connection, task: int, record: int, actor: str) -> Change:
    """Return what stands for one record, task and actor."""
    version, value = annotation(connection, task, record, actor)
    marks = _marks(connection, task, record, actor)
    return Change(record, task, actor, version, annotated.on_the_wire(value), marks)


def rejected(operation: Operation, error: RefineryError) -> Acknowledgement:
    """Say that an operation was not stored, and why."""
    return Acknowledgement(operation.op_id, "rejected", message=str(error))


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
