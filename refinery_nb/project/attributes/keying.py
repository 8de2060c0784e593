"""Which attributes are the key of the records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import SchemaError, did_you_mean
from refinery_nb.core.schema import Attribute
from refinery_nb.project.records.keys import composite, content_key, plain_text
from refinery_nb.store import attributes as stored
from refinery_nb.store import heuristics, records, schema
from refinery_nb.store import slices as stored_slices
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

SHOWN = 5


class Rekeying:
    """What another key would do; ``apply()`` does it.

    Made by ``project.fields.key(...)``.

    Attributes
    ----------
    names
        The attributes of the key; none: a record is known by its content.
    missing, twice
        How many records lack a part of it, and how many would share theirs with another: with
        either it cannot be the key.
    named
        Slices and rules that name records by the old key; they would find none.
    """

    def __init__(self, project: Project, names: Sequence[str]) -> None:
        self._project = project
        self.names = tuple(names)
        with project.database.read() as connection:
            known = {one.name: one for one in schema.attributes(connection)}
            for name in names:
                if name not in known:
                    raise SchemaError(
                        f"there is no attribute {name!r}.", hint=did_you_mean(name, known)
                    )
            if len(set(names)) != len(names):
                raise SchemaError("an attribute stands twice in the key.")
            self._parts = [known[name] for name in names]
            keys = [key for key, _ in _keys(connection, self._parts)]
            self.missing = keys.count("")
            whole = [key for key in keys if key]
            self.twice = len(whole) - len(set(whole))
            self._shown = (
                sorted({key for key in whole if whole.count(key) > 1})[:SHOWN]
                if (self.twice > 0 and len(whole) < 100_000)
                else []
            )
            self.named = _naming(connection)

    def apply(self) -> None:
        """Give all records their new key in one transaction; labels and all else stay theirs.

        Raises
        ------
        SchemaError
            If it cannot be the key.
        """
        with self._project.database.write() as connection:
            rekey(connection, self._parts)
        self._project.events.emit("schema")
        self._project.events.emit("records")

    def __repr__(self) -> str:
        what = ", ".join(map(repr, self.names)) or "their content"
        lines = [f"key records by {what}; nothing is changed before .apply()"]
        if self.missing:
            lines.append(f"  impossible: {self.missing:,} records lack a part of it")
        if self.twice:
            shown = f": {', '.join(map(repr, self._shown))}" if self._shown else ""
            lines.append(f"  impossible: {self.twice:,} records would share a key{shown}")
        if self.named:
            lines.append(f"  they name records by the old key: {', '.join(self.named)}")
        return "\n".join(lines)


def rekey(connection: Connection, parts: Sequence[Attribute]) -> None:
    """Make attributes the key of all records, also of those that were deleted.

    Raises
    ------
    SchemaError
        If a part is missing, or two records would have the same key.
    """
    keys = list(_keys(connection, parts))
    missing = sum(1 for key, _ in keys if not key)
    if missing:
        raise SchemaError(f"{missing:,} records lack a part of the key.")
    twice = len(keys) - len({key for key, _ in keys})
    if twice:
        raise SchemaError(
            f"{twice:,} records would share their key with another.",
            hint="Name more attributes, or delete the copies first.",
        )
    deleted = [
        (_key(parts, [values.get(one.id) for one in parts]) or f"(deleted {id_})", id_)
        for id_, values in (stored.deleted_contents(connection) if parts else [])
    ]
    known = schema.attributes(connection)
    stored.set_keys(connection, [one.id for one in parts], known, keys, deleted)
    records.next_version(connection)


def _keys(connection: Connection, parts: Sequence[Attribute]) -> list[tuple[str, int]]:
    """Return the new key and the id of each record; the key is empty where a part is missing."""
    found: list[tuple[str, int]] = []
    everything = schema.attributes(connection)
    for page in stored.column_values(connection, list(parts) or everything):
        for row in page:
            if parts:
                found.append((_key(parts, row[2:]) or "", row[0]))
            else:
                names = sorted((one.name, at) for at, one in enumerate(everything))
                values = [row[2 + at] for _, at in names]
                found.append((content_key([name for name, _ in names], values), row[0]))
    if not parts:
        return _numbered(found)
    return found


def _numbered(keys: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Tell the n-th copy of the same content apart, as adding records does."""
    seen: dict[str, int] = {}
    found = []
    for key, record in keys:
        seen[key] = seen.get(key, 0) + 1
        found.append((key if seen[key] == 1 else f"{key}-{seen[key]}", record))
    return found


def _key(parts: Sequence[Attribute], values: Sequence[Any]) -> str | None:
    plain = [records.plain(one, value) for one, value in zip(parts, values, strict=True)]
    if any(value is None for value in plain):
        return None
    return plain_text(plain[0]) if len(plain) == 1 else composite(plain)


def _naming(connection: Connection) -> tuple[str, ...]:
    """Return the slices and rules that name records by their keys."""

    def names(document: object) -> bool:
        if isinstance(document, list):
            return any(map(names, document))
        if not isinstance(document, dict):
            return False
        return document.get("is") == "keys" or any(map(names, document.values()))

    found = [one.name for one in stored_slices.slices(connection).values() if names(one.selection)]
    for row in heuristics.heuristics(connection):
        if row.spec.get("kind") == "similar" or names(row.spec.get("condition")):
            found.append(row.name)
    return tuple(found)
