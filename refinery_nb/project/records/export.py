"""Writing records with their labels to a file: in refinery's columns, or another tool's format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from refinery_nb import io
from refinery_nb.core.errors import InputError, QueryError, did_you_mean
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Gold, Votes
from refinery_nb.io import collector
from refinery_nb.io.annotations.said import LeftOut
from refinery_nb.io.formats import ONE_LABEL, module_of
from refinery_nb.io.names import HEURISTIC, MANUAL, WEAK
from refinery_nb.io.write import foreign_format
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.records import frames
from refinery_nb.project.records.label_cells import LabelCells
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
CHUNK = 20_000


class Cells(Protocol):
    """Gives the values of a task's columns."""

    columns: list[io.Column]

    def cells(self, ids: Sequence[int]) -> list[Sequence[Any]]:
        """Return each column of some records."""


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


@collector.at_rest()
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
            tags = foreign is None
            cells.append(LabelCells(project, task_schema, source, name, votes, gold, tags=tags))
        if "people" in sources:
            cells.append(People(project, task_schema))
    columns += [column for maker in cells for column in maker.columns]
    chunks = _chunks(project, ids, cells)
    schemas = [task.schema for task in chosen]
    if foreign is not None:
        options = _asked(project, foreign, schemas, options)
    left_out = io.write(path, columns, chunks, format=format, tasks=schemas, **options)
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


def _chunks(
    project: Project, ids: Sequence[int], cells: Sequence[Cells]
) -> Iterator[list[Sequence[Any]]]:
    for first in range(0, len(ids), CHUNK):
        with project.database.read() as connection:
            attributes = schema.attributes(connection)
            own, columns = records.columns(connection, attributes, ids[first : first + CHUNK])
        yield [*columns, *(column for maker in cells for column in maker.cells(own))]
