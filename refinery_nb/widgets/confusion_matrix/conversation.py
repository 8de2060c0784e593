"""What a ConfusionMatrix and its front end say to each other."""

from __future__ import annotations

import logging
from collections.abc import Callable

from refinery_nb.core.errors import QueryError
from refinery_nb.project.quality.confusion import NORMALIZE, Comparison, compare
from refinery_nb.project.quality.sources import Given
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.confusion_matrix.operations import OPERATIONS, SIDES
from refinery_nb.widgets.conversation import Conversation, Event, Send, Show

log = logging.getLogger(__name__)


class MatrixConversation(Conversation):
    """Answers for one matrix: its two sources, and the cell that was opened last."""

    operations = OPERATIONS

    def __init__(
        self,
        task: Task,
        rows: Given,
        columns: Given,
        send: Send,
        show: Show,
        *,
        level: str | None = None,
        normalize: str | None = "rows",
        view: View | None = None,
    ) -> None:
        if normalize not in NORMALIZE:
            raise QueryError(
                f"normalize is {normalize!r}.", hint="It is 'rows', 'columns' or None."
            )
        if view is not None and view.project is not task.project:
            raise QueryError("the task and the view of a matrix belong to one project.")
        super().__init__(task.project, send)
        self.task = task
        self.rows, self.columns, self.level = rows, columns, level
        self.normalize = normalize
        self.view: View | None = None
        self.opened: dict[str, str | None] | None = None
        self.of_people = True
        self.listeners: list[Callable[[View], None]] = []
        self._within = view
        self._show = show
        if isinstance(rows, str) and rows not in ("gold", "weak"):
            self.comparison  # noqa: B018 - a mistyped name is said at once
        self.listen(self._changed, "labels", "votes", "schema", "records")

    @property
    def comparison(self) -> Comparison:
        """The matrix as it stands: counts, agreement, kappa."""
        return compare(self.task, self.rows, self.columns, level=self.level, view=self._within)

    def select(self, row: str | None, column: str | None) -> View:
        """Open a cell by its labels; None: no label, or outside of spans."""
        comparison = self.comparison
        self.view = comparison.view(comparison.position(row), comparison.position(column))
        self.opened = {
            "rows": comparison.rows.id,
            "columns": comparison.columns.id,
            "level": comparison.level,
            **dict(zip(SIDES, (row, column), strict=True)),
        }
        self._show([self.task], self.view)
        self.push("changed")
        for listener in list(self.listeners):
            try:
                listener(self.view)
            except Exception:
                log.exception("a listener of the confusion matrix failed")
        return self.view

    def _changed(self, event: Event) -> None:
        if "changes" in event:  # labels: they count where people are compared
            tasks = {change.task for change in event["changes"]} if self.of_people else set()
        else:
            tasks = {event.get("task")}
        if tasks & {None, self.task.id}:
            self.push("changed")
