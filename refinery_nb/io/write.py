"""Writing a file whole or not at all; the suffix chooses the format."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.io.reading import Column

WRITERS = {
    ".csv": "refinery_nb.io.table:write",
    ".tsv": "refinery_nb.io.table:write",
    ".jsonl": "refinery_nb.io.jsonl:write",
    ".json": "refinery_nb.io.json_array:write",
    ".parquet": "refinery_nb.io.parquet:write",
    ".xlsx": "refinery_nb.io.excel:write",
}


def write(path: Path, columns: Sequence[Column], chunks: Iterable[list[tuple[Any, ...]]]) -> None:
    """Write records to a file.

    It is written under another name, brought to disk and renamed: whatever goes wrong, a file
    that stood there before stays as it was.

    Raises
    ------
    InputError
        If the suffix names no format, or the format cannot hold a value.
    """
    if path.suffix not in WRITERS:
        raise InputError(
            f"the suffix {path.suffix!r} names no format.",
            source=path.name,
            hint=f"Known: {', '.join(WRITERS)}.",
        )
    module, _, attribute = WRITERS[path.suffix].partition(":")
    writer: Callable[..., None] = getattr(importlib.import_module(module), attribute)
    if not path.parent.is_dir():
        raise InputError("its folder does not exist.", source=str(path))
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        writer(partial, columns, chunks)
        partial.replace(path)
    except InputError as error:
        error.source = error.source or path.name
        raise
    finally:
        partial.unlink(missing_ok=True)
    # The name is on disk only once its folder is.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
