"""Reading a source in two passes: a survey that finds types and faults, then the rows."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError, SchemaError, did_you_mean
from refinery_nb.core.schema import AttributeType, check_name, folded
from refinery_nb.io import convert, formats
from refinery_nb.io.annotations.converted import Converted
from refinery_nb.io.arrow import ArrowTable, is_arrow
from refinery_nb.io.convert import Bad
from refinery_nb.io.evidence import Evidence
from refinery_nb.io.excel import Excel
from refinery_nb.io.hub import HubDataset, is_dataset
from refinery_nb.io.reading import Chunk, Column, Raw, Reading, Reject, Rejected, Source
from refinery_nb.io.spreadsheet import Released
from refinery_nb.io.table import Table

# Format: where its source class is, and the suffixes that name it.
FORMATS = {
    "csv": ("refinery_nb.io.table:Table", (".csv", ".csv.gz")),
    "tsv": ("refinery_nb.io.table:Table", (".tsv", ".tab", ".tsv.gz")),
    "jsonl": ("refinery_nb.io.jsonl:JsonLines", (".jsonl", ".ndjson", ".jsonl.gz")),
    "json": ("refinery_nb.io.json_array:JsonArray", (".json", ".json.gz")),
    "parquet": ("refinery_nb.io.parquet:Parquet", (".parquet",)),
    "excel": ("refinery_nb.io.excel:Excel", (".xlsx", ".xlsm")),
}
LABEL_COLUMN = re.compile(r"__(MANUAL|WEAK_SUPERVISION)(__[a-z_]+)?$")
FRAME = "refinery_nb.io.frame:Frame"
MISSING_SHOWN = 5


def read(
    source: Any,
    *,
    format: str | None = None,
    encoding: str = "utf-8",
    types: Mapping[str, AttributeType] | None = None,
    known: Mapping[str, AttributeType] | None = None,
    on_error: str = "raise",
    sheet: str | None = None,
    delimiter: str | None = None,
    excel_safe: bool = False,
    **options: Any,
) -> Reading:
    """Survey a source: find its columns and their types, and everything that is wrong with it.

    Parameters
    ----------
    source
        A path, a DataFrame, a table of Arrow, a dataset of ``datasets``, or an iterable of dicts.
    format
        One of ``csv tsv jsonl json parquet excel``, or of another tool (see ``io.formats``); by
        default the suffix and, for JSON, the first records say it.
    encoding
        Of text files. Nothing is ever decoded by a guess.
    types
        Types that the user declares; they win.
    known
        Types that the project has already; a value that does not fit is an error.
    on_error
        ``raise`` the first fault, or ``quarantine``: keep the good rows, list the bad ones.
    sheet
        Of an Excel file; by default the first that is visible.
    delimiter
        Of a CSV file; by default what its header uses.
    excel_safe
        Whether a CSV, TSV or Excel file was written with ``excel_safe=True``: its guards go.
    **options
        What a format of another tool is asked: see its class in ``io.annotations``.

    Raises
    ------
    InputError
        Naming the source, line, record and field.
    """
    if on_error not in ("raise", "quarantine"):
        raise InputError(
            f"on_error={on_error!r}.", hint=did_you_mean(str(on_error), ["raise", "quarantine"])
        )
    opened = _open(source, format, encoding, sheet, delimiter, options)
    if excel_safe:
        if not isinstance(opened, (Table, Excel)):
            raise InputError("excel_safe is for CSV, TSV and Excel files.", source=opened.name)
        opened = Released(opened)
    declared = {name: AttributeType(kind) for name, kind in (types or {}).items()}
    return _Survey(opened, declared, dict(known or {}), on_error == "quarantine").reading()


def _open(
    source: Any,
    format: str | None,
    encoding: str,
    sheet: str | None,
    delimiter: str | None,
    options: Mapping[str, Any],
) -> Source:
    if not isinstance(source, (str, os.PathLike)):
        if is_dataset(source):
            formats.check_options("datasets", HubDataset, options)
            return HubDataset(source, **options)
        _no_options("records in memory", options)
        return ArrowTable(source) if is_arrow(source) else _make(FRAME, source)
    path = Path(source).expanduser()
    if path.is_dir():
        raise InputError("this is a folder, not a file.", source=str(path))
    if not path.exists():
        folder = path.parent
        names = [one.name for one in folder.iterdir()] if folder.is_dir() else []
        hint = did_you_mean(path.name, names) if names else "Its folder does not exist either."
        raise InputError("there is no such file.", source=str(path), hint=hint)
    if path.stat().st_size == 0:
        raise InputError("the file is empty.", source=path.name)
    foreign = formats.foreign_of(path, format)
    if foreign is not None:
        asked = {**options, **({} if encoding == "utf-8" else {"encoding": encoding})}
        plain = _format_of(path) if format is None and foreign in formats.SNIFFED else None
        return formats.open_foreign(foreign, path, asked, instead_of=plain)
    chosen = format or _format_of(path)
    if chosen not in FORMATS:
        known = [*FORMATS, *formats.FOREIGN]
        raise InputError(
            f"there is no format {chosen!r}.", source=path.name, hint=did_you_mean(chosen, known)
        )
    _no_options(chosen, options)
    own = {"encoding": encoding, "sheet": sheet, "delimiter": delimiter, "format": chosen}
    return _make(FORMATS[chosen][0], path, **own)


def _no_options(what: str, options: Mapping[str, Any]) -> None:
    for option in options:
        known = ["format", "encoding", "sheet", "delimiter"]
        hint = did_you_mean(option, known)
        raise InputError(f"{what}: there is no option {option!r}.", hint=hint)


def _format_of(path: Path) -> str:
    name = path.name.lower()
    for format, (_, suffixes) in FORMATS.items():
        if name.endswith(suffixes):
            return format
    known = ", ".join(suffix for _, suffixes in FORMATS.values() for suffix in suffixes)
    raise InputError(
        f"the suffix {path.suffix!r} names no format.",
        source=path.name,
        hint=f"Known: {known}. Or pass format=.",
    )


def _make(where: str, *arguments: Any, **options: Any) -> Source:
    module, _, attribute = where.partition(":")
    made: Source = getattr(importlib.import_module(module), attribute)(*arguments, **options)
    return made


class _Survey:
    """The first pass over a source, and how the second one goes."""

    def __init__(
        self,
        source: Source,
        declared: dict[str, AttributeType],
        known: dict[str, AttributeType],
        quarantine: bool,
    ) -> None:
        self.source = source
        self.declared = declared
        self.known = known
        self.quarantine = quarantine
        self.rejected: list[Rejected] = []
        self.columns: tuple[Column, ...] = ()
        self.warnings: list[str] = []
        # What the survey has read, in columns, while the source is small.
        self.kept: list[Raw] | None = None

    def reading(self) -> Reading:
        evidence, lacking, count = self._look()
        if not evidence:
            raise InputError("there are no fields in it.", source=self.source.name)
        _check_names(list(evidence), self.source.name)
        unknown = [name for name in self.declared if name not in evidence]
        if unknown:
            raise InputError(
                f"types= names the field {unknown[0]!r}, which is not there.",
                source=self.source.name,
                hint=did_you_mean(unknown[0], evidence),
            )
        self.columns = tuple(
            Column(name, self._type(name, seen)) for name, seen in evidence.items()
        )
        self._warn_of_missing(lacking, count)
        if not self._surely_fits(evidence):
            # Once more through all values: only conversion shows which of them do not fit, and
            # only the source knows their raw text.
            self.kept = None
            count = sum(len(chunk) for chunk in self._convert(self._reject))
        return Reading(
            self.source.name,
            self.columns,
            count,
            (*self.source.warnings, *self.warnings),
            tuple(sorted(self.rejected, key=lambda row: row.record)),
            lambda: self._convert(_ignore),
        )

    def _look(self) -> tuple[dict[str, Evidence], dict[str, list[int]], int]:
        """See every value once; return what was seen by column, and which records lack it."""
        names = self.source.names()
        evidence: dict[str, Evidence] = {name: Evidence() for name in names or []}
        lacking: dict[str, list[int]] = {}
        count = 0
        kept: list[Raw] = []
        for batch in self.source.batches(self._reject, check=True):
            if not batch.numbers:
                continue
            if names is None and not evidence.keys() >= set().union(*batch.rows):
                for row in batch.rows:
                    for name in row:
                        if name not in evidence:
                            evidence[name] = Evidence()
                            evidence[name].count = count
            columns = []
            for at, (name, seen) in enumerate(evidence.items()):
                column = _column(batch, name, at)
                columns.append(column)
                if self.source.typed:
                    seen.see_values(column)
                    if None in column and len(lacking.setdefault(name, [])) < MISSING_SHOWN:
                        where = batch.numbers
                        missing = [where[i] for i, v in enumerate(column) if v is None]
                        lacking[name].extend(missing[:MISSING_SHOWN])
                else:
                    seen.see_cells(column)
            if self.source.keeps:
                kept.append(replace(batch, rows=(), columns=columns, raw=_gone))
            count += len(batch.numbers)
        # Where values have to be looked at again, their raw text may be asked for.
        self.kept = kept if self.source.keeps else None
        return evidence, lacking, count

    def _type(self, name: str, seen: Evidence) -> AttributeType:
        wanted = self.declared.get(name, self.known.get(name))
        if wanted is not None:
            return wanted
        return seen.decide_values() if self.source.typed else seen.decide_cells()

    def _surely_fits(self, evidence: dict[str, Evidence]) -> bool:
        if self.source.typed:
            return all(evidence[column.name].fits_values(column.type) for column in self.columns)
        chosen = self.declared.keys() | self.known.keys()
        # A type that was inferred from all cells fits them all.
        return all(c.type.is_string or c.name not in chosen for c in self.columns)

    def _warn_of_missing(self, lacking: dict[str, list[int]], count: int) -> None:
        for column in self.columns:
            found = lacking.get(column.name, [])
            if column.type is AttributeType.TEXT and 0 < len(found) < count:
                shown = ", ".join(str(number) for number in found[:MISSING_SHOWN])
                self.warnings.append(f"some records lack {column.name!r} (first: {shown})")

    def _convert(self, reject: Reject) -> Iterator[Chunk]:
        # What other tools say of a record goes to the labels, never into an attribute.
        as_they_are = isinstance(self.source, Converted)
        number = 1
        read = self.source.batches(_ignore, check=False) if self.kept is None else self.kept
        for batch in read:
            if not batch.numbers:
                continue
            columns: list[Sequence[Any]] = []
            bad: dict[int, str] = {}
            for at, column in enumerate(self.columns):
                raw = made = _column(batch, column.name, at)
                is_json = column.type is AttributeType.JSON
                if as_they_are and is_json and LABEL_COLUMN.search(column.name):
                    pass
                elif self.source.typed:
                    lenient = column.name in self.declared
                    made = convert.values(raw, column.type, lenient=lenient)
                else:
                    made = convert.cells(raw, column.type)
                columns.append(made)
                # What was not changed fits.
                if made is not raw and Bad in set(map(type, made)):
                    for row, value in enumerate(made):
                        if type(value) is Bad:
                            bad.setdefault(row, column.name)
            lines = batch.lines
            if bad:
                position = {column.name: at for at, column in enumerate(self.columns)}
                for row in sorted(bad):
                    reject(
                        lines[row] if lines is not None else None,
                        batch.numbers[row],
                        bad[row],
                        columns[position[bad[row]]][row].message,
                        batch.raw(row),
                    )
                fine = [row for row in range(len(batch.numbers)) if row not in bad]
                if not fine:
                    continue
                columns = [[column[row] for row in fine] for column in columns]
                lines = None if lines is None else [lines[row] for row in fine]
            yield Chunk(number, lines, columns)
            number += len(columns[0])

    def _reject(
        self, line: int | None, record: int, field: str | None, message: str, raw: str
    ) -> None:
        name = self.source.name
        if self.quarantine:
            self.rejected.append(Rejected(name, line, record, field, message, raw))
            return
        hint = "Mend it, pass on_error='quarantine' to add the others"
        typed = any(column.name == field for column in self.columns)
        hint += f", or types={{{field!r}: 'text'}}." if typed else "."
        raise InputError(
            f"{message}.", source=name, line=line, record=record, field=field, hint=hint
        )


def _ignore(line: int | None, record: int, field: str | None, message: str, raw: str) -> None:
    """Skip a row that was rejected in the survey."""


def _gone(at: int) -> str:
    """Stand for the raw text of rows that are all known to fit."""
    raise AssertionError("a row that fits was refused in the second pass.")


def _column(batch: Raw, name: str, at: int) -> Sequence[Any]:
    if batch.columns is None:
        try:
            return list(map(itemgetter(name), batch.rows))
        except KeyError:
            return [row.get(name) for row in batch.rows]
    if at < len(batch.columns):
        return batch.columns[at]
    # Its records were read before the first one that has this field.
    return [None] * len(batch.numbers)


def _check_names(names: list[str], source: str) -> None:
    seen: dict[str, str] = {}
    for name in names:
        try:
            check_name(name, "a field")
        except SchemaError as error:
            raise InputError(error.message, source=source, field=str(name)) from error
        twin = seen.setdefault(folded(name), name)
        if twin != name:
            raise InputError(
                f"the fields {twin!r} and {name!r} differ only by case or spaces.",
                source=source,
                field=name,
                hint="Rename one of them.",
            )
