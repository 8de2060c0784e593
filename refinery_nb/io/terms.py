"""Terms of a lookup list in a file: plain text, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.io.files import encoding_error, open_bytes
from refinery_nb.io.strict_json import NotJson, loads

NAMES = ("term", "value")  # of the column or field with the term; refinery says value
SUFFIXES = (".txt", ".csv", ".json")
TRUE = {"true", "1", "yes"}


@dataclass(frozen=True, slots=True)
class Term:
    """A term, whether it is kept out, and what somebody noted about it."""

    term: str
    blacklisted: bool = False
    comment: str = ""


def read_terms(path: Path, *, encoding: str = "utf-8") -> list[Term]:
    """Return the terms of a file.

    ``.txt``: one a line. ``.csv``: a column ``term`` or ``value``, and ``blacklisted`` and
    ``comment`` if it has them; or one column without such a header. ``.json``: a list of
    strings or of objects with the same fields, or an object with such a list as ``terms``.

    Raises
    ------
    InputError
        With the line or record, if the file cannot be read so.
    """
    suffix = _suffix(path)
    if not path.is_file():
        raise InputError(f"there is no file {str(path)!r}.")
    with open_bytes(path) as file:
        content = file.read()
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise encoding_error(path, encoding) from error
    if suffix == ".txt":
        return [Term(line) for line in text.replace("\r\n", "\n").split("\n")]
    if suffix == ".csv":
        return list(_of_rows(_csv(text, path), path))
    try:
        found = loads(text)
    except NotJson as error:
        raise InputError(f"the file is no JSON: {error}.", source=path.name) from error
    if isinstance(found, dict) and "terms" in found:
        found = found["terms"]
    if not isinstance(found, list):
        raise InputError("there is no list of terms in it.", source=path.name)
    return [_of_json(item, at, path) for at, item in enumerate(found, start=1)]


def write_terms(path: Path, terms: Sequence[Term]) -> None:
    """Write terms to a file, whole or not at all; ``read_terms`` gives them back.

    A ``.txt`` holds the terms that are used; blacklisted ones and comments need CSV or JSON.

    Raises
    ------
    InputError
        If a term with a line break would go into a ``.txt``.
    """
    suffix = _suffix(path)
    if suffix == ".txt":
        used = [one.term for one in terms if not one.blacklisted]
        for term in used:
            if "\n" in term or "\r" in term:
                raise InputError(
                    f"the term {term!r} has a line break, which plain text cannot hold.",
                    source=path.name,
                    hint="Write .csv or .json.",
                )
        text = "".join(f"{term}\n" for term in used)
    elif suffix == ".csv":
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer)
        writer.writerow(["term", "blacklisted", "comment"])
        for one in terms:
            writer.writerow([one.term, "true" if one.blacklisted else "false", one.comment])
        text = buffer.getvalue()
    else:
        rows = [
            {"term": one.term, "blacklisted": one.blacklisted, "comment": one.comment}
            for one in terms
        ]
        text = json.dumps(rows, ensure_ascii=False, indent=1)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"the suffix {path.suffix!r} names no format of terms.",
            source=path.name,
            hint=f"Known: {', '.join(SUFFIXES)}.",
        )
    return suffix


def _csv(text: str, path: Path) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise InputError(f"the file is no CSV: {error}.", source=path.name) from error


def _of_rows(rows: list[list[str]], path: Path) -> Iterable[Term]:
    header = [cell.strip().casefold() for cell in rows[0]] if rows else []
    at = next((header.index(name) for name in NAMES if name in header), None)
    if at is None:
        # A plain list; of several columns without a name, none is taken by guess.
        if any(len(row) > 1 for row in rows):
            raise InputError(
                f"no column is called {' or '.join(NAMES)}.",
                source=path.name,
                hint=f"There are: {', '.join(rows[0])}.",
            )
        yield from (Term(row[0]) for row in rows)
        return
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            raise InputError(
                f"{len(row)} fields stand where the header has {len(header)}.",
                source=path.name,
                record=number,
            )
        fields = dict(zip(header, row, strict=True))
        out = fields.get("blacklisted", "").strip().casefold() in TRUE
        yield Term(row[at], out, fields.get("comment", ""))


def _of_json(item: Any, number: int, path: Path) -> Term:
    if isinstance(item, str):
        return Term(item)
    if isinstance(item, dict):
        term = next((item[name] for name in NAMES if name in item), None)
        if isinstance(term, str):
            return Term(term, item.get("blacklisted") is True, str(item.get("comment") or ""))
    raise InputError(
        f"{str(item)[:80]!r} is no term.",
        source=path.name,
        record=number,
        hint="A term is a string, or an object with the field term or value.",
    )
