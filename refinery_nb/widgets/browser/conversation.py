"""What a Browser and its front end say to each other."""

from __future__ import annotations

from refinery_nb.compute.job import Job
from refinery_nb.core.errors import QueryError
from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.browser.operations import OPERATIONS, SLOW
from refinery_nb.widgets.browser.session import BrowserSession
from refinery_nb.widgets.conversation import Conversation, Event, Send, Show

MOST_OPENED = 5_000  # records from one of the list on


class BrowserConversation(Conversation):
    """Answers for one list of records."""

    operations = OPERATIONS
    slow = frozenset(SLOW)

    def __init__(
        self,
        project: Project,
        task: Task | None,
        view: View | None,
        send: Send,
        show: Show,
        *,
        by: str | None = None,
    ) -> None:
        super().__init__(project, send)
        if task is None and project.tasks:
            task = next(iter(project.tasks.values()))
        self.session = BrowserSession(project, task, view, by=by)
        self._show = show
        if self.session.is_large:
            Job(lambda _job: self.session.masks.warm())
        self.listen(self._labels_changed, "labels")
        self.listen(self._changed, "records", "votes", "schema", "vectors", "comments")

    def open_labeler(self, view: View, at: int = 0) -> View:
        """Show records in a Labeler, for the task in focus first.

        ``at``: the place in the view from which on they are shown.
        """
        tasks = [self.session.task(schema.name) for schema in self.session.schemas()]
        if not tasks:
            raise QueryError("there is no task yet.", hint='Make one: project.task("topic", [...])')
        session = self.session
        if at:
            ids = session.all_ids(session.snapshot)[at : at + MOST_OPENED]
            view = session.of_keys(session.keys(ids))
        self._show(tasks, view)
        return view

    def asked(self, revision: int) -> None:
        """Tell all views of this Browser that another query is shown."""
        self.push("asked", revision=revision)

    def _labels_changed(self, event: Event) -> None:
        self.push("labels", tasks=sorted({change.task for change in event["changes"]}))

    def _changed(self, event: Event) -> None:
        del event
        self.session.stale()
        self.push("changed")
