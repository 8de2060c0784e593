"""JSONL: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from refinery_nb.core.schema import AttributeType
from refinery_nb.io import strict_json
from refinery_nb.io.convert import NAMES
from refinery_nb.io.files import is_small, lines
from refinery_nb.io.reading import Column, Columns, Raw, Reject

BATCH = 20_000


class JsonLines:
    """A JSONL file; blank lines are skipped."""

    typed = True

    def __init__(self, path: Path, *, encoding: str, **_: object) -> None:
        self.name = path.name
        self.warnings: list[str] = []
        self._path = path
        self._encoding = encoding
        # Line numbers that the survey refused: the second pass need not find them again.
        self._refused: set[int] = set()
        self.keeps = is_small(path)

    def names(self) -> list[str] | None:
        """Return None: records may have different keys."""
        return None

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield the objects; the strict check is made in the survey only."""
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        at_lines: list[int] = []
        raws: list[str] = []
        number = 0
        scan = strict_json.SCAN
        for line, text in lines(self._path, self._encoding):
            if not text or text.isspace():
                continue
            number += 1
            if check:
                row = self._checked(text, line, number, reject)
                if row is None:
                    continue
            elif line in self._refused:
                continue
            else:
                row = scan(text, 0)[0] if text[0] == "{" else json.loads(text)
            rows.append(row)
            numbers.append(number)
            at_lines.append(line)
            raws.append(text)
            if len(rows) == BATCH:
                yield Raw(numbers, at_lines, rows, raws.__getitem__)
                rows, numbers, at_lines, raws = [], [], [], []
        yield Raw(numbers, at_lines, rows, raws.__getitem__)

    def _checked(self, text: str, line: int, number: int, reject: Reject) -> dict[str, Any] | None:
        try:
            row = strict_json.loads(text)
            if isinstance(row, dict):
                return row
            message = f"expected an object, got {NAMES.get(type(row), 'a value')}"
        except strict_json.NotJson as error:
            message = str(error)
        self._refused.add(line)
        reject(line, number, None, message, text)
        return None


ENCODER = json.JSONEncoder(ensure_ascii=False)
STRING = json.encoder.encode_basestring


def line_maker(columns: Sequence[Column]) -> Callable[[Columns], Iterator[str]]:
    """Return what makes an object of each record of a chunk: JSON values nested, booleans as such.

    Each column is encoded as a whole and put into a line of text, so that no object is made.
    """
    names = (f"{ENCODER.encode(column.name).replace('%', '%%')}: %s" for column in columns)
    line = "{" + ", ".join(names) + "}"
    kinds = [column.type for column in columns]

    def lines(chunk: Columns) -> Iterator[str]:
        encoded = [_encoded(values, kind) for values, kind in zip(chunk, kinds, strict=True)]
        return map(line.__mod__, zip(*encoded, strict=True))

    return lines


def _encoded(values: Sequence[Any], kind: AttributeType) -> Iterable[str]:
    seen = set(map(type, values))
    if kind is AttributeType.BOOLEAN:
        return ["null" if one is None else "true" if one else "false" for one in values]
    if kind is AttributeType.JSON and seen <= {str, type(None)}:
        # It is JSON already.
        return ["null" if one is None else one for one in values]
    if seen == {str}:
        return map(STRING, values)
    if seen == {int}:
        return map(str, values)
    return map(ENCODER.encode, values)


def write(path: Path, columns: Sequence[Column], chunks: Iterable[Columns]) -> None:
    """Write one object a line."""
    lines_of = line_maker(columns)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for chunk in chunks:
            if len(chunk[0]):
                file.write("\n".join(lines_of(chunk)) + "\n")
