"""Tables of Arrow in memory: of pyarrow, or of what hands itself out as one (Polars, DuckDB)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.io.files import KEPT_BYTES
from refinery_nb.io.parquet import json_fields, plain_column
from refinery_nb.io.reading import Raw, Reject

BATCH = 20_000


def is_arrow(source: Any) -> bool:
    """Return whether a source hands itself out as a table of Arrow; pandas has a way of its own."""
    return hasattr(source, "__arrow_c_stream__") and not hasattr(source, "iloc")


class ArrowTable:
    """A table in memory, read in batches."""

    typed = True

    def __init__(self, source: Any) -> None:
        import pyarrow

        self.name = type(source).__name__
        self.warnings: list[str] = []
        try:
            self._table = source if isinstance(source, pyarrow.Table) else pyarrow.table(source)
        except (pyarrow.ArrowException, TypeError, ValueError) as error:
            raise InputError(f"it is no table of Arrow: {error}.", source=self.name) from error
        self._names = [str(name) for name in self._table.column_names]
        twice = next((n for at, n in enumerate(self._names) if n in self._names[:at]), None)
        if twice is not None:
            raise InputError(f"the column {twice!r} stands twice.", source=self.name, field=twice)
        if not len(self._table):
            raise InputError("there are no records in it.", source=self.name)
        self._json = json_fields(self._table.schema)
        self.keeps = self._table.nbytes <= KEPT_BYTES

    def names(self) -> list[str] | None:
        """Return the columns of the table."""
        return self._names

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield rows in the order of the columns."""
        number = 1
        for part in self._table.to_batches(max_chunksize=BATCH):
            columns: Sequence[list[Any]] = [
                plain_column(name, part.column(at).to_pylist(), number, is_json=name in self._json)
                for at, name in enumerate(self._names)
            ]
            yield Raw.of_columns(columns, number)
            number += len(part)
