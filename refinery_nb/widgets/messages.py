"""How a message of a front end is answered, whatever the table of operations; and its parts.

A message is ``{v, id, op, args}``; its answer ``{v, id, ok}`` or ``{v, id, error}``. Errors are
values: nothing that a message holds can end the connection. The other side is ``js/src/rpc.ts``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from refinery_nb.core.errors import ProtocolError, RefineryError, did_you_mean

log = logging.getLogger(__name__)

PROTOCOL = 1

Subject = TypeVar("Subject")


class Mismatch(ProtocolError):
    """The front end speaks another version of the protocol."""

    code = "version"


def reply(
    subject: Subject,
    message: object,
    operations: Mapping[str, Callable[[Subject, dict[str, Any]], dict[str, Any]]],
) -> dict[str, Any]:
    """Answer a message about ``subject`` with an operation of the table; never raises."""
    id_ = message.get("id") if isinstance(message, dict) else None
    try:
        if not isinstance(message, dict) or not isinstance(id_, str):
            raise ProtocolError("a message is an object with an id.")
        if message.get("v") != PROTOCOL:
            raise Mismatch(f"the kernel speaks version {PROTOCOL}, not {message.get('v')!r}.")
        name, args = message.get("op"), message.get("args")
        if not isinstance(name, str) or name not in operations:
            raise ProtocolError(
                f"there is no operation {name!r}.", hint=did_you_mean(str(name), operations)
            )
        if not isinstance(args, dict):
            raise ProtocolError(f"the arguments of {name!r} are not an object.")
        return {"v": PROTOCOL, "id": id_, "ok": operations[name](subject, args)}
    except RefineryError as error:
        return refusal(id_, error)
    except Exception as error:
        log.exception("the message %.200r failed", message)
        body: dict[str, Any] = {
            "code": "internal",
            "message": f"Something went wrong: {type(error).__name__}: {error}",
            "hint": "The kernel's log has the details. Nothing was changed.",
        }
    return {"v": PROTOCOL, "id": id_, "error": body}


def refusal(id_: object, error: RefineryError) -> dict[str, Any]:
    """Return the answer that says what was wrong with the message of this id."""
    body = {"code": error.code, "message": error.message, "hint": error.hint}
    return {"v": PROTOCOL, "id": id_, "error": body}


def number(args: Mapping[str, Any], name: str) -> int:
    """Return an argument that is a whole number, not negative.

    Raises
    ------
    ProtocolError
        If it is something else.
    """
    value = args.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ProtocolError(f"{name} is {value!r}, not a whole number.")
    return value


def text(args: Mapping[str, Any], name: str) -> str:
    """Return an argument that is a string.

    Raises
    ------
    ProtocolError
        If it is something else.
    """
    value = args.get(name)
    if not isinstance(value, str):
        raise ProtocolError(f"{name} is {value!r:.100}, not a string.")
    return value


def choice(args: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    """Return an argument that is one of these strings.

    Raises
    ------
    ProtocolError
        If it is something else; with the nearest of them.
    """
    value = text(args, name)
    if value not in allowed:
        raise ProtocolError(f"{name} is {value!r}.", hint=did_you_mean(value, allowed))
    return value
