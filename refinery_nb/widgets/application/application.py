"""A project as the application serves it: its views, its jobs, and what they open in each other."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from refinery_nb.core.errors import ProtocolError, QueryError, did_you_mean
from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.application.jobs import Entry, Jobs
from refinery_nb.widgets.conversation import Conversation, Send, Show

KEPT = 100  # views that one view opened in another


class Application:
    """The project, for any number of panels in any number of browsers."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.jobs = Jobs(self._job_changed)
        self.panels: dict[str, Conversation] = {}
        self.deeds: list[str] = []  # what was done here, as lines of Python
        self._opened: dict[int, tuple[list[Task], View]] = {}
        self._ids = itertools.count(1)

    def converse(self, data: dict[str, Any], send: Send) -> Conversation:
        """Return the conversation of a view.

        Parameters
        ----------
        data
            ``view``, a name of ``VIEWS``; ``panel``, the id of the panel that it stands in;
            perhaps ``task`` and ``slice``, names; ``opened``, the id of what another view opened.

        Raises
        ------
        ProtocolError
            If there is no such view.
        RefineryError
            If it cannot be opened.
        """
        view = data.get("view")
        if not isinstance(view, str) or view not in VIEWS:
            raise ProtocolError(f"view is {view!r:.100}.", hint=did_you_mean(str(view), VIEWS))
        return VIEWS[view](self, data, send)

    def task(self, data: dict[str, Any]) -> Task:
        """Return the task that is named, or the first one."""
        name = data.get("task")
        if name is not None:
            return self.project.task(str(name))
        if not self.project.tasks:
            raise QueryError("there is no task yet.", hint="Make one under Settings.")
        return next(iter(self.project.tasks.values()))

    def view(self, data: dict[str, Any]) -> View | None:
        """Return the slice that is named, if one is."""
        name = data.get("slice")
        return None if name is None else self.project.slices[str(name)]

    def opened(self, data: dict[str, Any]) -> tuple[list[Task], View | None]:
        """Return the tasks and the view of a Labeler: what was opened, or the task and slice."""
        number = data.get("opened")
        if number is not None:
            if number not in self._opened:
                raise QueryError("what was opened here is gone.", hint="Open it again.")
            return self._opened[number]
        return [self.task(data)], self.view(data)

    def show(self, data: dict[str, Any]) -> Show:
        """Return what a view calls to have records shown in the Labeler of its panel."""

        def show(tasks: list[Task], view: View) -> None:
            number = next(self._ids)
            self._opened[number] = (tasks, view)
            self._opened.pop(number - KEPT, None)
            panel = self.panels.get(str(data.get("panel")))
            if panel is not None:
                panel.push("opened", opened=number, title=view.title, task=tasks[0].name)

        return show

    def _job_changed(self, entry: Entry) -> None:
        for panel in list(self.panels.values()):
            panel.push("jobs", jobs=self.jobs.rows(), changed=entry.id)


def _panel(application: Application, data: dict[str, Any], send: Send) -> Conversation:
    from refinery_nb.widgets.application.conversation import PanelConversation

    return PanelConversation(application, str(data.get("panel")), send)


def _labeler(application: Application, data: dict[str, Any], send: Send) -> Conversation:
    from refinery_nb.widgets.labeler.conversation import LabelerConversation

    tasks, view = application.opened(data)
    return LabelerConversation(tasks, view, send)


def _browser(application: Application, data: dict[str, Any], send: Send) -> Conversation:
    from refinery_nb.widgets.browser.conversation import BrowserConversation

    project = application.project
    task = application.task(data) if project.tasks else None
    view = application.view(data)
    return BrowserConversation(project, task, view, send, application.show(data))


def _heuristics(application: Application, data: dict[str, Any], send: Send) -> Conversation:
    from refinery_nb.widgets.heuristic_editor.conversation import EditorConversation

    return EditorConversation(application.task(data), send)


def _map(application: Application, data: dict[str, Any], send: Send) -> Conversation:
    from refinery_nb.widgets.embedding_map.conversation import MapConversation

    project = application.project
    subject = application.task(data) if project.tasks else project
    return MapConversation(subject, application.view(data), send, application.show(data))


def _matrix(application: Application, data: dict[str, Any], send: Send) -> Conversation:
    from refinery_nb.widgets.confusion_matrix.conversation import MatrixConversation

    task, view = application.task(data), application.view(data)
    return MatrixConversation(task, "gold", "weak", send, application.show(data), view=view)


def _overview(application: Application, data: dict[str, Any], send: Send) -> Conversation:
    from refinery_nb.widgets.overview.conversation import OverviewConversation

    project = application.project
    task = application.task(data) if project.tasks else None
    return OverviewConversation(project, task, application.view(data), send, application.show(data))


def _workbench(application: Application, data: dict[str, Any], send: Send) -> Conversation:
    from refinery_nb.widgets.workbench.conversation import WorkbenchConversation

    subject = application.view(data) or application.project
    return WorkbenchConversation(subject, data.get("record"), send)


VIEWS: dict[str, Callable[[Application, dict[str, Any], Send], Conversation]] = {
    "browser": _browser,
    "confusion_matrix": _matrix,
    "embedding_map": _map,
    "heuristic_editor": _heuristics,
    "labeler": _labeler,
    "overview": _overview,
    "panel": _panel,
    "workbench": _workbench,
}
