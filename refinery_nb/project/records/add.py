"""Adding records: from a reading of a source into the store, all or nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from refinery_nb import io
from refinery_nb.core.errors import InputError, SchemaError, did_you_mean
from refinery_nb.core.schema import Attribute, AttributeType, check_name, folded
from refinery_nb.io import collector
from refinery_nb.io.formats import foreign_of
from refinery_nb.io.refinery.archive import is_archive
from refinery_nb.net.hub import load
from refinery_nb.project.projects import backups
from refinery_nb.project.records import keys as keying
from refinery_nb.project.records.add_report import AddReport as AddReport
from refinery_nb.project.records.add_report import rejected_frame
from refinery_nb.project.records.configuration import add_configuration
from refinery_nb.project.records.label_columns import LabelImporter
from refinery_nb.project.rules import following
from refinery_nb.store import record_history, records, schema, stale
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

CONFIGURATION = "label_studio_config"
OF_HUB = ("split", "config", "revision")
ON_CONFLICT = ("update", "skip", "error")
SHOWN = 10


@collector.at_rest()
def add(
    project: Project,
    source: Any = None,
    *,
    hub: str | None = None,
    key: str | Sequence[str] | None = None,
    types: Mapping[str, AttributeType | str] | None = None,
    on_error: str = "raise",
    on_conflict: str = "update",
    create_labels: bool = False,
    offsets: str | None = None,
    **reading: Any,
) -> AddReport:
    """Add the records of a source; a known key is updated, and its labels stay.

    Parameters
    ----------
    source
        A file (CSV, TSV, JSON, JSONL, Parquet, Excel, by suffix; of another tool, by its content
        or ``format``), a DataFrame, a table of Arrow, a dataset of ``datasets``, dicts, a project
        snapshot of refinery (``.zip``), see ``snapshot.add_snapshot``, or a labeling configuration
        of Label Studio (``.xml``). Tasks that it speaks of and the project lacks are made, and the
        report says so.
    hub
        Instead of a source: the name of a dataset of the Hugging Face hub, which is fetched.
        ``split``, ``config`` and ``revision`` say which part of it.
    key
        The attribute, or attributes, that identify a record. Without one, a record is identified
        by its content.
    types
        Types of attributes that are not to be inferred: ``{"id": "text"}``.
    on_error
        ``raise``: the first bad row is an error and nothing is added. ``quarantine``: good rows
        are added, bad ones returned in the report.
    on_conflict
        What to do with a known key: ``update``, ``skip`` or ``error``.
    create_labels
        Whether label columns (``text__topic__MANUAL``) may bring labels that their task lacks.
    offsets
        What spans are counted in: ``codepoint``, ``utf16``, or ``auto``, which asks the texts
        that the spans carry and refuses where they do not tell. By default ``codepoint``, or as
        the other tool does.
    **reading
        ``format``, ``encoding``, ``sheet``, ``delimiter``: see ``io.read``; ``password`` of a
        snapshot; what a format of another tool is asked, see ``io.annotations``.

    Raises
    ------
    InputError
        Naming file, line, record and field.
    """
    if on_conflict not in ON_CONFLICT:
        raise InputError(f"on_conflict={on_conflict!r}: {did_you_mean(on_conflict, ON_CONFLICT)}")
    if (source is None) == (hub is None):
        raise InputError("pass either a source, or hub='...', the name of a dataset.")
    if hub is not None:
        asked = {name: reading.pop(name) for name in OF_HUB if name in reading}
        source = load(hub, **asked)
    if is_archive(source):
        from refinery_nb.project.snapshot.snapshot import add_snapshot

        if key is not None or types is not None:
            raise InputError("a snapshot brings its own key and types.", source=str(source))
        return add_snapshot(project, Path(source), on_conflict=on_conflict, **reading)
    known = {attribute.name: attribute.type for attribute in project.attributes}
    declared = {name: AttributeType(kind) for name, kind in (types or {}).items()}
    foreign = foreign_of(source, reading.get("format"))
    if foreign == CONFIGURATION:
        told = add_configuration(project, Path(source).expanduser())
        return AddReport(Path(source).name, 0, 0, 0, 0, rejected_frame([]), tuple(told))
    if foreign is not None and offsets is not None:
        reading["offsets"] = offsets
    rows_read = io.read(source, types=declared, known=known, on_error=on_error, **reading)
    if len(project):
        backups.before(project, "import", rows_read.count)
    ingest = Ingest(project, rows_read, on_error=on_error, on_conflict=on_conflict)
    with project.database.write() as connection:
        importer = LabelImporter(
            project,
            connection,
            rows_read,
            schema.attributes(connection),
            create_labels=create_labels,
            offsets="codepoint" if foreign is not None else offsets or "codepoint",
            tagged=foreign is None,
        )
        report = ingest.run(connection, key, importer)
        grown = following.grow(connection) if report.labels else set()
    project.events.emit("records")
    if report.labels:
        project.events.emit("schema")
    following.catch_up(project, grown)
    return report


class Importer(Protocol):
    """Takes what comes with records beside their attributes.

    Attributes
    ----------
    positions
        The columns of the reading that are no attributes.
    warnings
        What was left out, or looks odd.
    """

    positions: frozenset[int]
    warnings: list[str]

    def prepare(self) -> None:
        """Make the tasks, once the attributes exist."""

    def faults(self, columns: Sequence[Sequence[Any]]) -> dict[int, InputError]:
        """Return what is wrong with what comes with records, by their place in the columns."""

    def take(
        self, keys: Sequence[str], ids: Sequence[int], columns: Sequence[Sequence[Any]]
    ) -> None:
        """Look at a chunk of records that have just been stored, each column of the reading."""

    def finish(self) -> int:
        """Store what was taken; return how many manual labels came in."""


class Ingest:
    """One source on its way into the store, inside one transaction."""

    def __init__(
        self, project: Project, rows_read: io.Reading, *, on_error: str, on_conflict: str
    ) -> None:
        self.project = project
        self.reading = rows_read
        self.quarantine = on_error == "quarantine"
        self.on_conflict = on_conflict
        self.rejected = list(rows_read.rejected)
        self.added = self.updated = self.unchanged = self.stale = 0
        self.fields: Counter[int] = Counter()
        self._operation: int | None = None

    def run(
        self, connection: Connection, key: str | Sequence[str] | None, importer: Importer
    ) -> AddReport:
        """Store the records and what comes with them."""
        attributes = schema.attributes(connection)
        plain = [
            (at, column)
            for at, column in enumerate(self.reading.columns)
            if at not in importer.positions
        ]
        names = [column.name for _, column in plain]
        key_names = self._key_names(attributes, key, names, records.count(connection))
        own = self._own_attributes(connection, attributes, [c for _, c in plain], key_names)
        importer.prepare()
        fresh = records.count(connection) == 0
        version = records.next_version(connection)
        take = [at for at, _ in plain]
        for keys, columns in self._keyed(self._chunks(importer), take, names, key_names):
            values = [columns[at] for at in take]
            if fresh:
                ids: Sequence[int] = records.insert(connection, own, keys, values, version=version)
                self.added += len(keys)
            else:
                rows = list(zip(*values, strict=True)) if values else [()] * len(keys)
                self._upsert(connection, own, keys, rows, version)
                known = records.ids_of_keys(connection, keys) if importer.positions else {}
                ids = [known[key] for key in keys] if importer.positions else []
            if importer.positions:
                importer.take(keys, ids, columns)
        imported = importer.finish()
        called = {attribute.id: attribute.name for attribute in own}
        return AddReport(
            self.reading.name,
            self.added,
            self.updated,
            self.unchanged,
            imported,
            rejected_frame(self.rejected),
            (*self.reading.warnings, *importer.warnings),
            self.stale,
            {name: self.fields[id_] for id_, name in called.items() if self.fields[id_]},
        )

    def _key_names(
        self,
        attributes: Sequence[Attribute],
        key: str | Sequence[str] | None,
        names: Sequence[str],
        count: int,
    ) -> list[str]:
        """Return the attributes of the key; empty: records are identified by their content."""
        stored = [attribute.name for attribute in attributes if attribute.is_key]
        wanted = [key] if isinstance(key, str) else list(key or stored)
        if count and wanted != stored:
            what = f"the key {stored}" if stored else "no key"
            raise SchemaError(
                f"the project has {what}, not {wanted}.",
                source=self.reading.name,
                hint="A project keeps the key that its first records came with.",
            )
        for name in wanted:
            if name not in names:
                raise InputError(
                    f"the key {name!r} is not among the fields.",
                    source=self.reading.name,
                    field=name,
                    hint=did_you_mean(name, names),
                )
        return wanted

    def _own_attributes(
        self,
        connection: Connection,
        attributes: Sequence[Attribute],
        columns: Sequence[io.Column],
        key_names: Sequence[str],
    ) -> list[Attribute]:
        """Return the attribute of every column, adding those that are new."""
        by_name = {attribute.name: attribute for attribute in attributes}
        by_folded = {folded(name): name for name in by_name}
        own = []
        for column in columns:
            check_name(column.name, "an attribute")
            twin = by_folded.setdefault(folded(column.name), column.name)
            if twin != column.name:
                raise SchemaError(
                    f"the field {column.name!r} differs from the attribute {twin!r} only by case "
                    "or spaces.",
                    source=self.reading.name,
                    field=column.name,
                    hint=f"Rename it to {twin!r}, or to something else.",
                )
            if column.name not in by_name:
                by_name[column.name] = schema.add_attribute(
                    connection, column.name, column.type, is_key=column.name in key_names
                )
            own.append(by_name[column.name])
        return own

    def _chunks(self, importer: Importer) -> Iterator[io.Chunk]:
        """Yield the chunks of the reading without the rows that the importer finds wrong."""
        for chunk in self.reading.chunks():
            wrong = importer.faults(chunk.columns) if importer.positions else {}
            for at in sorted(wrong):
                self._refuse(chunk, at, wrong[at])
            kept = [at for at in range(len(chunk)) if at not in wrong] if wrong else []
            if not wrong:
                yield chunk
            elif kept:
                lines = None if chunk.lines is None else [chunk.lines[at] for at in kept]
                columns = [[column[at] for at in kept] for column in chunk.columns]
                yield io.Chunk(chunk.number, lines, columns)

    def _keyed(
        self,
        chunks: Iterator[io.Chunk],
        take: Sequence[int],
        names: Sequence[str],
        key_names: Sequence[str],
    ) -> Iterator[tuple[Sequence[str], Sequence[Sequence[Any]]]]:
        """Yield keys and columns, without the rows whose key is missing or stands twice."""
        keys_of = keying.key_maker(names, take, key_names)
        seen: dict[str, int] = {}
        twice: list[tuple[str, int, int]] = []
        for chunk in chunks:
            wheres = chunk.lines or range(chunk.number, chunk.number + len(chunk))
            made = keys_of(chunk.columns)
            fine = len(set(made)) == len(made) and seen.keys().isdisjoint(made)
            if fine and None not in made:
                # The usual chunk: every key is there, and new.
                seen.update(zip(made, wheres, strict=True))  # type: ignore[arg-type]
                yield made, chunk.columns  # type: ignore[misc]
                continue
            keys: list[str] = []
            kept: list[int] = []
            for at, key in enumerate(made):
                where = wheres[at]
                if key is None:
                    what = "a part of the key is missing."
                    self._refuse(chunk, at, InputError(what, field=", ".join(key_names)))
                    continue
                first = seen.setdefault(key, where)
                if first != where and key_names:
                    twice.append((key, first, where))
                    if self.quarantine:
                        what = f"the key {key!r} stands twice."
                        self._refuse(chunk, at, InputError(what, field=", ".join(key_names)))
                    continue
                if first != where:
                    # The same content again, without a key: it is another record, the n-th copy.
                    copies = seen[f"{key}-"] = seen.get(f"{key}-", 1) + 1
                    key = f"{key}-{copies}"
                keys.append(key)
                kept.append(at)
            yield keys, [[column[at] for at in kept] for column in chunk.columns]
        if twice and not self.quarantine:
            unit = "records" if chunk.lines is None else "lines"
            shown = "; ".join(f"{key!r} ({unit} {a} and {b})" for key, a, b in twice[:SHOWN])
            raise InputError(
                f"{len(twice):,} keys stand more than once: {shown}.",
                source=self.reading.name,
                line=None if chunk.lines is None else twice[0][2],
                field=", ".join(key_names),
                hint="A key identifies one record: mend the file, or name more attributes in key=.",
            )

    def _refuse(self, chunk: io.Chunk, at: int, fault: InputError) -> None:
        """Keep a row back, or raise what is wrong with it."""
        fault.source = self.reading.name
        fault.line = None if chunk.lines is None else chunk.lines[at]
        fault.record = chunk.number + at
        if not self.quarantine:
            raise fault
        names = [column.name for column in self.reading.columns]
        values = [column[at] for column in chunk.columns]
        raw = json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False)
        self.rejected.append(
            io.Rejected(fault.source, fault.line, fault.record, fault.field, fault.message, raw)
        )

    def _upsert(
        self,
        connection: Connection,
        own: Sequence[Attribute],
        keys: Sequence[str],
        rows: Sequence[tuple[Any, ...]],
        version: int,
    ) -> None:
        if self.on_conflict != "update":
            known = records.ids_of_keys(connection, keys)
            if known and self.on_conflict == "error":
                shown = ", ".join(repr(key) for key in list(known)[:SHOWN])
                raise InputError(
                    f"{len(known):,} keys exist in the project already: {shown}.",
                    source=self.reading.name,
                    hint="Pass on_conflict='update' or 'skip'.",
                )
            self.unchanged += len(known)
            kept = [at for at, key in enumerate(keys) if key not in known]
            keys, rows = [keys[at] for at in kept], [rows[at] for at in kept]
        done = records.upsert(connection, own, keys, rows, version=version)
        self.added += done.added
        self.updated += done.updated
        self.unchanged += done.unchanged
        if done.changed:
            if self._operation is None:
                self._operation = record_history.begin(
                    connection, self.project.actor, at=following.now()
                )
            record_history.log(connection, self._operation, "update", done.changed)
            for _, after in done.changed.values():
                self.fields.update(after.keys())
            self.stale += stale.mark_stale(
                connection,
                schema.tasks(connection),
                schema.attributes(connection),
                records=list(done.changed),
            )
