"""Writing records with their labels to a file: in refinery's columns, or another tool's format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb import io
from refinery_nb.core.errors import InputError, QueryError, did_you_mean
from refinery_nb.core.schema import AttributeType, TaskSchema
from refinery_nb.core.span import Span
from refinery_nb.core.votes import Gold, Votes
from refinery_nb.io.annotations.said import LeftOut
from refinery_nb.io.convert import dump
from refinery_nb.io.formats import ONE_LABEL, module_of
from refinery_nb.io.names import HEURISTIC, MANUAL, NONE, WEAK
from refinery_nb.io.write import foreign_format
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.records import cards, frames
from refinery_nb.project.records.people import People
from refinery_nb.store import records, schema
from refinery_nb.text.tokens import make

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project
    from refinery_nb.project.view import View

SOURCES = ("manual", "people", "weak", "heuristics")
# What the formats of other tools have a place for.
FOREIGN_SOURCES = {"label_studio": ("manual", "people", "weak")}
CHUNK = 2_000

# Gives the values of a task's columns for one record.
Cells = Callable[[int], tuple[Any, ...]]


class Exported(type(Path())):  # type: ignore[misc]
    """The path of a file that was written, with what was written.

    Attributes
    ----------
    records
        How many records were selected.
    left_out
        What the format cannot hold: ``key``, ``start``, ``end``, ``label``, ``text``, ``why``; the
        offsets are missing where it is a whole record.
    """

    records: int = 0
    left_out: pd.DataFrame | None = None

    def told(self) -> str:
        """Say how many records were written, and what was left out."""
        text = f"{self.name}: {self.records:,} records"
        if self.left_out is not None and len(self.left_out):
            text += f", {len(self.left_out):,} left out (see .left_out)"
        return text


def export(
    project: Project,
    path: Path,
    view: View | None,
    *,
    sources: Sequence[str] | None = None,
    format: str | None = None,
    tasks: Sequence[str] | None = None,
    **options: Any,
) -> Exported:
    """Write the records of a view (or all) with their labels; return the path.

    Per task there are the columns ``attribute__task__MANUAL``, ``..__WEAK_SUPERVISION`` with
    ``..__confidence``, and ``..__INFORMATION_SOURCE__<heuristic>``, with ``..__confidence`` if
    that is not always 1; for spans a list of BIO tags
    under that name, and the offsets under ``..__spans``; for multilabel tasks a list of labels.
    Missing: not labelled.

    Parameters
    ----------
    sources
        Of ``manual`` (the valid labels), ``people`` (what each person says, an object by name
        under ``..__MANUAL__people``), ``weak`` (the newest run) and ``heuristics``. By default
        manual and weak; in formats that hold one label a record, manual only, and with both the
        manual one goes first.
    format
        A format of another tool, see ``io.formats``; by default the suffix says it. ``refinery``
        (or ``.zip``): a project snapshot, see ``snapshot_export.export_snapshot``.
    tasks
        The names of the tasks to write; by default all.
    **options
        What a format of another tool is asked, see its ``write`` in ``io.annotations``.

    Returns
    -------
    Exported
        The path, with what the format could not hold.

    Raises
    ------
    QueryError
        If there is no such source.
    SchemaError
        If there is no such task.
    InputError
        If the format cannot hold a value; an existing file stays as it was.
    """
    if format == "refinery" or (format is None and path.suffix == ".zip"):
        from refinery_nb.project.snapshot.snapshot_export import SOURCES as EVERY
        from refinery_nb.project.snapshot.snapshot_export import export_snapshot

        if tasks is not None:
            raise QueryError("a snapshot of refinery holds all tasks.", hint="Leave tasks= out.")
        return export_snapshot(project, path, view, sources=sources or EVERY, **options)
    foreign = foreign_format(path, format)
    if sources is None:
        sources = ("manual",) if foreign in ONE_LABEL else ("manual", "weak")
    allowed = SOURCES if foreign is None else FOREIGN_SOURCES.get(foreign, ("manual", "weak"))
    for source in sources:
        if source not in allowed:
            what = "there is no source" if source not in SOURCES else f"{foreign} has no place for"
            raise QueryError(f"{what} {source!r}.", hint=did_you_mean(str(source), allowed))
    chosen = [project.task(name) for name in (project.tasks if tasks is None else tasks)]
    ids = (view if view is not None else project.view()).ids().tolist()
    columns = [io.Column(a.name, a.type) for a in project.attributes]
    cells: list[Cells] = []
    for task in chosen:
        task_schema = task.schema
        for source, name, votes, gold in _votes(task, task_schema, sources):
            maker = _Cells(project, task_schema, source, name, votes, gold, tags=foreign is None)
            columns.extend(maker.columns)
            cells.append(maker)
        if "people" in sources:
            apart = People(project, task_schema)
            columns.append(apart.column)
            cells.append(apart)
    rows = _rows(project, ids, cells)
    schemas = [task.schema for task in chosen]
    if foreign is not None:
        options = _asked(project, foreign, schemas, options)
    left_out = io.write(path, columns, rows, format=format, tasks=schemas, **options)
    written = Exported(path)
    written.records = len(ids)
    written.left_out = _left_out(project, ids, left_out)
    return written


def _asked(
    project: Project, format: str, tasks: Sequence[TaskSchema], options: dict[str, Any]
) -> dict[str, Any]:
    """Return the options of a format, with what the project knows: its text and its tokens."""
    known = signature(module_of(format).write).parameters
    about = [task.on for task in tasks if task.on is not None]
    texts = [a.name for a in project.attributes if a.type.is_string and not a.is_key]
    text = options.get("text") or next(iter([*about, *texts]), None)
    if "text" in options and about and text not in about:
        raise InputError(
            f"the tasks are about {about[0]!r}, not {text!r}.", hint="Leave text= out."
        )
    own: dict[str, Any] = {"text": text} if "text" in known and text else {}
    if "make_doc" in known:
        own["make_doc"] = make(tokenizing.name_of(project, text)).make_doc
    return options | own


def _left_out(project: Project, ids: Sequence[int], found: Sequence[LeftOut]) -> pd.DataFrame:
    import pandas as pd

    keys = frames.keys(project, {ids[one.record - 1] for one in found})
    names = ["key", "start", "end", "label", "text", "why"]
    rows = [(keys[ids[one.record - 1]], *astuple(one)[1:]) for one in found]
    return pd.DataFrame(rows, columns=names)


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
                maker.prepare([record for record, _, _ in rows])
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
        *,
        tags: bool,
    ) -> None:
        self._tags = tags
        self._project = project
        self._task = task
        self._votes = votes
        self._sure = gold is None
        self._reviewed = None if gold is None else set(gold.reviewed.tolist())
        self._names = {label.id: label.name for label in task.labels}
        self._tokens: dict[int, Any] = {}
        self._places: dict[int, tuple[int, int]] = {}
        self._labels: list[str | None] = []
        self._confidences: list[float] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        lists = task.is_spans or task.is_multi
        text = AttributeType.JSON if lists else AttributeType.CATEGORY
        whats: list[tuple[Any, AttributeType]] = []
        if tags or not task.is_spans:
            whats.append(("label", text))
        if task.is_spans:
            whats.append(("spans", AttributeType.JSON))
        # Most rules are always sure: their columns stay as refinery writes them.
        if self._sure and (source != HEURISTIC or bool((votes.confidence < 1).any())):
            kind = AttributeType.JSON if lists else AttributeType.FLOAT
            whats.append(("confidence", kind))
        self._confident = whats[-1][0] == "confidence"
        self.columns = [
            io.Column(io.column_name(io.LabelColumn(task.on, task.name, source, name, what)), kind)
            for what, kind in whats
        ]

    def prepare(self, ids: Sequence[int]) -> None:
        """Get what is said of the next records, and their tokens for the tags of spans."""
        if self._task.is_spans and self._tags:
            self._tokens = cards.token_offsets(self._project, self._task, ids)
        votes = self._votes
        first = votes.record.searchsorted(ids)
        counts = votes.record.searchsorted(ids, side="right") - first
        ends = np.cumsum(counts)
        places = np.repeat(first - (ends - counts), counts) + np.arange(int(counts.sum()))
        # Of each record, from where to where it stands in the lists.
        self._places = {
            record: (end - count, end)
            for record, count, end in zip(ids, counts.tolist(), ends.tolist(), strict=True)
            if count
        }
        self._labels = [self._names.get(label) for label in votes.label[places].tolist()]
        sure = votes.confidence[places].tolist() if self._confident else []
        self._confidences = [round(one, 6) or one for one in sure]
        if votes.start is not None and votes.end is not None:
            self._starts = votes.start[places].tolist()
            self._ends = votes.end[places].tolist()

    def __call__(self, record: int) -> tuple[Any, ...]:
        place = self._places.get(record)
        if place is None:
            return self._without(record)
        first, last = place
        if self._task.is_multi:
            said = dump([name for name in self._labels[first:last] if name is not None])
            return (said, dump(self._confidences[first:last])) if self._confident else (said,)
        if not self._task.is_spans:
            label = self._labels[first]
            return (label, self._confidences[first]) if self._confident else (label,)
        spans = [
            Span(self._starts[at], self._ends[at], str(self._labels[at]))
            for at in range(first, last)
        ]
        sure = self._confidences[first:last]
        if not self._tags:
            # For the formats of other tools, which write them in their own way.
            return (spans, sure) if self._confident else (spans,)
        rest = [dump(sure)] if self._confident else []
        return (*self._tagged(record, spans), dump(spans), *rest)

    def _without(self, record: int) -> tuple[Any, ...]:
        """Return the cells of a record without a label: reviewed, or not looked at."""
        nothing = (None,) * len(self.columns)
        if self._reviewed is None or record not in self._reviewed:
            return nothing
        if self._task.is_multi:
            return ("[]",)
        if not self._task.is_spans:
            return (NONE,)
        return (*self._tagged(record, []), "[]")

    def _tagged(self, record: int, spans: Sequence[Span]) -> list[str]:
        if not self._tags:
            return []
        tags, _ = io.bio_tags(self._tokens[record].tolist(), spans)
        return [dump(tags)]
