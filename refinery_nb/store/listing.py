"""What a project's folder says of itself, read without opening it: nothing is locked or written."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from refinery_nb.core.errors import StoreDamaged, StoreError, StoreTooNew
from refinery_nb.store.backup import MAGIC
from refinery_nb.store.db import APPLICATION_ID, DATABASE
from refinery_nb.store.migrations import SCHEMA_VERSION

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


def summary(root: Path) -> Summary:
    """Return what the project in a folder holds.

    Raises
    ------
    StoreError
        If it is no project of ours; ``StoreDamaged`` and ``StoreTooNew`` say more.
    """
    path = root / DATABASE
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
        if head != MAGIC:
            raise StoreDamaged("the database is empty." if not head else "it is not SQLite.")
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1)
        try:
            return _read(connection)
        finally:
            connection.close()
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
