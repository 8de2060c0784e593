"""Formats of other tools: which there are, what tells them, and what they are asked."""

from __future__ import annotations

import importlib
import inspect
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from refinery_nb.core.errors import InputError, did_you_mean
from refinery_nb.io.annotations.converted import Converted
from refinery_nb.io.files import BOM, open_bytes
from refinery_nb.io.reading import Source

# Format: its module and its source class there (none: it is only written).
FOREIGN: dict[str, tuple[str, str | None]] = {
    "prodigy": ("refinery_nb.io.annotations.prodigy", "Prodigy"),
    "doccano": ("refinery_nb.io.annotations.doccano", "Doccano"),
    "argilla": ("refinery_nb.io.annotations.argilla", "Argilla"),
    "conll": ("refinery_nb.io.annotations.conll", "Conll"),
    "conllu": ("refinery_nb.io.annotations.conllu", "Conllu"),
    "docbin": ("refinery_nb.io.annotations.docbin", "DocBinFile"),
    "rasa": ("refinery_nb.io.annotations.rasa", None),
    "label_studio": ("refinery_nb.io.annotations.label_studio", "LabelStudio"),
    "label_studio_config": ("refinery_nb.io.annotations.label_studio_config", None),
}
# Suffixes that are one format's alone.
SUFFIXES = {
    ".xml": "label_studio_config",
    ".spacy": "docbin",
    ".yml": "rasa",
    ".yaml": "rasa",
    ".conll": "conll",
    ".conllu": "conllu",
    ".iob": "conll",
    ".bio": "conll",
    ".bilou": "conll",
}
# Formats that the first records of a JSON file may tell.
SNIFFED = ("label_studio", "argilla", "prodigy", "doccano")
# Formats that hold one label a record, so that a weak one would pass for a person's.
ONE_LABEL = ("prodigy", "doccano", "conll", "docbin", "rasa")
HEAD = 2**20
ROWS = 5


def module_of(format: str) -> ModuleType:
    """Return the module of a format of another tool."""
    return importlib.import_module(FOREIGN[format][0])


def open_foreign(
    format: str, source: Any, options: Mapping[str, Any], *, instead_of: str | None = None
) -> Source:
    """Open a source in a format of another tool.

    Parameters
    ----------
    instead_of
        The plain format as which the file could be read too, if this one was only guessed.

    Raises
    ------
    InputError
        If the format is only written, or does not know an option.
    """
    where, name = FOREIGN[format]
    if name is None:
        raise InputError(
            f"{format} is written here, not read.", source=getattr(source, "name", None)
        )
    opener: Callable[..., Source] = getattr(importlib.import_module(where), name)
    check_options(format, opener, options)
    opened = opener(source, **options)
    if instead_of is not None and isinstance(opened, Converted):
        opened.warn(f"read as {format}; format={instead_of!r} takes the fields as they are")
    return opened


def check_options(format: str, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Raise if a format does not know an option."""
    known = [
        one.name
        for one in inspect.signature(function).parameters.values()
        if one.kind is one.KEYWORD_ONLY and one.name != "tasks"
    ]
    for option in options:
        if option not in known:
            raise InputError(
                f"the format {format} has no option {option!r}.",
                hint=did_you_mean(option, known),
            )


def foreign_of(source: Any, format: str | None) -> str | None:
    """Return the format of another tool in which a source is to be read, None for ours."""
    if format is not None:
        return format if format in FOREIGN else None
    if not isinstance(source, (str, os.PathLike)):
        return None
    path = Path(source).expanduser()
    return sniffed(path) if path.is_file() and path.stat().st_size else None


def sniffed(path: Path) -> str | None:
    """Return the format of another tool that the beginning of a file tells, if it is one."""
    name = path.name.lower()
    for suffix, format in SUFFIXES.items():
        if name.endswith(suffix):
            return format
    is_lines = name.endswith((".jsonl", ".ndjson", ".jsonl.gz"))
    if not is_lines and not name.endswith((".json", ".json.gz")):
        return None
    with open_bytes(path) as file:
        head = file.read(HEAD)
    rows = _first_rows(head.removeprefix(BOM).decode("utf-8", errors="ignore"), lines=is_lines)
    for format in SNIFFED:
        if rows and module_of(format).sniff(rows):
            return format
    return None


def _first_rows(text: str, *, lines: bool) -> list[dict[str, Any]]:
    """Return the first objects of JSON text, of JSONL or of an array; none where it is neither."""
    found: list[Any] = []
    if lines:
        for line in text.split("\n")[: 2 * ROWS]:
            with suppress(ValueError, RecursionError):
                found.append(json.loads(line))
    elif text.lstrip().startswith("["):
        decoder, at = json.JSONDecoder(), text.index("[") + 1
        with suppress(ValueError, RecursionError, IndexError):
            while len(found) < ROWS:
                while text[at] in " \t\r\n,":
                    at += 1
                value, at = decoder.raw_decode(text, at)
                found.append(value)
    return [row for row in found if isinstance(row, dict)][:ROWS]
