"""JSON: one array of objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.io import strict_json
from refinery_nb.io.convert import NAMES, dump
from refinery_nb.io.files import encoding_error, open_bytes
from refinery_nb.io.jsonl import line_maker
from refinery_nb.io.reading import Column, Columns, Raw, Reject

BATCH = 20_000


class JsonArray:
    """A JSON file that holds an array of objects; it is held in memory while it is read."""

    typed = True
    keeps = True

    def __init__(self, path: Path, *, encoding: str, **_: object) -> None:
        self.name = path.name
        self.warnings: list[str] = []
        with open_bytes(path) as file:
            content = file.read()
        try:
            text = content.decode("utf-8-sig" if encoding.lower() == "utf-8" else encoding)
        except UnicodeDecodeError as error:
            raise encoding_error(path, encoding) from error
        try:
            found = strict_json.loads(text)
        except strict_json.NotJson as error:
            line = None if error.position is None else text.count("\n", 0, error.position) + 1
            raise InputError(f"{error}.", source=self.name, line=line) from error
        if not isinstance(found, list):
            kind = NAMES.get(type(found), "value")
            raise InputError(
                f"expected an array of objects, got {kind}.",
                source=self.name,
                hint="One object a line is JSONL: name the file .jsonl.",
            )
        self._records = found

    def names(self) -> list[str] | None:
        """Return None: records may have different keys."""
        return None

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield the objects of the array."""
        yield from object_batches(self._records, reject)


def object_batches(objects: Sequence[Any], reject: Reject) -> Iterator[Raw]:
    """Yield those of the values that are objects, in batches; refuse the others."""
    for first in range(0, len(objects), BATCH):
        part = objects[first : first + BATCH]
        numbers = list(range(first + 1, first + 1 + len(part)))
        if set(map(type, part)) != {dict}:
            kept = []
            for number, row in zip(numbers, part, strict=True):
                if isinstance(row, dict):
                    kept.append((number, row))
                else:
                    kind = NAMES.get(type(row), type(row).__name__)
                    reject(None, number, None, f"expected an object, got {kind}", repr(row))
            numbers, part = [number for number, _ in kept], [row for _, row in kept]
        yield Raw(numbers, None, part, lambda at, rows=part: _raw(rows[at]))  # type: ignore[misc]


def _raw(row: Any) -> str:
    try:
        return dump(row)
    except (TypeError, ValueError):
        return repr(row)


def write(path: Path, columns: Sequence[Column], chunks: Iterable[Columns]) -> None:
    """Write an array with one object a line."""
    lines_of = line_maker(columns)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        before = "[\n"
        for chunk in chunks:
            if len(chunk[0]):
                file.write(before + ",\n".join(lines_of(chunk)))
                before = ",\n"
        file.write("[]\n" if before == "[\n" else "\n]\n")
