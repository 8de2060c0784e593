"""Operations of the Labeler on rules: what a selected text would hit as one, and making it."""

from __future__ import annotations

from typing import Any

from refinery_nb.core.errors import ProtocolError
from refinery_nb.project.rules import rule_forms
from refinery_nb.project.task import Task
from refinery_nb.widgets.labeler.session import STRATEGIES, Session
from refinery_nb.widgets.messages import choice, number, text

FORMS = ("exact", "folded", "plural", "digits", "shape")
SLOW = ("forms", "rule")


def is_slow(message: object) -> bool:
    """Say whether a message asks for work that labels should not wait for."""
    if not isinstance(message, dict):
        return False
    args = message.get("args")
    learns = isinstance(args, dict) and args.get("order") in STRATEGIES
    return message.get("op") in SLOW or (message.get("op") == "queue" and learns)


def forms(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    """Return the forms that a selected text may take as a rule, and what each would hit."""
    return rule_forms.hits(_task(session, args), text(args, "attribute"), text(args, "text"))


def rule(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    """Make a heuristic of one form of a selected text, and run it."""
    task, label = _task(session, args), number(args, "label")
    name = task.schema.label_name(label)
    form = choice(args, "form", FORMS)
    return rule_forms.make(task, text(args, "attribute"), text(args, "text"), form, name)


def _task(session: Session, args: dict[str, Any]) -> Task:
    wanted = number(args, "task")
    for task in session.tasks:
        if task.id == wanted:
            return task
    raise ProtocolError(f"the widget does not label task {wanted}.")
