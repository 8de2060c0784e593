"""A span that is labelled in the list: whole tokens, beside those that are there."""

from __future__ import annotations

import uuid
from typing import Any

from refinery_nb.core.errors import QueryError, SpanError
from refinery_nb.core.operation import Operation
from refinery_nb.project.records import cards
from refinery_nb.project.task import Task
from refinery_nb.store import labels


def label_span(
    task: Task, record: int, start: int, end: int, label: str, *, actor: str
) -> dict[str, Any]:
    """Label the tokens that a selection touches, as the Labeler does; ``task.undo`` takes it back.

    Parameters
    ----------
    start, end
        Half-open code points of the text of the task.

    Returns
    -------
    dict
        ``start`` and ``end`` of the span; ``there``: whether it was labelled so before.

    Raises
    ------
    SpanError
        If the selection holds no token, or the task does not allow the span beside the others.
    QueryError
        If the record is gone, or was labelled elsewhere at this moment.
    """
    project, schema = task.project, task.schema
    if not schema.is_spans:
        raise QueryError(f"{task.name} has no spans: it gives labels to whole records.")
    tokens = cards.token_offsets(project, schema, [record]).get(record)
    if tokens is None:
        raise QueryError("this record is gone.")
    touched = tokens[(tokens[:, 1] > start) & (tokens[:, 0] < max(end, start + 1))]
    if not len(touched):
        raise SpanError("the selection holds no word.")
    span = [int(touched[0, 0]), int(touched[-1, 1]), schema.label(label).id]
    with project.database.read() as connection:
        now = labels.change(connection, task.id, record, actor)
    value: Any = now.value or {}
    others = [list(one) for one in value.get("spans", [])]
    told = {"start": span[0], "end": span[1], "there": span in [one[:3] for one in others]}
    if told["there"]:
        return told
    answer = project.apply(
        [
            Operation(
                str(uuid.uuid4()),
                "label",
                actor,
                task.id,
                record,
                now.version,
                {"spans": [*others, span]},
            )
        ]
    )[0]
    if answer.status == "rejected":
        raise SpanError(answer.message)
    if answer.status != "saved":
        raise QueryError("the record was labelled elsewhere at this moment.", hint="Try again.")
    return told
