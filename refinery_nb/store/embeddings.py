"""Embeddings in the database: which there are, and up to where their files are valid."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import Attribute
from refinery_nb.store.schema import column

EMBEDDINGS = (
    "SELECT e.id, e.name, a.name, e.spec, e.dim, e.at, e.generation, e.count, e.seen "
    "FROM embedding AS e JOIN attribute AS a ON a.id = e.attribute ORDER BY e.id"
)
ADD = "INSERT INTO embedding (name, attribute, spec, dim, at) VALUES (?, ?, ?, ?, ?)"
RESTART = (
    "UPDATE embedding SET attribute = ?, spec = ?, dim = ?, at = ?, generation = generation + 1, "
    "count = 0, seen = 0 WHERE id = ?"
)
MOVE = "UPDATE embedding SET generation = ?, count = ? WHERE id = ?"
COUNT = "UPDATE embedding SET count = ? WHERE id = ?"
SEEN = "UPDATE embedding SET seen = ?, at = ? WHERE id = ?"


@dataclass(frozen=True, slots=True)
class EmbeddingRow:
    """An embedding: ``count`` rows of its files ``<id>-<generation>`` are valid.

    ``seen`` is the record version up to which every record has its vector. ``spec["made"]`` says
    when its first vector was made; what is of another time is of other vectors.
    """

    id: int
    name: str
    attribute: str
    spec: dict[str, Any]
    dim: int
    at: str
    generation: int
    count: int
    seen: int

    @property
    def level(self) -> str:
        """What gets a vector: a ``record``, each entry of a ``list``, or each ``token``."""
        return str(self.spec.get("level", "record"))


def embeddings(connection: sqlite3.Connection) -> dict[str, EmbeddingRow]:
    """Return the embeddings by name, in the order in which they were made."""
    return {
        row[1]: EmbeddingRow(row[0], row[1], row[2], json.loads(row[3]), *row[4:])
        for row in connection.execute(EMBEDDINGS)
    }


def add(
    connection: sqlite3.Connection,
    name: str,
    attribute: Attribute,
    spec: Mapping[str, Any],
    dim: int,
    *,
    at: str,
) -> None:
    """Add an embedding without vectors."""
    connection.execute(ADD, (name, attribute.id, _dump({**spec, "made": at}), dim, at))


def restart(
    connection: sqlite3.Connection,
    id_: int,
    attribute: Attribute,
    spec: Mapping[str, Any],
    dim: int,
    *,
    at: str,
) -> None:
    """Begin a new generation without vectors, with another model or dimension."""
    connection.execute(RESTART, (attribute.id, _dump({**spec, "made": at}), dim, at, id_))


def move(connection: sqlite3.Connection, id_: int, *, generation: int, count: int) -> None:
    """Say that the vectors stand in the files of another generation."""
    connection.execute(MOVE, (generation, count, id_))


def set_count(connection: sqlite3.Connection, id_: int, count: int) -> None:
    """Say how many rows are valid, once they are on disk."""
    connection.execute(COUNT, (count, id_))


def set_seen(connection: sqlite3.Connection, id_: int, seen: int, *, at: str) -> None:
    """Say up to which record version every record has its vector."""
    connection.execute(SEEN, (seen, at, id_))


def delete(connection: sqlite3.Connection, id_: int) -> None:
    """Delete an embedding; its files are the caller's."""
    connection.execute("DELETE FROM embedding WHERE id = ?", (id_,))


def texts(
    connection: sqlite3.Connection, attribute: Attribute, *, seen: int, after: int, limit: int
) -> list[tuple[int, str, str | None]]:
    """Return (id, key, text) of records changed since a version, by id, those after an id."""
    return connection.execute(
        f"SELECT id, key, {column(attribute)} FROM record WHERE version > ? AND id > ? "
        "ORDER BY id LIMIT ?",
        (seen, after, limit),
    ).fetchall()


def sample(
    connection: sqlite3.Connection, attribute: Attribute, ids: NDArray[np.int64]
) -> list[str]:
    """Return the texts of some records, without those that are missing."""
    return [
        row[0]
        for row in connection.execute(
            f"SELECT {column(attribute)} FROM record WHERE id IN "
            "(SELECT value FROM json_each(?)) ORDER BY id",
            (json.dumps(ids.tolist()),),
        )
        if row[0] is not None
    ]


def first_text(connection: sqlite3.Connection, attribute: Attribute) -> str | None:
    """Return the first text that is not blank."""
    name = column(attribute)
    rows = connection.execute(f"SELECT {name} FROM record WHERE {name} > '' ORDER BY id")
    return next((row[0] for row in rows if row[0].strip()), None)


def _dump(spec: Mapping[str, Any]) -> str:
    return json.dumps(dict(spec), ensure_ascii=False)
