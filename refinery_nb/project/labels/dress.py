"""How labels look and are reached: colour, key, description, order; the name of a task."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from refinery_nb.core import palette
from refinery_nb.core.condition_json import with_task_renamed
from refinery_nb.core.errors import SchemaError, did_you_mean
from refinery_nb.core.schema import TaskSchema, check_name, folded
from refinery_nb.heuristics import build
from refinery_nb.store import heuristics, schema
from refinery_nb.store import slices as stored_slices

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

MOST = 10_000  # characters of a description
KEYS = frozenset(string.ascii_letters + string.digits)


def dress(
    task: Task,
    name: str,
    *,
    color: str | None = None,
    hotkey: str | None = None,
    description: str | None = None,
) -> None:
    """Change how a label looks and is reached; what is None stays.

    Parameters
    ----------
    color
        ``#rrggbb``.
    hotkey
        A letter or digit that no other label of the task has, and the Labeler does not need;
        empty: none.
    description
        What the label means, for people and for language models.

    Raises
    ------
    SchemaError
        If there is no such label, or a value is none; the message says who has the key.
    """
    with task.project.database.write() as connection:
        known = next(one for one in schema.tasks(connection) if one.id == task.id)
        label = known.label(name)
        if color is not None:
            label = replace(label, color=checked_color(color))
        if hotkey is not None:
            label = replace(label, hotkey=_checked_key(known, name, hotkey))
        if description is not None:
            if not isinstance(description, str) or len(description) > MOST:
                raise SchemaError(f"a description is a text of at most {MOST:,} characters.")
            label = replace(label, description=description)
        schema.dress_label(connection, label)
    task.project.events.emit("schema")


def order(task: Task, names: Sequence[str]) -> None:
    """Put the labels of a task in an order; those that are not named follow in theirs.

    Raises
    ------
    SchemaError
        If there is no such label, or one stands twice.
    """
    if len(set(names)) != len(names):
        raise SchemaError("a label stands twice in the order.")
    with task.project.database.write() as connection:
        known = next(one for one in schema.tasks(connection) if one.id == task.id)
        first = [known.label(name) for name in names]
        rest = [label for label in known.labels if label not in first]
        for position, label in enumerate([*first, *rest]):
            schema.dress_label(connection, replace(label, position=position))
    task.project.events.emit("schema")


def rename_task(task: Task, name: str) -> None:
    """Give a task another name, also in the slices and rules that ask for it.

    Raises
    ------
    SchemaError
        If it cannot name a task, or another task has it.
    """
    check_task_name(name)
    old = task.name
    with task.project.database.write() as connection:
        for other in schema.tasks(connection):
            if other.id != task.id and folded(other.name) == folded(name):
                raise SchemaError(
                    f"the task {name!r} differs from {other.name!r} only by case, spaces or "
                    "composition."
                    if other.name != name
                    else f"there is a task {name!r} already."
                )
        for one in stored_slices.slices(connection).values():
            selection = with_task_renamed(one.selection, old, name)
            if selection != one.selection:
                stored_slices.change(connection, one.id, selection)
        for row in heuristics.heuristics(connection):
            if row.spec.get("kind") != "filter":
                continue
            condition = with_task_renamed(row.spec["condition"], old, name)
            if condition != row.spec["condition"]:
                spec = {**row.spec, "condition": condition}
                heuristics.set_spec(connection, row.version, spec, build(spec).fingerprint)
        for id_, removed in schema.removed_tasks(connection).items():
            if removed == name:
                schema.rename_task(connection, id_, f"{name}{schema.SET_ASIDE}{id_}")
        schema.rename_task(connection, task.id, name)
    task.project.events.emit("schema")


def check_task_name(name: str) -> None:
    """Refuse what cannot name a task.

    Raises
    ------
    SchemaError
        If it is no name, or holds two underscores.
    """
    check_name(name, "a task")
    if "__" in name:
        raise SchemaError(
            f"the task's name {name!r} holds two underscores, which separate the parts of a "
            "column name in exports.",
            hint="Use one.",
        )


def checked_color(wanted: str) -> str:
    """Return a colour in lower case.

    Raises
    ------
    SchemaError
        If it is not written #rrggbb.
    """
    digits = wanted.removeprefix("#") if isinstance(wanted, str) else ""
    if (
        len(digits) != 6
        or wanted[0] != "#"
        or any(c not in "0123456789abcdefABCDEF" for c in digits)
    ):
        raise SchemaError(f"{wanted!r} is not a colour; colours are written #rrggbb.")
    return wanted.lower()


def _checked_key(task: TaskSchema, name: str, key: str) -> str:
    if key == "":
        return key
    if not isinstance(key, str) or key not in KEYS:
        raise SchemaError(f"{key!r} is not a key; a key is one letter (a-z, A-Z) or digit.")
    if key.lower() in palette.RESERVED_KEYS:
        reserved = ", ".join(sorted(palette.RESERVED_KEYS))
        raise SchemaError(f"the Labeler itself needs the key {key!r}.", hint=f"Not: {reserved}.")
    for other in task.labels:
        if other.hotkey == key and other.name != name:
            raise SchemaError(
                f"the key {key!r} is that of {other.name!r}.",
                hint=f"Take it away first: task.change_label({other.name!r}, hotkey='').",
            )
    return key


def under(task: TaskSchema, parent: str) -> list[str]:
    """Return a label and the labels below it, where names are hierarchical: ``sport/football``.

    Raises
    ------
    SchemaError
        If there is no label of that name, and none below it.
    """
    stem = parent.rstrip("/")
    found = [label.name for label in task.labels if label.name == stem or stem in label.parents]
    if not found:
        parents = {one for label in task.labels for one in (*label.parents, label.name)}
        raise SchemaError(
            f"task {task.name!r} has no label {parent!r}, and none below it.",
            hint=did_you_mean(stem, parents),
        )
    return found
