"""The EmbeddingMap: all records on a plane, those of alike meaning together."""

from __future__ import annotations

from typing import Any

import anywidget
import ipywidgets
import traitlets

from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.embedding_map.conversation import MapConversation
from refinery_nb.widgets.embedding_map.session import MapSession
from refinery_nb.widgets.embedding_map.snapshot import snapshot
from refinery_nb.widgets.inline import carry, pictured, sender
from refinery_nb.widgets.labeler.widget import Labeler
from refinery_nb.widgets.messages import PROTOCOL


class Plane(anywidget.AnyWidget):
    """The map itself; what it shows travels as messages, so that no notebook keeps it."""

    _esm = STATIC / "embedding_map.js"
    _css = STATIC / "embedding_map.css"
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)


class EmbeddingMap(ipywidgets.VBox):  # type: ignore[misc]
    """Show the records of an embedding as points, and take a lasso around some as a View.

    Parameters
    ----------
    subject
        A task: points are coloured by its labels, and a selection can be labelled. Or a project.
    view
        Only these records; None: all that have a vector.
    embedding
        Its name; by default the newest, of the task's attribute if it has one.
    method
        ``pca`` stands at once; ``umap`` (where umap-learn is installed) and ``tsne`` are laid out
        in a process of their own.
    by
        What the points are coloured by: ``label``, ``weak``, ``confidence``, ``unlabelled``,
        ``heuristic:<name>`` or ``attribute:<name>``.
    actor
        Who labels; by default the project's ``actor``.

    Raises
    ------
    QueryError
        If there is no embedding yet.

    Examples
    --------
    ``chart = rn.EmbeddingMap(topic)``, and in the next cell ``chart.view``
    """

    def __init__(
        self,
        subject: Task | Project,
        view: View | None = None,
        *,
        embedding: str | None = None,
        method: str = "pca",
        by: str | None = None,
        actor: str | None = None,
    ) -> None:
        self._labeler: Labeler | None = None
        self._plane = Plane()
        self._conversation = MapConversation(
            subject,
            view,
            sender(self._plane),
            self._show,
            embedding=embedding,
            method=method,
            by=by,
            actor=actor,
        )
        carry(self._plane, self._conversation)
        super().__init__(children=[self._plane])

    @property
    def session(self) -> MapSession:
        """What the map shows and what is selected."""
        return self._conversation.session

    @property
    def view(self) -> View | None:
        """The selected records; None if nothing is selected."""
        selected = self.session.selected
        return None if selected is None or not len(selected) else self.session.view()

    def close(self) -> None:
        """Close the widget with its Labeler and stop listening to the project."""
        # Also of one that was never finished, as an argument was refused.
        for one in ("_conversation", "_labeler", "_plane"):
            if getattr(self, one, None) is not None:
                getattr(self, one).close()
        super().close()

    def open_labeler(self) -> View:
        """Show the selected records in a Labeler below the map."""
        return self._conversation.open_labeler()

    def _show(self, tasks: list[Task], view: View) -> None:
        before, self._labeler = self._labeler, Labeler(tasks, view, by=self._conversation.actor)
        self.children = [self._plane, self._labeler]
        if before is not None:
            before.close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return pictured(super()._repr_mimebundle_(**options), snapshot(self.session))
