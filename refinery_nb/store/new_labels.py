"""Labels of records that nobody has labelled: what an import brings, in a few statements.

The events and the projection are those of ``store.labels``; there is nothing before them to look
at, and nobody waits for an answer about each.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from refinery_nb.core.operation import Operation
from refinery_nb.core.schema import TaskSchema
from refinery_nb.store import annotated, labels

ADD_EVENTS = (
    "INSERT INTO event (operation, record, task, base, outcome, before, after) "
    "VALUES (?, ?, ?, NULL, 'applied', 'null', ?)"
)
SEQS = "SELECT seq, record FROM event WHERE operation = ? ORDER BY seq"


def add_new(
    connection: sqlite3.Connection,
    operation: Operation,
    items: Sequence[tuple[int, Any]],
    *,
    task: TaskSchema,
    at: str,
    texts: Mapping[int, str],
) -> None:
    """Label records of a task, each once, none of which the actor has labelled.

    Parameters
    ----------
    items
        Record ids that exist, and their annotations.
    texts
        The texts of the records, for spans.

    Raises
    ------
    LabelError
        If an annotation is none of the task.
    """

    def text_of(_: Any, __: TaskSchema, record: int) -> str:
        return texts.get(record, "")

    stored = {
        record: annotated.checked(connection, record, value, task, text_of)
        for record, value in items
    }
    seq = labels.add_operation(connection, operation, at=at, target=None)
    connection.executemany(
        ADD_EVENTS,
        (
            (seq, record, task.id, json.dumps(value, ensure_ascii=False, separators=(",", ":")))
            for record, value in stored.items()
        ),
    )
    rows: list[tuple[Any, ...]] = []
    for version, record in connection.execute(SEQS, (seq,)).fetchall():
        value = stored[record]
        if value is None:
            continue
        own = (task.id, record, operation.actor)
        rows += [(*own, at, version, *row) for at, row in enumerate(annotated.rows_of(value))]
    connection.executemany(labels.SET, rows)
