"""The EmbeddingMap: all records on a plane, those of alike meaning together."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from refinery_nb.compute.job import Job
from refinery_nb.core.errors import ProtocolError, QueryError
from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.embedding_map.session import MapSession
from refinery_nb.widgets.embedding_map.snapshot import snapshot
from refinery_nb.widgets.labeler.widget import Labeler
from refinery_nb.widgets.messages import PROTOCOL, number, reply, text

DRAWING = STATIC / "plotly_gl2d.js"
PART = 1_000_000  # characters of the drawing library in one message
MOST_CORNERS = 5_000


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
        task = subject if isinstance(subject, Task) else None
        project = subject.project if isinstance(subject, Task) else subject
        self.actor = actor
        self.session = MapSession(
            project,
            task,
            view,
            self._push,
            embedding=_embedding(project, task, embedding),
            method=method,
            by=by or ("label" if task is not None else ""),
        )
        self._labeler: Labeler | None = None
        self._one = threading.Lock()  # a message at a time
        self._plane = Plane()
        # As in the Labeler: answers are given where the front end asked, not behind a busy cell.
        if hasattr(self._plane.comm, "_reply_subshell_for"):
            self._plane.comm._reply_subshell_for = lambda _message, default: default
        self._plane.on_msg(self._receive)
        super().__init__(children=[self._plane])
        events = project.events
        self._unsubscribe: list[Callable[[], None]] = [
            events.subscribe(name, self._changed)
            for name in ("labels", "votes", "schema", "records", "vectors")
        ]

    @property
    def view(self) -> View | None:
        """The selected records; None if nothing is selected."""
        selected = self.session.selected
        return None if selected is None or not len(selected) else self.session.view()

    def close(self) -> None:
        """Close the widget with its Labeler and stop listening to the project."""
        for stop in getattr(self, "_unsubscribe", []):
            stop()
        self._unsubscribe = []
        if hasattr(self, "session"):
            self.session.cancel()
        for child in (getattr(self, "_labeler", None), getattr(self, "_plane", None)):
            if child is not None:
                child.close()
        super().close()

    def open_labeler(self) -> View:
        """Show the selected records in a Labeler below the map."""
        if self.session.task is None:
            raise QueryError("the map shows no task.", hint="rn.EmbeddingMap(task) does.")
        view = self.session.view()
        before, self._labeler = self._labeler, Labeler(self.session.task, view, by=self.actor)
        self.children = [self._plane, self._labeler]
        if before is not None:
            before.close()
        return view

    def _receive(self, _widget: object, message: object, _buffers: object) -> None:
        # Placing and colouring many points takes its time; other widgets go on answering.
        Job(lambda _job: self._answer(message))

    def _answer(self, message: object) -> None:
        with self._one:
            told = reply(self, message, OPERATIONS)
        if self._plane.comm is not None:
            self._plane.send(told)

    def _changed(self, event: dict[str, Any]) -> None:
        tasks = {change.task for change in event["changes"]} if "changes" in event else {None}
        if "changes" not in event or (self.session.task and self.session.task.id in tasks):
            self._push("changed", vectors="name" in event)

    def _push(self, name: str, **told: Any) -> None:
        plane = getattr(self, "_plane", None)
        if plane is not None and plane.comm is not None:
            plane.send({"v": PROTOCOL, "push": name, **told})

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        parts = bundle if isinstance(bundle, tuple) else (bundle, {})
        html = snapshot(self.session)
        return ({**(parts[0] or {}), "text/html": html}, *parts[1:])


def hello(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the map is about, and what it can show."""
    text(args, "client")
    return chart.session.info()


def bye(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Take leave: a view was closed."""
    text(args, "client")
    return {}


def places(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Return where the points stand, and their colours."""
    return chart.session.places(text(args, "embedding"), text(args, "method"))


def colours(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Return the colours of the points."""
    return chart.session.colours(text(args, "by"))


def card(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Return a record for the card that follows the pointer."""
    return chart.session.text(number(args, "at"))


def select(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Select the points inside a polygon, or all that are shown."""
    corners, hidden = args.get("polygon"), args.get("hidden")
    if not isinstance(corners, list) or len(corners) > MOST_CORNERS:
        raise ProtocolError(f"polygon is a list of at most {MOST_CORNERS:,} corners.")
    if not isinstance(hidden, list) or not all(isinstance(one, int) for one in hidden):
        raise ProtocolError("hidden is a list of categories.")
    found = np.zeros((0, 2), np.int64)
    if corners:
        try:
            found = np.array(corners, np.float64).astype(np.int64)
        except (TypeError, ValueError) as error:
            raise ProtocolError("a corner is a pair of numbers.") from error
        if found.ndim != 2 or found.shape[1] != 2:
            raise ProtocolError("a corner is a pair of numbers.")
    return chart.session.select(found, hidden)


def label(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Give all selected records one label, undone together; only those without one if asked."""
    session = chart.session
    if session.task is None or session.task.schema.is_spans:
        raise QueryError("only a classification can be labelled from a map.")
    view = session.view()
    if args.get("unlabelled") is True:
        view = view.where(session.task.unlabeled)
    name = text(args, "label")
    keys = view.keys()
    done = session.task.label_many(dict.fromkeys(keys, name), by=chart.actor) if keys else 0
    return {"count": done, **session.about()}


def undo(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Take back what was labelled last."""
    task = chart.session.task
    done = task is not None and task.undo(by=chart.actor)
    return {"done": done, **chart.session.about()}


def heuristic(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Make the selection a heuristic that votes one label on its records."""
    session = chart.session
    if session.task is None:
        raise QueryError("the map shows no task.", hint="rn.EmbeddingMap(task) does.")
    view = session.view()
    made = session.task.rule_from(view, text(args, "label"), text(args, "name") or None)
    return {"name": made.name, "votes": len(view)}


def slice_(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Keep the selection by name, as a static slice."""
    name = text(args, "name").strip()
    kept = chart.session.view().save(name, static=True)
    return {"name": name, "count": len(kept)}


def open_(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Show the selected records in a Labeler below."""
    del args
    return {"count": len(chart.open_labeler())}


def search(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Say which points a search finds."""
    wanted = text(args, "text").strip()
    return chart.session.search(wanted) if wanted else {"count": 0, "at": ""}


def lay_out(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Begin a layout that takes minutes; ``layout`` is pushed at its end."""
    return chart.session.lay_out(text(args, "embedding"), text(args, "method"))


def cancel(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """End the layout that is under way."""
    del args
    return chart.session.cancel()


def drawing(chart: EmbeddingMap, args: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the drawing library: once a page, not once a widget or notebook."""
    del chart
    encoded = b64encode(DRAWING.read_bytes()).decode("ascii")
    part, parts = number(args, "part"), -(-len(encoded) // PART)
    return {"parts": parts, "text": encoded[part * PART : (part + 1) * PART]}


OPERATIONS: dict[str, Callable[[EmbeddingMap, dict[str, Any]], dict[str, Any]]] = {
    "bye": bye,
    "cancel": cancel,
    "card": card,
    "colours": colours,
    "drawing": drawing,
    "heuristic": heuristic,
    "hello": hello,
    "label": label,
    "lay_out": lay_out,
    "open": open_,
    "places": places,
    "search": search,
    "select": select,
    "slice": slice_,
    "undo": undo,
}


def _embedding(project: Project, task: Task | None, wanted: str | None) -> str:
    if wanted is not None:
        return project.embeddings[wanted].name
    on = None if task is None else task.schema.on
    every = project.embeddings.values()
    rows = [one.row for one in every if one.level == "record" and one.row.count]
    rows.sort(key=lambda row: (on in (None, row.attribute), row.at), reverse=True)
    if not rows:
        raise QueryError("there are no vectors to draw.", hint="Call project.embed('text') first.")
    return rows[0].name
