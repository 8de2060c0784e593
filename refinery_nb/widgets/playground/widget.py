"""The Playground: type a text, and see what a model says of it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import anywidget
import traitlets

from refinery_nb.compute.job import Job
from refinery_nb.core.errors import RefineryError
from refinery_nb.heuristics import Heuristic
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.messages import PROTOCOL
from refinery_nb.widgets.playground.operations import answer, is_slow
from refinery_nb.widgets.playground.session import PlaygroundSession


class Playground(anywidget.AnyWidget):
    """Ask a zero-shot heuristic or a language model about a text, before it is let loose on all.

    It shows the confidence of each label, or the spans in the text, and what was asked and
    answered word by word, with its tokens and cost. Labels and hypothesis can be changed on the
    spot, and kept as the heuristic.

    Parameters
    ----------
    task
        Whose labels, guideline and examples are used.
    heuristic
        An ``rn.ZeroShot`` or ``rn.LLM``, which need not be in the task, or the name of one that
        is; None: the first one of the task, and the others to choose from.
    view
        Whose records can be taken as texts; None: all.

    Examples
    --------
    ``rn.Playground(topic, rn.ZeroShot("headline"))``
    """

    _esm = STATIC / "playground.js"
    _css = STATIC / "playground.css"
    # Texts and answers travel as messages only: traits are saved into the notebook.
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)

    def __init__(
        self, task: Task, heuristic: Heuristic | str | None = None, view: View | None = None
    ) -> None:
        self._session = PlaygroundSession(task, heuristic, view, self._push)
        super().__init__()
        # As in the Labeler: the front end's choice of a subshell is right.
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = lambda _message, default: default
        self.on_msg(self._receive)
        events = self._session.project.events
        self._unsubscribe: list[Callable[[], None]] = [
            events.subscribe("votes", self._changed),
            events.subscribe("schema", self._changed),
        ]

    def close(self) -> None:
        """Close the widget: end its question, and stop listening to the project."""
        for stop in getattr(self, "_unsubscribe", []):
            stop()
        self._unsubscribe = []
        if hasattr(self, "_session"):  # it may have been refused
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
        if event.get("task") in (None, self._session.task.id):
            self._push("changed")

    def _push(self, kind: str, **payload: Any) -> None:
        if self.comm is not None:
            self.send({"v": PROTOCOL, "push": kind, **payload})

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        try:
            names = [one["name"] for one in self._session.subjects()]
        except RefineryError:
            return bundle
        html = (
            '<div class="refinery-nb-snapshot"><p><b>Playground of '
            f"{escape(self._session.task.name)}</b>: {escape(', '.join(names)) or 'no model yet'}."
            " This is a still picture; run the cell in Jupyter to ask.</p></div>"
        )
        parts = bundle if isinstance(bundle, tuple) else (bundle, {})
        return ({**(parts[0] or {}), "text/html": html}, *parts[1:])
