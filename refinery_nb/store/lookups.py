"""Lookup lists in the database: their terms in order, those kept out, and what they grow from."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LISTS = "SELECT id, name, comment, version, grows_from FROM lookup_list ORDER BY id"
ONE = "SELECT id, name, comment, version, grows_from FROM lookup_list WHERE id = ?"
ADD_LIST = "INSERT INTO lookup_list (name) VALUES (?)"
RENAME_LIST = "UPDATE lookup_list SET name = ? WHERE id = ?"
COMMENT_LIST = "UPDATE lookup_list SET comment = ? WHERE id = ?"
BUMP = "UPDATE lookup_list SET version = version + 1 WHERE id = ?"
GROW_FROM = "UPDATE lookup_list SET grows_from = ? WHERE id = ?"
ACTIVE = "SELECT term FROM lookup_term WHERE list = ? AND NOT blacklisted ORDER BY position"
TERMS = "SELECT term, blacklisted, comment FROM lookup_term WHERE list = ? ORDER BY position"
NEXT = "SELECT coalesce(max(position) + 1, 0) FROM lookup_term WHERE list = ?"
COUNT = "SELECT count(*) FROM lookup_term WHERE list = ?"
ADD_TERM = (
    "INSERT INTO lookup_term (list, term, position) VALUES (?, ?, ?) "
    "ON CONFLICT (list, term) DO NOTHING"
)
STATE = "SELECT blacklisted FROM lookup_term WHERE list = ? AND term = ?"
STATES = "SELECT term, blacklisted FROM lookup_term WHERE list = ?"
REMOVE = "DELETE FROM lookup_term WHERE list = ? AND term = ?"
SET_BLACKLISTED = (
    "UPDATE lookup_term SET blacklisted = ? WHERE list = ? AND blacklisted != ? AND term = ?"
)
FEW = 200  # terms that are looked up one by one rather than by reading the whole list
SET_COMMENT = "UPDATE lookup_term SET comment = ? WHERE list = ? AND term = ?"
# A stale span's text no longer stands in its record; a person did mean it, but nobody can check.
SPANS = (
    "SELECT DISTINCT surface FROM label WHERE label = ? AND surface IS NOT NULL AND NOT stale "
    "AND (? IS NULL OR record IN (SELECT value FROM json_each(?))) ORDER BY record, position"
)
# The newest version of each heuristic that says in its spec that it uses lists.
USERS = """
SELECT h.name, h.task, v.id, v.state, v.spec FROM heuristic AS h
JOIN heuristic_version AS v ON v.heuristic = h.id
WHERE v.id = (SELECT max(id) FROM heuristic_version WHERE heuristic = h.id)
AND v.spec LIKE '%"lists": {%' ORDER BY h.id"""


@dataclass(frozen=True, slots=True)
class ListRow:
    """A lookup list: ``version`` grows with its terms, ``grows_from`` is the id of a label."""

    id: int
    name: str
    comment: str
    version: int
    grows_from: int | None


@dataclass(frozen=True, slots=True)
class UserRow:
    """The newest version of a heuristic that uses lists."""

    name: str
    task: int
    version: int
    state: str
    spec: dict[str, Any]


def lists(connection: sqlite3.Connection) -> dict[str, ListRow]:
    """Return the lists by name, in the order in which they were made."""
    return {row[1]: ListRow(*row) for row in connection.execute(LISTS)}


def one(connection: sqlite3.Connection, list_: int) -> ListRow | None:
    """Return a list by its id."""
    row = connection.execute(ONE, (list_,)).fetchone()
    return None if row is None else ListRow(*row)


def make(connection: sqlite3.Connection, name: str) -> int:
    """Make an empty list and return its id."""
    return int(connection.execute(ADD_LIST, (name,)).lastrowid or 0)


def rename(connection: sqlite3.Connection, list_: int, name: str) -> None:
    """Give a list another name."""
    connection.execute(RENAME_LIST, (name, list_))


def delete(connection: sqlite3.Connection, list_: int) -> None:
    """Delete a list with its terms."""
    connection.execute("DELETE FROM lookup_term WHERE list = ?", (list_,))
    connection.execute("DELETE FROM lookup_list WHERE id = ?", (list_,))


def comment_list(connection: sqlite3.Connection, list_: int, comment: str) -> None:
    """Set the comment of a list."""
    connection.execute(COMMENT_LIST, (comment, list_))


def active(connection: sqlite3.Connection, list_: int) -> list[str]:
    """Return the terms that are used, in order."""
    return [row[0] for row in connection.execute(ACTIVE, (list_,))]


def terms(connection: sqlite3.Connection, list_: int) -> list[tuple[str, bool, str]]:
    """Return (term, blacklisted, comment) of all terms, in order."""
    return [(term, bool(out), said) for term, out, said in connection.execute(TERMS, (list_,))]


def content_hash(connection: sqlite3.Connection, list_: int) -> str:
    """Return the hash of the terms that are used: it changes whenever a rule sees another list."""
    digest = hashlib.sha256()
    for (term,) in connection.execute(ACTIVE, (list_,)):
        digest.update(term.encode("utf-8"))
        digest.update(b"\xff")  # never part of UTF-8: no two lists look the same
    return digest.hexdigest()[:32]


def add(connection: sqlite3.Connection, list_: int, new: Sequence[str]) -> int:
    """Add terms behind the others; known ones stay as they are. Return how many were new."""
    (first,) = connection.execute(NEXT, (list_,)).fetchone()
    (before,) = connection.execute(COUNT, (list_,)).fetchone()
    connection.executemany(ADD_TERM, ((list_, term, first + at) for at, term in enumerate(new)))
    (after,) = connection.execute(COUNT, (list_,)).fetchone()
    if after != before:
        connection.execute(BUMP, (list_,))
    return int(after - before)


def known(connection: sqlite3.Connection, list_: int, wanted: Collection[str]) -> dict[str, bool]:
    """Return those of the terms that the list has, and whether each is blacklisted."""
    if len(wanted) > FEW:
        rows = connection.execute(STATES, (list_,))
        return {term: bool(out) for term, out in rows if term in wanted}
    found = {term: connection.execute(STATE, (list_, term)).fetchone() for term in wanted}
    return {term: bool(row[0]) for term, row in found.items() if row is not None}


def remove(connection: sqlite3.Connection, list_: int, gone: Sequence[str]) -> int:
    """Remove terms; return how many there were."""
    count = connection.executemany(REMOVE, ((list_, term) for term in gone)).rowcount
    if count > 0:  # -1: there was nothing to execute
        connection.execute(BUMP, (list_,))
    return max(0, count)


def set_blacklisted(
    connection: sqlite3.Connection, list_: int, chosen: Sequence[str], blacklisted: bool
) -> int:
    """Say of terms whether they are kept out; return of how many that is new."""
    flag = int(blacklisted)
    rows = ((flag, list_, flag, term) for term in chosen)
    count = connection.executemany(SET_BLACKLISTED, rows).rowcount
    if count > 0:
        connection.execute(BUMP, (list_,))
    return max(0, count)


def set_comments(connection: sqlite3.Connection, list_: int, comments: Mapping[str, str]) -> None:
    """Set the comments of terms; the version stays, as no rule reads them."""
    connection.executemany(SET_COMMENT, ((said, list_, term) for term, said in comments.items()))


def set_growth(connection: sqlite3.Connection, list_: int, label: int | None) -> None:
    """Say from which label's manual spans a list grows; None: from none."""
    connection.execute(GROW_FROM, (label, list_))


def surfaces(
    connection: sqlite3.Connection, label: int, among: Iterable[int] | None = None
) -> list[str]:
    """Return the texts of the manual spans of a label, of these records or of all."""
    ids = None if among is None else json.dumps([int(record) for record in among])
    return [row[0] for row in connection.execute(SPANS, (label, ids, ids))]


def users(connection: sqlite3.Connection) -> list[UserRow]:
    """Return the heuristics whose newest version uses lists."""
    return [
        UserRow(name, task, version, state, json.loads(spec))
        for name, task, version, state, spec in connection.execute(USERS)
    ]
