"""What a query can name: the attributes, tasks, rules, runs and slices of a project."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from refinery_nb.core.condition_json import selection_from_json
from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import Selection
from refinery_nb.core.schema import AttributeType
from refinery_nb.store import distinct, heuristics, people, schema, slices, weak

if TYPE_CHECKING:
    from refinery_nb.project.project import Project


@dataclass(frozen=True, slots=True)
class TaskWords:
    """What a query can say of a task; ``runs`` are those of weak supervision, oldest first."""

    labels: tuple[str, ...] = ()
    heuristics: tuple[str, ...] = ()
    runs: tuple[int, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All names of a project.

    Attributes
    ----------
    slices
        By name; None: a static one.
    focus
        The task that is meant where none is named.
    values
        Gives values of a category that begin with something, for completion.
    """

    attributes: Mapping[str, AttributeType] = field(default_factory=dict)
    tasks: Mapping[str, TaskWords] = field(default_factory=dict)
    slices: Mapping[str, Selection | None] = field(default_factory=dict)
    embeddings: tuple[str, ...] = ()
    focus: str | None = None
    values: Callable[[str, str], Sequence[str]] = lambda _name, _prefix: ()

    @property
    def default_task(self) -> str | None:
        """The task that is meant where none is named: the one in focus, or the only one."""
        if self.focus in self.tasks:
            return self.focus
        return next(iter(self.tasks)) if len(self.tasks) == 1 else None


def vocabulary(project: Project, focus: str | None = None) -> Vocabulary:
    """Return the names of a project as they are now."""
    with project.database.read() as connection:
        attributes = {one.name: one for one in schema.attributes(connection)}
        tasks = {
            task.name: TaskWords(
                tuple(label.name for label in task.labels),
                tuple(row.name for row in heuristics.heuristics(connection, task.id)),
                tuple(row.id for row in weak.runs(connection, task.id)),
                tuple(people.people(connection, task.id)),
            )
            for task in schema.tasks(connection)
        }
        known: dict[str, Selection | None] = {}
        for name, row in slices.slices(connection).items():
            try:
                known[name] = None if row.static else selection_from_json(row.selection)
            except QueryError:
                continue  # of a newer version

    def values(name: str, prefix: str) -> Sequence[str]:
        attribute = attributes.get(name)
        if attribute is None or attribute.type is not AttributeType.CATEGORY:
            return ()
        with project.database.read() as connection:
            return distinct.beginning(connection, attribute, prefix)

    return Vocabulary(
        {name: one.type for name, one in attributes.items()},
        tasks,
        known,
        _embeddings(project),
        focus,
        values,
    )


def _embeddings(project: Project) -> tuple[str, ...]:
    """Return the embeddings of whole records that hold vectors, newest first."""
    rows = [
        one.row for one in project.embeddings.values() if one.level != "token" and one.row.count
    ]
    return tuple(row.name for row in sorted(rows, key=lambda row: row.at, reverse=True))
