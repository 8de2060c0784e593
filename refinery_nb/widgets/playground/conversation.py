"""What a Playground and its front end say to each other."""

from __future__ import annotations

from refinery_nb.heuristics import Heuristic
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.conversation import Conversation, Event, Send
from refinery_nb.widgets.playground.operations import OPERATIONS, SLOW
from refinery_nb.widgets.playground.session import PlaygroundSession


class PlaygroundConversation(Conversation):
    """Answers for the models of one task."""

    operations = OPERATIONS
    slow = frozenset(SLOW)

    def __init__(
        self, task: Task, heuristic: Heuristic | str | None, view: View | None, send: Send
    ) -> None:
        super().__init__(task.project, send)
        self.session = PlaygroundSession(task, heuristic, view, self.push)
        self.listen(self._changed, "votes", "schema")

    @property
    def subject(self) -> PlaygroundSession:
        """What is asked."""
        return self.session

    def close(self) -> None:
        """End the conversation and its question."""
        super().close()
        self.session.cancel()

    def _changed(self, event: Event) -> None:
        if event.get("task") in (None, self.session.task.id):
            self.push("changed")
