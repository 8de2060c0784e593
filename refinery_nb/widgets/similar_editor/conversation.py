"""What a SimilarEditor and its front end say to each other."""

from __future__ import annotations

from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import Keys
from refinery_nb.heuristics.similar import Similar
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.store import records
from refinery_nb.widgets.conversation import Conversation, Event, Send, Show
from refinery_nb.widgets.similar_editor.operations import OPERATIONS, SLOW
from refinery_nb.widgets.similar_editor.session import SimilarSession


class SimilarConversation(Conversation):
    """Answers for one ``Similar``; labels are set in the order in which they come."""

    operations = OPERATIONS
    slow = frozenset(SLOW)

    def __init__(
        self, task: Task, rule: Similar | str | None, send: Send, show: Show, *, by: str | None
    ) -> None:
        super().__init__(task.project, send)
        self.session = SimilarSession(task, rule, self.push, by)
        self._show = show
        self.listen(self._labels_changed, "labels")
        self.listen(self._vectors_changed, "records", "vectors")
        self.listen(self._task_changed, "votes", "schema")

    def open_labeler(self, record: int | None = None) -> View:
        """Show the unlabelled neighbours next below the threshold, or the record with this id."""
        session = self.session
        if record is None:
            view = session.below()
        else:
            with session.project.database.read() as connection:
                known = records.keys_of_ids(connection, [record])
            if record not in known:
                raise QueryError("this record is gone.")
            view = session.project.where(Keys((known[record],)))
        self._show([session.task], view)
        return view

    def _labels_changed(self, event: Event) -> None:
        if any(change.task == self.session.task.id for change in event["changes"]):
            self.push("labels")

    def _vectors_changed(self, event: Event) -> None:
        del event
        self.session.stale()
        self.push("vectors")

    def _task_changed(self, event: Event) -> None:
        if event.get("task") in (None, self.session.task.id):
            self.push("task")
