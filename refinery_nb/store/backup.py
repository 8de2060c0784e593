"""Backups of the database: consistent copies, also while it is in use."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from refinery_nb.store.identity import MAGIC

FOLDER = "backups"
DAILY = "-daily.db"
KEEP = 5
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
    path = back_up(connection, root / FOLDER / f"{now:%Y-%m-%dT%H%M%S}{DAILY}")
    for old in sorted((root / FOLDER).glob(f"*{DAILY}"))[:-KEEP]:
        old.unlink(missing_ok=True)
    return path
