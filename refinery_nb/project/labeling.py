"""Setting labels: from names to annotations, and the one way into the store."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import LabelError, RefineryError, SpanError, did_you_mean
from refinery_nb.core.operation import Acknowledgement, Annotation, Operation
from refinery_nb.core.schema import TaskSchema
from refinery_nb.project.projects import backups
from refinery_nb.project.records.keys import key_text
from refinery_nb.project.rules import following
from refinery_nb.store import bulk_labels, labels, records, schema, stale
from refinery_nb.store.db import Connection
from refinery_nb.store.schema import column

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

# What to write where no label applies: "reviewed, none".
NONE: Annotation = {"none": True}


def apply(project: Project, operations: Sequence[Operation]) -> list[Acknowledgement]:
    """Apply operations in order, each in its own transaction, and answer each.

    One that cannot be stored is answered ``rejected`` and does not keep the others back.
    """
    answers = []
    grown: set[str] = set()
    for operation in operations:
        try:
            with project.database.write() as connection:
                answer = labels.apply(
                    connection,
                    operation,
                    tasks={task.id: task for task in schema.tasks(connection)},
                    at=now(),
                    text_of=text_of,
                )
                if operation.kind in ("undo", "redo"):
                    # What comes back may have been said of another text.
                    touched = [change.record for change in answer.changes]
                    attributes = schema.attributes(connection)
                    stale.mark_stale(
                        connection, schema.tasks(connection), attributes, records=touched
                    )
                grown |= following.grow(connection, [change.record for change in answer.changes])
        except LabelError as error:
            answer = labels.rejected(operation, error)
        answers.append(answer)
    _tell(project, answers)
    following.catch_up(project, grown)
    return answers


def set_labels(
    project: Project, task: TaskSchema, values: Mapping[Any, Any], *, by: str | None
) -> int:
    """Set the labels of several records as one operation, undone together.

    Parameters
    ----------
    values
        Record key to label, as in ``Task.label``.

    Raises
    ------
    LabelError
        Naming the record; then none of them is set.
    """
    texts = {key_text(project, key): value for key, value in values.items()}
    backups.before(project, "labeling", texts)
    operation = Operation(str(uuid.uuid4()), "label", by or project.actor, task.id)
    with project.database.write() as connection:
        ids = records.ids_of_keys(connection, list(texts))
        items = []
        for key, value in texts.items():
            if key not in ids:
                raise LabelError(
                    "there is no record with this key.",
                    record=key,
                    hint="" if len(project) else "The project has no records yet.",
                )
            try:
                items.append((ids[key], annotation(task, value)))
            except RefineryError as error:
                error.record = key
                raise
        try:
            answer = labels.apply_bulk(
                connection, operation, items, task=task, at=now(), text_of=text_of
            )
            grown = following.grow(connection, [record for record, _ in items])
        except LabelError as error:
            # The store knows records by id; people know them by key.
            error.record = {id_: key for key, id_ in ids.items()}.get(error.record, error.record)  # type: ignore[arg-type]
            raise
    _tell(project, [answer])
    following.catch_up(project, grown)
    return len(items)


def label_same(
    project: Project, task: TaskSchema, ids: Sequence[int], value: Any, *, by: str | None
) -> int:
    """Say the same of many records of a classification, undone together; return of how many.

    Parameters
    ----------
    ids
        Record ids; those that are gone are passed over.
    value
        As in ``Task.label``.
    """
    after = annotation(task, value)
    if task.is_spans:
        raise LabelError(f"task {task.name!r} labels spans, which differ from record to record.")
    operation = Operation(str(uuid.uuid4()), "label", by or project.actor, task.id)
    wanted = list(dict.fromkeys(ids))
    backups.before(project, "labeling", wanted)
    with project.database.write() as connection:
        if task.is_multi:
            known = [one for one in wanted if records.keys_of_ids(connection, [one])]
            items = [(record, after) for record in known]
            labels.apply_bulk(connection, operation, items, task=task, at=now(), text_of=text_of)
            (seq,) = connection.execute(labels.KNOWN_OPERATION, (operation.op_id,)).fetchone()
        else:
            seq = labels.add_operation(connection, operation, at=now(), target=None)
            bulk_labels.label(connection, seq, task.id, operation.actor, wanted, after)
        answer = labels.answer(connection, operation, seq, most=labels.MOST_CHANGES)
    _tell(project, [answer])
    return len(wanted)


def take_back(project: Project, kind: str, task: TaskSchema, *, by: str | None) -> bool:
    """Undo or redo the last operation of an actor on a task; False if there is none."""
    operation = Operation(
        str(uuid.uuid4()),
        "undo" if kind == "undo" else "redo",
        by or project.actor,
        value={"tasks": [task.id]},
    )
    (answer,) = apply(project, [operation])
    return answer.status != "nothing"


def annotation(task: TaskSchema, value: Any) -> Annotation:
    """Turn what a user writes into an annotation.

    A label's name, None (remove the label) or ``rn.NONE`` for classification; for multilabel a
    list of names, for spans one of (start, end, label name), where the empty list means
    "reviewed, none".
    """
    if value is None or value == {"none": True}:
        return value  # type: ignore[no-any-return]
    if task.is_multi:
        if not isinstance(value, (list, tuple, set, frozenset)):
            raise LabelError(f"{value!r} is not a list of labels.", hint=f"Write [{value!r}].")
        ids = {task.label(name).id for name in value}
        return {"labels": sorted(ids)} if ids else {"none": True}
    if not task.is_spans:
        if not isinstance(value, str):
            raise LabelError(
                f"{value!r} is not a label; a label is a string.",
                hint=did_you_mean(str(value), [label.name for label in task.labels]),
            )
        return {"label": task.label(value).id}
    if isinstance(value, str) or not isinstance(value, (list, tuple)):
        raise SpanError(f"{value!r} is not a list of spans (start, end, label).")
    spans = []
    for index, span in enumerate(value):
        if not isinstance(span, (list, tuple)) or len(span) != 3:
            raise SpanError(f"span {index} is {span!r}, not (start, end, label).")
        start, end, label = span
        if not isinstance(label, str):
            raise SpanError(f"span {index} has the label {label!r}; a label is a string.")
        spans.append([start, end, task.label(label).id])
    return {"spans": spans} if spans else {"none": True}


def replay(project: Project) -> None:
    """Rebuild the current labels from the log of operations."""
    with project.database.write() as connection:
        labels.replay(connection)
        stale.mark_stale(connection, schema.tasks(connection), schema.attributes(connection))


def text_of(connection: Connection, task: TaskSchema, record: int) -> str:
    """Return the text that a spans task is about; empty if it is missing."""
    attribute = next(a for a in schema.attributes(connection) if a.name == task.on)
    return str(records.one_value(connection, column(attribute), record) or "")


def now() -> str:
    """Return the time as ISO 8601 in UTC, with microseconds."""
    return following.now()


def _tell(project: Project, answers: Sequence[Acknowledgement]) -> None:
    changes = [change for answer in answers for change in answer.changes]
    if changes:
        project.events.emit("labels", changes=changes, op_ids=[answer.op_id for answer in answers])
