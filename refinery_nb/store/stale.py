"""Stale spans: labels whose surface text no longer stands at their offsets.

A record's text may change under its spans. They are never shifted and never dropped: they are
marked, left out of gold, and listed for a person to look at.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from refinery_nb.core.schema import Attribute, TaskSchema
from refinery_nb.store.schema import column

SET_STALE = (
    "UPDATE label SET stale = ? WHERE task = ? AND record = ? AND actor = ? AND position = ?"
)

STALE = (
    "SELECT DISTINCT task, record FROM label WHERE stale AND actor = ? "
    "AND record IN (SELECT value FROM json_each(?))"
)


def mark_stale(
    connection: sqlite3.Connection,
    tasks: Iterable[TaskSchema],
    attributes: Sequence[Attribute],
    *,
    records: Sequence[int] | None = None,
) -> int:
    """Compare spans with the text that stands, and set or clear their mark.

    Parameters
    ----------
    records
        Ids of the records to look at; None: all.

    Returns
    -------
    int
        How many spans changed their mark.
    """
    by_name = {attribute.name: attribute for attribute in attributes}
    only = "" if records is None else "AND record IN (SELECT value FROM json_each(?))"
    ids = [] if records is None else [json.dumps([int(record) for record in records])]
    changed = 0
    for task in tasks:
        if not task.is_spans or task.on is None:
            continue
        text = column(by_name[task.on])
        rows = connection.execute(
            f'SELECT record, actor, position, start, "end", surface, stale, r.{text} FROM label '
            f"JOIN record AS r ON r.id = record WHERE task = ? AND surface IS NOT NULL {only}",
            (task.id, *ids),
        ).fetchall()
        updates = [
            (int((now or "")[start:end] != surface), task.id, record, actor, position)
            for record, actor, position, start, end, surface, stale, now in rows
            if ((now or "")[start:end] != surface) != bool(stale)
        ]
        connection.executemany(SET_STALE, updates)
        changed += len(updates)
    return changed


def stale_records(
    connection: sqlite3.Connection, actor: str, ids: Sequence[int]
) -> set[tuple[int, int]]:
    """Return (task, record) of those records with spans of the actor that no longer fit."""
    return set(connection.execute(STALE, (actor, json.dumps(list(ids)))).fetchall())
