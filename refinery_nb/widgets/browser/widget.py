"""The Browser: all records of a project as a list or a table, filtered, sorted and labelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets
import traitlets

from refinery_nb.compute.job import Job
from refinery_nb.core.errors import QueryError
from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.browser.operations import answer, is_slow
from refinery_nb.widgets.browser.session import BrowserSession
from refinery_nb.widgets.browser.snapshot import snapshot
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.labeler.widget import Labeler
from refinery_nb.widgets.messages import PROTOCOL

MOST_OPENED = 5_000  # records from one of the list on


class Records(anywidget.AnyWidget):
    """The list itself; what it shows travels as messages, so that no notebook keeps it."""

    _esm = STATIC / "browser.js"
    _css = STATIC / "browser.css"
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)


class Browser(ipywidgets.VBox):  # type: ignore[misc]
    """Look through records: filter by hand or in words, sort, select, label, save, export.

    Parameters
    ----------
    subject
        A project; a task, whose labels the digits give; or a view, inside which it stays.
    task
        With a view: the task that is labelled; a name or a task.
    by
        Who labels; by default the project's ``actor``.

    Raises
    ------
    QueryError
        If it is none of these.

    Examples
    --------
    ``browser = rn.Browser(project)``, and in another cell ``browser.view``
    """

    def __init__(
        self,
        subject: Project | Task | View,
        task: Task | str | None = None,
        *,
        by: str | None = None,
    ) -> None:
        if not isinstance(subject, (Project, Task, View)):
            raise QueryError(
                f"{subject!r:.100} cannot be browsed.", hint="Give a project, a task or a view."
            )
        project = subject if isinstance(subject, Project) else subject.project
        chosen = subject if isinstance(subject, Task) else task
        if isinstance(chosen, str):
            chosen = project.task(chosen)
        if chosen is None and project.tasks:
            chosen = next(iter(project.tasks.values()))
        view = subject if isinstance(subject, View) else None
        self.session = BrowserSession(project, chosen, view, by=by)
        self._labeler: Labeler | None = None
        self._records = Records()
        # As in the Labeler: answers are given where the front end asked, not behind a busy cell.
        if hasattr(self._records.comm, "_reply_subshell_for"):
            self._records.comm._reply_subshell_for = lambda _message, default: default
        self._records.on_msg(self._receive)
        super().__init__(children=[self._records])
        if self.session.is_large:
            Job(lambda _job: self.session.masks.warm())
        events = project.events
        self._unsubscribe: list[Callable[[], None]] = [
            events.subscribe("labels", self._labels_changed),
            *(
                events.subscribe(name, self._changed)
                for name in ("records", "votes", "schema", "vectors", "comments")
            ),
        ]

    @property
    def view(self) -> View:
        """The view that is shown: it follows what is filtered and sorted."""
        return View(self.session.project, self.session.snapshot.selection)

    @property
    def selected(self) -> View | None:
        """The records that are selected, in their order; None if none is."""
        selected, revision = self.session.selected, self.session.snapshot.revision
        if selected is None or selected[0] != revision:
            return None
        return self.session.chosen_view(*selected)

    @property
    def query(self) -> str:
        """The query that is shown, in words."""
        return self.session.snapshot.asked.text

    def close(self) -> None:
        """Close the widget with its Labeler and stop listening to the project."""
        for stop in getattr(self, "_unsubscribe", []):
            stop()
        self._unsubscribe = []
        for child in (getattr(self, "_labeler", None), getattr(self, "_records", None)):
            if child is not None:
                child.close()
        super().close()

    def open_labeler(self, view: View, at: int = 0) -> View:
        """Show records in a Labeler below the list, for the task in focus first.

        ``at``: the place in the view from which on they are shown.
        """
        tasks = [self.session.task(schema.name) for schema in self.session.schemas()]
        if not tasks:
            raise QueryError("there is no task yet.", hint='Make one: project.task("topic", [...])')
        session = self.session
        if at:
            ids = session.all_ids(session.snapshot)[at : at + MOST_OPENED]
            view = session.of_keys(session.keys(ids))
        before, self._labeler = self._labeler, Labeler(tasks, view, by=session.actor)
        self.children = [self._records, self._labeler]
        if before is not None:
            before.close()
        return view

    def asked(self, revision: int) -> None:
        """Tell all views of this Browser that another query is shown."""
        self._push("asked", revision=revision)

    def _receive(self, _widget: object, message: object, _buffers: object) -> None:
        if is_slow(message):
            Job(lambda _job: self._answer(message))
        else:
            self._answer(message)

    def _answer(self, message: object) -> None:
        told = answer(self, message)
        if self._records.comm is not None:
            self._records.send(told)

    def _labels_changed(self, event: dict[str, Any]) -> None:
        self._push("labels", tasks=sorted({change.task for change in event["changes"]}))

    def _changed(self, event: dict[str, Any]) -> None:
        del event
        self.session.stale()
        self._push("changed")

    def _push(self, name: str, **told: Any) -> None:
        shown = getattr(self, "_records", None)
        if shown is not None and shown.comm is not None:
            shown.send({"v": PROTOCOL, "push": name, **told})

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        parts = bundle if isinstance(bundle, tuple) else (bundle, {})
        return ({**(parts[0] or {}), "text/html": snapshot(self.session)}, *parts[1:])
