"""Attributes changed: name, order, places, type, key; taken out, calculated, cut into tokens."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from refinery_nb.core.schema import Attribute, AttributeType
from refinery_nb.store.schema import SET_ASIDE, SQL_TYPES, column

PAGE = 5_000
RENAME = "UPDATE attribute SET name = ? WHERE id = ?"
PLACE = "UPDATE attribute SET position = ? WHERE id = ?"
HIDE = "UPDATE attribute SET hidden = ? WHERE id = ?"
SET_TYPE = "UPDATE attribute SET type = ? WHERE id = ?"
SET_KEY = "UPDATE attribute SET is_key = ? WHERE id = ?"
REMOVE = "UPDATE attribute SET deleted = 1, name = name || char(31) || id WHERE id = ?"
RESTORE = "UPDATE attribute SET deleted = 0, name = ? WHERE id = ?"
REMOVED = "SELECT id, name FROM attribute WHERE deleted ORDER BY id"
INDEXES = "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'ix!_%' ESCAPE '!'"
ASIDE = "UPDATE record SET key = char(31) || id"
SET_RECORD_KEY = "UPDATE record SET key = ? WHERE id = ?"
DELETED_CONTENT = "SELECT id, content FROM deleted_record"
SET_DELETED_KEY = "UPDATE deleted_record SET key = ? WHERE id = ?"
SEEN_ALL = "UPDATE record SET version = ?"
TOKENIZERS = "SELECT id, tokenizer FROM attribute WHERE tokenizer IS NOT NULL"
SET_TOKENIZER = "UPDATE attribute SET tokenizer = ? WHERE id = ?"
CALCULATED = (
    "SELECT c.attribute, a.name, c.spec, c.hash, c.at, c.state, c.message, c.seen "
    "FROM calculated AS c JOIN attribute AS a ON a.id = c.attribute WHERE NOT a.deleted "
    "ORDER BY c.attribute"
)
SAVE = (
    "INSERT INTO calculated (attribute, spec, hash, at) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (attribute) DO UPDATE SET spec = excluded.spec, hash = excluded.hash, "
    "at = excluded.at, state = 'new', message = '', seen = 0"
)
SET_SPEC = "UPDATE calculated SET spec = ?, hash = ? WHERE attribute = ?"
SET_STATE = "UPDATE calculated SET state = ?, message = ?, seen = ? WHERE attribute = ?"
CLEAR_ERRORS = (
    "DELETE FROM calculated_error WHERE attribute = ? "
    "AND record IN (SELECT value FROM json_each(?))"
)
ADD_ERROR = (
    "INSERT OR REPLACE INTO calculated_error (attribute, record, message, traceback) "
    "VALUES (?, ?, ?, ?)"
)
ERRORS = (
    "SELECT record.key, e.message, e.traceback FROM calculated_error AS e "
    "JOIN record ON record.id = e.record WHERE e.attribute = ? ORDER BY record.id"
)
LATE = "SELECT count(*) FROM record WHERE version > ?"
CHANGED_BETWEEN = "SELECT 1 FROM record WHERE version > ? AND version < ? LIMIT 1"


@dataclass(frozen=True, slots=True)
class CalculatedRow:
    """A calculated attribute: ``state`` is ``new``, ``finished`` or ``failed``."""

    attribute: int
    name: str
    spec: dict[str, Any]
    hash: str
    at: str
    state: str
    message: str
    seen: int


def rename(connection: sqlite3.Connection, attribute: int, name: str) -> None:
    """Give an attribute another name."""
    for id_, removed in removed_attributes(connection).items():
        if removed == name:
            connection.execute(RENAME, (f"{name}{SET_ASIDE}{id_}", id_))
    connection.execute(RENAME, (name, attribute))


def order(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Put attributes in an order."""
    connection.executemany(PLACE, ((at, id_) for at, id_ in enumerate(ids)))


def hide(connection: sqlite3.Connection, attribute: int, places: Iterable[str]) -> None:
    """Say which places do not show an attribute."""
    connection.execute(HIDE, (json.dumps(sorted(places)), attribute))


def remove(connection: sqlite3.Connection, attribute: int) -> None:
    """Take an attribute out; its values stay, so that it can be put back."""
    connection.execute(REMOVE, (attribute,))


def restore(connection: sqlite3.Connection, attribute: int, name: str) -> None:
    """Put an attribute back."""
    connection.execute(RESTORE, (name, attribute))


def removed_attributes(connection: sqlite3.Connection) -> dict[int, str]:
    """Return the attributes that were taken out, by id, by the names that they had."""
    return {id_: name.split(SET_ASIDE)[0] for id_, name in connection.execute(REMOVED)}


def column_values(
    connection: sqlite3.Connection, attributes: Sequence[Attribute]
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield (id, key, values of the attributes) of all records, in pages by id."""
    names = "".join(f", {column(attribute)}" for attribute in attributes)
    after = 0
    while True:
        page = connection.execute(
            f"SELECT id, key{names} FROM record WHERE id > ? ORDER BY id LIMIT ?", (after, PAGE)
        ).fetchall()
        if not page:
            return
        yield page
        after = page[-1][0]


def retype(
    connection: sqlite3.Connection,
    attribute: Attribute,
    kind: AttributeType,
    pages: Iterable[Iterable[tuple[Any, int]]],
) -> None:
    """Give an attribute another type and its values in that type: pages of (value, record id)."""
    connection.execute(SET_TYPE, (kind.value, attribute.id))
    name, fresh = column(attribute), f"{column(attribute)}_converted"
    if SQL_TYPES[kind] == SQL_TYPES[attribute.type]:
        for page in pages:
            connection.executemany(f"UPDATE record SET {name} = ? WHERE id = ?", page)
        return
    connection.execute(f"ALTER TABLE record ADD COLUMN {fresh} {SQL_TYPES[kind]}")
    for page in pages:
        connection.executemany(f"UPDATE record SET {fresh} = ? WHERE id = ?", page)
    for (index,) in connection.execute(INDEXES).fetchall():
        if name in index.split("_"):
            connection.execute(f"DROP INDEX {index}")
    connection.execute(f"ALTER TABLE record DROP COLUMN {name}")
    connection.execute(f"ALTER TABLE record RENAME COLUMN {fresh} TO {name}")


def mark_all_changed(connection: sqlite3.Connection, version: int) -> None:
    """Have whatever is derived from records look at all of them again."""
    connection.execute(SEEN_ALL, (version,))


def set_keys(
    connection: sqlite3.Connection,
    parts: Sequence[int],
    known: Sequence[Attribute],
    keys: Iterable[tuple[str, int]],
    deleted: Iterable[tuple[str, int]],
) -> None:
    """Make attributes the key, and give records (key, id) and deleted ones their new keys."""
    connection.executemany(SET_KEY, ((int(one.id in parts), one.id) for one in known))
    connection.execute(ASIDE)  # or a new key could be the old one of another record
    connection.executemany(SET_RECORD_KEY, keys)
    connection.executemany(SET_DELETED_KEY, deleted)


def deleted_contents(connection: sqlite3.Connection) -> list[tuple[int, dict[int, Any]]]:
    """Return (id, values by the id of their attribute) of the deleted records."""
    return [
        (id_, {int(name): value for name, value in json.loads(content).items()})
        for id_, content in connection.execute(DELETED_CONTENT)
    ]


def tokenizers(connection: sqlite3.Connection) -> dict[int, str]:
    """Return the tokenizers of attributes that have their own, by id."""
    return dict(connection.execute(TOKENIZERS).fetchall())


def set_tokenizer(connection: sqlite3.Connection, attribute: int, spec: str | None) -> None:
    """Give an attribute a tokenizer of its own; None: that of the project."""
    connection.execute(SET_TOKENIZER, (spec, attribute))


def calculated(connection: sqlite3.Connection) -> dict[str, CalculatedRow]:
    """Return the calculated attributes by name, in the order in which they were made."""
    return {
        row[1]: CalculatedRow(row[0], row[1], json.loads(row[2]), *row[3:])
        for row in connection.execute(CALCULATED)
    }


def save_calculated(
    connection: sqlite3.Connection,
    attribute: int,
    spec: Mapping[str, Any],
    fingerprint: str,
    *,
    at: str,
) -> None:
    """Keep how an attribute is calculated; it is to be calculated anew for all records."""
    said = json.dumps(spec, ensure_ascii=False)
    connection.execute(SAVE, (attribute, said, fingerprint, at))


def set_spec(
    connection: sqlite3.Connection, attribute: int, spec: Mapping[str, Any], fingerprint: str
) -> None:
    """Change how an attribute is calculated in place: where it gives the same values."""
    said = json.dumps(spec, ensure_ascii=False)
    connection.execute(SET_SPEC, (said, fingerprint, attribute))


def set_state(
    connection: sqlite3.Connection, attribute: int, *, state: str, message: str, seen: int
) -> None:
    """Keep how a calculation ended, and up to which record version it has seen."""
    connection.execute(SET_STATE, (state, message, seen, attribute))


def save_values(
    connection: sqlite3.Connection,
    attribute: Attribute,
    values: Sequence[tuple[Any, int]],
    *,
    version: int,
) -> int:
    """Store calculated values (value, record id) where they differ; return how many did."""
    name = column(attribute)
    done = connection.executemany(
        f"UPDATE record SET {name} = ?1, version = {version:d} WHERE id = ?2 AND {name} IS NOT ?1",
        values,
    )
    return max(0, done.rowcount)


def late(connection: sqlite3.Connection, seen: int) -> int:
    """Return how many records were added or changed after a version."""
    return int(connection.execute(LATE, (seen,)).fetchone()[0])


def changed_between(connection: sqlite3.Connection, seen: int, version: int) -> bool:
    """Say whether a record changed after one version and before another."""
    return connection.execute(CHANGED_BETWEEN, (seen, version)).fetchone() is not None


def save_errors(
    connection: sqlite3.Connection,
    attribute: int,
    run_on: Sequence[int],
    errors: Iterable[tuple[int, str, str]],
) -> None:
    """Replace the errors on the records that were calculated: (record id, message, traceback)."""
    connection.execute(CLEAR_ERRORS, (attribute, json.dumps(list(run_on))))
    connection.executemany(ADD_ERROR, ((attribute, *error) for error in errors))


def errors(connection: sqlite3.Connection, attribute: int) -> list[tuple[str, str, str]]:
    """Return (record key, message, traceback) of a calculated attribute."""
    return connection.execute(ERRORS, (attribute,)).fetchall()
