"""Excel workbooks (.xlsx): one sheet, its first row the header."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError, did_you_mean
from refinery_nb.core.schema import AttributeType
from refinery_nb.io.files import is_small
from refinery_nb.io.reading import Column, Raw, Reject

BATCH = 5_000
MOST_ROWS = 1_048_575
LONGEST_CELL = 32_767
# What XML 1.0 cannot hold; a carriage return would come back as a line feed.
UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x0d\x0e-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
FORMULA = re.compile(rb"<f[ >/]")
SHOWN = 5
PACKED = 10  # times that a workbook's content is larger than its file
INSTEAD = "Export to JSONL or Parquet instead."


class Excel:
    """The first visible sheet of a workbook, or the one that is named."""

    typed = True

    def __init__(self, path: Path, *, sheet: str | None = None, **_: object) -> None:
        self.warnings: list[str] = []
        self._path = path
        book = self._open()
        try:
            visible = [one.title for one in book.worksheets if one.sheet_state == "visible"]
            if sheet is not None and sheet not in book.sheetnames:
                raise InputError(
                    f"there is no sheet {sheet!r}.",
                    source=path.name,
                    hint=did_you_mean(sheet, book.sheetnames),
                )
            if sheet is None and not visible:
                raise InputError("all sheets are hidden; name one with sheet=.", source=path.name)
            self._sheet = sheet or visible[0]
            header = next(book[self._sheet].iter_rows(max_row=1, values_only=True), ())
        finally:
            book.close()
        self.name = f"{path.name}, sheet {self._sheet!r}"
        if sheet is None and len(visible) > 1:
            self.warnings.append(f"read {self._sheet!r}; there are also {', '.join(visible[1:])}")
        self._names = self._header(header)
        formulas, merged = _marks(path)
        if merged:
            self.warnings.append("there are merged cells: only the first of each holds its value")
        # Looked for in the survey only.
        self._formulas = formulas
        self.keeps = is_small(path, PACKED)

    def names(self) -> list[str] | None:
        """Return the header."""
        return self._names

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield rows of plain values; dates as ISO 8601."""
        if check and self._formulas:
            self._warn_of_formulas()
        book = self._open()
        width = len(self._names)
        try:
            rows: list[list[Any]] = []
            lines: list[int] = []
            sheet = book[self._sheet].iter_rows(min_row=2, max_col=width, values_only=True)
            for line, cells in enumerate(sheet, start=2):
                row = [_plain(cell) for cell in cells]
                if all(cell is None for cell in row):
                    continue
                rows.append([*row, *[None] * (width - len(row))])
                lines.append(line)
                if len(rows) == BATCH:
                    yield _batch(rows, lines)
                    rows, lines = [], []
            if rows:
                yield _batch(rows, lines)
        finally:
            book.close()

    def _warn_of_formulas(self) -> None:
        """Tell formulas without a value: no spreadsheet program has computed them."""
        values, formulas = self._open(), self._open(values=False)
        lacking: list[str] = []
        try:
            pairs = zip(
                values[self._sheet].iter_rows(min_row=2),
                formulas[self._sheet].iter_rows(min_row=2),
                strict=False,
            )
            for row, of_formulas in pairs:
                for cell, formula in zip(row, of_formulas, strict=False):
                    if cell.value is None and isinstance(formula.value, str):
                        lacking.append(formula.coordinate)
        finally:
            values.close()
            formulas.close()
        if lacking:
            shown = ", ".join(lacking[:SHOWN]) + (", ..." if len(lacking) > SHOWN else "")
            self.warnings.append(
                f"{len(lacking):,} formulas have no value and are missing ({shown}): open the file "
                "in a spreadsheet program and save it"
            )

    def _open(self, *, values: bool = True) -> Any:
        import openpyxl

        try:
            return openpyxl.load_workbook(self._path, read_only=True, data_only=values)
        except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
            raise InputError(f"not an Excel workbook: {error}.", source=self._path.name) from error

    def _header(self, cells: Sequence[Any]) -> list[str]:
        names = ["" if cell is None else str(cell) for cell in cells]
        while names and not names[-1]:
            names.pop()
        for at, name in enumerate(names, start=1):
            if not name.strip():
                raise InputError(
                    f"column {at} of the header has no name.", source=self.name, line=1
                )
            if name in names[: at - 1]:
                raise InputError(f"the header has {name!r} twice.", source=self.name, line=1)
        if not names:
            raise InputError("the sheet has no header.", source=self.name)
        return names


def _batch(rows: list[list[Any]], lines: list[int]) -> Raw:
    numbers = [line - 1 for line in lines]
    return Raw(numbers, lines, (), lambda at: repr(rows[at]), list(zip(*rows, strict=True)))


def _marks(path: Path) -> tuple[bool, bool]:
    """Return whether there are formulas, and whether there are merged cells."""
    formulas = merged = False
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not SHEET.fullmatch(name):
                continue
            with archive.open(name) as sheet:
                before = b""
                while part := sheet.read(2**20):
                    formulas = formulas or FORMULA.search(before + part) is not None
                    merged = merged or b"<mergeCell" in before + part
                    before = part[-16:]
    return formulas, merged


def _plain(cell: Any) -> Any:
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    return cell


def write(path: Path, columns: Sequence[Column], chunks: Iterable[list[tuple[Any, ...]]]) -> None:
    """Write one sheet.

    Raises
    ------
    InputError
        If a cell, or the number of rows, is more than a workbook can hold.
    """
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("records")
    sheet.append([column.name for column in columns])
    try:
        _append(sheet, columns, chunks)
    except BaseException:
        # Else the half-written sheet would complain when it is collected.
        sheet.close()
        raise
    book.save(path)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _append(sheet: Any, columns: Sequence[Column], chunks: Iterable[list[tuple[Any, ...]]]) -> None:
    from openpyxl.cell import WriteOnlyCell

    count = 0
    for rows in chunks:
        for row in rows:
            count += 1
            if count > MOST_ROWS:
                raise InputError(f"a sheet holds {MOST_ROWS:,} records.", hint=INSTEAD)
            cells = []
            for column, value in zip(columns, row, strict=True):
                if isinstance(value, str):
                    _check(value, column.name, count)
                if value is not None and column.type is AttributeType.BOOLEAN:
                    value = bool(value)
                cell = WriteOnlyCell(sheet, value=value)
                if isinstance(value, str):
                    # A text that begins with "=" stays a text.
                    cell.data_type = "s"
                cells.append(cell)
            sheet.append(cells)


def _check(value: str, field: str, record: int) -> None:
    if len(value) > LONGEST_CELL:
        raise InputError(
            f"{len(value):,} characters; a cell holds {LONGEST_CELL:,}.",
            record=record,
            field=field,
            hint=INSTEAD,
        )
    found = UNWRITABLE.search(value)
    if found is not None:
        raise InputError(
            f"a cell cannot hold {found.group()!r}.", record=record, field=field, hint=INSTEAD
        )
