"""What a Workbench and its front end say to each other."""

from __future__ import annotations

from typing import Any

from refinery_nb.compute.limits import Limits
from refinery_nb.core.errors import QueryError
from refinery_nb.project.project import Project
from refinery_nb.project.view import View
from refinery_nb.widgets.conversation import Conversation, Event, Send
from refinery_nb.widgets.workbench.operations import OPERATIONS, SLOW
from refinery_nb.widgets.workbench.session import WorkbenchSession


class WorkbenchConversation(Conversation):
    """Answers for one record at a time."""

    operations = OPERATIONS
    slow = SLOW

    def __init__(
        self,
        subject: Project | View,
        key: Any,
        send: Send,
        *,
        by: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        if not isinstance(subject, Project | View):
            raise QueryError(f"{subject!r:.100} has no records.", hint="Give a project or a view.")
        view = subject if isinstance(subject, View) else None
        project = subject if isinstance(subject, Project) else subject.project
        super().__init__(project, send)
        self.session = WorkbenchSession(project, view, key, by=by, limits=limits)
        self.listen(self._labels_changed, "labels")
        self.listen(self._records_changed, "records")
        self.listen(self._changed, "votes", "schema", "vectors", "lookups")
        self.listen(self._commented, "comments")

    @property
    def subject(self) -> WorkbenchSession:
        """What is shown."""
        return self.session

    def close(self) -> None:
        """End the conversation and the cell that runs."""
        super().close()
        self.session.stop()

    def _labels_changed(self, event: Event) -> None:
        if any(change.record == self.session.record for change in event["changes"]):
            self.push("changed")

    def _records_changed(self, event: Event) -> None:
        self.session.renew()
        self._changed(event)

    def _changed(self, event: Event) -> None:
        del event
        self.push("changed")

    def _commented(self, event: Event) -> None:
        del event
        self.push("comments")
