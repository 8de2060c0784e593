"""The table of operations of the Labeler: what its front end may ask, and how it is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from refinery_nb.core.errors import ProtocolError, RefineryError
from refinery_nb.core.operation import Operation
from refinery_nb.project.attributes import tokenizing
from refinery_nb.store import records, schema
from refinery_nb.text import tokens
from refinery_nb.widgets.comments import comment_operations
from refinery_nb.widgets.labeler.rules import forms, rule
from refinery_nb.widgets.labeler.session import FILTERS, ORDERS, Session
from refinery_nb.widgets.messages import PROTOCOL, choice, number
from refinery_nb.widgets.messages import text as string
from refinery_nb.widgets.parts import part

__all__ = ["OPERATIONS", "PROTOCOL"]

MOST_CARDS = 200
MOST_OPERATIONS = 1_000
PAGE_CHARACTERS = 1_500_000
KINDS = ("label", "mark", "undo", "redo")


def hello(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the widget is about."""
    string(args, "client")
    return {
        "project": {"id": session.project.id, "name": session.project.name},
        "actor": session.actor,
        "tasks": session.infos(),
        "attributes": [attribute.name for attribute in session.project.attributes],
        "queue": session.queue(),
        "progress": session.progress(),
        "session": {"id": session.id},
    }


def bye(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    """Take leave: a view was closed."""
    string(args, "client")
    return {}


def page(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    """Return the cards of a part of the queue, fewer than asked if the texts are long."""
    first, last = number(args, "from"), number(args, "to")
    last = min(last, first + MOST_CARDS)
    if "at" in args:
        session.come_to(number(args, "at"))
    cards: list[dict[str, Any]] = []
    size, step = 0, 10
    revision = session.queue()["revision"]
    for start in range(first, last, step):
        cards.extend(session.cards(start, min(start + step, last)))
        size = sum(len(text["text"]) for card in cards for text in card["texts"].values())
        if size > PAGE_CHARACTERS:
            break
    while len(cards) > 1 and size > 2 * PAGE_CHARACTERS:
        size -= sum(len(text["text"]) for text in cards.pop()["texts"].values())
    return {"revision": revision, "records": cards}


def text(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a long text, with its tokens."""
    record, name = number(args, "record"), string(args, "attribute")
    first, last = number(args, "from"), number(args, "to")
    attribute = session.project.attribute(name)
    with session.project.database.read() as connection:
        whole = records.one_value(connection, schema.column(attribute), record)
    part = str(whole or "")[first:last]
    found: dict[str, Any] = {"text": part}
    if any(task.schema.is_spans and task.schema.on == name for task in session.tasks):
        offsets = tokens.tokens(part, tokenizing.name_of(session.project, name)) + first
        found["tokens"] = offsets.ravel().tolist()
    return found


def apply(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    """Apply operations in order; each is acknowledged after its commit."""
    given = args.get("operations")
    if not isinstance(given, list) or len(given) > MOST_OPERATIONS:
        raise ProtocolError(f"operations are a list of at most {MOST_OPERATIONS}.")
    operations = [_operation(session, one) for one in given]
    answers = session.project.apply(operations)
    return {"acks": [asdict(one) for one in answers], "progress": session.progress()}


def queue(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    """Make the queue anew; if that fails, the old one stays."""
    changes: dict[str, Any] = {}
    if "order" in args:
        changes["order"] = choice(args, "order", ORDERS)
    if "filter" in args:
        changes["filter"] = choice(args, "filter", FILTERS)
    if "search" in args:
        changes["search"] = string(args, "search")
    if "seed" in args:
        changes["seed"] = number(args, "seed")
    before = {name: getattr(session, name) for name in ("order", "filter", "search", "seed")}
    session.requeue(**changes)
    try:
        return session.queue()
    except RefineryError:
        session.requeue(**before)
        raise


OPERATIONS: dict[str, Callable[[Session, dict[str, Any]], dict[str, Any]]] = {
    "apply": apply,
    "bye": bye,
    "forms": forms,
    "hello": hello,
    "page": page,
    "part": part,
    "queue": queue,
    "rule": rule,
    "text": text,
    **comment_operations(lambda session: session),
}


def _operation(session: Session, given: object) -> Operation:
    if not isinstance(given, dict):
        raise ProtocolError("an operation is an object.")
    kind = choice(given, "kind", KINDS)
    op_id = string(given, "op_id")
    if not 0 < len(op_id) <= 200:
        raise ProtocolError("an operation's id has 1 to 200 characters.")
    own = {task.id for task in session.tasks}
    if kind in ("undo", "redo"):
        wanted = (given.get("value") or {}).get("tasks") if given.get("value") else None
        tasks = sorted(own if wanted is None else own & {t for t in wanted if isinstance(t, int)})
        return Operation(op_id, kind, session.actor, value={"tasks": tasks})  # type: ignore[arg-type]
    task, base = number(given, "task"), given.get("base")
    if task not in own:
        raise ProtocolError(f"the widget does not label task {task}.")
    if base is not None and (isinstance(base, bool) or not isinstance(base, int)):
        raise ProtocolError(f"base is {base!r}, not a version.")
    return Operation(
        op_id,
        kind,  # type: ignore[arg-type]
        session.actor,
        task,
        number(given, "record"),
        base,
        given.get("value"),
    )
