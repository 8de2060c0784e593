"""The SimilarEditor: a concept by examples, and a threshold chosen over its neighbours."""

from __future__ import annotations

from typing import Any

import anywidget
import ipywidgets
import traitlets

from refinery_nb.heuristics.similar import Similar
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.inline import carry, pictured, sender
from refinery_nb.widgets.labeler.widget import Labeler
from refinery_nb.widgets.messages import PROTOCOL
from refinery_nb.widgets.similar_editor.conversation import SimilarConversation
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
        self._labeler: Labeler | None = None
        self._slider = Slider()
        self._conversation = SimilarConversation(
            task, rule, sender(self._slider), self._show, by=by
        )
        carry(self._slider, self._conversation)
        super().__init__(children=[self._slider])

    @property
    def session(self) -> SimilarSession:
        """What is compared, and how far."""
        return self._conversation.session

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
        # Also of one that was never finished, as an argument was refused.
        for one in ("_conversation", "_labeler", "_slider"):
            if getattr(self, one, None) is not None:
                getattr(self, one).close()
        super().close()

    def open_labeler(self, record: int | None = None) -> View:
        """Show the unlabelled neighbours next below the threshold in a Labeler under the editor.

        ``record``: the one with this id instead.
        """
        return self._conversation.open_labeler(record)

    def _show(self, tasks: list[Task], view: View) -> None:
        before, self._labeler = self._labeler, Labeler(tasks, view, by=self.session.actor)
        self.children = [self._slider, self._labeler]
        if before is not None:
            before.close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return pictured(super()._repr_mimebundle_(**options), snapshot(self.session))
