"""The Labeler: labels in the notebook, by keyboard."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import anywidget
import traitlets

from refinery_nb.compute.job import Job
from refinery_nb.core.errors import SchemaError, StoreError
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.labeler.operations import PROTOCOL, answer
from refinery_nb.widgets.labeler.rules import is_slow
from refinery_nb.widgets.labeler.session import Session
from refinery_nb.widgets.labeler.snapshot import snapshot


class Labeler(anywidget.AnyWidget):
    """Label the records of a view, one at a time, for one or several tasks.

    Parameters
    ----------
    tasks
        A task, or several of one project.
    view
        Which records, in which order; None: all.
    by
        Who labels; by default the project's ``actor``.

    Examples
    --------
    ``rn.Labeler(topic)``, ``rn.Labeler([topic, names], project.where(topic.unlabeled))``
    """

    _esm = STATIC / "labeler.js"
    _css = STATIC / "labeler.css"
    # Record texts and labels travel as messages only: traits are saved into the notebook.
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)

    def __init__(
        self, tasks: Task | Sequence[Task], view: View | None = None, *, by: str | None = None
    ) -> None:
        chosen = [tasks] if isinstance(tasks, Task) else list(tasks)
        self._session = Session(chosen, view, by=by)
        super().__init__()
        # ipykernel 7.4 sends a message to the shell that last wrote to the comm: after a cell has
        # touched the widget, that is the main one, which waits for the running cell. The front
        # end's choice (a subshell) is right.
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = lambda _message, default: default
        self.on_msg(self._receive)
        events = self._session.project.events
        self._unsubscribe: list[Callable[[], None]] = [
            events.subscribe("labels", self._labels_changed),
            events.subscribe("votes", self._votes_changed),
            events.subscribe("schema", self._schema_changed),
            events.subscribe("records", self._votes_changed),
            events.subscribe("learnt", self._learnt),
        ]

    def close(self) -> None:
        """Close the widget and stop listening to the project."""
        for stop in getattr(self, "_unsubscribe", []):
            stop()
        self._unsubscribe = []
        if hasattr(self, "_session"):  # it may have been refused
            self._session.close()
        super().close()

    def _receive(self, _widget: object, message: object, _buffers: object) -> None:
        if is_slow(message):
            Job(lambda _job: self._answer(message))
        else:
            self._answer(message)

    def _answer(self, message: object) -> None:
        told = answer(self._session, message)
        if self.comm is not None:
            self.send(told)

    def _labels_changed(self, event: dict[str, Any]) -> None:
        own = {task.id for task in self._session.tasks}
        changes = [asdict(change) for change in event["changes"] if change.task in own]
        if changes:
            self._push(
                "labels",
                # A bulk operation may touch a million records: then the front end asks again.
                changes=changes[:1000],
                op_ids=event["op_ids"],
                progress=self._session.progress(),
            )

    def _votes_changed(self, event: dict[str, Any]) -> None:
        self._push("votes", task=event.get("task"))

    def _learnt(self, event: dict[str, Any]) -> None:
        if event["task"] in {task.id for task in self._session.tasks} and self._session.follow():
            self._push("votes", task=event["task"])

    def _schema_changed(self, event: dict[str, Any]) -> None:
        del event
        with contextlib.suppress(SchemaError):  # its task was deleted: what it sends is refused
            self._push("schema", tasks=self._session.infos())

    def _push(self, kind: str, **payload: Any) -> None:
        if self.comm is not None:
            self.send({"v": PROTOCOL, "push": kind, **payload})

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        try:
            html = snapshot(self._session)
        except StoreError:
            return bundle
        parts = bundle if isinstance(bundle, tuple) else (bundle, {})
        return ({**(parts[0] or {}), "text/html": html}, *parts[1:])
