"""The table of operations of the Playground: what its front end may ask.

How a message is answered stands in ``messages``; the other side is
``js/src/widgets/playground/protocol.ts``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from refinery_nb.core.errors import ProtocolError
from refinery_nb.project.models import playground
from refinery_nb.widgets.messages import number, text
from refinery_nb.widgets.playground.session import PlaygroundSession

Operation = Callable[[PlaygroundSession, dict[str, Any]], dict[str, Any]]


def hello(session: PlaygroundSession, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the widget is about."""
    text(args, "client")
    return {"project": {"id": session.project.id, "name": session.project.name}, **_told(session)}


def subjects(session: PlaygroundSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return what can be asked now."""
    del args
    return _told(session)


def record(session: PlaygroundSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return the next record that has a text, after one or from the first on."""
    subject = session.subject(text(args, "subject"))
    after = None if args.get("after") is None else number(args, "after")
    return {
        "record": playground.next_record(session.task, subject.on, session.ids(), after),
    }


def ask(session: PlaygroundSession, args: dict[str, Any]) -> dict[str, Any]:
    """Ask about a text; answered when there is an answer."""
    cancel = session.begin()
    return asdict(
        playground.ask(
            session.task,
            session.subject(text(args, "subject")),
            text(args, "text"),
            labels=_labels(args),
            hypothesis=_optional(args, "hypothesis"),
            cancel=cancel,
        )
    )


def keep(session: PlaygroundSession, args: dict[str, Any]) -> dict[str, Any]:
    """Add a heuristic to the task, with what was changed here."""
    subject = session.subject(text(args, "subject"))
    made = playground.changed(session.task, subject, _labels(args), _optional(args, "hypothesis"))
    return {"subject": session.keep(made), **_told(session)}


def cancel(session: PlaygroundSession, args: dict[str, Any]) -> dict[str, Any]:
    """End the question that is under way."""
    del args
    session.cancel()
    return {}


def bye(session: PlaygroundSession, args: dict[str, Any]) -> dict[str, Any]:
    """Take leave: a view was closed."""
    del session
    text(args, "client")
    return {}


OPERATIONS: dict[str, Operation] = {
    "ask": ask,
    "bye": bye,
    "cancel": cancel,
    "hello": hello,
    "keep": keep,
    "record": record,
    "subjects": subjects,
}
# Models are loaded and asked; adding one reads its weights.
SLOW = ("ask", "keep", "record")


def _told(session: PlaygroundSession) -> dict[str, Any]:
    schema = session.task.schema
    return {
        "task": {
            "id": schema.id,
            "name": schema.name,
            "kind": schema.kind.value,
            "labels": [
                {"id": one.id, "name": one.name, "color": one.color} for one in schema.labels
            ],
        },
        "subjects": session.subjects(),
        "chosen": session.chosen,
    }


def _labels(args: dict[str, Any]) -> list[str] | None:
    labels = args.get("labels")
    if labels is None:
        return None
    if not isinstance(labels, list) or not all(isinstance(one, str) for one in labels):
        raise ProtocolError("labels is a list of names.")
    return labels


def _optional(args: dict[str, Any], name: str) -> str | None:
    return None if args.get(name) is None else text(args, name)
