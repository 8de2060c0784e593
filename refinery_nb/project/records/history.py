"""The history of a record: its edits, what people said of it, who and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import LabelError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.project.records.keys import key_text
from refinery_nb.store import record_history, records, schema

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project

COLUMNS = ["at", "by", "what", "of", "before", "after"]


def history(project: Project, key: Any) -> pd.DataFrame:
    """Return all that happened to a record, oldest first, also if it was deleted.

    Columns: ``at`` (UTC), ``by``, ``what`` (``edit``, ``update`` from a file, ``delete``,
    ``restore``, ``label``, ``mark``, ``undo``, ``redo``, ``rewrite`` by a merge, a removal or an
    edit of the text), ``of`` (the attribute or the task), ``before``, ``after``. In the order of
    the log, whatever the clock said.

    Raises
    ------
    LabelError
        If there is no such record, and was none.
    """
    import pandas as pd

    text = key_text(project, key)
    with project.database.read() as connection:
        known = records.ids_of_keys(connection, [text])
        gone = {key: id_ for id_, key, _, _ in record_history.deleted(connection)}
        if text not in known and text not in gone:
            raise LabelError("there is no record with this key.", record=text)
        record = known.get(text) or gone[text]
        attributes = {attribute.id: attribute for attribute in schema.attributes(connection)}
        tasks = {task.id: task for task in schema.tasks(connection)}
        changes = record_history.changes(connection, record)
        said = record_history.said(connection, record)
    rows: list[tuple[int, tuple[Any, ...]]] = []
    for seq, at, by, kind, before, after in changes:
        if not before and not after:
            rows.append((seq, (at, by, kind, "", None, None)))
        for id_ in after:
            attribute = attributes.get(id_)
            if attribute is None:
                continue  # it was dropped since
            values = (records.plain(attribute, value) for value in (before.get(id_), after[id_]))
            rows.append((seq, (at, by, kind, attribute.name, *values)))
    for seq, at, by, kind, id_, outcome, before, after in said:
        task = tasks.get(id_)
        if task is None:
            continue  # it was deleted since
        what = f"{kind} (conflict)" if outcome == "conflict" else kind
        told = (_told(task, value) for value in (before, after))
        rows.append((seq, (at, by, what, task.name, *told)))
    ordered = [row for _, row in sorted(rows, key=lambda row: row[0])]
    return pd.DataFrame(ordered, columns=COLUMNS)


def _told(task: TaskSchema, value: Any) -> Any:
    """Return an annotation or mark as people write it."""
    names = {label.id: label.name for label in task.labels}
    if value is None:
        return None
    if "mark" in value:
        return value["mark"] if value["on"] else None
    if "none" in value:
        return "(none)"
    if "label" in value:
        return names.get(value["label"], "(a removed label)")
    if "labels" in value:
        return [names.get(label, "(a removed label)") for label in value["labels"]]
    return [
        (start, end, names.get(label, "(a removed label)"))
        for start, end, label, *_ in value["spans"]
    ]
