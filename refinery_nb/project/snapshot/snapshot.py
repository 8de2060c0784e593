"""Opening a project snapshot of refinery: its records, and all that was said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refinery_nb.core import palette
from refinery_nb.core.errors import InputError, RefineryError
from refinery_nb.core.schema import Attribute, TaskSchema
from refinery_nb.io.refinery import (
    COLORS,
    Names,
    Snapshot,
    SnapshotList,
    SnapshotTask,
    columns,
    load,
    read_snapshot,
    reading,
)
from refinery_nb.project import tasks
from refinery_nb.project.records.add import Ingest
from refinery_nb.project.records.add_report import AddReport
from refinery_nb.project.snapshot.snapshot_beside import (
    add_comments,
    add_hotkeys,
    add_slices,
    describe_labels,
    hide_attributes,
)
from refinery_nb.project.snapshot.snapshot_rules import add_heuristics, add_lists
from refinery_nb.project.snapshot.snapshot_said import Places, add_labels, add_weak, language_of
from refinery_nb.project.snapshot.snapshot_vectors import add_embeddings, forget, writing
from refinery_nb.store import records, schema
from refinery_nb.store.db import Connection
from refinery_nb.store.embeddings import EmbeddingRow

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

ID = "id in refinery"


@dataclass(frozen=True, slots=True)
class SnapshotReport(AddReport):
    """What became of a snapshot.

    Attributes
    ----------
    heuristics, votes, weak, lists, slices, comments, embeddings, vectors
        How many heuristics are new, and how many votes, weak labels, lookup lists and so on.
    untrusted
        The new heuristics whose code does not run before it is trusted, by task.
    calculated
        The source of attributes that were calculated in refinery: their values came, and the
        source is never run here.
    left_out
        What is in the snapshot and has no place here.
    """

    heuristics: int = 0
    votes: int = 0
    weak: int = 0
    lists: int = 0
    slices: int = 0
    comments: int = 0
    embeddings: int = 0
    vectors: int = 0
    calculated: Mapping[str, str] | None = None
    untrusted: Mapping[str, tuple[str, ...]] | None = None
    left_out: tuple[str, ...] = ()

    def __repr__(self) -> str:
        lines = AddReport.__repr__(self).split("\n")
        if self.heuristics or self.weak or self.lists:
            told = f"{self.heuristics:,} heuristics with {self.votes:,} votes"
            lines[1:1] = [f"  {told}, {self.weak:,} weak labels, {self.lists:,} lookup lists"]
        beside = [
            f"{count:,} {what}"
            for count, what in (
                (self.vectors, f"vectors ({self.embeddings:,} embeddings)"),
                (self.slices, "slices"),
                (self.comments, "comments"),
            )
            if count
        ]
        if beside:
            lines.append(f"  {', '.join(beside)}")
        if self.calculated:
            told = ", ".join(self.calculated)
            lines.append(f"  calculated in refinery, not here (see .calculated): {told}")
        for task, names in (self.untrusted or {}).items():
            lines.append(f"  not run before you trust them, see project.task({task!r}).trust():")
            lines.append(f"    {', '.join(names)}")
        if self.left_out:
            lines.append(f"  not taken in: {', '.join(self.left_out)}")
        return "\n".join(lines)


def add_snapshot(
    project: Project,
    path: Path,
    *,
    password: str | None = None,
    on_conflict: str = "update",
) -> SnapshotReport:
    """Add a project snapshot of refinery, all or nothing.

    It brings records with their attributes and key, tasks with labels and colours, manual labels
    under the ids of those who set them, lookup lists, heuristics with the votes that they cast,
    the weak labels that stand, vectors, slices and comments. Adding it again changes nothing; what
    the project has already under the same name, a label of the same person, a heuristic or a list,
    stays as it is.

    A heuristic that is Python code becomes a function in refinery's dialect. It is not run, now
    or later, before somebody here trusts it: see ``Task.trust``. Others (learners, zero-shot
    models, people) stand with their votes and their source as text.

    Parameters
    ----------
    password
        Of an encrypted archive.
    on_conflict
        What to do with a record that is there already, see ``add``.

    Raises
    ------
    InputError
        If the archive is no snapshot, damaged or dangerous, or the password is wrong.
    """
    path = path.expanduser()
    found, ignored = load(path, password)
    snapshot = read_snapshot(found)
    written: list[EmbeddingRow] = []
    try:
        with writing(project, snapshot), project.database.write() as connection:
            importer = SnapshotImporter(project, connection, snapshot, path.name, written)
            ingest = Ingest(project, importer.reading, on_error="raise", on_conflict=on_conflict)
            report = ingest.run(connection, importer.key, importer)
    except BaseException:
        forget(project, written)
        raise
    project.events.emit("records")
    project.events.emit("schema")
    for task in importer.tasks.values():
        project.events.emit("votes", task=task.id)
    for name in importer.embeddings.values():
        project.events.emit("vectors", name=name)
    if snapshot.comments:
        project.events.emit("comments")
    known = {field.name: getattr(report, field.name) for field in fields(AddReport)}
    files = [f"the file {name}" for name in ignored]
    left_out = (*snapshot.left_out, *importer.left_out, *files)
    return SnapshotReport(**known, **importer.counts, left_out=left_out)


class SnapshotImporter:
    """A snapshot on its way into the store: what its records do not hold themselves.

    Attributes
    ----------
    reading
        Its records.
    key
        The attributes that identify a record; none: its content.
    ids
        The ids of the records here by those in the snapshot.
    tasks, labels, slices, embeddings, lists
        The tasks by their ids in the snapshot, the ids of labels and slices here by those there,
        the names of embeddings here by ids there, and the lists with their names here.
    written
        The embeddings whose files were written: to be deleted if this fails.
    """

    def __init__(
        self,
        project: Project,
        connection: Connection,
        snapshot: Snapshot,
        source: str,
        written: list[EmbeddingRow],
    ) -> None:
        self.project = project
        self.connection = connection
        self.snapshot = snapshot
        self.source = source
        self.warnings: list[str] = list(snapshot.faults)
        self.ids: dict[str, int] = {}
        self.tasks: dict[str, TaskSchema] = {}
        self.labels: dict[str, int] = {}
        self.slices: dict[str, int] = {}
        self.embeddings: dict[str, str] = {}
        self.lists: list[tuple[SnapshotList, str]] = []
        self.written = written
        self.left_out: list[str] = []
        self.counts: dict[str, Any] = {}
        attributes = schema.attributes(connection)
        self._columns = columns(snapshot)
        names = Names(one.name for one in attributes)
        self.names = {name: names.fitting(name) for name in self._columns}
        known = {one.name: one.type for one in attributes}
        id_column = names.fitting(ID)
        self.reading = reading(snapshot, source, self.names, known, id_column)
        self.positions = frozenset([len(self.reading.columns) - 1])
        self.key = self._key(attributes)
        self._stood = set(known)
        self._is_new = not records.count(connection)

    def _key(self, attributes: Sequence[Attribute]) -> list[str]:
        chosen = [one.name for one in self.snapshot.attributes if one.is_key]
        values = list(zip(*(self._columns[name][1] for name in chosen), strict=True))
        # SQLite reads a text that is handed over in JSON up to its first null byte only.
        bad = any(part is None or "\0" in str(part) for value in values for part in value)
        if len({repr(value) for value in values}) == len(values) and not bad:
            return [self.names[name] for name in chosen]
        self.warnings.append(
            f"{', '.join(chosen)} does not identify the records: their content does"
        )
        return []

    def prepare(self) -> None:
        """Make the tasks with their labels."""
        hide_attributes(self, self._stood)
        if self._is_new:
            language = language_of(self.snapshot.tokenizer)
            if language is not None:
                schema.set_setting(self.connection, "tokenizer", language)
        names = Names((task.name for task in schema.tasks(self.connection)), apart=False)
        attributes = {one.id: self.names[one.name] for one in self.snapshot.attributes}
        texts = {one.name for one in schema.attributes(self.connection) if one.type.is_string}
        for task in self.snapshot.tasks:
            on = attributes.get(task.attribute or "")
            if task.is_spans and on not in texts:
                self.warnings.append(f"the task {task.name!r} is about no text and was left out")
                continue
            name, number = names.fitting(task.name), 2
            while name in {one.name for one in self.tasks.values()}:
                name, number = names.fitting(f"{task.name} ({number})"), number + 1
            self._make(task, name, on)

    def _make(self, task: SnapshotTask, name: str, on: str | None) -> None:
        existing = {one.name: one for one in schema.tasks(self.connection)}.get(name)
        names = Names(() if existing is None else (label.name for label in existing.labels))
        called = {label.id: names.fitting(label.name) for label in task.labels}
        colors = {
            called[label.id]: label.color
            if label.color.startswith("#")
            else COLORS.get(label.color, palette.color(at))
            for at, label in enumerate(task.labels)
        }
        kind = "spans" if task.is_spans else "multilabel" if task.is_multi else "classification"
        try:
            tasks.task(
                self.project,
                name,
                colors,
                on=on,
                kind=kind,
                overlap=task.overlap,
                guideline=(task.guideline or None) if existing is None else None,
            )
        except RefineryError as error:
            error.source = self.source
            raise
        made = next(one for one in schema.tasks(self.connection) if one.name == name)
        self.labels |= {id_: made.label(label).id for id_, label in called.items()}
        there = set() if existing is None else {label.name for label in existing.labels}
        fresh = {one.id: one.hotkey for one in task.labels if called[one.id] not in there}
        add_hotkeys(self, made, fresh)
        describe_labels(self, made.id, {one.id: one.description for one in task.labels})
        self.tasks[task.id] = next(one for one in schema.tasks(self.connection) if one.name == name)

    def faults(self, columns: Sequence[Sequence[Any]]) -> dict[int, InputError]:
        """Return nothing: a snapshot brings its labels with it."""
        return {}

    def take(
        self, keys: Sequence[str], ids: Sequence[int], columns: Sequence[Sequence[Any]]
    ) -> None:
        """Learn which record here is which of the snapshot's."""
        self.ids |= dict(zip(columns[-1], ids, strict=True))

    def finish(self) -> int:
        """Store the lists, labels, heuristics with their votes, and weak labels."""
        places = Places(self.snapshot)
        lists = add_lists(self)
        labelled = add_labels(self, places)
        added = add_heuristics(self, places)
        weak = add_weak(self, places, added.versions)
        embeddings, vectors, no_vectors = add_embeddings(self)
        slices, no_slices = add_slices(self, added)
        self.left_out += [*no_vectors, *no_slices]
        self.counts = {
            "heuristics": added.count,
            "votes": added.votes,
            "untrusted": added.untrusted,
            "weak": weak,
            "lists": lists,
            "slices": slices,
            "comments": add_comments(self, added),
            "embeddings": embeddings,
            "vectors": vectors,
            "calculated": {
                self.names[one.name]: one.calculated
                for one in self.snapshot.attributes
                if one.calculated
            },
        }
        self.warnings += places.warnings()
        return labelled
