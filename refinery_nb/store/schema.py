"""Attributes, tasks and labels in the database."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping, Sequence

from refinery_nb.core.schema import Attribute, AttributeType, Label, Overlap, TaskKind, TaskSchema

SQL_TYPES = {
    AttributeType.TEXT: "TEXT",
    AttributeType.CATEGORY: "TEXT",
    AttributeType.INTEGER: "INTEGER",
    AttributeType.FLOAT: "REAL",
    AttributeType.BOOLEAN: "INTEGER",
    AttributeType.JSON: "TEXT",
}
ATTRIBUTES = (
    "SELECT id, name, type, position, is_key, hidden FROM attribute WHERE NOT deleted "
    "ORDER BY position, id"
)
ADD_ATTRIBUTE = "INSERT INTO attribute (name, type, position, is_key) VALUES (?, ?, ?, ?)"
TASKS = (
    "SELECT task.id, task.name, kind, attribute.name, overlap, guideline FROM task "
    "LEFT JOIN attribute ON attribute.id = task.attribute WHERE NOT task.deleted ORDER BY task.id"
)
LABELS = (
    "SELECT task, id, name, color, hotkey, position, description FROM task_label WHERE NOT deleted "
    "ORDER BY task, position"
)
ADD_TASK = "INSERT INTO task (name, kind, attribute, overlap, guideline) VALUES (?, ?, ?, ?, ?)"
# A label that was removed comes back with its id.
ADD_LABEL = (
    "INSERT INTO task_label (task, name, color, hotkey, position) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (task, name) DO UPDATE SET deleted = 0, position = excluded.position, "
    "hotkey = excluded.hotkey"
)
RENAME_LABEL = "UPDATE task_label SET name = ? WHERE id = ?"
REMOVE_LABEL = "UPDATE task_label SET deleted = 1 WHERE id = ?"
RESTORE_LABEL = "UPDATE task_label SET deleted = 0, position = ? WHERE id = ?"
REMOVED_LABELS = "SELECT id, name FROM task_label WHERE task = ? AND deleted ORDER BY id"
# A name that a removed label has can be given to another one: SET_ASIDE is no part of a name.
SET_ASIDE = "\x1f"
DRESS_LABEL = (
    "UPDATE task_label SET color = ?, hotkey = ?, description = ?, position = ? WHERE id = ?"
)
RENAME_TASK = "UPDATE task SET name = ? WHERE id = ?"
TASK_NAME = "SELECT name FROM task WHERE id = ? AND NOT deleted"
REMOVE_TASK = "UPDATE task SET deleted = 1, name = name || char(31) || id WHERE id = ?"
RESTORE_TASK = "UPDATE task SET deleted = 0, name = ? WHERE id = ?"
REMOVED_TASKS = "SELECT id, name FROM task WHERE deleted ORDER BY id"
SET_GUIDELINE = "UPDATE task SET guideline = ? WHERE id = ?"
LABEL_USES = "SELECT count(*) FROM label WHERE label = ?"
SETTING = "SELECT value FROM setting WHERE name = ?"
SET_SETTING = (
    "INSERT INTO setting (name, value) VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def column(attribute: Attribute) -> str:
    """Return the column of ``record`` that holds an attribute: never a user's name."""
    return f"a{attribute.id}"


def attributes(connection: sqlite3.Connection) -> tuple[Attribute, ...]:
    """Return the attributes in their order."""
    return tuple(
        Attribute(
            id_, name, AttributeType(kind), position, bool(is_key), frozenset(json.loads(hidden))
        )
        for id_, name, kind, position, is_key, hidden in connection.execute(ATTRIBUTES)
    )


def add_attribute(
    connection: sqlite3.Connection, name: str, kind: AttributeType, *, is_key: bool = False
) -> Attribute:
    """Add an attribute, missing in all records so far."""
    (position,) = connection.execute("SELECT count(*) FROM attribute").fetchone()
    cursor = connection.execute(ADD_ATTRIBUTE, (name, kind.value, position, int(is_key)))
    attribute = Attribute(int(cursor.lastrowid or 0), name, kind, position, is_key)
    connection.execute(f"ALTER TABLE record ADD COLUMN {column(attribute)} {SQL_TYPES[kind]}")
    return attribute


def tasks(connection: sqlite3.Connection) -> tuple[TaskSchema, ...]:
    """Return the tasks with their labels."""
    labels: dict[int, list[Label]] = {}
    for task, *fields in connection.execute(LABELS):
        labels.setdefault(task, []).append(Label(*fields))
    return tuple(
        TaskSchema(
            id_, name, TaskKind(kind), on, tuple(labels.get(id_, ())), Overlap(overlap), guideline
        )
        for id_, name, kind, on, overlap, guideline in connection.execute(TASKS)
    )


def add_task(
    connection: sqlite3.Connection,
    name: str,
    kind: TaskKind,
    attribute: Attribute | None,
    overlap: Overlap,
    guideline: str,
) -> int:
    """Add a task without labels and return its id."""
    cursor = connection.execute(
        ADD_TASK,
        (name, kind.value, attribute.id if attribute else None, overlap.value, guideline),
    )
    return int(cursor.lastrowid or 0)


def add_labels(
    connection: sqlite3.Connection, task: int, labels: Sequence[tuple[str, str, str, int]]
) -> None:
    """Add labels to a task: name, colour, hotkey, position."""
    connection.executemany(ADD_LABEL, [(task, *label) for label in labels])


def rename_labels(connection: sqlite3.Connection, task: int, names: Mapping[int, str]) -> None:
    """Give labels other names, also each other's; their ids, labels and votes stay."""
    wanted = set(names.values())
    for label, name in removed_labels(connection, task).items():
        if name in wanted:
            connection.execute(RENAME_LABEL, (f"{name}{SET_ASIDE}{label}", label))
    for label, name in names.items():
        connection.execute(RENAME_LABEL, (f"{name}{SET_ASIDE}{label}", label))
    for label, name in names.items():
        connection.execute(RENAME_LABEL, (name, label))


def dress_label(connection: sqlite3.Connection, label: Label) -> None:
    """Store the colour, key, description and position of a label."""
    connection.execute(
        DRESS_LABEL, (label.color, label.hotkey, label.description, label.position, label.id)
    )


def removed_labels(connection: sqlite3.Connection, task: int) -> dict[int, str]:
    """Return the labels that were taken out of a task, by id, by the names that they had."""
    rows = connection.execute(REMOVED_LABELS, (task,))
    return {id_: name.split(SET_ASIDE)[0] for id_, name in rows}


def restore_label(connection: sqlite3.Connection, label: int, name: str, position: int) -> None:
    """Put a label back that was taken out; its name must be free."""
    connection.execute(RESTORE_LABEL, (position, label))
    connection.execute(RENAME_LABEL, (name, label))


def task_name(connection: sqlite3.Connection, task: int) -> str | None:
    """Return the name of a task; None if it was deleted."""
    row = connection.execute(TASK_NAME, (task,)).fetchone()
    return None if row is None else str(row[0])


def rename_task(connection: sqlite3.Connection, task: int, name: str) -> None:
    """Give a task another name."""
    connection.execute(RENAME_TASK, (name, task))


def remove_task(connection: sqlite3.Connection, task: int) -> None:
    """Take a task out with all that it has; it can be put back."""
    connection.execute(REMOVE_TASK, (task,))


def restore_task(connection: sqlite3.Connection, task: int, name: str) -> None:
    """Put a task back that was taken out; its name must be free."""
    connection.execute(RESTORE_TASK, (name, task))


def removed_tasks(connection: sqlite3.Connection) -> dict[int, str]:
    """Return the tasks that were deleted, by id, by the names that they had."""
    return {id_: name.split(SET_ASIDE)[0] for id_, name in connection.execute(REMOVED_TASKS)}


def remove_label(connection: sqlite3.Connection, label: int) -> None:
    """Take a label out of its task; what the event log says of it stays readable."""
    connection.execute(REMOVE_LABEL, (label,))


def label_uses(connection: sqlite3.Connection, label: int) -> int:
    """Return how many current manual labels carry this label."""
    (uses,) = connection.execute(LABEL_USES, (label,)).fetchone()
    return int(uses)


def set_guideline(connection: sqlite3.Connection, task: int, guideline: str) -> None:
    """Set the Markdown text that is shown beside the Labeler."""
    connection.execute(SET_GUIDELINE, (guideline, task))


def setting(connection: sqlite3.Connection, name: str) -> str | None:
    """Return a setting of the project."""
    row = connection.execute(SETTING, (name,)).fetchone()
    return None if row is None else str(row[0])


def set_setting(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Set a setting of the project."""
    connection.execute(SET_SETTING, (name, value))


def identity(connection: sqlite3.Connection) -> str:
    """Return what a project is known by; a new one gets it here, and its tokenizer."""
    known = setting(connection, "id")
    if known is None:
        known = str(uuid.uuid4())
        set_setting(connection, "id", known)
        set_setting(connection, "tokenizer", "en")
    return known
