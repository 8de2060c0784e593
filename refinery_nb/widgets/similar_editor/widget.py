"""The SimilarEditor: a concept by examples, and a threshold chosen over its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets
import traitlets

from refinery_nb.compute.job import Job
from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import Keys
from refinery_nb.heuristics.similar import Similar
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.store import records
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.labeler.widget import Labeler
from refinery_nb.widgets.messages import PROTOCOL
from refinery_nb.widgets.similar_editor.operations import answer, is_slow
from refinery_nb.widgets.similar_editor.session import SimilarSession
from refinery_nb.widgets.similar_editor.snapshot import snapshot


class Slider(anywidget.AnyWidget):
    """The editor itself; what it shows travels as messages, so that no notebook keeps it."""

    _esm = STATIC / "similar_editor.js"
    _css = STATIC / "similar_editor.css"
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)


class SimilarEditor(ipywidgets.VBox):  # type: ignore[misc]
    """Make an ``rn.Similar``: gather examples, and choose its threshold over their neighbours.

    It shows what each threshold would let in and how right that is, by the manual labels among
    the neighbours; those next to the threshold can be labelled on the spot.

    Parameters
    ----------
    task
        The task whose heuristic it becomes.
    rule
        An ``rn.Similar``, which need not be in the task, or the name of one that is; None: a new
        one.
    by
        Who labels; by default the project's ``actor``.

    Raises
    ------
    HeuristicError
        If it is no ``Similar``, or the task has none of that name.

    Examples
    --------
    ``editor = rn.SimilarEditor(topic)``, and in another cell ``editor.rule``
    """

    def __init__(
        self, task: Task, rule: Similar | str | None = None, *, by: str | None = None
    ) -> None:
        self.session = SimilarSession(task, rule, self._push, by)
        self._labeler: Labeler | None = None
        self._slider = Slider()
        # As in the Labeler: answers are given where the front end asked, not behind a busy cell.
        if hasattr(self._slider.comm, "_reply_subshell_for"):
            self._slider.comm._reply_subshell_for = lambda _message, default: default
        self._slider.on_msg(self._receive)
        super().__init__(children=[self._slider])
        events = task.project.events
        self._unsubscribe: list[Callable[[], None]] = [
            events.subscribe("labels", self._labels_changed),
            events.subscribe("records", self._vectors_changed),
            events.subscribe("vectors", self._vectors_changed),
            events.subscribe("votes", self._task_changed),
            events.subscribe("schema", self._task_changed),
        ]

    @property
    def rule(self) -> Similar:
        """The heuristic as it stands in the editor, whether it was saved or not.

        Raises
        ------
        HeuristicError
            If it has no example yet.
        """
        return self.session.draft.rule()

    def close(self) -> None:
        """Close the widget with its Labeler and stop listening to the project."""
        for stop in getattr(self, "_unsubscribe", []):
            stop()
        self._unsubscribe = []
        for child in (getattr(self, "_labeler", None), getattr(self, "_slider", None)):
            if child is not None:
                child.close()
        super().close()

    def open_labeler(self, record: int | None = None) -> View:
        """Show the unlabelled neighbours next below the threshold in a Labeler under the editor.

        ``record``: the one with this id instead.
        """
        session = self.session
        if record is None:
            view = session.below()
        else:
            with session.project.database.read() as connection:
                known = records.keys_of_ids(connection, [record])
            if record not in known:
                raise QueryError("this record is gone.")
            view = session.project.where(Keys((known[record],)))
        before, self._labeler = self._labeler, Labeler(session.task, view, by=session.actor)
        self.children = [self._slider, self._labeler]
        if before is not None:
            before.close()
        return view

    def _receive(self, _widget: object, message: object, _buffers: object) -> None:
        # Labels are set in the order in which they come; comparing holds nothing up.
        if is_slow(message):
            Job(lambda _job: self._answer(message))
        else:
            self._answer(message)

    def _answer(self, message: object) -> None:
        told = answer(self, message)
        if self._slider.comm is not None:
            self._slider.send(told)

    def _labels_changed(self, event: dict[str, Any]) -> None:
        if any(change.task == self.session.task.id for change in event["changes"]):
            self._push("labels")

    def _vectors_changed(self, event: dict[str, Any]) -> None:
        del event
        self.session.stale()
        self._push("vectors")

    def _task_changed(self, event: dict[str, Any]) -> None:
        if event.get("task") in (None, self.session.task.id):
            self._push("task")

    def _push(self, name: str, **told: Any) -> None:
        slider = getattr(self, "_slider", None)
        if slider is not None and slider.comm is not None:
            slider.send({"v": PROTOCOL, "push": name, **told})

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        parts = bundle if isinstance(bundle, tuple) else (bundle, {})
        return ({**(parts[0] or {}), "text/html": snapshot(self.session)}, *parts[1:])
