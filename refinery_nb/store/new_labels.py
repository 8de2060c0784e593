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
from refinery_nb.store import annotated, labels, many

EVENTS = "event (operation, record, task, base, outcome, before, after)"
LABELS = 'label (task, record, actor, position, version, label, start, "end", surface)'
LAST = "SELECT max(seq) FROM event WHERE operation = ?"
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
STRING = json.encoder.encode_basestring


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

    quick = _Quick(task)
    stored: list[Any] = []
    said: list[str] = []
    for record, value in items:
        found = quick.stored(value, texts.get(record, ""))
        if found is None:
            one = annotated.checked(connection, record, value, task, text_of)
            found = one, ENCODER.encode(one)
        stored.append(found[0])
        said.append(found[1])
    seq = labels.add_operation(connection, operation, at=at, target=None)
    records = [record for record, _ in items]
    row = f"({seq:d}, ?, {task.id:d}, NULL, 'applied', 'null', ?)"
    many.insert(connection, EVENTS, row, [records, said])
    # One writer, one transaction: the events stand one behind the other.
    (last,) = connection.execute(LAST, (seq,)).fetchone()
    versions = range(last - len(items) + 1, last + 1)
    rows = [
        (record, at, version, *row)
        for record, version, value in zip(records, versions, stored, strict=True)
        if value is not None
        for at, row in enumerate(annotated.rows_of(value))
    ]
    if rows:
        parts = list(zip(*rows, strict=True))
        parts.insert(1, (operation.actor,) * len(rows))
        many.insert(connection, LABELS, f"({task.id:d}, ?, ?, ?, ?, ?, ?, ?, ?)", parts)


class _Quick:
    """Checks the usual annotations, each kind of task in its shortest way."""

    def __init__(self, task: TaskSchema) -> None:
        self._known = {label.id for label in task.labels}
        self._is_spans = task.is_spans and task.overlap is Overlap.ANY
        # All that can be said of a classification.
        one_each = [] if task.is_spans or task.is_multi else sorted(self._known)
        self._single = {id_: ({"label": id_}, f'{{"label":{id_}}}') for id_ in one_each}

    def stored(self, value: Any, text: str) -> tuple[Any, str] | None:
        """Return an annotation as it is stored, and its JSON; None: it has to be looked at."""
        if not isinstance(value, dict) or len(value) != 1:
            return None
        label = value.get("label")
        if type(label) is int and label in self._single:
            return self._single[label]
        spans = value.get("spans") if self._is_spans else None
        if not spans or len(spans) > annotated.MAX_SPANS:
            return None
        size, known = len(text), self._known
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
        parts = [f"[{start},{end},{label},{STRING(said)}]" for start, end, label, said in found]
        return {"spans": found}, f'{{"spans":[{",".join(parts)}]}}'
