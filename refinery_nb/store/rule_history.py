"""What an editor does with stored heuristics: rename, take votes over, take out and put back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

RENAME = "UPDATE heuristic SET name = ? WHERE id = ?"
NEWEST = "SELECT max(id) FROM heuristic_version WHERE heuristic = ?"
TAKE_OVER = (
    "UPDATE heuristic_version SET (state, message, seen, votes) = "
    "(SELECT state, message, seen, votes FROM heuristic_version WHERE id = ?) WHERE id = ?"
)
COPY_ERRORS = (
    "INSERT OR REPLACE INTO heuristic_error (version, record, message, traceback) "
    "SELECT ?, record, message, traceback FROM heuristic_error WHERE version = ?"
)
HEURISTIC = "SELECT task, name, enabled FROM heuristic WHERE id = ?"
VERSIONS = (
    "SELECT id, spec, hash, at, state, message, seen, votes FROM heuristic_version "
    "WHERE heuristic = ? ORDER BY id"
)
ERRORS = (
    "SELECT e.version, e.record, e.message, e.traceback FROM heuristic_error AS e "
    "JOIN heuristic_version AS v ON v.id = e.version WHERE v.heuristic = ?"
)
ADD = "INSERT INTO heuristic (id, task, name, enabled) VALUES (?, ?, ?, ?)"
ADD_VERSION = (
    "INSERT INTO heuristic_version (id, heuristic, spec, hash, at, state, message, seen, votes) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
ADD_ERROR = "INSERT INTO heuristic_error (version, record, message, traceback) VALUES (?, ?, ?, ?)"
TAKEN = (
    "SELECT (SELECT count(*) FROM heuristic WHERE id = ?) + "
    "(SELECT count(*) FROM heuristic_version WHERE id IN (SELECT value FROM json_each(?)))"
)


@dataclass(frozen=True, slots=True)
class TakenOut:
    """A removed heuristic with all that was stored of it."""

    id: int
    task: int
    name: str
    enabled: bool
    versions: tuple[tuple[Any, ...], ...]
    errors: tuple[tuple[Any, ...], ...]


def rename(connection: sqlite3.Connection, heuristic: int, name: str) -> None:
    """Give a heuristic another name."""
    connection.execute(RENAME, (name, heuristic))


def newest(connection: sqlite3.Connection, heuristic: int) -> int:
    """Return the version of a heuristic that is in force."""
    return int(connection.execute(NEWEST, (heuristic,)).fetchone()[0])


def take_over(connection: sqlite3.Connection, old: int, new: int) -> None:
    """Give a version the votes, the errors and the state of another that votes the same."""
    connection.execute(TAKE_OVER, (old, new))
    connection.execute(COPY_ERRORS, (new, old))


def copy(connection: sqlite3.Connection, heuristic: int) -> TakenOut:
    """Return all that is stored of a heuristic, so that it can be put back."""
    task, name, enabled = connection.execute(HEURISTIC, (heuristic,)).fetchone()
    return TakenOut(
        heuristic,
        task,
        name,
        bool(enabled),
        tuple(connection.execute(VERSIONS, (heuristic,))),
        tuple(connection.execute(ERRORS, (heuristic,))),
    )


def put_back(connection: sqlite3.Connection, taken: TakenOut) -> None:
    """Store a removed heuristic again: with its old ids, or new ones where they are taken."""
    ids = [row[0] for row in taken.versions]
    listed = "[" + ",".join(map(str, ids)) + "]"
    free = connection.execute(TAKEN, (taken.id, listed)).fetchone()[0] == 0
    row = (taken.id if free else None, taken.task, taken.name, int(taken.enabled))
    heuristic = connection.execute(ADD, row).lastrowid
    new = {}
    for version, *rest in taken.versions:
        values = (version if free else None, heuristic, *rest)
        new[version] = connection.execute(ADD_VERSION, values).lastrowid
    connection.executemany(ADD_ERROR, ((new[row[0]], *row[1:]) for row in taken.errors))
