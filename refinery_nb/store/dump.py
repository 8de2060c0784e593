"""All tables of a project as plain rows, and back: what an archive is made of.

Which tables and columns there may be is said by the schema of this version, never by the rows.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import sqlite_utils

from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import AttributeType
from refinery_nb.store.migrations import migrations
from refinery_nb.store.schema import SQL_TYPES

RECORD, ATTRIBUTE, SETTING = "record", "attribute", "setting"
# What is made anew when it is needed: tokens; and how far the search table is.
DERIVED = frozenset(("token",))
# Settings that are of one project, or of one user, and go with no archive.
OWN = frozenset(("id", "trusted", "search"))
ARRAYS = frozenset(("votes", "proba", "held_out", "records"))  # columns of compressed arrays


@cache
def tables() -> Mapping[str, tuple[str, ...]]:
    """Return the tables of this version with their columns, those of attributes left out.

    >>> tables()["mark"]
    ('task', 'record', 'actor', 'kind', 'version')
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrations.apply(sqlite_utils.Database(connection))
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' "
            "ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY rowid"
        ).fetchall()
        found = {name: _columns(connection, name) for (name,) in names if name not in DERIVED}
    finally:
        connection.close()
    # The columns of records are those of the attributes.
    first = (SETTING, ATTRIBUTE)
    return {name: found[name] for name in (*first, *(n for n in found if n not in first))}


def columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """Return the columns of a table as it is here: a record has one for each attribute."""
    known = tables()[table]
    if table == RECORD:
        known += tuple(
            f"a{id_}" for (id_,) in connection.execute("SELECT id FROM attribute ORDER BY id")
        )
    return known


def freeze(connection: sqlite3.Connection) -> None:
    """Let a connection see all tables as they are at this instant, until it is given back."""
    connection.execute("BEGIN")


def begin(connection: sqlite3.Connection) -> None:
    """Let rows come before those that they ask for, until the transaction ends."""
    connection.execute("PRAGMA defer_foreign_keys = ON")


def unmet(connection: sqlite3.Connection) -> list[str]:
    """Return the tables with rows that ask for others which are not there, by row."""
    return [row[0] for row in connection.execute("PRAGMA foreign_key_check")]


def code(connection: sqlite3.Connection) -> list[Any]:
    """Return all that may say of itself that it runs code: specs of rules and of attributes."""
    return [
        json.loads(spec)
        for table, names in tables().items()
        if "spec" in names
        for (spec,) in connection.execute(f"SELECT spec FROM {table}")
    ]


def arrays(connection: sqlite3.Connection) -> Iterator[bytes]:
    """Yield the compressed arrays of all tables: votes, probabilities, records of slices."""
    for table, names in tables().items():
        for name in ARRAYS & set(names):
            query = f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL"
            for (column,) in connection.execute(query):
                yield column


def rows(connection: sqlite3.Connection, table: str) -> Iterator[list[Any]]:
    """Yield the rows of a table in the order of ``columns``, as plain JSON."""
    names = ", ".join(f'"{name}"' for name in columns(connection, table))
    for row in connection.execute(f"SELECT {names} FROM {table}"):
        if table != SETTING or row[0] not in OWN:
            yield [_plain(value) for value in row]


def insert(
    connection: sqlite3.Connection,
    table: str,
    names: Sequence[str],
    found: Iterator[list[Any]],
    *,
    source: str,
) -> int:
    """Insert rows into a table; return how many there were.

    Raises
    ------
    InputError
        Naming the row, if the table has no such columns, or cannot hold a value.
    """
    if table not in tables():
        raise InputError(f"there is no table {table!r} in a project.", source=source)
    known = columns(connection, table)
    strange = [name for name in names if name not in known]
    if strange or not names or len(set(names)) != len(names):
        raise InputError(f"the table {table!r} has no columns {strange or names!r}.", source=source)
    listed = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    query = f"INSERT INTO {table} ({listed}) VALUES ({marks})"
    count = 0
    for count, row in enumerate(found, start=1):
        try:
            values = [_stored(value) for value in row]
            if len(values) != len(names):
                raise ValueError(f"{len(values)} values for {len(names)} columns")
            if table == SETTING and values[0] in OWN:
                continue
            connection.execute(query, values)
            if table == ATTRIBUTE:
                _add_column(connection, dict(zip(names, values, strict=True)))
        except (sqlite3.Error, ValueError, TypeError, OverflowError, binascii.Error) as error:
            raise InputError(
                f"the table {table!r} cannot hold this row: {error}.", source=source, line=count
            ) from error
    return count


def _add_column(connection: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    """Make room for the values of an attribute that was inserted."""
    id_ = row["id"]
    if type(id_) is not int or not 0 < id_ < 10**9:
        raise ValueError(f"{id_!r} is no id of an attribute")
    kind = SQL_TYPES[AttributeType(row["type"])]
    connection.execute(f"ALTER TABLE record ADD COLUMN a{id_:d} {kind}")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return value


def _stored(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        ((kind, text),) = value.items()
        if kind == "base64" and isinstance(text, str):
            return base64.b64decode(text, validate=True)
        if kind == "float" and text in ("inf", "-inf"):
            return float(text)
    if isinstance(value, (dict, list, bool)):
        raise ValueError(f"{value!r:.40} is no value of a column")
    return value


def _columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    return tuple(row[1] for row in connection.execute(f'PRAGMA table_info("{table}")'))
