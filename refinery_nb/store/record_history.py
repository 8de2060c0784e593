"""What became of records: edits, updates, deletions; and those that were deleted, to come back."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from refinery_nb.core.operation import Operation
from refinery_nb.core.votes import Votes
from refinery_nb.store import labels

LOG = (
    "INSERT OR REPLACE INTO record_change (operation, record, kind, before, after) "
    "VALUES (?, ?, ?, ?, ?)"
)
CHANGES = (
    "SELECT c.operation, o.at, o.actor, c.kind, c.before, c.after FROM record_change AS c "
    "JOIN operation AS o ON o.seq = c.operation WHERE c.record = ? ORDER BY c.operation"
)
SAID = (
    "SELECT o.seq, o.at, o.actor, o.kind, e.task, e.outcome, e.before, e.after FROM event AS e "
    "JOIN operation AS o ON o.seq = e.operation WHERE e.record = ? ORDER BY e.seq"
)
DELETED = (
    "SELECT d.id, d.key, o.at, o.actor FROM deleted_record AS d "
    "JOIN operation AS o ON o.seq = d.operation ORDER BY d.operation, d.id"
)
DELETED_IDS = "SELECT id FROM deleted_record"
DELETE = "INSERT INTO deleted_record (id, key, content, operation) VALUES (?, ?, ?, ?)"
CONTENT = "SELECT id, key, content FROM deleted_record WHERE id IN (SELECT value FROM json_each(?))"
GONE = (
    "DELETE FROM label WHERE record IN (SELECT value FROM json_each(?))",
    "DELETE FROM mark WHERE record IN (SELECT value FROM json_each(?))",
    "DELETE FROM record WHERE id IN (SELECT value FROM json_each(?))",
)
BACK = "DELETE FROM deleted_record WHERE id IN (SELECT value FROM json_each(?))"
LABELS_OF = (
    "SELECT task, count(*) FROM label WHERE label IS NOT NULL "
    "AND record IN (SELECT value FROM json_each(?)) GROUP BY task"
)

Values = dict[int, Any]  # by the id of their attribute


def begin(connection: sqlite3.Connection, actor: str, *, at: str) -> int:
    """Append an operation to the log under which changes of records are kept."""
    operation = Operation(str(uuid.uuid4()), "rewrite", actor)
    return labels.add_operation(connection, operation, at=at, target=None)


def log(
    connection: sqlite3.Connection,
    operation: int,
    kind: str,
    changes: Mapping[int, tuple[Values, Values]],
) -> None:
    """Keep what changed: by record id, the values that differ, before and after."""
    connection.executemany(
        LOG,
        (
            (operation, record, kind, _dump(before), _dump(after))
            for record, (before, after) in changes.items()
        ),
    )


def changes(
    connection: sqlite3.Connection, record: int
) -> list[tuple[int, str, str, str, Values, Values]]:
    """Return (operation, at, actor, kind, before, after) of a record, oldest first."""
    return [
        (*row[:4], _load(row[4]), _load(row[5])) for row in connection.execute(CHANGES, (record,))
    ]


def said(
    connection: sqlite3.Connection, record: int
) -> list[tuple[int, str, str, str, int, str, Any, Any]]:
    """Return (operation, at, actor, kind, task, outcome, before, after) of a record's labels."""
    return [
        (*row[:6], json.loads(row[6]), json.loads(row[7]))
        for row in connection.execute(SAID, (record,))
    ]


def delete(connection: sqlite3.Connection, ids: Sequence[int], operation: int) -> None:
    """Take records out with their labels; the log keeps what was said of them.

    Values of attributes that were taken out go and come back with them.
    """
    asked = json.dumps([int(record) for record in ids])
    names = _attribute_ids(connection)
    columns = "".join(f", a{name}" for name in names)
    rows = connection.execute(
        f"SELECT id, key{columns} FROM record WHERE id IN (SELECT value FROM json_each(?))",
        (asked,),
    ).fetchall()
    connection.executemany(
        DELETE,
        (
            (row[0], row[1], _dump(dict(zip(names, row[2:], strict=True))), operation)
            for row in rows
        ),
    )
    log(connection, operation, "delete", {row[0]: ({}, {}) for row in rows})
    for statement in GONE:
        connection.execute(statement, (asked,))


def restore(
    connection: sqlite3.Connection,
    ids: Sequence[int],
    operation: int,
    *,
    version: int,
) -> None:
    """Put deleted records back under their ids, with what people said of them.

    Attributes that came since are missing in them.
    """
    asked = json.dumps([int(record) for record in ids])
    names = _attribute_ids(connection)
    columns = "".join(f", a{name}" for name in names)
    rows = [
        (id_, key, _load(content))
        for id_, key, content in connection.execute(CONTENT, (asked,)).fetchall()
    ]
    connection.executemany(
        f"INSERT INTO record (id, key, version{columns}) "
        f"VALUES (?, ?, {version:d}{', ?' * len(names)})",
        ((id_, key, *map(values.get, names)) for id_, key, values in rows),
    )
    connection.execute(BACK, (asked,))
    log(connection, operation, "restore", {id_: ({}, {}) for id_, _, _ in rows})
    labels.replay(connection, [id_ for id_, _, _ in rows])


def deleted(connection: sqlite3.Connection) -> list[tuple[int, str, str, str]]:
    """Return (id, key, when, by whom) of the deleted records, in the order of deletion."""
    return connection.execute(DELETED).fetchall()


def labels_of(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, int]:
    """Return by task id how many manual labels records carry."""
    asked = json.dumps([int(record) for record in ids])
    return dict(connection.execute(LABELS_OF, (asked,)))


def without_deleted(connection: sqlite3.Connection, votes: Votes) -> Votes:
    """Return votes without those on deleted records, which come back with their records."""
    gone = [row[0] for row in connection.execute(DELETED_IDS)]
    return votes.without_records(np.array(gone, np.int64)) if gone else votes


def _attribute_ids(connection: sqlite3.Connection) -> list[int]:
    """Return the ids of all attributes, also of those that were taken out."""
    return [id_ for (id_,) in connection.execute("SELECT id FROM attribute ORDER BY id")]


def _dump(values: Values) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _load(text: str) -> Values:
    return {int(id_): value for id_, value in json.loads(text).items()}
