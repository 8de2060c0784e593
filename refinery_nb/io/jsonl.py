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
from refinery_nb.io.reading import Column, Raw, Reject

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


def object_maker(columns: Sequence[Column]) -> Callable[[Sequence[Any]], dict[str, Any]]:
    """Return what makes an object of a row: JSON values nested again, booleans as such."""
    names = [column.name for column in columns]
    special = [
        (column.name, column.type, at)
        for at, column in enumerate(columns)
        if column.type in (AttributeType.JSON, AttributeType.BOOLEAN)
    ]

    def made(row: Sequence[Any]) -> dict[str, Any]:
        found = dict(zip(names, row, strict=True))
        for name, kind, at in special:
            value = row[at]
            if kind is AttributeType.BOOLEAN and value is not None:
                found[name] = bool(value)
            elif isinstance(value, str):
                found[name] = json.loads(value)
        return found

    return made


ENCODER = json.JSONEncoder(ensure_ascii=False)


def write(path: Path, columns: Sequence[Column], chunks: Iterable[list[tuple[Any, ...]]]) -> None:
    """Write one object a line."""
    encode, made = ENCODER.encode, object_maker(columns)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for rows in chunks:
            file.writelines(encode(made(row)) + "\n" for row in rows)
