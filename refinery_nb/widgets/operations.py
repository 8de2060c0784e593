"""The table of operations: what a front end may ask, and how it is answered.

A message is ``{v, id, op, args}``; its answer ``{v, id, ok}`` or ``{v, id, error}``. Errors are
values: nothing that a message holds can end the connection. The other side is ``js/src/rpc.ts``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from refinery_nb.core.errors import ProtocolError, RefineryError, did_you_mean
from refinery_nb.core.operation import Operation
from refinery_nb.store import records, schema
from refinery_nb.text import tokens
from refinery_nb.widgets.session import FILTERS, ORDERS, Session

log = logging.getLogger(__name__)

PROTOCOL = 1
MOST_CARDS = 200
MOST_OPERATIONS = 1_000
PAGE_CHARACTERS = 1_500_000
KINDS = ("label", "mark", "undo", "redo")


def answer(session: Session, message: object) -> dict[str, Any]:
    """Answer a message; never raises."""
    id_ = message.get("id") if isinstance(message, dict) else None
    try:
        if not isinstance(message, dict) or not isinstance(id_, str):
            raise ProtocolError("a message is an object with an id.")
        if message.get("v") != PROTOCOL:
            raise Mismatch(f"the kernel speaks version {PROTOCOL}, not {message.get('v')!r}.")
        name, args = message.get("op"), message.get("args")
        if not isinstance(name, str) or name not in OPERATIONS:
            raise ProtocolError(
                f"there is no operation {name!r}.", hint=did_you_mean(str(name), OPERATIONS)
            )
        if not isinstance(args, dict):
            raise ProtocolError(f"the arguments of {name!r} are not an object.")
        return {"v": PROTOCOL, "id": id_, "ok": OPERATIONS[name](session, args)}
    except RefineryError as error:
        body = {"code": error.code, "message": error.message, "hint": error.hint}
    except Exception as error:
        log.exception("the message %.200r failed", message)
        body = {
            "code": "internal",
            "message": f"Something went wrong: {type(error).__name__}: {error}",
            "hint": "The kernel's log has the details. Nothing was changed.",
        }
    return {"v": PROTOCOL, "id": id_, "error": body}


class Mismatch(ProtocolError):
    """The front end speaks another version of the protocol."""

    code = "version"


def hello(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the widget is about."""
    _text(args, "client")
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
    _text(args, "client")
    return {}


def page(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    """Return the cards of a part of the queue, fewer than asked if the texts are long."""
    first, last = _number(args, "from"), _number(args, "to")
    last = min(last, first + MOST_CARDS)
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
    record, name = _number(args, "record"), _text(args, "attribute")
    first, last = _number(args, "from"), _number(args, "to")
    attribute = session.project.attribute(name)
    with session.project.database.read() as connection:
        whole = records.one_value(connection, schema.column(attribute), record)
    part = str(whole or "")[first:last]
    found: dict[str, Any] = {"text": part}
    if any(task.schema.is_spans and task.schema.on == name for task in session.tasks):
        offsets = tokens.tokens(part, session.project.tokenizer) + first
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
        changes["order"] = _choice(args, "order", ORDERS)
    if "filter" in args:
        changes["filter"] = _choice(args, "filter", FILTERS)
    if "search" in args:
        changes["search"] = _text(args, "search")
    if "seed" in args:
        changes["seed"] = _number(args, "seed")
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
    "hello": hello,
    "page": page,
    "queue": queue,
    "text": text,
}


def _operation(session: Session, given: object) -> Operation:
    if not isinstance(given, dict):
        raise ProtocolError("an operation is an object.")
    kind = _choice(given, "kind", KINDS)
    op_id = _text(given, "op_id")
    if not 0 < len(op_id) <= 200:
        raise ProtocolError("an operation's id has 1 to 200 characters.")
    own = {task.id for task in session.tasks}
    if kind in ("undo", "redo"):
        wanted = (given.get("value") or {}).get("tasks") if given.get("value") else None
        tasks = sorted(own if wanted is None else own & {t for t in wanted if isinstance(t, int)})
        return Operation(op_id, kind, session.actor, value={"tasks": tasks})  # type: ignore[arg-type]
    task, base = _number(given, "task"), given.get("base")
    if task not in own:
        raise ProtocolError(f"the widget does not label task {task}.")
    if base is not None and (isinstance(base, bool) or not isinstance(base, int)):
        raise ProtocolError(f"base is {base!r}, not a version.")
    return Operation(
        op_id,
        kind,  # type: ignore[arg-type]
        session.actor,
        task,
        _number(given, "record"),
        base,
        given.get("value"),
    )


def _number(args: dict[str, Any], name: str) -> int:
    value = args.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ProtocolError(f"{name} is {value!r}, not a whole number.")
    return value


def _text(args: dict[str, Any], name: str) -> str:
    value = args.get(name)
    if not isinstance(value, str):
        raise ProtocolError(f"{name} is {value!r:.100}, not a string.")
    return value


def _choice(args: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = _text(args, name)
    if value not in allowed:
        raise ProtocolError(f"{name} is {value!r}.", hint=did_you_mean(value, allowed))
    return value
