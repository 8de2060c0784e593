"""Backups of the database: consistent copies, also while it is in use."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

FOLDER = "backups"
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
    for path in sorted((root / FOLDER).glob("*.db"), reverse=True):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            if connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",):
                return path
        except sqlite3.DatabaseError:
            continue
        finally:
            connection.close()
    return None


def daily_backup(connection: sqlite3.Connection, root: Path, *, now: datetime) -> Path | None:
    """Make a backup if the newest is older than a day, and drop all but the newest few."""
    size = (root / "project.db").stat().st_size
    kept = sorted((root / FOLDER).glob("*.db"))
    newest = datetime.fromtimestamp(kept[-1].stat().st_mtime, UTC) if kept else None
    if size > AUTOMATIC_BYTES or (newest is not None and now - newest < EVERY):
        return None
    path = back_up(connection, root / FOLDER / f"{now:%Y-%m-%dT%H%M%S}.db")
    for old in sorted((root / FOLDER).glob("*.db"))[:-KEEP]:
        old.unlink(missing_ok=True)
    return path
