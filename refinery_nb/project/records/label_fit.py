"""Labels of a source as they stand in its cells, and whether they fit a task that exists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from refinery_nb import io
from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.io.names import NONE


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
