"""The Overview: how a project stands, and the records behind every number of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets
import traitlets

from refinery_nb.core.errors import QueryError
from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.inline import carry, pictured, sender
from refinery_nb.widgets.labeler.widget import Labeler
from refinery_nb.widgets.messages import PROTOCOL
from refinery_nb.widgets.overview.conversation import OverviewConversation
from refinery_nb.widgets.overview.snapshot import snapshot


class Panels(anywidget.AnyWidget):
    """The numbers and charts; what they show travels as messages, so that no notebook keeps it."""

    _esm = STATIC / "overview.js"
    _css = STATIC / "overview.css"
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)


class Overview(ipywidgets.VBox):  # type: ignore[misc]
    """Show how a project stands: what is labelled, by whom and how well, and open what is behind.

    Every number, bar and cell opens the View of its records in a Labeler below; ``overview.view``
    has it in another cell. For one chart alone see ``task.plot``.

    Parameters
    ----------
    subject
        A project, a task, or a view: then only its records count.
    task
        The task in focus, or its name; by default the first.
    by
        Who labels in the Labeler that a mark opens; by default the project's ``actor``.

    Examples
    --------
    ``overview = rn.Overview(project)``, and in the next cell ``overview.view``
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
                f"{subject!r:.100} has no overview.", hint="Give a project, a task or a view."
            )
        project = subject if isinstance(subject, Project) else subject.project
        chosen = subject if isinstance(subject, Task) else task
        if isinstance(chosen, str):
            chosen = project.task(chosen)
        if chosen is not None and chosen.project is not project:
            raise QueryError("the task of an overview belongs to another project.")
        self._by = by
        self._labeler: Labeler | None = None
        self._panels = Panels()
        self._conversation = OverviewConversation(
            project,
            chosen,
            subject if isinstance(subject, View) else None,
            sender(self._panels),
            self._show,
        )
        carry(self._panels, self._conversation)
        super().__init__(children=[self._panels])

    @property
    def view(self) -> View | None:
        """The records of the mark that was opened last, in the widget or by ``select``."""
        return self._conversation.view

    def select(self, **mark: Any) -> View:
        """Open a mark, as a click does: ``select(what="manual", label="A")``; see ``marks``."""
        return self._conversation.select(mark)

    def on_select(self, listener: Callable[[View], None]) -> Callable[[], None]:
        """Call ``listener(view)`` whenever a mark is opened; return how to stop it."""
        listeners = self._conversation.listeners
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    def close(self) -> None:
        """Close the widget with its Labeler and stop listening to the project."""
        # Also of one that was never finished, as an argument was refused.
        for one in ("_conversation", "_labeler", "_panels"):
            if getattr(self, one, None) is not None:
                getattr(self, one).close()
        super().close()

    def _show(self, tasks: list[Task], view: View) -> None:
        before, self._labeler = self._labeler, Labeler(tasks, view, by=self._by)
        self.children = [self._panels, self._labeler]
        if before is not None:
            before.close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return pictured(super()._repr_mimebundle_(**options), snapshot(self._conversation))
