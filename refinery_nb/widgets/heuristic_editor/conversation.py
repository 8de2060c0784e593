"""What a HeuristicEditor and its front end say to each other."""

from __future__ import annotations

from refinery_nb.project.task import Task
from refinery_nb.widgets.conversation import Conversation, Event, Send
from refinery_nb.widgets.heuristic_editor.operations import OPERATIONS, SLOW
from refinery_nb.widgets.heuristic_editor.session import EditorSession


class EditorConversation(Conversation):
    """Answers for the heuristics of one task."""

    operations = OPERATIONS
    slow = frozenset(SLOW)

    def __init__(self, task: Task, send: Send) -> None:
        super().__init__(task.project, send)
        self.session = EditorSession(task, self.push)
        self.listen(self._changed, "votes", "labels", "records", "comments")
        self.listen(self._schema_changed, "schema", "lookups")

    @property
    def subject(self) -> EditorSession:
        """What is edited."""
        return self.session

    def close(self) -> None:
        """End the conversation and its work."""
        super().close()
        self.session.cancel()

    def _changed(self, event: Event) -> None:
        own, changes = self.session.task.id, event.get("changes")
        if event.get("task") in (None, own) and (
            changes is None or any(change.task == own for change in changes)
        ):
            self.push("changed")

    def _schema_changed(self, event: Event) -> None:
        del event
        self.push("schema")
