"""Parquet, by Arrow."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import AttributeType
from refinery_nb.io.files import KEPT_BYTES
from refinery_nb.io.frame import plain
from refinery_nb.io.reading import Column, Columns, Raw, Reject

BATCH = 20_000
ROW_GROUP = 100_000
MARK = {b"refinery_nb": b"json"}


class Parquet:
    """A Parquet file, read in row batches."""

    typed = True

    def __init__(self, path: Path, **_: object) -> None:
        import pyarrow
        import pyarrow.parquet

        self.name = path.name
        self.warnings: list[str] = []
        self._path = path
        try:
            told = pyarrow.parquet.read_metadata(path)
            schema = told.schema.to_arrow_schema()
        except (pyarrow.ArrowException, OSError) as error:
            raise InputError(f"not a Parquet file: {error}.", source=path.name) from error
        self._names = list(schema.names)
        self._json = json_fields(schema)
        groups = map(told.row_group, range(told.num_row_groups))
        self.keeps = sum(group.total_byte_size for group in groups) <= KEPT_BYTES

    def names(self) -> list[str] | None:
        """Return the columns of the file."""
        return self._names

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield rows in the order of the columns."""
        import pyarrow.parquet

        number = 1
        with pyarrow.parquet.ParquetFile(self._path) as file:
            for part in file.iter_batches(batch_size=BATCH):
                columns = [
                    plain_column(
                        name, part.column(at).to_pylist(), number, is_json=name in self._json
                    )
                    for at, name in enumerate(self._names)
                ]
                if len(part):
                    yield Raw.of_columns(columns, number)
                number += len(part)


def json_fields(schema: Any) -> set[str]:
    """Return the fields that were written by us as JSON text, to be JSON again."""
    return {field.name for field in schema if (field.metadata or {}).get(b"refinery_nb") == b"json"}


def plain_column(name: str, values: list[Any], first: int, *, is_json: bool) -> list[Any]:
    """Return the values of a column as plain Python; ``first`` numbers its first record."""
    if is_json:
        return [None if value is None else json.loads(value) for value in values]
    if set(map(type, values)) <= {str, int, bool, type(None)}:
        return values
    return [plain(value, field=name, record=number) for number, value in enumerate(values, first)]


def write(path: Path, columns: Sequence[Column], chunks: Iterable[Columns]) -> None:
    """Write typed columns; JSON values as text, marked as such."""
    import pyarrow
    import pyarrow.parquet

    types = {
        AttributeType.INTEGER: pyarrow.int64(),
        AttributeType.FLOAT: pyarrow.float64(),
        AttributeType.BOOLEAN: pyarrow.bool_(),
    }
    schema = pyarrow.schema(
        [
            pyarrow.field(
                column.name,
                types.get(column.type, pyarrow.string()),
                metadata=MARK if column.type is AttributeType.JSON else None,
            )
            for column in columns
        ]
    )
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for chunk in chunks:
            arrays = []
            for values, column, field in zip(chunk, columns, schema, strict=True):
                if column.type is AttributeType.BOOLEAN:
                    values = [None if one is None else bool(one) for one in values]
                arrays.append(pyarrow.array(values, type=field.type))
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema), ROW_GROUP)
    with path.open("rb") as file:
        os.fsync(file.fileno())
