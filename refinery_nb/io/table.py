"""CSV and TSV: cells of text."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import AttributeType
from refinery_nb.io.files import encoding_error, is_small, open_bytes
from refinery_nb.io.plain_csv import PlainCsv, plain_csv
from refinery_nb.io.reading import Column, Columns, Raw, Reject

BATCH = 20_000
SHOWN = 5
LONGEST_CELL = 2**31 - 1


class Table:
    """A CSV or TSV file with a header."""

    typed = False

    def __init__(
        self, path: Path, *, encoding: str, delimiter: str | None, format: str, **_: object
    ) -> None:
        self.name = path.name
        self.warnings: list[str] = []
        self._path = path
        self._encoding = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
        csv.field_size_limit(LONGEST_CELL)
        self._delimiter = delimiter or ("\t" if format == "tsv" else self._sniff())
        self._names = self._header()
        self._short: list[int] = []
        self.keeps = is_small(path)
        self._plain: PlainCsv | None = None
        if self._encoding == "utf-8-sig" and path.suffix != ".gz":
            self._plain = plain_csv(path, self._delimiter, self._names, keep=self.keeps)

    def names(self) -> list[str] | None:
        """Return the header."""
        return self._names

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield rows of cells; a short one is filled with None."""
        if self._plain is None:
            yield from self._carefully(reject, check=check)
            return
        number = 1
        for columns in self._plain.columns():
            lines = range(number + 1, number + 1 + len(columns[0]))
            yield Raw(
                range(number, number + len(lines)),
                lines,
                (),
                lambda at, columns=columns: self._raw([column[at] for column in columns]),  # type: ignore[misc]
                columns,
            )
            number += len(lines)

    def _carefully(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield the rows of any file, one after the other."""
        width = len(self._names)
        short = 0
        rows: list[list[str | None]] = []
        numbers: list[int] = []
        lines: list[int] = []
        for number, (line, row) in enumerate(self._rows(), start=0):
            if number == 0:
                continue
            if len(row) != width:
                if len(row) > width:
                    message = f"{len(row)} fields, the header has {width}"
                    reject(line, number, None, message, self._raw(row))
                    continue
                short += 1
                if check and len(self._short) < SHOWN:
                    self._short.append(line)
                row = [*row, *[None] * (width - len(row))]
            rows.append(row)
            numbers.append(number)
            lines.append(line)
            if len(rows) == BATCH:
                yield self._batch(numbers, lines, rows)
                rows, numbers, lines = [], [], []
        if rows:
            yield self._batch(numbers, lines, rows)
        if check and short:
            shown = ", ".join(str(line) for line in self._short)
            self.warnings.append(
                f"{short:,} rows are short; what they lack is missing (lines {shown})"
            )

    def _batch(self, numbers: list[int], lines: list[int], rows: list[Any]) -> Raw:
        columns = list(zip(*rows, strict=True))
        return Raw(numbers, lines, (), lambda at: self._raw(rows[at]), columns)

    def _raw(self, row: Sequence[str | None]) -> str:
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=self._delimiter, lineterminator="").writerow(row)
        return buffer.getvalue()

    def _rows(self) -> Iterator[tuple[int, list[str | None]]]:
        """Yield the line at which each row starts, and its cells; blank lines are none."""
        with open_bytes(self._path) as file:
            text = io.TextIOWrapper(file, encoding=self._encoding, newline="")
            reader = csv.reader(text, delimiter=self._delimiter, strict=True)
            start = 1
            try:
                for row in reader:
                    if row:
                        yield start, row  # type: ignore[misc]
                    start = reader.line_num + 1
            except csv.Error as error:
                what = str(error)
                if "unexpected end" in what or "expected after" in what:
                    what = "a quote is opened in this row and not closed as it should be"
                raise InputError(f"{what}.", source=self.name, line=start) from error
            except UnicodeDecodeError as error:
                raise encoding_error(self._path, self._encoding.removesuffix("-sig")) from error
            finally:
                text.detach()

    def _header(self) -> list[str]:
        for _, row in self._rows():
            names = [name or "" for name in row]
            for at, name in enumerate(names, start=1):
                if not name.strip():
                    raise InputError(
                        f"the {at}. field of the header has no name.", source=self.name, line=1
                    )
                if name in names[: at - 1]:
                    raise InputError(
                        f"the header has {name!r} twice.", source=self.name, line=1, field=name
                    )
            return names
        raise InputError("the file has no header.", source=self.name)

    def _sniff(self) -> str:
        """Return the delimiter of the header: a comma, or what stands there instead."""
        with open_bytes(self._path) as file:
            head = file.readline(100_000)
        if b"," not in head:
            for other in (b";", b"\t"):
                if other in head:
                    return other.decode()
        return ","


def write(path: Path, columns: Sequence[Column], chunks: Iterable[Columns]) -> None:
    """Write rows; missing values are empty cells."""
    delimiter = "\t" if ".tsv." in path.name else ","
    booleans = [at for at, c in enumerate(columns) if c.type is AttributeType.BOOLEAN]
    with path.open("w", encoding="utf-8", newline="") as file:
        # A bare carriage return would end the row for every reader: it needs quotes.
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        careful = csv.writer(file, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow([column.name for column in columns])
        for chunk in chunks:
            cells = list(chunk)
            for at in booleans:
                cells[at] = [
                    None if one is None else "true" if one else "false" for one in chunk[at]
                ]
            rows = zip(*cells, strict=True)
            if not any("\r" in one for one in map(_joined, cells)):
                writer.writerows(rows)
                continue
            for row in rows:
                bare = any(isinstance(cell, str) and "\r" in cell for cell in row)
                (careful if bare else writer).writerow(row)
        file.flush()
        os.fsync(file.fileno())


def _joined(values: Sequence[Any]) -> str:
    return "".join([one for one in values if type(one) is str])
