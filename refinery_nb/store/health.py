"""Questions to a database about itself: whole, of our making, and what its history says."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import sqlite_utils

from refinery_nb.core.schema import Attribute, TaskSchema
from refinery_nb.store import labels, stale
from refinery_nb.store.backup import FOLDER, is_whole
from refinery_nb.store.migrations import migrations

SHOWN = 10
SEARCH = "search"  # the tables of the full-text search begin with it
# The mark of stale spans is derived from the texts: it is no part of the history.
SAID = 'task, record, actor, position, version, label, start, "end", surface'
MARKS = "task, record, actor, kind, version"
LOST_COMMENTS = (
    "FROM comment WHERE kind = 'record' AND target NOT IN (SELECT id FROM record) "
    "AND target NOT IN (SELECT id FROM deleted_record)"
)


def integrity(connection: sqlite3.Connection) -> list[str]:
    """Return what SQLite finds wrong with the file, a few lines at most; nothing: it is whole."""
    found = connection.execute(f"PRAGMA integrity_check({SHOWN})").fetchall()
    return [row[0] for row in found if row[0] != "ok"]


def unmet(connection: sqlite3.Connection) -> int:
    """Return how many rows ask for others that are not there."""
    return len(connection.execute("PRAGMA foreign_key_check").fetchall())


def version(connection: sqlite3.Connection) -> int:
    """Return the version of the schema."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def strangers(connection: sqlite3.Connection) -> list[str]:
    """Return the tables, triggers and views that are not of our making."""
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrations.apply(sqlite_utils.Database(fresh))
        known = _named(fresh)
    finally:
        fresh.close()
    found = _named(connection)
    return [
        f"the {kind} {name!r}"
        for (kind, name), sql in sorted(found.items())
        if not (kind == "table" and name.startswith(SEARCH))
        and ((kind, name) not in known or (kind == "trigger" and sql != known[kind, name]))
    ]


def differing(
    connection: sqlite3.Connection,
    tasks: Sequence[TaskSchema],
    attributes: Sequence[Attribute],
    *,
    keep: bool,
) -> int:
    """Return how many rows of labels and marks differ from what the history of operations says.

    Parameters
    ----------
    keep
        Let stand what the history says; else all is as it was.
    """
    connection.execute("SAVEPOINT doctor")
    try:
        connection.execute(f"CREATE TEMP TABLE said AS SELECT {SAID} FROM main.label")
        connection.execute(f"CREATE TEMP TABLE marked AS SELECT {MARKS} FROM main.mark")
        labels.replay(connection)
        count = _apart(connection, "said", "label", SAID)
        count += _apart(connection, "marked", "mark", MARKS)
        connection.execute("DROP TABLE temp.said")
        connection.execute("DROP TABLE temp.marked")
        if keep and count:
            stale.mark_stale(connection, tasks, attributes)
        else:
            connection.execute("ROLLBACK TO doctor")
    except BaseException:
        connection.execute("ROLLBACK TO doctor")
        raise
    finally:
        connection.execute("RELEASE doctor")
    return count


def misjudged(
    connection: sqlite3.Connection,
    tasks: Sequence[TaskSchema],
    attributes: Sequence[Attribute],
    *,
    keep: bool,
) -> int:
    """Return how many spans are wrongly marked as fitting their text, or not; ``keep``: mend."""
    connection.execute("SAVEPOINT doctor")
    try:
        count = stale.mark_stale(connection, tasks, attributes)
        if not keep:
            connection.execute("ROLLBACK TO doctor")
    finally:
        connection.execute("RELEASE doctor")
    return count


def lost_comments(connection: sqlite3.Connection, *, remove: bool) -> int:
    """Return how many comments are on records that are gone for good; they may be removed."""
    (count,) = connection.execute(f"SELECT count(*) {LOST_COMMENTS}").fetchone()
    if remove and count:
        connection.execute(f"DELETE {LOST_COMMENTS}")
    return int(count)


def damaged_backups(root: Path) -> tuple[int, list[str]]:
    """Return how many backups there are, and the names of those that are not whole."""
    found = sorted((root / FOLDER).glob("*.db"))
    return len(found), [path.name for path in found if not is_whole(path)]


def _named(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'trigger', 'view') "
        "AND name NOT LIKE 'sqlite%'"
    )
    return {(kind, name): sql for kind, name, sql in rows}


def _apart(connection: sqlite3.Connection, before: str, now: str, names: str) -> int:
    """Return how many rows are in only one of two tables."""
    total = 0
    for one, other in ((f"temp.{before}", f"main.{now}"), (f"main.{now}", f"temp.{before}")):
        query = (
            f"SELECT count(*) FROM (SELECT {names} FROM {one} EXCEPT SELECT {names} FROM {other})"
        )
        total += connection.execute(query).fetchone()[0]
    return total
