"""Which projects stand in a folder and what they hold, without opening, locking or writing one."""

from __future__ import annotations

import math
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from refinery_nb.core.errors import StoreDamaged, StoreError, StoreTooNew
from refinery_nb.store.identity import (
    APPLICATION_ID,
    DATABASE,
    FILES,
    FOLDERS,
    LOCK,
    MAGIC,
    SCHEMA_VERSION,
)

DEEPEST = 6  # folders below the one that is looked through
STEPS = 10_000  # of SQLite's machine between two looks at the clock
RECORDS = "SELECT count(*) FROM record"
LABELLED = (
    "SELECT task.name, (SELECT count(DISTINCT record) FROM label WHERE task = task.id) "
    "FROM task ORDER BY task.id"
)
HAS = "SELECT 1 FROM pragma_table_info('task') WHERE name = 'deleted'"


@dataclass(frozen=True, slots=True)
class Summary:
    """How many records a project has, and how many of them are labelled for each task."""

    records: int
    labelled: dict[str, int]


def found(folder: Path, *, until: float = math.inf) -> Iterator[Path]:
    """Yield the folders of projects in a folder and below it, itself included, nearest first.

    Links are not followed, hidden folders and those inside of projects are left out.

    Parameters
    ----------
    until
        When to stop looking, on the monotonic clock.
    """
    level = [folder]
    for _ in range(DEEPEST + 1):
        below: list[Path] = []
        for place in level:
            if time.monotonic() > until:
                return
            if (place / DATABASE).is_file():
                yield place
            else:
                below += _folders(place)
        level = below


def _folders(place: Path) -> list[Path]:
    try:
        with os.scandir(place) as inside:
            shown = [one for one in inside if not one.name.startswith(".")]
            return sorted(Path(one.path) for one in shown if one.is_dir(follow_symlinks=False))
    except OSError:
        return []


def opened(folder: Path) -> datetime:
    """Return when a project was opened last: its lock file is touched then."""
    lock = folder / LOCK
    at = (lock if lock.exists() else folder / DATABASE).stat().st_mtime
    return datetime.fromtimestamp(at, UTC).replace(microsecond=0)


def size(folder: Path) -> int:
    """Return how many bytes the files of a project have; what else stands there is not counted."""
    places = [folder / name for name in FILES]
    for name in FOLDERS:
        places += [Path(place, one) for place, _, names in os.walk(folder / name) for one in names]
    total = 0
    for place in places:
        try:
            total += os.lstat(place).st_size
        except OSError:  # it has none, or it is gone since
            continue
    return total


def summary(root: Path, *, seconds: float = math.inf) -> Summary:
    """Return what the project in a folder holds.

    Raises
    ------
    StoreError
        If it is no project of ours, or reading takes longer than ``seconds``; ``StoreDamaged`` and
        ``StoreTooNew`` say more.
    """
    until = time.monotonic() + seconds
    path = root / DATABASE
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
        if head != MAGIC:
            raise StoreDamaged("the database is empty." if not head else "it is not SQLite.")
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1)
        connection.set_progress_handler(lambda: time.monotonic() > until, STEPS)
        try:
            return _read(connection)
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        if time.monotonic() > until:
            raise StoreError(f"reading it takes longer than {seconds:.2g} s.") from error
        raise StoreDamaged(f"the database is damaged: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(f"the database is damaged: {error}.") from error
    except OSError as error:
        raise StoreError(f"it cannot be read: {error.strerror}.") from error


def _read(connection: sqlite3.Connection) -> Summary:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise StoreError("it is not a refinery_nb project.")
    if version > SCHEMA_VERSION:
        raise StoreTooNew(f"it has the schema version {version}; known is up to {SCHEMA_VERSION}.")
    (records,) = connection.execute(RECORDS).fetchone()
    stands = " WHERE NOT task.deleted" if connection.execute(HAS).fetchone() else ""
    query = LABELLED.replace(" ORDER BY", f"{stands} ORDER BY")
    return Summary(records, dict(connection.execute(query).fetchall()))
