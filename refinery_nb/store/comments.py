"""Comments in the database: what somebody said of a record, a task, a label and more."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

# What can be commented on: where its name stands, by id, and what it is part of (a task), if any.
TARGETS = {
    "record": "SELECT id, key AS name, NULL AS task FROM record",
    "task": "SELECT id, name, NULL AS task FROM task WHERE NOT deleted",
    "label": (
        "SELECT l.id, l.name, t.name AS task FROM task_label AS l JOIN task AS t ON t.id = l.task "
        "WHERE NOT l.deleted AND NOT t.deleted"
    ),
    "heuristic": (
        "SELECT h.id, h.name, t.name AS task FROM heuristic AS h JOIN task AS t ON t.id = h.task "
        "WHERE NOT t.deleted"
    ),
    "slice": "SELECT id, name, NULL AS task FROM slice",
    "attribute": "SELECT id, name, NULL AS task FROM attribute WHERE NOT deleted",
    "lookup": "SELECT id, name, NULL AS task FROM lookup_list",
    "embedding": "SELECT id, name, NULL AS task FROM embedding",
}
ADD = "INSERT INTO comment (kind, target, actor, at, text) VALUES (?, ?, ?, ?, ?)"
COLUMNS = "c.id, c.kind, c.target, c.actor, c.at, c.text, c.edited, c.deleted"
ONE = f"SELECT {COLUMNS} FROM comment AS c WHERE id = ?"
EDIT = "UPDATE comment SET text = ?, edited = ? WHERE id = ?"
ON_RECORDS = (
    "SELECT target, COUNT(*) FROM comment WHERE kind = 'record' AND deleted IS NULL "
    "AND target IN (SELECT value FROM json_each(?)) GROUP BY target"
)
SET_DELETED = "UPDATE comment SET deleted = ? WHERE id = ?"
STANDS = (
    "SELECT 1 FROM comment WHERE kind = ? AND target = ? AND actor = ? AND text = ? "
    "AND (? IS NULL OR at = ?)"
)


@dataclass(frozen=True, slots=True)
class CommentRow:
    """A comment; ``name`` and ``task`` are what its target is called now."""

    id: int
    kind: str
    target: int
    actor: str
    at: str
    text: str
    edited: str | None
    deleted: str | None
    name: str = ""
    task: str | None = None


def target(connection: sqlite3.Connection, kind: str, name: str, task: str | None) -> int | None:
    """Return the id of what is called so (and is part of this task); None: there is none."""
    query = f"SELECT id FROM ({TARGETS[kind]}) WHERE name = ? AND task IS ?"
    row = connection.execute(query, (name, task)).fetchone()
    return None if row is None else int(row[0])


def names(connection: sqlite3.Connection, kind: str, task: str | None, most: int) -> list[str]:
    """Return some names of what can be commented on, to be shown in an error."""
    query = f"SELECT name FROM ({TARGETS[kind]}) WHERE task IS ? LIMIT ?"
    return [row[0] for row in connection.execute(query, (task, most))]


def add(
    connection: sqlite3.Connection, kind: str, target: int, actor: str, text: str, *, at: str
) -> int:
    """Keep a comment and return its id."""
    return int(connection.execute(ADD, (kind, target, actor, at, text)).lastrowid or 0)


def stands(
    connection: sqlite3.Connection,
    kind: str,
    target: int,
    actor: str,
    text: str,
    *,
    at: str | None,
) -> bool:
    """Say whether somebody has said this already, at this time or (None) ever; deleted or not."""
    asked = (kind, target, actor, text, at, at)
    return connection.execute(STANDS, asked).fetchone() is not None


def one(connection: sqlite3.Connection, id_: int) -> CommentRow | None:
    """Return a comment by its id."""
    row = connection.execute(ONE, (id_,)).fetchone()
    return None if row is None else CommentRow(*row)


def comments(
    connection: sqlite3.Connection,
    kind: str | None = None,
    target: int | None = None,
    *,
    deleted: bool = False,
) -> list[CommentRow]:
    """Return the comments that stand (or those that were deleted), oldest first.

    Those on what is not there any more are left out.
    """
    found = []
    for one_kind, named in TARGETS.items():
        if kind not in (None, one_kind):
            continue
        query = (
            f"SELECT {COLUMNS}, n.name, n.task FROM comment AS c JOIN ({named}) AS n "
            "ON n.id = c.target WHERE c.kind = ? AND (? IS NULL OR c.target = ?) "
            "AND (c.deleted IS NOT NULL) = ?"
        )
        found += connection.execute(query, (one_kind, target, target, deleted)).fetchall()
    return [CommentRow(*row) for row in sorted(found, key=lambda row: row[0])]


def on_records(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, int]:
    """Return how many comments there are on some records, by id; none: left out."""
    return dict(connection.execute(ON_RECORDS, (json.dumps(list(ids)),)).fetchall())


def edit(connection: sqlite3.Connection, id_: int, text: str, *, at: str) -> None:
    """Change what a comment says."""
    connection.execute(EDIT, (text, at, id_))


def set_deleted(connection: sqlite3.Connection, id_: int, at: str | None) -> None:
    """Delete a comment, or (None) bring it back."""
    connection.execute(SET_DELETED, (at, id_))
