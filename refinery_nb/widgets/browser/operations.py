"""The table of operations of the Browser: what its front end may ask.

How a message is answered stands in ``messages``; the other side is
``js/src/widgets/browser/protocol.ts``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.condition_json import from_json, to_json
from refinery_nb.core.errors import ProtocolError, QueryError, RefineryError
from refinery_nb.core.query import And, Condition, Not, Or, Selection
from refinery_nb.project.query_text import QueryTextError, complete
from refinery_nb.project.sentence import title
from refinery_nb.widgets.browser import orders
from refinery_nb.widgets.browser import rows as drawn
from refinery_nb.widgets.browser.session import FIRST, Asked, BrowserSession, Snapshot
from refinery_nb.widgets.browser.spans import label_span
from refinery_nb.widgets.comments import comment_operations
from refinery_nb.widgets.messages import number, text
from refinery_nb.widgets.parts import part

if TYPE_CHECKING:
    from refinery_nb.widgets.browser.conversation import BrowserConversation

Operation = Callable[["BrowserConversation", dict[str, Any]], dict[str, Any]]
PAGE = 200  # records of one message
MOST_RANGES = 20_000
CHIPS = 40


def hello(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the widget is about, and what it shows."""
    text(args, "client")
    session = browser.session
    words = session.words
    return {
        "project": session.project.name,
        "total": len(session.masks.dense.ids()),
        "focus": session.focus,
        "base": None if session.base is None else session.base.title,
        "text": session.text_attribute(),
        "tasks": [
            {
                "id": task.id,
                "name": task.name,
                "kind": task.kind.value,
                "on": task.on,
                "labels": [
                    {"id": one.id, "name": one.name, "color": one.color, "hotkey": one.hotkey}
                    for one in task.labels
                ],
                "heuristics": list(words.tasks[task.name].heuristics)
                if task.name in words.tasks
                else [],
                "runs": list(words.tasks[task.name].runs) if task.name in words.tasks else [],
                "people": list(words.tasks[task.name].people) if task.name in words.tasks else [],
            }
            for task in session.schemas()
        ],
        "attributes": [
            {"name": one.name, "type": one.type.value, "key": one.is_key}
            for one in session.project.attributes
            if "browser" not in one.hidden
        ],
        "slices": list(words.slices),
        "embeddings": list(words.embeddings),
        "orders": orders.orders(session),
        "shown": _shown(session, session.snapshot),
    }


def bye(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Take leave: a view was closed."""
    del browser
    text(args, "client")
    return {}


def query(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Find the records of a query; what is wrong with it is told with its place."""
    session = browser.session
    asked = Asked(
        text(args, "text"),
        text(args, "order"),
        args.get("descending") is True,
        number(args, "seed"),
    )
    try:
        found = session.ask(asked, number(args, "number"))
    except QueryTextError as error:
        return {"fault": _fault(error)}
    except RefineryError as error:
        return {"fault": {"message": error.message, "hint": error.hint, "start": 0, "end": 0}}
    if found is None:
        return {"superseded": True}
    browser.asked(found.revision)  # other views of it follow
    return _shown(session, found)


def whole(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Find all records of what is shown, and say how many there are."""
    session, revision = browser.session, number(args, "revision")
    snapshot = session.snapshot
    if snapshot.revision != revision:
        return {"revision": snapshot.revision, "count": None}
    return {"revision": revision, "count": len(session.all_ids(snapshot))}


def rows(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return some records of what is shown; none if that is another query by now."""
    session = browser.session
    snapshot = session.snapshot
    first, last = number(args, "from"), number(args, "to")
    if number(args, "revision") != snapshot.revision:
        return {"revision": snapshot.revision, "rows": []}
    return {
        "revision": snapshot.revision,
        "rows": _rows(session, snapshot, first, min(last, first + PAGE)),
    }


def count(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Say how many records a query that is being typed would find; the newest question counts."""
    session = browser.session
    try:
        found = session.count(text(args, "text"), number(args, "number"))
    except QueryTextError as error:
        return {"count": None, "fault": _fault(error)}
    except RefineryError as error:
        told = {"message": error.message, "hint": error.hint, "start": 0, "end": 0}
        return {"count": None, "fault": told}
    return {"count": found, "fault": None}


def now(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Say how many records the query that is shown finds by now."""
    session = browser.session
    snapshot = session.snapshot
    if number(args, "revision") != snapshot.revision:
        return {"revision": snapshot.revision, "count": None}
    return {"revision": snapshot.revision, "count": session.now(snapshot)}


def completion(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return what can stand at a place of a query."""
    found = complete(text(args, "text"), number(args, "cursor"), browser.session.words)
    return {
        "start": found.start,
        "end": found.end,
        "candidates": [one.to_json() for one in found.candidates],
    }


def written(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return the query in words of a condition that was put together by hand."""
    return {"text": browser.session.written(from_json(args.get("condition")))}


def values(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return values that an attribute has, the commonest first."""
    return {"values": list(browser.session.words.values(text(args, "attribute"), ""))}


def label(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Label the selected records, undone together.

    An empty label says that none fits; None takes the label away. ``keep``: those that somebody
    has labelled stay as they are.
    """
    session = browser.session
    task = session.task(text(args, "task"))
    if task.schema.is_spans:
        raise QueryError(
            "spans are labelled in the text.",
            hint="Select some of it, or open the records in the Labeler (Enter).",
        )
    said = None if args.get("label") is None else text(args, "label")
    ids = session.chosen(number(args, "revision"), _ranges(args))
    if args.get("keep") is True:
        labelled = session.masks.ids(Selection(task.labeled))
        ids = ids[~np.isin(ids, labelled)]
    return {"count": session.label(task, ids, said) if len(ids) else 0}


def span(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Label a selection in the text of one record."""
    session, at = browser.session, number(args, "at")
    ids = session.chosen(number(args, "revision"), [(at, at + 1)])
    if not len(ids):
        raise QueryError("this record is gone.")
    return label_span(
        session.task(text(args, "task")),
        int(ids[0]),
        number(args, "start"),
        number(args, "end"),
        text(args, "label"),
        actor=session.actor,
    )


def select(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Note what is selected."""
    session, revision, ranges = browser.session, number(args, "revision"), _ranges(args)
    session.selected = None if ranges is None else (revision, ranges)
    return {}


def undo(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Take back, or repeat, what was labelled last in a task."""
    session = browser.session
    task = session.task(text(args, "task"))
    again = args.get("again") is True
    done = task.redo(by=session.actor) if again else task.undo(by=session.actor)
    return {"done": done}


def focus(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Choose the task that digits label, and that confidence and votes are of."""
    browser.session.focus = browser.session.task(text(args, "task")).name
    browser.session.stale()
    return hello(browser, {"client": ""})


def slice_(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Keep what is shown, or selected, by name."""
    session = browser.session
    name, ranges = text(args, "name").strip(), _ranges(args)
    static = args.get("static") is True or ranges is not None
    view = session.chosen_view(number(args, "revision"), ranges)
    kept = view.save(name, static=static)
    session.stale()
    return {"name": name, "count": len(kept), "slices": list(session.words.slices)}


def export(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Write what is shown, or selected, to a file beside the notebook."""
    session = browser.session
    view = session.chosen_view(number(args, "revision"), _ranges(args))
    path = Path(text(args, "path").strip()).expanduser()
    if not path.name:
        raise QueryError("the file has no name.", hint="Such as records.csv.")
    if path.exists() and args.get("replace") is not True:
        return {"path": str(path), "exists": True, "count": 0}
    session.project.export(path, view)
    return {"path": str(path), "exists": False, "count": len(view)}


def open_(browser: BrowserConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Show what is shown, or selected, in a Labeler below."""
    view = browser.session.chosen_view(number(args, "revision"), _ranges(args))
    return {"count": len(browser.open_labeler(view, number(args, "at")))}


def _shown(session: BrowserSession, snapshot: Snapshot) -> dict[str, Any]:
    condition = snapshot.condition
    parts = condition.items if isinstance(condition, And) else (condition,)
    chips = [title(Selection(one)) for one in parts[:CHIPS]]
    return {
        "fault": None,
        "revision": snapshot.revision,
        "text": snapshot.asked.text,
        "order": snapshot.asked.order,
        "descending": snapshot.asked.descending,
        "seed": snapshot.asked.seed,
        "tree": tree(condition),
        "chips": chips,
        "count": len(snapshot.ids) if snapshot.whole else None,
        "first": _rows(session, snapshot, 0, FIRST),
    }


def tree(node: Condition, negated: bool = False) -> dict[str, Any]:
    """Return a condition as it is shown to be edited: groups, and conditions with their words."""
    if isinstance(node, Not):
        return tree(node.item, not negated)
    if isinstance(node, (And, Or)):
        join = "all" if isinstance(node, And) else "any"
        return {"join": join, "not": negated, "items": [tree(item) for item in node.items]}
    return {"leaf": to_json(node), "words": title(Selection(node)), "not": negated}


def _rows(
    session: BrowserSession, snapshot: Snapshot, first: int, last: int
) -> list[dict[str, Any]]:
    ids = snapshot.ids
    if last > len(ids) and not snapshot.whole:
        ids = session.all_ids(snapshot) if first >= len(ids) else ids
    wanted = ids[first:last].tolist()
    found = drawn.rows(
        session.project,
        wanted,
        snapshot.matches,
        text=session.text_attribute(),
        actor=session.actor,
    )
    known = {row["id"]: row for row in found}
    # A record that was deleted since keeps its place: nothing moves.
    return [
        {"at": first + at, **known.get(record, {"id": record, "gone": True})}
        for at, record in enumerate(wanted)
    ]


def _ranges(args: dict[str, Any]) -> list[tuple[int, int]] | None:
    """Return the selected places as half-open ranges; None: all that is shown."""
    given = args.get("ranges")
    if given is None:
        return None
    if not isinstance(given, list) or len(given) > MOST_RANGES:
        raise ProtocolError(f"ranges are a list of at most {MOST_RANGES:,} pairs.")
    found = []
    for one in given:
        whole = isinstance(one, list) and len(one) == 2 and all(type(at) is int for at in one)
        if not whole or not 0 <= one[0] <= one[1]:
            raise ProtocolError("a range is a pair of places.")
        found.append((one[0], one[1]))
    return found


def _fault(error: QueryTextError) -> dict[str, Any]:
    return {
        "message": error.message,
        "hint": error.hint,
        "start": error.start,
        "end": error.end,
    }


OPERATIONS: dict[str, Operation] = {
    "bye": bye,
    "complete": completion,
    "count": count,
    "export": export,
    "focus": focus,
    "hello": hello,
    "label": label,
    "now": now,
    "open": open_,
    "query": query,
    "rows": rows,
    "part": part,
    "select": select,
    "slice": slice_,
    "span": span,
    "undo": undo,
    "values": values,
    "whole": whole,
    "written": written,
    **comment_operations(lambda browser: browser.session),
}
SLOW = ("count", "export", "label", "now", "open", "query", "rows", "span", "undo", "whole")
