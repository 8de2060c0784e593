"""The Browser: all records of a project as a list or a table, filtered, sorted and labelled."""

from __future__ import annotations

from typing import Any

import anywidget
import ipywidgets
import traitlets

from refinery_nb.core.errors import QueryError
from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.browser.conversation import BrowserConversation
from refinery_nb.widgets.browser.session import BrowserSession
from refinery_nb.widgets.browser.snapshot import snapshot
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.inline import carry, pictured, sender
from refinery_nb.widgets.labeler.widget import Labeler
from refinery_nb.widgets.messages import PROTOCOL


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
        view = subject if isinstance(subject, View) else None
        self._labeler: Labeler | None = None
        self._records = Records()
        self._conversation = BrowserConversation(
            project, chosen, view, sender(self._records), self._show, by=by
        )
        carry(self._records, self._conversation)
        super().__init__(children=[self._records])

    @property
    def session(self) -> BrowserSession:
        """What the list shows and what is selected."""
        return self._conversation.session

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
        # Also of one that was never finished, as an argument was refused.
        for one in ("_conversation", "_labeler", "_records"):
            if getattr(self, one, None) is not None:
                getattr(self, one).close()
        super().close()

    def open_labeler(self, view: View, at: int = 0) -> View:
        """Show records in a Labeler below the list, for the task in focus first.

        ``at``: the place in the view from which on they are shown.
        """
        return self._conversation.open_labeler(view, at)

    def _show(self, tasks: list[Task], view: View) -> None:
        before, self._labeler = self._labeler, Labeler(tasks, view, by=self.session.actor)
        self.children = [self._records, self._labeler]
        if before is not None:
            before.close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return pictured(super()._repr_mimebundle_(**options), snapshot(self.session))
