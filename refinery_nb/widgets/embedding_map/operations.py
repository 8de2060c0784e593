"""The table of operations of the EmbeddingMap: what its front end may ask.

How a message is answered stands in ``messages``; the other side is
``js/src/widgets/embedding_map/protocol.ts``.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import ProtocolError, QueryError
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.messages import number, text

if TYPE_CHECKING:
    from refinery_nb.widgets.embedding_map.conversation import MapConversation

Operation = Callable[["MapConversation", dict[str, Any]], dict[str, Any]]
DRAWING = STATIC / "plotly_gl2d.js"
PART = 1_000_000  # characters of the drawing library in one message
MOST_CORNERS = 5_000


def hello(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the map is about, and what it can show."""
    text(args, "client")
    return chart.session.info()


def bye(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Take leave: a view was closed."""
    text(args, "client")
    return {}


def places(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return where the points stand, and their colours."""
    return chart.session.places(text(args, "embedding"), text(args, "method"))


def colours(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return the colours of the points."""
    return chart.session.colours(text(args, "by"))


def card(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return a record for the card that follows the pointer."""
    return chart.session.text(number(args, "at"))


def select(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
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


def label(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
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


def undo(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Take back what was labelled last."""
    task = chart.session.task
    done = task is not None and task.undo(by=chart.actor)
    return {"done": done, **chart.session.about()}


def heuristic(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Make the selection a heuristic that votes one label on its records."""
    session = chart.session
    if session.task is None:
        raise QueryError("the map shows no task.", hint="rn.EmbeddingMap(task) does.")
    view = session.view()
    made = session.task.rule_from(view, text(args, "label"), text(args, "name") or None)
    return {"name": made.name, "votes": len(view)}


def slice_(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Keep the selection by name, as a static slice."""
    name = text(args, "name").strip()
    kept = chart.session.view().save(name, static=True)
    return {"name": name, "count": len(kept)}


def open_(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Show the selected records in a Labeler below."""
    del args
    return {"count": len(chart.open_labeler())}


def search(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Say which points a search finds."""
    wanted = text(args, "text").strip()
    return chart.session.search(wanted) if wanted else {"count": 0, "at": ""}


def lay_out(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Begin a layout that takes minutes; ``layout`` is pushed at its end."""
    return chart.session.lay_out(text(args, "embedding"), text(args, "method"))


def cancel(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """End the layout that is under way."""
    del args
    return chart.session.cancel()


def drawing(chart: MapConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the drawing library: once a page, not once a widget or notebook."""
    del chart
    encoded = b64encode(DRAWING.read_bytes()).decode("ascii")
    part, parts = number(args, "part"), -(-len(encoded) // PART)
    return {"parts": parts, "text": encoded[part * PART : (part + 1) * PART]}


OPERATIONS: dict[str, Operation] = {
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
