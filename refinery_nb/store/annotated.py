"""Annotations: what may be stored for a task, its rows, and its form for widgets."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from refinery_nb.core.errors import LabelError
from refinery_nb.core.operation import Annotation
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.span import Span, check_overlap, check_span

MAX_SPANS = 20_000

TextOf = Callable[[Any, TaskSchema, int], str]


def checked(
    connection: sqlite3.Connection, record: int, value: Any, task: TaskSchema, text_of: TextOf
) -> Any:
    """Return an annotation of a record that exists as it is stored, or raise a LabelError."""
    if value is None:
        return None
    if value == {"none": True}:
        return {"none": True}
    labels = {label.id for label in task.labels}
    if task.is_spans and isinstance(value, dict) and isinstance(value.get("spans"), list):
        return {"spans": _checked_spans(connection, record, value["spans"], labels, task, text_of)}
    if task.is_multi and isinstance(value, dict) and isinstance(value.get("labels"), list):
        chosen = value["labels"]
        wrong = [one for one in chosen if type(one) is not int or one not in labels]
        if wrong or not chosen:
            said = f"no label with id {wrong[0]!r}" if wrong else "no annotation without a label"
            raise LabelError(f"task {task.name!r} has {said}.", record=record)
        return {"labels": sorted(set(chosen))}
    plain = not task.is_spans and not task.is_multi
    if plain and isinstance(value, dict) and set(value) == {"label"}:
        label = value["label"]
        if isinstance(label, bool) or not isinstance(label, int) or label not in labels:
            raise LabelError(f"task {task.name!r} has no label with id {label!r}.", record=record)
        return {"label": label}
    raise LabelError(f"{value!r} is not an annotation of a {task.kind.value} task.", record=record)


def _checked_spans(
    connection: sqlite3.Connection,
    record: int,
    spans: list[Any],
    labels: set[int],
    task: TaskSchema,
    text_of: TextOf,
) -> list[list[Any]]:
    if not spans or len(spans) > MAX_SPANS:
        raise LabelError(
            f"an annotation has 1 to {MAX_SPANS:,} spans, not {len(spans):,}.", record=record
        )
    text = text_of(connection, task, record)
    stored: list[list[Any]] = []
    for index, span in enumerate(spans):
        if not isinstance(span, (list, tuple)) or len(span) < 3:
            raise LabelError(f"span {index} is {span!r}, not [start, end, label].", record=record)
        start, end = check_span(span[0], span[1], text, index=index, record=record)
        if isinstance(span[2], bool) or span[2] not in labels:
            raise LabelError(f"task {task.name!r} has no label with id {span[2]!r}.", record=record)
        stored.append([start, end, int(span[2]), text[start:end]])
    stored.sort()
    check_overlap(
        [Span(start, end, task.label_name(label)) for start, end, label, _ in stored],
        task.overlap,
        record=record,
    )
    return stored


def rows_of(value: Any) -> list[tuple[Any, ...]]:
    """Return the rows of an annotation: (label, start, end, surface)."""
    if "spans" in value:
        return [(label, start, end, surface) for start, end, label, surface in value["spans"]]
    if "labels" in value:
        return [(label, None, None, None) for label in value["labels"]]
    return [(value.get("label"), None, None, None)]


def on_the_wire(value: Annotation) -> Annotation:
    """Return an annotation as widgets see it: spans without their surface text."""
    if value and "spans" in value:
        return {"spans": [span[:3] for span in value["spans"]]}
    return value
