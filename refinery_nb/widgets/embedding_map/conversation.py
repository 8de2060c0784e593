"""What an EmbeddingMap and its front end say to each other."""

from __future__ import annotations

import threading

from refinery_nb.core.errors import QueryError
from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.conversation import Conversation, Event, Send, Show
from refinery_nb.widgets.embedding_map.operations import OPERATIONS
from refinery_nb.widgets.embedding_map.session import MapSession


class MapConversation(Conversation):
    """Answers for one map, a message at a time, on threads of their own.

    Placing and colouring many points takes its time; other views go on answering.
    """

    operations = OPERATIONS

    def __init__(
        self,
        subject: Task | Project,
        view: View | None,
        send: Send,
        show: Show,
        *,
        embedding: str | None = None,
        method: str = "pca",
        by: str | None = None,
        actor: str | None = None,
    ) -> None:
        task = subject if isinstance(subject, Task) else None
        project = subject.project if isinstance(subject, Task) else subject
        super().__init__(project, send)
        self.actor = actor
        self.session = MapSession(
            project,
            task,
            view,
            self.push,
            embedding=_embedding(project, task, embedding),
            method=method,
            by=by or ("label" if task is not None else ""),
        )
        self._show = show
        self._one = threading.Lock()
        self.listen(self._changed, "labels", "votes", "schema", "records", "vectors")

    def is_slow(self, message: object) -> bool:
        """Say that a message is answered on a thread of its own: all are."""
        del message
        return True

    def answer(self, message: object) -> None:
        """Answer a message when the one before is answered."""
        with self._one:
            super().answer(message)

    def open_labeler(self) -> View:
        """Show the selected records in a Labeler."""
        if self.session.task is None:
            raise QueryError("the map shows no task.", hint="rn.EmbeddingMap(task) does.")
        view = self.session.view()
        self._show([self.session.task], view)
        return view

    def close(self) -> None:
        """End the conversation and the layout that is under way."""
        super().close()
        self.session.cancel()

    def _changed(self, event: Event) -> None:
        tasks = {change.task for change in event["changes"]} if "changes" in event else {None}
        if "changes" not in event or (self.session.task and self.session.task.id in tasks):
            self.push("changed", vectors="name" in event)


def _embedding(project: Project, task: Task | None, wanted: str | None) -> str:
    if wanted is not None:
        return project.embeddings[wanted].name
    on = None if task is None else task.schema.on
    every = project.embeddings.values()
    rows = [one.row for one in every if one.level == "record" and one.row.count]
    rows.sort(key=lambda row: (on in (None, row.attribute), row.at), reverse=True)
    if not rows:
        raise QueryError("there are no vectors to draw.", hint="Call project.embed('text') first.")
    return rows[0].name
