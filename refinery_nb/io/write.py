"""Writing a file whole or not at all; the suffix, or its name, chooses the format."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial as bound
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.io import formats
from refinery_nb.io.annotations.said import LeftOut
from refinery_nb.io.reading import Column, Columns
from refinery_nb.io.spreadsheet import guard

WRITERS = {
    ".csv": "refinery_nb.io.table:write",
    ".tsv": "refinery_nb.io.table:write",
    ".jsonl": "refinery_nb.io.jsonl:write",
    ".json": "refinery_nb.io.json_array:write",
    ".parquet": "refinery_nb.io.parquet:write",
    ".xlsx": "refinery_nb.io.excel:write",
}
SPREADSHEETS = (".csv", ".tsv", ".xlsx")


def foreign_format(path: Path, format: str | None) -> str | None:
    """Return the format of another tool in which a file is to be written, None for ours.

    Raises
    ------
    InputError
        If it is only read.
    """
    chosen = format or formats.SUFFIXES.get(path.suffix)
    if chosen not in formats.FOREIGN:
        return None
    if not hasattr(formats.module_of(chosen), "write"):
        raise InputError(f"{chosen} is read here, not written.", source=path.name)
    return chosen


def write(
    path: Path,
    columns: Sequence[Column],
    chunks: Iterable[Columns],
    *,
    format: str | None = None,
    tasks: Sequence[TaskSchema] = (),
    excel_safe: bool = False,
    **options: Any,
) -> list[LeftOut]:
    """Write records to a file; return what the format cannot hold.

    It is written under another name, brought to disk and renamed: whatever goes wrong, a file
    that stood there before stays as it was.

    Parameters
    ----------
    chunks
        Values, a column each; at least one column.
    format
        By default the suffix says it.
    excel_safe
        For CSV, TSV and Excel: an apostrophe before every text that a spreadsheet program would
        compute. ``project.add(path, excel_safe=True)`` takes them away again. By default the texts
        are written as they are, for programs.
    tasks, **options
        For formats of other tools: the tasks to write, and what the format is asked (see its
        ``write`` in ``io.annotations``).

    Raises
    ------
    InputError
        If nothing names a format, or the format cannot hold a value.
    """
    writer = _writer(path, format, tasks, options)
    if excel_safe:
        if foreign_format(path, format) is not None or _suffix(path, format) not in SPREADSHEETS:
            raise InputError("excel_safe is for CSV, TSV and Excel files.", source=path.name)
        chunks = guard(chunks)
    if not path.parent.is_dir():
        raise InputError("its folder does not exist.", source=str(path))
    # Writers that know several suffixes look for them in this name.
    partial = path.with_name(f".{path.name}.{format or 'new'}.{os.getpid()}.partial")
    try:
        left_out = writer(partial, columns, chunks)
        _sync(partial)
        partial.replace(path)
    except InputError as error:
        error.source = error.source or path.name
        raise
    finally:
        partial.unlink(missing_ok=True)
    # The name is on disk only once its folder is.
    _sync(path.parent)
    return left_out or []


def _writer(
    path: Path, format: str | None, tasks: Sequence[TaskSchema], options: dict[str, Any]
) -> Callable[..., list[LeftOut] | None]:
    foreign = foreign_format(path, format)
    if foreign is not None:
        function: Callable[..., list[LeftOut]] = formats.module_of(foreign).write
        formats.check_options(foreign, function, options)
        return _by_rows(bound(function, tasks=tasks, **options))
    suffix = _suffix(path, format)
    if suffix not in WRITERS:
        what = f"the suffix {suffix!r}" if format is None else f"{format!r}"
        known = ", ".join([*WRITERS, *formats.SUFFIXES])
        hint = f"Known: {known}; format= may be {', '.join(formats.FOREIGN)}."
        raise InputError(f"{what} names no format.", source=path.name, hint=hint)
    for option in options:
        raise InputError(f"{suffix} knows no option {option!r}.", source=path.name)
    module, _, attribute = WRITERS[suffix].partition(":")
    plain: Callable[..., None] = getattr(importlib.import_module(module), attribute)
    return _by_rows(plain) if suffix == ".xlsx" else plain


def _suffix(path: Path, format: str | None) -> str:
    return path.suffix if format is None else f".{'xlsx' if format == 'excel' else format}"


def _by_rows(writer: Callable[..., Any]) -> Callable[..., Any]:
    """Return a writer of columns that hands them record by record to one of rows."""

    def write(path: Path, columns: Sequence[Column], chunks: Iterable[Columns]) -> Any:
        return writer(path, columns, (list(zip(*chunk, strict=True)) for chunk in chunks))

    return write


def _sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
