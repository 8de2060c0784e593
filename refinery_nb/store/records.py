"""Records: adding, updating and reading them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import Attribute, AttributeType
from refinery_nb.store import many
from refinery_nb.store.schema import column, set_setting, setting

KEYS_OF_IDS = "SELECT id, key FROM record WHERE id IN (SELECT value FROM json_each(?))"
COUNT = "SELECT count(*) FROM record"
CHANGED_SINCE = "SELECT id FROM record WHERE version > ? ORDER BY id"
# The id of the next record: above all that are, or have been.
FIRST_FREE = (
    "SELECT max(coalesce((SELECT max(id) FROM record), 0), "
    "coalesce((SELECT max(id) FROM deleted_record), 0)) + 1"
)
VERSION = "record_version"
PAGE = 2_000
GAPS = 3  # of so many ids in a row one has to be wanted, or they are looked up one by one


@dataclass(frozen=True, slots=True)
class Upsert:
    """What became of a chunk of records: counts, and what changed.

    ``changed``: by record id, the values that differ, as they were and as they are: (before,
    after), each by the id of their attribute.
    """

    added: int
    updated: int
    unchanged: int
    changed: dict[int, tuple[dict[int, Any], dict[int, Any]]]


def next_version(connection: sqlite3.Connection) -> int:
    """Advance the counter that marks what has changed, and return it."""
    version = int(setting(connection, VERSION) or 0) + 1
    set_setting(connection, VERSION, str(version))
    return version


def version(connection: sqlite3.Connection) -> int:
    """Return the version of the newest change of a record."""
    return int(setting(connection, VERSION) or 0)


def count(connection: sqlite3.Connection) -> int:
    """Return the number of records."""
    return int(connection.execute(COUNT).fetchone()[0])


def insert(
    connection: sqlite3.Connection,
    attributes: Sequence[Attribute],
    keys: Sequence[str],
    columns: Sequence[Sequence[Any]],
    *,
    version: int,
) -> range:
    """Insert records that are known to be new; return their ids.

    Parameters
    ----------
    columns
        Their values, in the order of ``attributes``.
    """
    names = "".join(f", {column(attribute)}" for attribute in attributes)
    (first,) = connection.execute(FIRST_FREE).fetchone()
    # Each its own id: SQLite would give them those, and with them the past, of deleted records.
    ids = range(first, first + len(keys))
    row = f"(?, ?, {version:d}{', ?' * len(columns)})"
    many.insert(connection, f"record (id, key, version{names})", row, [ids, keys, *columns])
    return ids


def upsert(
    connection: sqlite3.Connection,
    attributes: Sequence[Attribute],
    keys: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    version: int,
) -> Upsert:
    """Insert the records whose key is new; update the known ones where a value differs.

    Attributes that are not among ``attributes`` keep their values.
    """
    columns = [column(attribute) for attribute in attributes]
    known = {row[0]: row[1:] for row in _of_keys(connection, ["key", "id", *columns], keys)}
    fresh = [(key, row) for key, row in zip(keys, rows, strict=True) if key not in known]
    if fresh:
        insert(
            connection,
            attributes,
            [key for key, _ in fresh],
            list(zip(*(row for _, row in fresh), strict=True)),
            version=version,
        )
    changed = [
        (known[key][0], row)
        for key, row in zip(keys, rows, strict=True)
        if key in known and known[key][1:] != tuple(row)
    ]
    if changed and columns:
        assignments = "".join(f", {name} = ?" for name in columns)
        connection.executemany(
            f"UPDATE record SET version = {version:d}{assignments} WHERE id = ?",
            ((*row, record) for record, row in changed),
        )
    ids = [attribute.id for attribute in attributes]
    differences: dict[int, tuple[dict[int, Any], dict[int, Any]]] = {}
    old = {row[0]: row[1:] for row in known.values()} if changed else {}
    for record, row in changed:
        differ = [at for at, value in enumerate(row) if value != old[record][at]]
        differences[record] = (
            {ids[at]: old[record][at] for at in differ},
            {ids[at]: row[at] for at in differ},
        )
    return Upsert(len(fresh), len(changed), len(known) - len(changed), differences)


def ids_of_keys(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, int]:
    """Return the record ids of those keys that exist."""
    return dict(_of_keys(connection, ["key", "id"], keys))


def _of_keys(
    connection: sqlite3.Connection, columns: Sequence[str], keys: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """Yield columns of the records with these keys."""
    found = f"SELECT {', '.join(columns)} FROM record WHERE key "
    # A string in SQLite's JSON ends at a NUL: a key with one is asked for by itself.
    plain = json.dumps([key for key in keys if "\0" not in key])
    yield from connection.execute(f"{found} IN (SELECT value FROM json_each(?))", (plain,))
    for key in keys:
        if "\0" in key:
            yield from connection.execute(f"{found} = ?", (key,))


def keys_of_ids(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return the keys of those record ids that exist."""
    return dict(connection.execute(KEYS_OF_IDS, (_json_ids(ids),)))


def all_ids(connection: sqlite3.Connection) -> NDArray[np.int64]:
    """Return all record ids, ascending."""
    found = connection.execute("SELECT id FROM record ORDER BY id")
    return np.fromiter(chain.from_iterable(found), np.int64)


def changed_since(connection: sqlite3.Connection, seen: int) -> NDArray[np.int64]:
    """Return the ids of the records added or changed after a version, ascending."""
    return np.fromiter((row[0] for row in connection.execute(CHANGED_SINCE, (seen,))), np.int64)


def values(
    connection: sqlite3.Connection, attributes: Sequence[Attribute], ids: Sequence[int]
) -> Iterator[tuple[int, str, tuple[Any, ...]]]:
    """Yield (id, key, stored values) of the records, in the order of ``ids``."""
    columns = "".join(f", {column(attribute)}" for attribute in attributes)
    for first in range(0, len(ids), PAGE):
        page = ids[first : first + PAGE]
        found = {
            row[0]: row
            for row in connection.execute(
                f"SELECT id, key{columns} FROM record WHERE id IN (SELECT value FROM json_each(?))",
                (_json_ids(page),),
            )
        }
        for record in page:
            row = found.get(int(record))
            if row is not None:
                yield row[0], row[1], row[2:]


def columns(
    connection: sqlite3.Connection, attributes: Sequence[Attribute], ids: Sequence[int]
) -> tuple[list[int], list[Sequence[Any]]]:
    """Return those of the records that exist, in the order of ``ids``, and a column an attribute.

    A run of ascending ids is read along the table.
    """
    names = "".join(f", {column(attribute)}" for attribute in attributes)
    rows: list[Any] = []
    if ids and _is_run(ids):
        wanted = set(ids)
        found = connection.execute(
            f"SELECT id{names} FROM record WHERE id BETWEEN ? AND ? ORDER BY id", (ids[0], ids[-1])
        ).fetchall()
        rows = found if len(found) == len(ids) else [row for row in found if row[0] in wanted]
    else:
        rows = [(record, *cells) for record, _, cells in values(connection, attributes, ids)]
    parts: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * (len(attributes) + 1)
    return list(parts[0]), parts[1:]


def _is_run(ids: Sequence[int]) -> bool:
    """Return whether ids ascend, with few gaps."""
    return ids[-1] - ids[0] < GAPS * len(ids) and all(a < b for a, b in pairwise(ids))


def plain(attribute: Attribute, value: Any) -> Any:
    """Turn a stored value into what a user sees: a bool, a list or dict, or itself."""
    if value is None:
        return None
    if attribute.type is AttributeType.BOOLEAN:
        return bool(value)
    if attribute.type is AttributeType.JSON:
        return json.loads(value)
    return value


def _json_ids(ids: Sequence[int]) -> str:
    return json.dumps([int(record) for record in ids])


def one_value(connection: sqlite3.Connection, name: str, record: int) -> Any:
    """Return the stored value of one column of a record."""
    row = connection.execute(f"SELECT {name} FROM record WHERE id = ?", (record,)).fetchone()
    return None if row is None else row[0]
