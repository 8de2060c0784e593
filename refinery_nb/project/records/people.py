"""What each person says of a task: the columns that keep people apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from refinery_nb import io
from refinery_nb.core.schema import AttributeType, TaskSchema
from refinery_nb.io.convert import dump
from refinery_nb.io.names import MANUAL, NONE
from refinery_nb.store import gold

if TYPE_CHECKING:
    from refinery_nb.project.project import Project


class People:
    """The column of one task that holds labels, or spans, by person; stale spans are left out."""

    def __init__(self, project: Project, task: TaskSchema) -> None:
        what: io.LabelColumn = io.LabelColumn(
            task.on, task.name, MANUAL, what="people_spans" if task.is_spans else "people"
        )
        self.columns = [io.Column(io.column_name(what), AttributeType.JSON)]
        self._said: dict[int, dict[str, Any]] = {}
        names = {label.id: label.name for label in task.labels}
        with project.database.read() as connection:
            for row in gold.labels(connection, task.id):
                label = NONE if row.label is None else names.get(row.label)
                if row.stale or label is None:
                    continue
                said = self._said.setdefault(row.record, {})
                if task.is_multi:
                    said.setdefault(row.actor, []).extend([] if label == NONE else [label])
                elif not task.is_spans:
                    said[row.actor] = label
                else:
                    spans = said.setdefault(row.actor, [])
                    if label != NONE:
                        spans.append([row.start, row.end, label])

    def cells(self, ids: Sequence[int]) -> list[Sequence[Any]]:
        """Return the column of some records."""
        said = map(self._said.get, ids)
        return [[None if one is None else dump(one) for one in said]]


def said_by(value: Any) -> dict[str, Any]:
    """Return what a cell says by person."""
    found = json.loads(value) if isinstance(value, str) and value else value
    return found if isinstance(found, dict) else {}


def holds_lists(reading: io.Reading, at: int) -> bool:
    """Return whether people say several labels a record in such a column."""
    for chunk in reading.chunks():
        for value in chunk.columns[at]:
            if value not in (None, "", "{}"):
                return isinstance(next(iter(said_by(value).values()), None), list)
    return False
