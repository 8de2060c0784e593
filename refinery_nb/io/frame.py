"""DataFrames and iterables of dicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.io.json_array import object_batches
from refinery_nb.io.reading import Raw, Reject
from refinery_nb.io.strict_json import surrogate


class Frame:
    """Records that are in memory already."""

    typed = True
    keeps = True

    def __init__(self, source: Any) -> None:
        self.warnings: list[str] = []
        if hasattr(source, "columns") and hasattr(source, "to_dict"):
            self.name = "DataFrame"
            self._records: list[Any] = _records_of_frame(source)
        elif isinstance(source, Iterable) and not isinstance(source, (str, bytes, Mapping)):
            self.name = "list"
            self._records = [_plain_record(row, at) for at, row in enumerate(source, start=1)]
        else:
            raise InputError(
                f"a {type(source).__name__} is not a source of records.",
                hint="Pass a file's path, a DataFrame, or a list of dicts.",
            )
        if not self._records:
            raise InputError("there are no records in it.", source=self.name)

    def names(self) -> list[str] | None:
        """Return None: dicts may have different keys."""
        return None

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield the records as dicts of plain values."""
        for batch in object_batches(self._records, reject):
            if check:
                batch = _without_surrogates(batch, reject)
            elif self._surrogates:
                batch = _without(batch, self._surrogates)
            yield batch

    @property
    def _surrogates(self) -> set[int]:
        return {
            number
            for number, row in enumerate(self._records, start=1)
            if surrogate(row) is not None
        }


def plain(value: Any, *, field: str, record: int) -> Any:
    """Return a value as plain Python: numpy scalars and times converted, NA as None."""
    kind = type(value)
    if kind in (str, int, bool, type(None)):
        return value
    if kind is float:
        return None if value != value else value
    if kind in (list, tuple):
        return [plain(one, field=field, record=record) for one in value]
    if kind is dict:
        return {str(k): plain(v, field=field, record=record) for k, v in value.items()}
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise InputError(
            f"expected text, got {len(value)} bytes.",
            record=record,
            field=field,
            hint="Decode them to a string first.",
        )
    if kind.__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return plain(value.tolist(), field=field, record=record)
    if isinstance(value, (str, int, float)):
        return kind.__mro__[1](value)
    raise InputError(
        f"a value of the type {kind.__name__} cannot be stored.", record=record, field=field
    )


def _plain_record(row: Any, number: int) -> Any:
    if not isinstance(row, Mapping):
        return row
    found = {}
    for name, value in row.items():
        if not isinstance(name, str):
            raise InputError(f"the field {name!r} is not a string.", source="list", record=number)
        found[name] = plain(value, field=name, record=number)
    return found


def _records_of_frame(frame: Any) -> list[dict[str, Any]]:
    if frame.columns.nlevels > 1:
        raise InputError(
            "the columns have several levels.",
            source="DataFrame",
            hint="Join them to plain names first.",
        )
    names = [str(name) for name in frame.columns]
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise InputError(f"the column {twice!r} stands twice.", source="DataFrame", field=twice)
    columns = []
    for at, name in enumerate(names):
        series = frame.iloc[:, at]
        missing = series.isna().tolist()
        values = series.astype(object).tolist()
        columns.append(
            [
                None if gone is True else plain(value, field=name, record=number)
                for number, (value, gone) in enumerate(zip(values, missing, strict=True), start=1)
            ]
        )
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _without_surrogates(batch: Raw, reject: Reject) -> Raw:
    bad = set()
    for number, row in zip(batch.numbers, batch.rows, strict=True):
        for name, value in row.items():
            found = surrogate(value) or surrogate(name)
            if found is not None:
                bad.add(number)
                reject(None, number, name, f"{found!r:.60} holds a lone surrogate", repr(row))
                break
    return _without(batch, bad) if bad else batch


def _without(batch: Raw, numbers: set[int]) -> Raw:
    kept = [
        (number, row)
        for number, row in zip(batch.numbers, batch.rows, strict=True)
        if number not in numbers
    ]
    rows = [row for _, row in kept]
    return Raw([number for number, _ in kept], None, rows, lambda at: repr(rows[at]))
