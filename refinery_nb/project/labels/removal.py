"""Taking labels and tasks out, counted first; and putting them back as they were."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from refinery_nb.core import palette
from refinery_nb.core.errors import SchemaError, did_you_mean
from refinery_nb.core.schema import folded
from refinery_nb.project.projects import backups
from refinery_nb.project.rules import following
from refinery_nb.store import heuristics, relabel, schema, stale
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

# What was done where a label was taken out, by its id: JSON of the numbers of the operations, and
# the ids of the heuristics that were switched off.
REMOVED = "removed_label:{}"


class LabelRemoval:
    """What taking a label out would do; ``apply()`` does it, ``undo()`` puts it back.

    Attributes
    ----------
    labels, records
        How many manual labels carry it, on how many records: they are taken away, and come back.
    votes, weak
        How many votes and weak labels are for it: they no longer count.
    heuristics
        Rules that vote for nothing else: they are switched off.
    """

    def __init__(self, task: Task, name: str) -> None:
        self._task = task
        self.name = name
        label = task.schema.label(name)
        self._id = label.id
        with task.project.database.read() as connection:
            self.labels, self.records = relabel.uses(connection, task.id, [label.id])
            self.votes, self.weak = relabel.votes_for(connection, task.id, [label.id])
            self._rules = _rules_for(connection, task.id, name)
        self.heuristics = tuple(self._rules)

    def apply(self) -> None:
        """Take the label out."""
        task = self._task
        at = following.now()
        backups.before(task.project, "deletion", self.labels)
        with task.project.database.write() as connection:
            task.schema.label(self.name)
            where = relabel.places(connection, task.id, [self._id])
            gone = relabel.mapped({self._id: None})
            operations = relabel.rewrite(connection, task.id, where, gone, at=at)
            stale.mark_stale(connection, [task.schema], schema.attributes(connection))
            rules = _rules_for(connection, task.id, self.name)
            for one in rules.values():
                heuristics.enable(connection, one, False)
            done = json.dumps([operations, list(rules.values())])
            schema.set_setting(connection, REMOVED.format(self._id), done)
            schema.remove_label(connection, self._id)
            relabel.next_epoch(connection)
        _tell(task)

    def undo(self) -> int:
        """Put the label back; see ``task.restore_label``."""
        return restore_label(self._task, self.name)

    def __repr__(self) -> str:
        lines = [
            f"take the label {self.name!r} out of {self._task.name!r}; "
            "nothing is changed before .apply(), and .undo() puts it back",
            f"  {self.labels:,} manual labels on {self.records:,} records, {self.votes:,} votes "
            f"and {self.weak:,} weak labels no longer count",
        ]
        if self.heuristics:
            lines.append(f"  rules switched off: {', '.join(self.heuristics)}")
        return "\n".join(lines)


class TaskRemoval:
    """What deleting a task would do; ``apply()`` does it, ``undo()`` puts it back.

    Attributes
    ----------
    labels, records
        How many manual labels it has, on how many records.
    votes, weak
        How many votes, and weak labels of the last run.
    heuristics, runs
        How many heuristics, and runs of weak supervision.
    """

    def __init__(self, task: Task) -> None:
        self._project = task.project
        self._id = task.id
        self.name = task.name
        with task.project.database.read() as connection:
            self.labels, self.records = relabel.uses_of_task(connection, task.id)
            self.votes, self.weak = relabel.votes_for(connection, task.id)
            self.heuristics = len(heuristics.heuristics(connection, task.id))
        self.runs = len(task.runs())

    def apply(self) -> None:
        """Delete the task; all that it has is kept, and comes back with it."""
        with self._project.database.write() as connection:
            if schema.task_name(connection, self._id) is None:
                raise SchemaError(f"the task {self.name!r} was deleted already.")
            schema.remove_task(connection, self._id)
        self._project.events.emit("schema")

    def undo(self) -> Task:
        """Put the task back; see ``project.restore_task``."""
        return restore_task(self._project, self.name)

    def __repr__(self) -> str:
        return (
            f"delete the task {self.name!r}; nothing is changed before .apply(), and .undo() "
            "puts it back\n"
            f"  {self.labels:,} manual labels on {self.records:,} records, "
            f"{self.heuristics:,} heuristics with {self.votes:,} votes, {self.runs:,} runs with "
            f"{self.weak:,} weak labels"
        )


def restore_label(task: Task, name: str) -> int:
    """Put a label back that was taken out, with all that people said.

    Returns
    -------
    int
        How many records were labelled otherwise since: what was said last stands.

    Raises
    ------
    SchemaError
        If no such label was taken out, or another has its name by now.
    """
    with task.project.database.write() as connection:
        removed = schema.removed_labels(connection, task.id)
        wanted = [id_ for id_, known in removed.items() if known == name]
        if not wanted:
            raise SchemaError(
                f"no label {name!r} was taken out of {task.name!r}.",
                hint=did_you_mean(name, removed.values()),
            )
        known = next(one for one in schema.tasks(connection) if one.id == task.id)
        if any(folded(label.name) == folded(name) for label in known.labels):
            raise SchemaError(f"there is a label {name!r} again.", hint="Rename that first.")
        schema.restore_label(connection, wanted[-1], name, len(known.labels))
        setting = REMOVED.format(wanted[-1])
        operations, rules = json.loads(schema.setting(connection, setting) or "[[], []]")
        stood = relabel.reverse(connection, operations, at=following.now())
        schema.set_setting(connection, setting, "[[], []]")
        for one in rules:
            heuristics.enable(connection, one, True)
        _mend(connection, task.id)
        relabel.next_epoch(connection)
    _tell(task)
    return stood


def restore_task(project: Project, name: str) -> Task:
    """Put a task back that was deleted, the last of that name.

    Raises
    ------
    SchemaError
        If no such task was deleted, or another has its name by now.
    """
    from refinery_nb.project.task import Task

    with project.database.write() as connection:
        removed = schema.removed_tasks(connection)
        wanted = [id_ for id_, known in removed.items() if known == name]
        if not wanted:
            raise SchemaError(
                f"no task {name!r} was deleted.", hint=did_you_mean(name, removed.values())
            )
        if any(folded(task.name) == folded(name) for task in schema.tasks(connection)):
            raise SchemaError(f"there is a task {name!r} again.", hint="Rename that first.")
        schema.restore_task(connection, wanted[-1], name)
        _mend(connection, wanted[-1])
        relabel.next_epoch(connection)
    project.events.emit("schema")
    project.events.emit("votes", task=wanted[-1])
    return Task(project, wanted[-1], name)


def _mend(connection: Connection, id_: int) -> None:
    """Give labels another key whose own was taken meanwhile; look at the spans of the task."""
    tasks = schema.tasks(connection)
    task = next(one for one in tasks if one.id == id_)
    taken: set[str] = set()
    for label in task.labels:
        key = label.hotkey
        if key in taken:
            others = [one.hotkey for one in task.labels]
            (key,) = palette.hotkeys([label.name], others, digits=not task.is_spans)
            schema.dress_label(connection, replace(label, hotkey=key))
        taken.add(key)
    stale.mark_stale(connection, [task], schema.attributes(connection))


def _rules_for(connection: Connection, task: int, label: str) -> dict[str, int]:
    """Return the heuristics that are on and vote for one label only, by name."""
    return {
        row.name: row.id
        for row in heuristics.heuristics(connection, task)
        if row.enabled and row.spec.get("label") == label
    }


def _tell(task: Task) -> None:
    task.project.events.emit("schema")
    task.project.events.emit("votes", task=task.id)
