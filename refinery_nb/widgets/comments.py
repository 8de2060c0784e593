"""Comments in a widget: the operations that its front end reads and writes them by.

Every table of operations that has ``comment_operations`` can show ``js/src/ui/Comments.tsx``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol

from refinery_nb.core.errors import ProtocolError
from refinery_nb.project.comments import Comment
from refinery_nb.project.project import Project
from refinery_nb.store.comments import TARGETS
from refinery_nb.widgets.messages import choice, number, text


class Reader(Protocol):
    """Whoever reads comments and writes them: in which project, and under which name."""

    project: Project
    actor: str


Operation = Callable[[Any, dict[str, Any]], dict[str, Any]]


def comment_operations(reader: Callable[[Any], Reader]) -> dict[str, Operation]:
    """Return the operations on comments, for a table.

    Parameters
    ----------
    reader
        Of the subject of the table, who reads.
    """

    def comments(subject: Any, args: dict[str, Any]) -> dict[str, Any]:
        """Return what is said of one part of the project, oldest first."""
        own = reader(subject)
        found = own.project.comments.of(**_on(args))
        return {"comments": [_told(one, own.actor) for one in found]}

    def comment_add(subject: Any, args: dict[str, Any]) -> dict[str, Any]:
        """Say something of it."""
        own = reader(subject)
        made = own.project.comments.add(text(args, "text"), by=own.actor, **_on(args))
        return {"comment": _told(made, own.actor)}

    def comment_edit(subject: Any, args: dict[str, Any]) -> dict[str, Any]:
        """Change what a comment says."""
        own = reader(subject)
        made = own.project.comments.edit(number(args, "id"), text(args, "text"))
        return {"comment": _told(made, own.actor)}

    def comment_delete(subject: Any, args: dict[str, Any]) -> dict[str, Any]:
        """Delete a comment."""
        reader(subject).project.comments.delete(number(args, "id"))
        return {}

    def comment_restore(subject: Any, args: dict[str, Any]) -> dict[str, Any]:
        """Bring a deleted comment back."""
        own = reader(subject)
        return {"comment": _told(own.project.comments.restore(number(args, "id")), own.actor)}

    def comment_counts(subject: Any, args: dict[str, Any]) -> dict[str, Any]:
        """Return how many comments there are on each part of a kind, by name."""
        task = None if args.get("task") is None else text(args, "task")
        kind = choice(args, "kind", tuple(TARGETS))
        return {"counts": reader(subject).project.comments.counts(kind, task)}

    made = (comments, comment_add, comment_edit, comment_delete, comment_restore, comment_counts)
    return {one.__name__: one for one in made}


def _on(args: dict[str, Any]) -> dict[str, str]:
    """Return what a comment is on, as ``project.comments`` is told."""
    on = args.get("on")
    if not isinstance(on, dict):
        raise ProtocolError("on is an object with kind and name.")
    named = {choice(on, "kind", tuple(TARGETS)): text(on, "name")}
    return named if on.get("task") is None else {**named, "task": text(on, "task")}


def _told(comment: Comment, actor: str) -> dict[str, Any]:
    told = asdict(comment)
    return {name: told[name] for name in ("id", "by", "at", "text", "edited")} | {
        "own": comment.by == actor
    }
