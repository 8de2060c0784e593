"""The table of operations of the ConfusionMatrix: what its front end may ask.

How a message is answered stands in ``messages``; the other side is
``js/src/widgets/confusion_matrix/protocol.ts``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import QueryError
from refinery_nb.project.quality.confusion import LEVELS, Comparison
from refinery_nb.project.quality.sources import sources
from refinery_nb.widgets.messages import choice, text

if TYPE_CHECKING:
    from refinery_nb.core.schema import TaskSchema
    from refinery_nb.widgets.confusion_matrix.conversation import MatrixConversation

Operation = Callable[["MatrixConversation", dict[str, Any]], dict[str, Any]]
SIDES = ("row", "column")


def hello(matrix: MatrixConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the widget is about."""
    text(args, "client")
    return {"normalize": matrix.normalize or "counts", **current(matrix, {})}


def bye(matrix: MatrixConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Take leave: a view was closed."""
    text(args, "client")
    return {}


def current(matrix: MatrixConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return the matrix, of other sources or another level if that is asked; or why there is none.

    Cells are ``[row, column, count]``, only those that are not empty: a task may have a thousand
    labels.
    """
    if "rows" in args:
        matrix.rows = text(args, "rows")
    if "columns" in args:
        matrix.columns = text(args, "columns")
    schema = matrix.task.schema
    levels = _levels(schema)
    if "level" in args:
        matrix.level = choice(args, "level", tuple(levels))
    elif schema.is_multi and matrix.level not in levels:
        matrix.level = None  # that label was renamed or is gone
    told: dict[str, Any] = {
        "task": schema.name,
        "kind": schema.kind.value,
        "sources": [
            {"id": one.id, "kind": one.kind, "title": one.title} for one in sources(matrix.task)
        ],
        "levels": [{"id": id_, "title": title} for id_, title in levels.items()]
        if schema.is_spans or schema.is_multi
        else [],
        "opened": matrix.opened,
        "matrix": None,
        "empty": None,
    }
    try:
        comparison = matrix.comparison
    except QueryError as error:
        message = error.message[:1].upper() + error.message[1:]  # a sentence of its own here
        return told | {"empty": {"message": message, "hint": error.hint or ""}}
    matrix.of_people = comparison.rows.is_manual or comparison.columns.is_manual
    if len(comparison.confusion.judged) == 0:
        return told | {"empty": _why_empty(comparison)}
    return told | {"matrix": _body(comparison)}


def open_cell(matrix: MatrixConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Show the records of a cell in a Labeler below the matrix."""
    # By name: what the front end shows may be older than the labels of the task.
    row, column = (None if args.get(side) is None else text(args, side) for side in SIDES)
    view = matrix.select(row, column)
    return {"count": len(view), "title": view.title}


OPERATIONS: dict[str, Operation] = {
    "bye": bye,
    "hello": hello,
    "matrix": current,
    "open": open_cell,
}


def _levels(schema: TaskSchema) -> dict[str, str]:
    """Return what can be chosen to be counted: units of spans, or one of several labels."""
    if schema.is_multi:
        return {label.name: label.name for label in schema.labels}
    return LEVELS


def _body(comparison: Comparison) -> dict[str, Any]:
    counts = comparison.confusion.counts
    row, column = counts.nonzero()
    agreement, kappa = comparison.agreement, comparison.kappa
    return {
        "rows": {"id": comparison.rows.id, "title": comparison.rows.title},
        "columns": {"id": comparison.columns.id, "title": comparison.columns.title},
        "level": "records" if comparison.schema.is_multi else comparison.level,
        "label": comparison.level if comparison.schema.is_multi else None,
        "row_labels": comparison.row_labels,
        "column_labels": comparison.column_labels,
        "cells": [
            [int(r), int(c), int(counts[r, c])]
            for r, c in zip(row.tolist(), column.tolist(), strict=True)
        ],
        "judged": len(comparison.confusion.judged),
        "agreement": agreement if agreement == agreement else None,
        "kappa": kappa if kappa == kappa else None,
    }


def _why_empty(comparison: Comparison) -> dict[str, str]:
    people = [one for one in (comparison.rows, comparison.columns) if one.is_manual]
    if not len(comparison.task.project):
        return {"message": "The project has no records yet.", "hint": "Add some: project.add(...)."}
    if len(people) == 2:
        names = " and ".join(one.title for one in people)
        return {
            "message": f"{names} have no reviewed record in common.",
            "hint": "Let both label the same View.",
        }
    if people:
        return {
            "message": "No record has been reviewed by hand yet.",
            "hint": f"Label some: rn.Labeler(project.task({comparison.task.name!r})).",
        }
    return {"message": "The view holds no records.", "hint": ""}
