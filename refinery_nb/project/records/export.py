"""Writing records with their labels to a file, in refinery's columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refinery_nb import io
from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.schema import AttributeType, TaskSchema
from refinery_nb.core.span import Span
from refinery_nb.core.votes import Gold, Votes
from refinery_nb.io.convert import dump
from refinery_nb.io.names import HEURISTIC, MANUAL, WEAK
from refinery_nb.project.records import cards, frames
from refinery_nb.project.records.label_columns import NONE
from refinery_nb.store import records, schema

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.view import View

SOURCES = ("manual", "weak", "heuristics")
CHUNK = 2_000

# Gives the values of a task's columns for one record.
Cells = Callable[[int], tuple[Any, ...]]


def export(project: Project, path: Path, view: View | None, *, sources: Sequence[str]) -> Path:
    """Write the records of a view (or all) with their labels; return the path.

    Per task there are the columns ``attribute__task__MANUAL``, ``..__WEAK_SUPERVISION`` with
    ``..__confidence``, and ``..__INFORMATION_SOURCE__<heuristic>``, with ``..__confidence`` if
    that is not always 1; for spans a list of BIO tags
    under that name, and the offsets under ``..__spans``. Missing: not labelled.

    Parameters
    ----------
    sources
        Of ``manual`` (the valid labels), ``weak`` (the newest run) and ``heuristics``.

    Raises
    ------
    QueryError
        If there is no such source.
    InputError
        If the format cannot hold a value; an existing file stays as it was.
    """
    for source in sources:
        if source not in SOURCES:
            raise QueryError(
                f"there is no source {source!r}.", hint=did_you_mean(str(source), SOURCES)
            )
    ids = (view if view is not None else project.view()).ids().tolist()
    columns = [io.Column(a.name, a.type) for a in project.attributes]
    cells: list[Cells] = []
    for task in project.tasks.values():
        task_schema = task.schema
        for source, name, votes, gold in _votes(task, task_schema, sources):
            maker = _Cells(project, task_schema, source, name, votes, gold)
            columns.extend(maker.columns)
            cells.append(maker)
    io.write(path, columns, _rows(project, ids, cells))
    return path


def _votes(
    task: Any, task_schema: TaskSchema, sources: Sequence[str]
) -> Iterator[tuple[str, str | None, Votes, Gold | None]]:
    columns = task.project.columns
    if "manual" in sources:
        gold, _ = frames.gold_columns(task)
        yield MANUAL, None, gold.votes, gold
    run = columns.last_run(task_schema)
    if "weak" in sources and run is not None:
        yield WEAK, None, columns.weak(run), None
    if "heuristics" in sources:
        for name, votes in columns.of_task(task_schema).items():
            yield HEURISTIC, name, votes, None


def _rows(
    project: Project, ids: Sequence[int], cells: Sequence[Cells]
) -> Iterator[list[tuple[Any, ...]]]:
    for first in range(0, len(ids), CHUNK):
        with project.database.read() as connection:
            attributes = schema.attributes(connection)
            rows = list(records.values(connection, attributes, ids[first : first + CHUNK]))
        for maker in cells:
            if isinstance(maker, _Cells):
                maker.tokenize([record for record, _, _ in rows])
        yield [
            (*values, *(cell for maker in cells for cell in maker(record)))
            for record, _, values in rows
        ]


class _Cells:
    """The columns of one task and source."""

    def __init__(
        self,
        project: Project,
        task: TaskSchema,
        source: str,
        name: str | None,
        votes: Votes,
        gold: Gold | None,
    ) -> None:
        self._project = project
        self._task = task
        self._votes = votes
        self._sure = gold is None
        self._reviewed = None if gold is None else set(gold.reviewed.tolist())
        self._names = {label.id: label.name for label in task.labels}
        self._tokens: dict[int, Any] = {}
        text = AttributeType.JSON if task.is_spans else AttributeType.CATEGORY
        whats: list[tuple[Any, AttributeType]] = [("label", text)]
        if task.is_spans:
            whats.append(("spans", AttributeType.JSON))
        # Most rules are always sure: their columns stay as refinery writes them.
        if self._sure and (source != HEURISTIC or bool((votes.confidence < 1).any())):
            kind = AttributeType.JSON if task.is_spans else AttributeType.FLOAT
            whats.append(("confidence", kind))
        self._confident = len(whats) > (2 if task.is_spans else 1)
        self.columns = [
            io.Column(io.column_name(io.LabelColumn(task.on, task.name, source, name, what)), kind)
            for what, kind in whats
        ]

    def tokenize(self, ids: Sequence[int]) -> None:
        """Get the tokens of the next records, for the tags of their spans."""
        if self._task.is_spans:
            self._tokens = cards.token_offsets(self._project, self._task, ids)

    def __call__(self, record: int) -> tuple[Any, ...]:
        first, last = self._votes.record.searchsorted([record, record + 1]).tolist()
        if first == last:
            return self._without(record)
        found = self._votes.take(slice(first, last))
        names = [self._names.get(label) for label in found.label.tolist()]
        sure = [round(one, 6) or one for one in found.confidence.tolist()]
        if found.start is None or found.end is None:
            return (names[0], *([sure[0]] if self._confident else []))
        spans = [
            Span(start, end, str(name))
            for start, end, name in zip(
                found.start.tolist(), found.end.tolist(), names, strict=True
            )
        ]
        tags, _ = io.bio_tags(self._tokens[record].tolist(), spans)
        rest = [dump(sure)] if self._confident else []
        return (dump(tags), dump([list(span) for span in spans]), *rest)

    def _without(self, record: int) -> tuple[Any, ...]:
        """Return the cells of a record without a label: reviewed, or not looked at."""
        nothing = (None,) * len(self.columns)
        if self._reviewed is None or record not in self._reviewed:
            return nothing
        if not self._task.is_spans:
            return (NONE,)
        tags, _ = io.bio_tags(self._tokens[record].tolist(), [])
        return (dump(tags), "[]")
