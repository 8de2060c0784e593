"""What a Labeler and its front end say to each other."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import asdict

from refinery_nb.core.errors import SchemaError
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.conversation import Conversation, Event, Send
from refinery_nb.widgets.labeler.operations import OPERATIONS
from refinery_nb.widgets.labeler.rules import is_slow
from refinery_nb.widgets.labeler.session import Session

MOST_CHANGES = 1_000  # in one message; the front end asks again where there are more


class LabelerConversation(Conversation):
    """Answers for one queue of records."""

    operations = OPERATIONS

    def __init__(
        self, tasks: Sequence[Task], view: View | None, send: Send, *, by: str | None = None
    ) -> None:
        self.session = Session(tasks, view, by=by)
        super().__init__(self.session.project, send)
        self.listen(self._labels_changed, "labels")
        self.listen(self._votes_changed, "votes", "records")
        self.listen(self._schema_changed, "schema")
        self.listen(self._commented, "comments")
        self.listen(self._learnt, "learnt")

    @property
    def subject(self) -> Session:
        """The queue."""
        return self.session

    def is_slow(self, message: object) -> bool:
        """Say whether a message asks for work that labels should not wait for."""
        return is_slow(message)

    def close(self) -> None:
        """End the conversation, and follow no labels any more."""
        super().close()
        self.session.close()

    def _labels_changed(self, event: Event) -> None:
        own = {task.id for task in self.session.tasks}
        changes = [asdict(change) for change in event["changes"] if change.task in own]
        if changes:
            self.push(
                "labels",
                # A bulk operation may touch a million records: then the front end asks again.
                changes=changes[:MOST_CHANGES],
                op_ids=event["op_ids"],
                progress=self.session.progress(),
            )

    def _votes_changed(self, event: Event) -> None:
        self.push("votes", task=event.get("task"))

    def _learnt(self, event: Event) -> None:
        if event["task"] in {task.id for task in self.session.tasks} and self.session.follow():
            self.push("votes", task=event["task"])

    def _commented(self, event: Event) -> None:
        del event
        self.push("comments")

    def _schema_changed(self, event: Event) -> None:
        del event
        with contextlib.suppress(SchemaError):  # its task was deleted: what it sends is refused
            self.push("schema", tasks=self.session.infos())
