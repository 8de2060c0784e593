"""The table of operations of the SimilarEditor: what its front end may ask.

How a message is answered stands in ``messages``; the other side is
``js/src/widgets/similar_editor/protocol.ts``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import ProtocolError, QueryError
from refinery_nb.core.schema import check_name
from refinery_nb.widgets.messages import number, text
from refinery_nb.widgets.similar_editor import rows as similar_rows

if TYPE_CHECKING:
    from refinery_nb.widgets.similar_editor.conversation import SimilarConversation

Operation = Callable[["SimilarConversation", dict[str, Any]], dict[str, Any]]
UNIT = similar_rows.UNIT
LONGEST = 100_000  # characters of a text that is typed as an example


def hello(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the widget is about."""
    text(args, "client")
    session = editor.session
    session.follow()
    schema = session.task.schema
    return {
        "project": session.project.name,
        "task": {
            "name": schema.name,
            "kind": schema.kind.value,
            "on": schema.on,
            "labels": [
                {"id": one.id, "name": one.name, "color": one.color} for one in schema.labels
            ],
        },
        "embeddings": session.embeddings(),
        "labelled": len(session.labelled()),
        "draft": similar_rows.draft(session),
    }


def bye(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Take leave: a view was closed."""
    del editor
    text(args, "client")
    return {}


def neighbours(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Compare, and return all neighbours as columns."""
    del args
    session, before = editor.session, editor.session.revision
    found = session.compare()
    if session.revision != before:
        session.push("compared", revision=session.revision)  # to other views of this editor
    return {**similar_rows.columns(session, found), "draft": similar_rows.draft(session)}


def judged(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return which neighbours are labelled now."""
    del args
    return similar_rows.judged(editor.session, editor.session.judge())


def rows(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return some neighbours with their texts; none if they are others by now."""
    session = editor.session
    if number(args, "revision") != session.revision:
        return {"revision": session.revision, "rows": []}
    found = similar_rows.rows(session, number(args, "from"), number(args, "to"))
    return {"revision": session.revision, "rows": found}


def add(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Add a text that was typed, or a neighbour, as an example."""
    session = editor.session
    if args.get("rank") is None:
        typed = text(args, "text").strip()
        if not typed:
            raise QueryError("a blank text is like nothing.")
        if len(typed) > LONGEST:
            raise QueryError(f"a text of {len(typed):,} characters is too long for an example.")
        session.add({"text": typed})
    else:
        session.add_neighbour(number(args, "rank"), number(args, "revision"))
    return {"draft": similar_rows.draft(session)}


def remove(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Remove an example by its place."""
    editor.session.remove(number(args, "at"))
    return {"draft": similar_rows.draft(editor.session)}


def start(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Take a few that have the label as examples."""
    del args
    count = editor.session.start()
    return {"count": count, "draft": similar_rows.draft(editor.session)}


def change(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Change label, name or embedding; an empty name follows the label."""
    session = editor.session
    if args.get("label") is not None:
        session.change(label=session.task.schema.label(text(args, "label")).name)
        session.follow()
    if args.get("name") is not None:
        name = text(args, "name").strip()
        own = name and name != f"similar:{session.draft.label}"
        session.change(name=check_name(name, "a heuristic") if own else None)
    if args.get("embedding") is not None:
        session.change(embedding=text(args, "embedding"))
    return {"draft": similar_rows.draft(session), "labelled": len(session.labelled())}


def threshold(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Set the threshold, in billionths; ``chosen``: by a person."""
    value = number(args, "value")
    if not 0 < value <= UNIT:
        raise QueryError(f"{value / UNIT:g} does not lie in (0, 1].")
    editor.session.change(threshold=value / UNIT, chosen=args.get("chosen") is True)
    return {"draft": similar_rows.draft(editor.session)}


def label(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Label a neighbour, say that no label fits (an empty one), or take its label away."""
    session = editor.session
    place = args.get("place")
    if place is not None:
        whole = isinstance(place, list) and all(isinstance(one, int) for one in place)
        if not whole or len(place) != 2:
            raise ProtocolError("place is a pair of offsets.")
        place = (place[0], place[1])
    if (place is not None) != session.task.schema.is_spans:
        raise ProtocolError("a span has a place, a record has none.")
    said = None if args.get("label") is None else text(args, "label")
    counts = session.label(number(args, "record"), place, said)
    return {"counts": counts, **judged(editor, {})}


def undo(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Take back what was labelled last."""
    del args
    done = editor.session.task.undo(by=editor.session.actor)
    return {"done": done, **judged(editor, {})}


def save(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Put the rule into the task and run it."""
    del args
    return {**editor.session.save(), "draft": similar_rows.draft(editor.session)}


def open_(editor: SimilarConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Show the neighbours next below the cut, or one record, in a Labeler below."""
    record = None if args.get("record") is None else number(args, "record")
    return {"count": len(editor.open_labeler(record))}


OPERATIONS: dict[str, Operation] = {
    "add": add,
    "bye": bye,
    "change": change,
    "hello": hello,
    "judged": judged,
    "label": label,
    "neighbours": neighbours,
    "open": open_,
    "remove": remove,
    "rows": rows,
    "save": save,
    "start": start,
    "threshold": threshold,
    "undo": undo,
}
SLOW = ("neighbours", "open", "save")
