"""Labels of a source as they stand in its cells, and whether they fit a task that exists."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from refinery_nb import io
from refinery_nb.core.errors import InputError, RefineryError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.io.names import NONE, PEOPLE
from refinery_nb.project.records.people import said_by
from refinery_nb.project.records.tag_columns import tags_of


def check(task: TaskSchema, kind: str | None, on: str | None, source: str) -> None:
    """Raise if a source brings another kind of label, or spans of another text.

    Parameters
    ----------
    kind
        What the source brings; None where that is not known.
    on
        The attribute that the source's labels are about.

    Raises
    ------
    InputError
        Saying what the task is, and what comes.
    """
    other = kind is not None and kind != task.kind.value
    # One label a record is also a list of one.
    if other and (kind, task.kind.value) != ("classification", "multilabel"):
        raise InputError(
            f"the {task.kind.value} task {task.name!r} exists, and here it is {kind}.",
            source=source,
            hint="Rename one of them, or name the task of this source otherwise (task=, spans=).",
        )
    if task.is_spans and on != task.on:
        raise InputError(
            f"the task {task.name!r} is about {task.on!r}, the spans here are about {on!r}.",
            source=source,
            hint=f"If it is the same text, pass text={task.on!r}, or rename the field.",
        )


def is_filled(reading: io.Reading, parts: Mapping[str, int]) -> bool:
    """Return whether the columns of labels hold any."""
    places = [parts[what] for what in ("label", "people") if what in parts]
    columns = (chunk.columns[at] for chunk in reading.chunks() for at in places)
    return any(value not in (None, "") for column in columns for value in column)


def faults(
    task: TaskSchema, column: Sequence[Any], labels_of: Callable[[Any], Iterable[Any]], field: str
) -> dict[int, InputError]:
    """Return what is wrong with a column of labels, by place: names that the task lacks.

    Parameters
    ----------
    labels_of
        Gives the labels that a value names.
    field
        What the column is called.
    """
    known = {label.name for label in task.labels} | {NONE}
    found: dict[int, InputError] = {}
    for at, value in enumerate(column):
        if value is None or value == "" or (type(value) is str and value in known):
            continue
        missing = next(
            (one for one in labels_of(value) if type(one) is not str or one not in known), None
        )
        if missing is not None:
            found[at] = _unknown(task, missing, field)
    return found


def _unknown(task: TaskSchema, label: Any, field: str) -> InputError:
    try:
        task.label(str(label))
    except RefineryError as error:
        hint = f"{error.hint or ''} Pass create_labels=True to add it.".strip()
        return InputError(error.message, field=field, hint=hint)
    return InputError(f"{label!r:.40} is no label.", field=field)


def labels_of(task: TaskSchema, what: str, value: Any) -> list[Any]:
    """Return the labels that a value of a column names; ``what`` the column holds."""
    if what in PEOPLE:
        said = said_by(value).values()
        return [label for one in said for label in labels_of(task, "spans", one)]
    if what == "label" and task.is_spans:
        return [tag[2:] for tag in tags_of(value) or () if "-" in tag]
    if task.is_spans:
        return [one[-1] for one in spans_in(value)]
    return list(map(str, as_list(value) or alone(value))) if task.is_multi else [value]


def spans_in(value: Any) -> list[list[Any]]:
    """Return the spans that a value holds, each with start, end and label."""
    return [
        [span["start"], span["end"], span["label"]] if isinstance(span, dict) else span[:3]
        for span in as_list(value)
    ]


def alone(value: Any) -> list[Any]:
    """Return a label that stands alone as a list."""
    return [value] if isinstance(value, str) and value not in ("[]", NONE) else []


def as_list(value: Any) -> list[Any]:
    """Return the list that a cell holds, also as JSON; an empty one where it holds none."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value else []
        except ValueError:
            value = []
    return value if isinstance(value, list) else []
