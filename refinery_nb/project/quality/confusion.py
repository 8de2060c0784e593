"""Two sources of labels of a task side by side, and the records behind each cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.query import Paired
from refinery_nb.core.votes import Ints
from refinery_nb.project.quality.sources import Given, Source, said, source
from refinery_nb.project.records import cards
from refinery_nb.quality.agreement import kappa, observed
from refinery_nb.quality.confusion import Confusion, of_classes, of_spans, of_text, shares
from refinery_nb.store import records, schema

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.core.schema import Label, TaskSchema
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task
    from refinery_nb.project.view import View

# What is counted: for classification there is only one unit.
LEVELS = {
    "tokens": "tokens",
    "characters": "characters",
    "spans": "exact spans",
    "touching": "touching spans",
}
ASKED = "label:"  # stands in conditions before the label that is asked about
NORMALIZE = ("rows", "columns", None)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sources on one task.

    Attributes
    ----------
    rows, columns
        The sources.
    level
        What is counted: ``records``, ``tokens``, ``characters``, ``spans`` or ``touching``; where
        a record may have several labels, the name of the one that is asked about.
    labels
        The labels that are told apart: all of the task, or that one.
    confusion
        The counts, and which records stand behind them.
    """

    task: Task
    schema: TaskSchema
    rows: Source
    columns: Source
    level: str
    labels: tuple[Label, ...]
    confusion: Confusion
    within: View | None = None

    @property
    def row_labels(self) -> list[str]:
        """The names of the rows, the last one for no label."""
        return [*(label.name for label in self.labels), self._silence(self.rows)]

    @property
    def column_labels(self) -> list[str]:
        """The names of the columns, the last one for no label."""
        return [*(label.name for label in self.labels), self._silence(self.columns)]

    @property
    def agreement(self) -> float:
        """The share of agreement; NaN of nothing."""
        return observed(self.confusion.counts)

    @property
    def kappa(self) -> float:
        """Cohen's kappa: agreement beyond chance; NaN where that is not defined."""
        return kappa(self.confusion.counts)

    def frame(self, normalize: str | None = None) -> pd.DataFrame:
        """Return the matrix as a DataFrame, as counts or as shares of ``rows`` or ``columns``."""
        import pandas as pd

        counts = self.confusion.counts
        return pd.DataFrame(
            counts if normalize is None else shares(counts, normalize),
            index=pd.Index(self.row_labels, name=self.rows.title),
            columns=pd.Index(self.column_labels, name=self.columns.title),
        )

    def view(self, row: int, column: int) -> View:
        """Return the records that count in a cell; positions as in ``row_labels``."""
        condition = Paired(
            self.task.name,
            self.rows.id,
            self.columns.id,
            self._label(row),
            self._label(column),
            f"{ASKED}{self.level}" if self.schema.is_multi else self.level,
        )
        return (self.within or self.task.project.view()).where(condition)

    def position(self, label: str | None) -> int:
        """Return the row and column of a label by its name; None: the last, without one.

        Raises
        ------
        SchemaError
            If the task has no such label.
        QueryError
            If this matrix asks about another one.
        """
        names = [one.name for one in self.labels]
        if label is None:
            return len(names)
        if self.schema.label(label).name not in names:
            raise QueryError(
                f"this matrix of {self.schema.name!r} asks about {names[0]!r}, not {label!r}.",
                hint=f"Pass level={label!r}.",
            )
        return names.index(label)

    def _label(self, at: int) -> str | None:
        return self.labels[at].name if at < len(self.labels) else None

    def _silence(self, one: Source) -> str:
        if self.schema.is_multi:
            return f"not {self.labels[0].name}"
        return "outside" if self.schema.is_spans else one.silence


def compare(
    task: Task,
    rows: Given = "gold",
    columns: Given = "weak",
    *,
    level: str | None = None,
    view: View | None = None,
) -> Comparison:
    """Count how often two sources give which labels.

    Parameters
    ----------
    rows, columns
        ``gold`` (the valid manual labels), ``weak`` (the newest run), a run, the name of a
        heuristic or of a person; ``heuristic:x`` and ``person:x`` where a name is both.
    level
        For spans: ``tokens`` (by default where people judge), ``characters``, ``spans`` (the same
        boundaries; by default between machines) or ``touching``. For multilabel the name of a
        label: whether the sources give it, yes or no; by default the first.
    view
        Only these records; None: all that both have judged.
    """
    task_schema = task.schema
    one, other = source(task, rows), source(task, columns)
    chosen = _level(task_schema, one, other, level)
    judged, of_rows = said(task, one, against=other)
    also, of_columns = said(task, other, against=one)
    both = universe(task.project, judged, also, view)
    asked = (task_schema.label(chosen),) if task_schema.is_multi else task_schema.labels
    labels = [label.id for label in asked]
    if not task_schema.is_spans:
        found = of_classes(both, of_rows, of_columns, labels)
    elif chosen == "tokens":
        tokens = cards.token_offsets(task.project, task_schema, both.tolist())
        found = of_text(both, of_rows, of_columns, labels, tokens=tokens)
    elif chosen == "characters":
        lengths = _lengths(task.project, task_schema, both)
        found = of_text(both, of_rows, of_columns, labels, lengths=lengths)
    else:
        touching = chosen == "touching"
        found = of_spans(both, of_rows, of_columns, labels, touching=touching)
    return Comparison(task, task_schema, one, other, chosen, asked, found, view)


def matching(project: Project, node: Paired) -> Ints:
    """Return the records that count in a cell, ascending: what the condition means."""
    task = project.tasks[node.task]
    found = compare(task, node.rows, node.columns, level=node.level.removeprefix(ASKED))
    return found.confusion.records_of(found.position(node.row), found.position(node.column))


def _level(task: TaskSchema, one: Source, other: Source, level: str | None) -> str:
    if task.is_multi:
        if not task.labels:
            raise QueryError(f"the task {task.name!r} has no label to compare.")
        return task.labels[0].name if level is None else task.label(level).name
    if not task.is_spans:
        if level in (None, "records"):
            return "records"
        raise QueryError(f"a classification is counted in records, not in {level!r}.")
    if level is None:
        return "tokens" if one.is_manual or other.is_manual else "spans"
    if level not in LEVELS:
        raise QueryError(f"spans are not counted by {level!r}.", hint=did_you_mean(level, LEVELS))
    return level


def universe(project: Project, judged: Ints | None, also: Ints | None, view: View | None) -> Ints:
    """Return the records that count, ascending."""
    parts = [part for part in (judged, also) if part is not None]
    if view is not None:
        parts.append(view.ids())
    if not parts:
        with project.database.read() as connection:
            return records.all_ids(connection)
    found = np.unique(parts[0])
    for part in parts[1:]:
        found = np.intersect1d(found, part)
    return found


def _lengths(project: Project, task: TaskSchema, ids: Ints) -> dict[int, int]:
    with project.database.read() as connection:
        attribute = next(a for a in schema.attributes(connection) if a.name == task.on)
        return {
            record: len(str(value or ""))
            for record, _, (value,) in records.values(connection, [attribute], ids.tolist())
        }
