"""The ConfusionMatrix: two sources of labels side by side, and the records behind a cell."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from refinery_nb.core.errors import QueryError, RefineryError
from refinery_nb.project.quality.confusion import LEVELS, NORMALIZE, Comparison, compare
from refinery_nb.project.quality.sources import Given, sources
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.confusion_matrix.snapshot import empty, snapshot
from refinery_nb.widgets.labeler.widget import Labeler
from refinery_nb.widgets.messages import PROTOCOL, choice, reply, text

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

SIDES = ("row", "column")


class Grid(anywidget.AnyWidget):
    """The matrix itself; what it shows travels as messages, so that no notebook keeps it."""

    _esm = STATIC / "confusion_matrix.js"
    _css = STATIC / "confusion_matrix.css"
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)


class ConfusionMatrix(ipywidgets.VBox):  # type: ignore[misc]
    """Show which labels two sources give to the same records, and open the records of a cell.

    Parameters
    ----------
    task
        The task.
    rows, columns
        ``gold`` (manual labels), ``weak`` (the newest run), a run, or the name of a heuristic or
        of a person. Weak labels stand against manual ones as if they had not learnt from them.
    level
        For spans: ``tokens``, ``characters``, ``spans`` or ``touching``.
    normalize
        What a share is of: ``rows``, ``columns``, or None to show counts.
    view
        Only these records; None: all that both sources have judged.
    by
        Who labels in the Labeler that a cell opens; by default the project's ``actor``.

    Examples
    --------
    ``matrix = rn.ConfusionMatrix(topic)``, and in the next cell ``matrix.view``
    """

    def __init__(
        self,
        task: Task,
        rows: Given = "gold",
        columns: Given = "weak",
        *,
        level: str | None = None,
        normalize: str | None = "rows",
        view: View | None = None,
        by: str | None = None,
    ) -> None:
        task.schema.one_answer("a confusion matrix")
        if normalize not in NORMALIZE:
            raise QueryError(
                f"normalize is {normalize!r}.", hint="It is 'rows', 'columns' or None."
            )
        if view is not None and view.project is not task.project:
            raise QueryError("the task and the view of a matrix belong to one project.")
        self.task = task
        self.normalize = normalize
        self._rows, self._columns, self._level = rows, columns, level
        self._within, self._by = view, by
        self._view: View | None = None
        self._of_people = True
        self._opened: dict[str, str | None] | None = None
        self._labeler: Labeler | None = None
        self._listeners: list[Callable[[View], None]] = []
        self._grid = Grid()
        # As in the Labeler: answers are given where the front end asked, not behind a busy cell.
        if hasattr(self._grid.comm, "_reply_subshell_for"):
            self._grid.comm._reply_subshell_for = lambda _message, default: default
        self._grid.on_msg(self._receive)
        super().__init__(children=[self._grid])
        events = task.project.events
        self._unsubscribe: list[Callable[[], None]] = [
            events.subscribe(name, self._changed)
            for name in ("labels", "votes", "schema", "records")
        ]
        if isinstance(rows, str) and rows not in ("gold", "weak"):
            self.comparison  # noqa: B018 - a mistyped name is said at once

    @property
    def comparison(self) -> Comparison:
        """The matrix as it stands: counts, agreement, kappa."""
        return compare(self.task, self._rows, self._columns, level=self._level, view=self._within)

    def frame(self, normalize: str | None = None) -> pd.DataFrame:
        """Return the matrix as a DataFrame: counts, or shares of ``rows`` or ``columns``."""
        return self.comparison.frame(normalize)

    def figure(self, *, theme: str = "auto") -> Any:
        """Return the matrix as a Plotly figure, for export."""
        from refinery_nb.widgets.confusion_matrix.figure import confusion

        return confusion(self.comparison, normalize=self.normalize, theme=theme)

    @property
    def view(self) -> View | None:
        """The records of the cell that was opened last, in the widget or by ``select``."""
        return self._view

    def select(self, row: str | None, column: str | None) -> View:
        """Open a cell by its labels, as a click does; None: no label, or outside of spans."""
        comparison = self.comparison
        names = [label.name for label in comparison.schema.labels]
        at = [
            len(names) if label is None else names.index(comparison.schema.label(label).name)
            for label in (row, column)
        ]
        return self._open(comparison, *at)

    def on_select(self, listener: Callable[[View], None]) -> Callable[[], None]:
        """Call ``listener(view)`` whenever a cell is opened; return how to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def close(self) -> None:
        """Close the widget with its Labeler and stop listening to the project."""
        # Also of one that was never finished, as an argument was refused.
        for stop in getattr(self, "_unsubscribe", []):
            stop()
        self._unsubscribe = []
        for child in (getattr(self, "_labeler", None), getattr(self, "_grid", None)):
            if child is not None:
                child.close()
        super().close()

    def _open(self, comparison: Comparison, row: int, column: int) -> View:
        self._view = comparison.view(row, column)
        names = [label.name for label in comparison.schema.labels]
        self._opened = {
            "rows": comparison.rows.id,
            "columns": comparison.columns.id,
            **{
                side: names[at] if at < len(names) else None
                for side, at in zip(SIDES, (row, column), strict=True)
            },
        }
        before, self._labeler = self._labeler, Labeler(self.task, self._view, by=self._by)
        self.children = [self._grid, self._labeler]
        if before is not None:
            before.close()
        self._push()
        for listener in list(self._listeners):
            try:
                listener(self._view)
            except Exception:
                log.exception("a listener of the confusion matrix failed")
        return self._view

    def _receive(self, _widget: object, message: object, _buffers: object) -> None:
        self._grid.send(reply(self, message, OPERATIONS))

    def _changed(self, event: dict[str, Any]) -> None:
        if "changes" in event:  # labels: they count where people are compared
            tasks = {change.task for change in event["changes"]} if self._of_people else set()
        else:
            tasks = {event.get("task")}
        if tasks & {None, self.task.id}:
            self._push()

    def _push(self) -> None:
        if self._grid.comm is not None:
            self._grid.send({"v": PROTOCOL, "push": "changed"})

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        try:
            html = snapshot(self.comparison, self.normalize)
        except RefineryError as error:
            html = empty(str(error))
        parts = bundle if isinstance(bundle, tuple) else (bundle, {})
        return ({**(parts[0] or {}), "text/html": html}, *parts[1:])


def hello(matrix: ConfusionMatrix, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the widget is about."""
    text(args, "client")
    return {"normalize": matrix.normalize or "counts", **current(matrix, {})}


def bye(matrix: ConfusionMatrix, args: dict[str, Any]) -> dict[str, Any]:
    """Take leave: a view was closed."""
    text(args, "client")
    return {}


def current(matrix: ConfusionMatrix, args: dict[str, Any]) -> dict[str, Any]:
    """Return the matrix, of other sources or another level if that is asked; or why there is none.

    Cells are ``[row, column, count]``, only those that are not empty: a task may have a thousand
    labels.
    """
    if "rows" in args:
        matrix._rows = text(args, "rows")
    if "columns" in args:
        matrix._columns = text(args, "columns")
    if "level" in args:
        matrix._level = choice(args, "level", tuple(LEVELS))
    schema = matrix.task.schema
    told: dict[str, Any] = {
        "task": schema.name,
        "kind": schema.kind.value,
        "sources": [
            {"id": one.id, "kind": one.kind, "title": one.title} for one in sources(matrix.task)
        ],
        "levels": [{"id": id_, "title": title} for id_, title in LEVELS.items()]
        if schema.is_spans
        else [],
        "opened": matrix._opened,
        "matrix": None,
        "empty": None,
    }
    try:
        comparison = matrix.comparison
    except QueryError as error:
        return told | {"empty": {"message": error.message, "hint": error.hint or ""}}
    matrix._of_people = comparison.rows.is_manual or comparison.columns.is_manual
    if len(comparison.confusion.judged) == 0:
        return told | {"empty": _why_empty(comparison)}
    return told | {"matrix": _body(comparison)}


def open_cell(matrix: ConfusionMatrix, args: dict[str, Any]) -> dict[str, Any]:
    """Show the records of a cell in a Labeler below the matrix."""
    # By name: what the front end shows may be older than the labels of the task.
    row, column = (None if args.get(side) is None else text(args, side) for side in SIDES)
    view = matrix.select(row, column)
    return {"count": len(view), "title": view.title}


OPERATIONS: dict[str, Callable[[ConfusionMatrix, dict[str, Any]], dict[str, Any]]] = {
    "bye": bye,
    "hello": hello,
    "matrix": current,
    "open": open_cell,
}


def _body(comparison: Comparison) -> dict[str, Any]:
    counts = comparison.confusion.counts
    row, column = counts.nonzero()
    agreement, kappa = comparison.agreement, comparison.kappa
    return {
        "rows": {"id": comparison.rows.id, "title": comparison.rows.title},
        "columns": {"id": comparison.columns.id, "title": comparison.columns.title},
        "level": comparison.level,
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
