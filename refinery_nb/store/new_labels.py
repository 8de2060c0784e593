"""Labels of records that nobody has labelled: what an import brings, in a few statements.

The events and the projection are those of ``store.labels``; there is nothing before them to look
at, and nobody waits for an answer about each.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from refinery_nb.core.operation import Operation
from refinery_nb.core.schema import Overlap, TaskSchema
from refinery_nb.store import annotated, labels

ADD_EVENTS = (
    "INSERT INTO event (operation, record, task, base, outcome, before, after) "
    "VALUES (?, ?, ?, NULL, 'applied', 'null', ?)"
)
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
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

    known = {label.id for label in task.labels}
    quick = task.is_spans and task.overlap is Overlap.ANY
    stored: dict[int, Any] = {}
    for record, value in items:
        spans = _quickly(value, texts.get(record, ""), known) if quick else None
        stored[record] = (
            annotated.checked(connection, record, value, task, text_of) if spans is None else spans
        )
    seq = labels.add_operation(connection, operation, at=at, target=None)
    connection.executemany(
        ADD_EVENTS,
        ((seq, record, task.id, ENCODER.encode(value)) for record, value in stored.items()),
    )
    rows: list[tuple[Any, ...]] = []
    for version, record in connection.execute(SEQS, (seq,)).fetchall():
        value = stored[record]
        if value is None:
            continue
        own = (task.id, record, operation.actor)
        rows += [(*own, at, version, *row) for at, row in enumerate(annotated.rows_of(value))]
    connection.executemany(labels.SET, rows)


def _quickly(value: Any, text: str, known: set[int]) -> Any:
    """Return spans as they are stored, or None where something has to be looked at or told."""
    spans = value.get("spans") if isinstance(value, dict) else None
    if not spans or len(spans) > annotated.MAX_SPANS:
        return None
    size = len(text)
    found = []
    for start, end, label in spans:
        if type(start) is not int or type(end) is not int or label not in known:
            return None
        if not 0 <= start < end <= size:
            return None
        found.append([start, end, label, text[start:end]])
    if len(found) > 1:
        found.sort()
        if any(one[:3] == other[:3] for one, other in pairwise(found)):
            return None
    return {"spans": found}
