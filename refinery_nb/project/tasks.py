"""Making tasks and changing their labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from refinery_nb.core import palette
from refinery_nb.core.errors import SchemaError, did_you_mean
from refinery_nb.core.schema import (
    Attribute,
    Overlap,
    TaskKind,
    TaskSchema,
    check_name,
    folded,
)
from refinery_nb.project.labels.dress import check_task_name, checked_color
from refinery_nb.store import schema
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

Choice = TypeVar("Choice", TaskKind, Overlap)


def task(
    project: Project,
    name: str,
    labels: Iterable[str] | Mapping[str, str] | None = None,
    *,
    on: str | None = None,
    kind: str = "classification",
    overlap: str = "any",
    guideline: str | None = None,
) -> Task:
    """Return the task with this name; make it, or add labels to it, if ``labels`` are given.

    Parameters
    ----------
    labels
        Names, or names with their colours (``#rrggbb``). Labels that the task has already are
        left as they are, so that running a cell again is safe.
    on
        The attribute that the task is about; None: the whole record (classification only).
    kind
        ``classification`` or ``spans``.
    overlap
        For spans: ``any`` (default), ``nested`` or ``flat``.
    guideline
        Markdown shown beside the Labeler.

    Raises
    ------
    SchemaError
        If the task does not exist and no labels are given, if it exists with another kind or
        attribute, or if a label's name differs from another only by case or spaces.
    """
    from refinery_nb.project.task import Task

    with project.database.write() as connection:
        existing = {task.name: task for task in schema.tasks(connection)}
        if labels is None and name not in existing:
            raise SchemaError(
                f"there is no task {name!r}.",
                hint=f"{did_you_mean(name, existing)} Pass labels to make a new one.",
            )
        if name in existing:
            found = existing[name]
            _check_same(found, on, kind if labels is not None else None)
            id_ = found.id
        else:
            id_ = _make(connection, name, list(existing.values()), on, kind, overlap)
            found = next(task for task in schema.tasks(connection) if task.id == id_)
        changed = name not in existing
        if labels is not None:
            changed |= _add_labels(connection, found, labels, list(existing.values()))
        if guideline is not None:
            schema.set_guideline(connection, id_, guideline)
            changed |= guideline != found.guideline
    if changed:
        project.events.emit("schema")
    return Task(project, id_, name)


def told(task: Task) -> str:
    """Say what a task is about, and how far it is labelled."""
    known = task.schema
    about = "whole records" if known.on is None else repr(known.on)
    labelled, total = task.progress()
    return (
        f"Task {known.name!r} ({known.kind.value} on {about}): {', '.join(task.labels)}\n"
        f"  {labelled:,} of {total:,} records labelled"
    )


def remove_label(project: Project, task: TaskSchema, name: str) -> None:
    """Remove a label that no record carries.

    Raises
    ------
    SchemaError
        If manual labels carry it; the message counts them.
    """
    label = task.label(name)
    with project.database.write() as connection:
        uses = schema.label_uses(connection, label.id)
        if uses:
            raise SchemaError(
                f"{uses:,} manual labels are {name!r}; it is not removed.",
                hint="task.merge(...) gives them another label; task.delete_label(...) takes them "
                "away, and can be undone.",
            )
        schema.remove_label(connection, label.id)
    project.events.emit("schema")


def _make(
    connection: Connection,
    name: str,
    existing: list[TaskSchema],
    on: str | None,
    kind: str,
    overlap: str,
) -> int:
    check_task_name(name)
    _check_distinct(name, [task.name for task in existing], what="task")
    kinds = _choice(TaskKind, kind, "kind of task")
    if kinds is TaskKind.SPANS and on is None:
        raise SchemaError(
            f"the spans task {name!r} needs an attribute.", hint="Pass on='...', a text attribute."
        )
    attribute: Attribute | None = None
    if on is not None:
        known = {attribute.name: attribute for attribute in schema.attributes(connection)}
        if on not in known:
            raise SchemaError(f"there is no attribute {on!r}.", hint=did_you_mean(on, known))
        attribute = known[on]
        if kinds is TaskKind.SPANS and not attribute.type.is_string:
            raise SchemaError(f"spans need a text; {on!r} is of the type {attribute.type.value}.")
    policy = _choice(Overlap, overlap, "overlap policy")
    return schema.add_task(connection, name, kinds, attribute, policy, "")


def _add_labels(
    connection: Connection,
    task: TaskSchema,
    labels: Iterable[str] | Mapping[str, str],
    existing: list[TaskSchema],
) -> bool:
    colors = dict(labels) if isinstance(labels, Mapping) else {}
    names = [labels] if isinstance(labels, str) else list(labels)
    known = {label.name for label in task.labels}
    fresh: list[str] = []
    for name in names:
        check_name(name, "a label")
        if name in known or name in fresh:
            continue
        _check_distinct(name, [*known, *fresh])
        fresh.append(name)
    taken = [label.hotkey for other in [task, *existing] for label in other.labels]
    keys = palette.hotkeys(fresh, taken, digits=not task.is_spans)
    first = len(task.labels)
    schema.add_labels(
        connection,
        task.id,
        [
            (
                name,
                checked_color(colors[name]) if name in colors else palette.color(first + at),
                key,
                first + at,
            )
            for at, (name, key) in enumerate(zip(fresh, keys, strict=True))
        ],
    )
    return bool(fresh)


def _check_same(task: TaskSchema, on: str | None, kind: str | None) -> None:
    if kind is not None and kind != task.kind.value:
        raise SchemaError(
            f"the task {task.name!r} exists as a {task.kind.value} task, not {kind}.",
            hint="Choose another name.",
        )
    if on is not None and on != task.on:
        about = "the whole record" if task.on is None else repr(task.on)
        raise SchemaError(
            f"the task {task.name!r} exists and is about {about}, not {on!r}.",
            hint="Choose another name.",
        )


def _check_distinct(name: str, others: Iterable[str], *, what: str = "label") -> None:
    for other in others:
        if folded(other) == folded(name):
            raise SchemaError(
                f"the {what} {name!r} differs from {other!r} only by case, spaces or composition."
                if other != name
                else f"there is a {what} {name!r} already."
            )


def _choice(options: type[Choice], value: str, what: str) -> Choice:
    try:
        return options(value)
    except ValueError as error:
        names = [option.value for option in options]
        raise SchemaError(
            f"{value!r} is not a {what}.", hint=did_you_mean(str(value), names)
        ) from error
