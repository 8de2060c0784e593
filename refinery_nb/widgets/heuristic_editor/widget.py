"""The HeuristicEditor: write, try and compare the rules of a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from refinery_nb.compute.job import Job
from refinery_nb.core.errors import RefineryError
from refinery_nb.project.task import Task
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.heuristic_editor.operations import answer, is_slow
from refinery_nb.widgets.heuristic_editor.session import EditorSession
from refinery_nb.widgets.heuristic_editor.snapshot import snapshot
from refinery_nb.widgets.messages import PROTOCOL


class HeuristicEditor(anywidget.AnyWidget):
    """Write the heuristics of a task, try them on examples, run them and compare versions.

    A rule that is written in a cell appears here, and one that is saved here is in
    ``task.heuristics()``.

    Parameters
    ----------
    task
        Whose heuristics.

    Examples
    --------
    ``rn.HeuristicEditor(topic)``
    """

    _esm = STATIC / "heuristic_editor.js"
    _css = STATIC / "heuristic_editor.css"
    # Sources and records travel as messages only: traits are saved into the notebook.
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)

    def __init__(self, task: Task) -> None:
        self._session = EditorSession(task, self._push)
        super().__init__()
        # As in the Labeler: the front end's choice of a subshell is right.
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = lambda _message, default: default
        self.on_msg(self._receive)
        events = self._session.project.events
        self._unsubscribe: list[Callable[[], None]] = [
            events.subscribe("votes", self._changed),
            events.subscribe("labels", self._changed),
            events.subscribe("records", self._changed),
            events.subscribe("schema", self._schema_changed),
            events.subscribe("lookups", self._schema_changed),
        ]

    def close(self) -> None:
        """Close the widget: end its work, and stop listening to the project."""
        for stop in getattr(self, "_unsubscribe", []):
            stop()
        self._unsubscribe = []
        self._session.cancel()
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

    def _changed(self, event: dict[str, Any]) -> None:
        own, changes = self._session.task.id, event.get("changes")
        if event.get("task") in (None, own) and (
            changes is None or any(change.task == own for change in changes)
        ):
            self._push("changed")

    def _schema_changed(self, event: dict[str, Any]) -> None:
        del event
        self._push("schema")

    def _push(self, kind: str, **payload: Any) -> None:
        if self.comm is not None:
            self.send({"v": PROTOCOL, "push": kind, **payload})

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        try:
            html = snapshot(self._session)
        except RefineryError:
            return bundle
        parts = bundle if isinstance(bundle, tuple) else (bundle, {})
        return ({**(parts[0] or {}), "text/html": html}, *parts[1:])
