"""Heuristics, their versions, and the votes of each version as one compressed column."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from refinery_nb.core.votes import Votes
from refinery_nb.store.record_history import without_deleted

# The newest version of every heuristic is the one in force.
NEWEST = """
SELECT h.id, h.task, h.name, h.enabled, v.id, v.spec, v.hash, v.at, v.state, v.message, v.seen
FROM heuristic AS h JOIN heuristic_version AS v ON v.heuristic = h.id
WHERE v.id = (SELECT max(id) FROM heuristic_version WHERE heuristic = h.id)
AND (? IS NULL OR h.task = ?)
AND NOT (SELECT deleted FROM task WHERE id = h.task) ORDER BY h.id"""
ADD = "INSERT INTO heuristic (task, name) VALUES (?, ?) ON CONFLICT (task, name) DO NOTHING"
ID_OF = "SELECT id FROM heuristic WHERE task = ? AND name = ?"
NEWEST_HASH = "SELECT hash FROM heuristic_version WHERE heuristic = ? ORDER BY id DESC LIMIT 1"
ADD_VERSION = "INSERT INTO heuristic_version (heuristic, spec, hash, at) VALUES (?, ?, ?, ?)"
VERSIONS = (
    "SELECT id, spec, at, state, message FROM heuristic_version WHERE heuristic = ? ORDER BY id"
)
COUNTS = (
    "SELECT h.id, (SELECT count(*) FROM heuristic_version WHERE heuristic = h.id), "
    "(SELECT count(*) FROM heuristic_error WHERE version = "
    "(SELECT max(id) FROM heuristic_version WHERE heuristic = h.id)) "
    "FROM heuristic AS h WHERE h.task = ?"
)
ENABLE = "UPDATE heuristic SET enabled = ? WHERE id = ?"
REMOVE_ERRORS = (
    "DELETE FROM heuristic_error WHERE version IN "
    "(SELECT id FROM heuristic_version WHERE heuristic = ?)"
)
SAVE_RUN = "UPDATE heuristic_version SET state = ?, message = ?, seen = ?, votes = ? WHERE id = ?"
SAVE_FAILURE = "UPDATE heuristic_version SET state = ?, message = ? WHERE id = ?"
SET_SPEC = "UPDATE heuristic_version SET spec = ?, hash = ? WHERE id = ?"
LOOK_AGAIN = "UPDATE heuristic_version SET seen = 0 WHERE id = ?"
VOTES = "SELECT votes FROM heuristic_version WHERE id = ?"
CLEAR_ERRORS = (
    "DELETE FROM heuristic_error WHERE version = ? AND record IN (SELECT value FROM json_each(?))"
)
ADD_ERROR = (
    "INSERT OR REPLACE INTO heuristic_error (version, record, message, traceback) "
    "VALUES (?, ?, ?, ?)"
)
ERRORS = (
    "SELECT h.name, record.key, e.message, e.traceback FROM heuristic_error AS e "
    "JOIN heuristic_version AS v ON v.id = e.version JOIN heuristic AS h ON h.id = v.heuristic "
    "JOIN record ON record.id = e.record WHERE v.id = ? ORDER BY record.id"
)


@dataclass(frozen=True, slots=True)
class HeuristicRow:
    """A heuristic with its newest version.

    ``state`` is ``new``, ``finished`` or ``failed``; ``seen`` the record version up to which the
    votes have been cast.
    """

    id: int
    task: int
    name: str
    enabled: bool
    version: int
    spec: dict[str, Any]
    hash: str
    at: str
    state: str
    message: str
    seen: int


def heuristics(connection: sqlite3.Connection, task: int | None = None) -> list[HeuristicRow]:
    """Return the heuristics of a task, or of all, in the order in which they were added."""
    return [
        HeuristicRow(row[0], row[1], row[2], bool(row[3]), row[4], json.loads(row[5]), *row[6:])
        for row in connection.execute(NEWEST, (task, task))
    ]


def save(
    connection: sqlite3.Connection,
    task: int,
    name: str,
    spec: Mapping[str, Any],
    fingerprint: str,
    *,
    at: str,
) -> bool:
    """Add a heuristic, or a version of it if its specification changed; return whether it did."""
    connection.execute(ADD, (task, name))
    (heuristic,) = connection.execute(ID_OF, (task, name)).fetchone()
    newest = connection.execute(NEWEST_HASH, (heuristic,)).fetchone()
    if newest is not None and newest[0] == fingerprint:
        return False
    connection.execute(
        ADD_VERSION, (heuristic, json.dumps(spec, ensure_ascii=False), fingerprint, at)
    )
    return True


def versions(connection: sqlite3.Connection, heuristic: int) -> list[tuple[Any, ...]]:
    """Return (id, spec, at, state, message) of all versions of a heuristic, oldest first."""
    return [
        (row[0], json.loads(row[1]), *row[2:]) for row in connection.execute(VERSIONS, (heuristic,))
    ]


def counts(connection: sqlite3.Connection, task: int) -> dict[int, tuple[int, int]]:
    """Return by heuristic how many versions it has, and on how many records the newest failed."""
    return {row[0]: (row[1], row[2]) for row in connection.execute(COUNTS, (task,))}


def enable(connection: sqlite3.Connection, heuristic: int, enabled: bool) -> None:
    """Say whether a heuristic takes part in weak supervision."""
    connection.execute(ENABLE, (int(enabled), heuristic))


def remove(connection: sqlite3.Connection, heuristic: int) -> None:
    """Remove a heuristic with all its versions, votes and errors."""
    connection.execute(REMOVE_ERRORS, (heuristic,))
    connection.execute("DELETE FROM heuristic_version WHERE heuristic = ?", (heuristic,))
    connection.execute("DELETE FROM heuristic WHERE id = ?", (heuristic,))


def save_votes(
    connection: sqlite3.Connection,
    version: int,
    votes: Votes | bytes,
    *,
    state: str,
    message: str,
    seen: int,
) -> None:
    """Store the votes of a version; ``seen`` is the record version that they cover.

    Votes may come as the bytes of their column: to compress many takes a while.
    """
    column = votes if isinstance(votes, bytes) else votes.to_bytes()
    connection.execute(SAVE_RUN, (state, message, seen, column, version))


def save_failure(connection: sqlite3.Connection, version: int, *, state: str, message: str) -> None:
    """Store how a run ended that gave no new votes; older ones of this version stay."""
    connection.execute(SAVE_FAILURE, (state, message, version))


def look_again(connection: sqlite3.Connection, version: int) -> None:
    """Have a version look at all records when it is run next; its votes stand until then."""
    connection.execute(LOOK_AGAIN, (version,))


def set_spec(
    connection: sqlite3.Connection, version: int, spec: Mapping[str, Any], fingerprint: str
) -> None:
    """Change the specification of a version in place: only for renamed labels."""
    connection.execute(SET_SPEC, (json.dumps(spec, ensure_ascii=False), fingerprint, version))


def votes(connection: sqlite3.Connection, version: int, *, spans: bool) -> Votes:
    """Return the votes of a version; none if it has not been run."""
    row = connection.execute(VOTES, (version,)).fetchone()
    if row is None or row[0] is None:
        return Votes.empty(spans=spans)
    return without_deleted(connection, Votes.from_bytes(row[0]))


def save_errors(
    connection: sqlite3.Connection,
    version: int,
    run_on: Iterable[int],
    errors: Iterable[tuple[int, str, str]],
) -> None:
    """Replace the errors on the records that were run: (record id, message, traceback)."""
    connection.execute(CLEAR_ERRORS, (version, json.dumps([int(record) for record in run_on])))
    connection.executemany(ADD_ERROR, ((version, *error) for error in errors))


def errors(connection: sqlite3.Connection, version: int) -> list[tuple[str, str, str, str]]:
    """Return (heuristic, record key, message, traceback) of a version."""
    return connection.execute(ERRORS, (version,)).fetchall()
