"""What an Overview and its front end say to each other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from refinery_nb.core.errors import QueryError
from refinery_nb.core.schema import AttributeType
from refinery_nb.project.overview.marks import Mark, view_of
from refinery_nb.project.overview.overview import Overview as Numbers
from refinery_nb.project.overview.overview import task_of
from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.conversation import Conversation, Event, Send, Show
from refinery_nb.widgets.overview.operations import OPERATIONS

log = logging.getLogger(__name__)


class OverviewConversation(Conversation):
    """Answers for one overview: the task and the records that it counts, and what was opened."""

    operations = OPERATIONS
    slow = frozenset({"hello", "numbers", "open", "statistics"})

    def __init__(
        self, project: Project, task: Task | None, view: View | None, send: Send, show: Show
    ) -> None:
        if view is not None and view.project is not project:
            raise QueryError("the view of an overview belongs to another project.")
        super().__init__(project, send)
        self.numbers = Numbers(project, view)
        self.chosen = None if task is None else task.name
        self.label: str | None = None  # that the matrix of a multilabel task asks about
        self.attribute: str | None = None
        self.unit: str | None = None
        self.view: View | None = None
        self.opened: dict[str, Any] | None = None
        self.listeners: list[Callable[[View], None]] = []
        self._show = show
        self._asked = threading.Event()
        self.listen(self._changed, "labels", "votes", "schema", "records")

    @property
    def task(self) -> Task | None:
        """The task in focus: the chosen one while it is there, else the first."""
        known = self.project.tasks
        if self.chosen in known:
            return known[self.chosen]
        return next(iter(known.values()), None)

    def shown_attribute(self) -> str | None:
        """Return the attribute whose statistics are shown: what the task is about, at first."""
        known = {one.name: one for one in self.project.attributes}
        if self.attribute in known:
            return self.attribute
        task = self.task
        on = None if task is None else task.schema.on
        texts = [name for name, one in known.items() if one.type is AttributeType.TEXT]
        return on or next(iter([*texts, *known]), None)

    def asked(self) -> None:
        """Note that the front end looks now: the next change is to be told."""
        self._asked.set()

    def select(self, mark: Mark) -> View:
        """Open the records behind a mark."""
        task = self.task
        view = view_of(self.numbers, None if task is None else task.name, mark)
        self.view, self.opened = view, dict(mark)
        if task is None:
            raise QueryError(
                "there is no task yet to label these records for.",
                hint='Make one: project.task("topic", ["A", "B"], on="text").',
            )
        self._show([task], view)
        for listener in list(self.listeners):
            try:
                listener(view)
            except Exception:
                log.exception("a listener of the overview failed")
        return view

    def choose_task(self, name: str) -> None:
        """Look at another task."""
        self.chosen = task_of(self.project, name).name

    def _changed(self, event: Event) -> None:
        # Told once until the front end has looked: while somebody labels, one message is under way.
        if self._asked.is_set():
            self._asked.clear()
            self.push("changed", labels="changes" in event)
