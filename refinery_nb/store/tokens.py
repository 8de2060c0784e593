"""The cache of token offsets: made when a text is shown or asked for, kept while it is the same."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

GET = (
    "SELECT record, hash, offsets FROM token WHERE attribute = ? "
    "AND record IN (SELECT value FROM json_each(?))"
)
PUT = "INSERT OR REPLACE INTO token (record, attribute, hash, offsets) VALUES (?, ?, ?, ?)"


def tokens(
    connection: sqlite3.Connection, attribute: int, wanted: Mapping[int, bytes]
) -> dict[int, NDArray[np.int32]]:
    """Return the cached offsets, [n, 2] in code points, of those records whose hash still fits.

    Parameters
    ----------
    wanted
        Record id to the hash of tokenizer and text.
    """
    ids = json.dumps([int(record) for record in wanted])
    return {
        record: np.frombuffer(offsets, dtype="<i4").reshape(-1, 2)
        for record, known, offsets in connection.execute(GET, (attribute, ids))
        if wanted[record] == known
    }


def save(
    connection: sqlite3.Connection,
    attribute: int,
    rows: Sequence[tuple[int, bytes, NDArray[np.int32]]],
) -> None:
    """Store the offsets of records: (record id, hash, offsets [n, 2])."""
    connection.executemany(
        PUT,
        (
            (record, attribute, known, np.ascontiguousarray(offsets, dtype="<i4").tobytes())
            for record, known, offsets in rows
        ),
    )
