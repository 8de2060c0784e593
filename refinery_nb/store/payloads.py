"""What an index of vectors knows of records besides: attributes to filter by, and labels."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import Attribute, TaskSchema
from refinery_nb.store.records import VERSION, changed_since
from refinery_nb.store.schema import column, setting

LABELS = (
    "SELECT record, ifnull(label, 0) FROM label WHERE task = ? AND NOT stale "
    "AND record IN (SELECT value FROM json_each(?))"
)
LAST_EVENT = "SELECT ifnull(max(seq), 0) FROM event"
LABELLED_SINCE = "SELECT DISTINCT record FROM event WHERE seq > ?"

Seen = tuple[int, int]


def now(connection: sqlite3.Connection) -> Seen:
    """Return up to where records and labels have come: record version, last event."""
    (event,) = connection.execute(LAST_EVENT).fetchone()
    return int(setting(connection, VERSION) or 0), int(event)


def since(connection: sqlite3.Connection, seen: Seen) -> NDArray[np.int64]:
    """Return the ids of the records whose payload may have changed since then, ascending."""
    labelled = (row[0] for row in connection.execute(LABELLED_SINCE, (seen[1],)))
    changed = changed_since(connection, seen[0])
    return np.union1d(changed, np.fromiter(labelled, np.int64)).astype(np.int64)


def payloads(
    connection: sqlite3.Connection,
    attributes: Sequence[Attribute],
    tasks: Sequence[TaskSchema],
    ids: NDArray[np.int64],
) -> list[dict[str, Any]]:
    """Return the payload of each record: ``a<id>`` stored values, ``t<id>`` lists of label ids.

    Label 0 means "reviewed, none"; fields without a value are left out.
    """
    wanted = json.dumps(ids.tolist())
    names = [column(attribute) for attribute in attributes]
    found: dict[int, dict[str, Any]] = {one: {} for one in ids.tolist()}
    if names:
        rows = connection.execute(
            f"SELECT id, {', '.join(names)} FROM record "
            "WHERE id IN (SELECT value FROM json_each(?))",
            (wanted,),
        )
        for record, *values in rows:
            pairs = zip(names, values, strict=True)
            found[record] = {name: value for name, value in pairs if value is not None}
    for task in tasks:
        for record, label in connection.execute(LABELS, (task.id, wanted)):
            labels = found[record].setdefault(f"t{task.id}", [])
            if label not in labels:
                labels.append(label)
    return [found[one] for one in ids.tolist()]
