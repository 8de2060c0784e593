"""Backups of the database: consistent copies, also while it is in use."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from refinery_nb.store.identity import MAGIC

FOLDER = "backups"
TIME = "%Y-%m-%dT%H%M%S"
DAILY = "-daily.db"
BEFORE = "-before-"
KEEP = 5
PAUSE = timedelta(minutes=1)  # between two that are made before changes
EVERY = timedelta(days=1)
AUTOMATIC_BYTES = 256 * 2**20  # above this, a copy at opening would be felt


def back_up(connection: sqlite3.Connection, target: Path) -> Path:
    """Copy the database to ``target`` through SQLite's backup API and return the path.

    The copy is written under another name and renamed when it is complete and on disk.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    copy = sqlite3.connect(partial)
    try:
        connection.backup(copy)
        # One file, complete in itself: no log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
    finally:
        copy.close()
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    return target


def newest_backup(root: Path) -> Path | None:
    """Return the newest backup in a project's folder that passes SQLite's check, if any."""
    found = sorted((root / FOLDER).glob("*.db"), reverse=True)
    return next((path for path in found if is_whole(path)), None)


def is_whole(path: Path) -> bool:
    """Say whether a file is a database that passes SQLite's check."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return False  # SQLite takes an empty file for an empty database
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def daily_backup(connection: sqlite3.Connection, root: Path, *, now: datetime) -> Path | None:
    """Make a backup if the newest is older than a day; keep the newest few that were made so.

    Those that somebody made, or that were made before a migration, stay.
    """
    size = (root / "project.db").stat().st_size
    kept = sorted((root / FOLDER).glob("*.db"))
    newest = datetime.fromtimestamp(kept[-1].stat().st_mtime, UTC) if kept else None
    if size > AUTOMATIC_BYTES or (newest is not None and now - newest < EVERY):
        return None
    path = back_up(connection, root / FOLDER / f"{now:{TIME}}{DAILY}")
    for old in sorted((root / FOLDER).glob(f"*{DAILY}"))[:-KEEP]:
        old.unlink(missing_ok=True)
    return path


def backup_before(
    connection: sqlite3.Connection, root: Path, what: str, *, now: datetime
) -> Path | None:
    """Make a backup before a change of many records; keep the newest few that were made so.

    None is made of a database so large that the copy would be felt, nor within a minute of another:
    who changes much in a row is to wait once, and the one there is stands before all of it.
    """
    if (root / "project.db").stat().st_size > AUTOMATIC_BYTES:
        return None
    known = sorted((root / FOLDER).glob(f"*{BEFORE}*.db"))
    if known and now - datetime.fromtimestamp(known[-1].stat().st_mtime, UTC) < PAUSE:
        return None
    path = back_up(connection, root / FOLDER / f"{now:{TIME}}{BEFORE}{what}.db")
    for old in [*known, path][:-KEEP]:
        old.unlink(missing_ok=True)
    return path


def why(path: Path) -> str:
    """Return why a backup was made, as its name says.

    >>> why(Path("2026-01-01T120000-before-deletion.db"))
    'before deletion'
    """
    name = path.stem
    if path.name.endswith(DAILY):
        return "daily"
    if "-schema" in name:
        return "before a migration"
    return f"before {name.partition(BEFORE)[2]}" if BEFORE in name else "by hand"
