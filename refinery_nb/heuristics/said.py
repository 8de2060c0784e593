"""What somebody else says of records, in the forms in which people have it, as plain rows.

Nothing is checked against a project here: the rows hold what was given, with its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from refinery_nb.core.errors import InputError, did_you_mean

SLACK = 1e-3  # by which the probabilities of a record may add up to more than 1


@dataclass(frozen=True, slots=True)
class Said:
    """One vote as it was given, and where: row (from 1), line of a file, key of the record.

    ``fault`` says why something is no vote at all, and ``field`` what of it.
    """

    row: int
    key: Any
    label: Any = None
    confidence: Any = None
    start: Any = None
    end: Any = None
    line: int | None = None
    fault: str = ""
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """What the columns of a table are called; several of ``key`` make a composite one."""

    key: tuple[str, ...] = ("key",)
    label: str = "label"
    confidence: str = "confidence"
    start: str = "start"
    end: str = "end"


def is_missing(value: object) -> bool:
    """Say whether a value stands for nothing: None, NaN or pandas' NA.

    >>> is_missing(float("nan")), is_missing(""), is_missing(None)
    (True, False, True)
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and math.isnan(value)


def said(
    given: Any,
    *,
    spans: bool,
    names: Names,
    keys: Sequence[Any] | None,
    labels: Sequence[str] | None,
) -> Iterator[Said]:
    """Yield the votes of a DataFrame, a Series, a mapping, or values aligned with ``keys``.

    A value that says nothing about its record (None; in a Series also NaN) is left out.

    Parameters
    ----------
    labels
        What the columns of a matrix of probabilities stand for.

    Raises
    ------
    InputError
        If it has none of these forms, or does not fit the keys.

    >>> [(one.key, one.label) for one in said({"a": "X", "b": None}, spans=False,
    ...  names=Names(), keys=None, labels=None)]
    [('a', 'X')]
    """
    if hasattr(given, "columns") and hasattr(given, "iloc"):
        yield from _frame(given, spans, names, keys, labels)
    elif hasattr(given, "index") and hasattr(given, "iloc"):
        values = given.astype(object).where(given.notna(), None).tolist()
        yield from _aligned(values, _index(given, keys), spans)
    elif isinstance(given, Mapping):
        yield from _aligned(list(given.values()), list(given), spans)
    elif getattr(given, "ndim", 1) == 2:
        yield from _matrix(given.tolist(), _needed(keys, len(given)), labels)
    elif isinstance(given, (str, bytes)) or not hasattr(given, "__len__"):
        raise InputError(
            f"a {type(given).__name__} is no votes.",
            hint="Give a DataFrame, a mapping of keys to labels, an array with keys=, a path, or"
            " a function of a DataFrame of records.",
        )
    else:
        values = given.tolist() if hasattr(given, "tolist") else list(given)
        aligned = _needed(keys, len(values))
        numbers = not spans and any(_is_row(value) for value in values)
        yield from _matrix(values, aligned, labels) if numbers else _aligned(values, aligned, spans)


def _is_row(value: Any) -> bool:
    """Say whether a value is a row of probabilities, rather than a label with a confidence."""
    listed = isinstance(value, (list, tuple)) or hasattr(value, "tolist")
    return (
        listed
        and not isinstance(value, str)
        and len(value) > 0
        and all(isinstance(one, (int, float)) or hasattr(one, "__float__") for one in value)
    )


def _needed(keys: Sequence[Any] | None, count: int) -> Sequence[Any]:
    if keys is None:
        raise InputError(
            "an array does not say which records it is about.",
            hint="Pass keys=: a view, or the keys in the order of the array.",
        )
    if len(keys) != count:
        raise InputError(
            f"{count:,} values for {len(keys):,} keys.", hint="There must be one for each key."
        )
    return keys


def _index(given: Any, keys: Sequence[Any] | None) -> Sequence[Any]:
    """Return the key of each row of a Series or DataFrame without a column of keys."""
    index: list[Any] = given.index.tolist()
    if given.index.name == "key" or keys is None:
        if given.index.name is None and index == list(range(len(index))):
            raise InputError(
                "the rows do not say which records they are about.",
                hint="Set the keys as index, add a column 'key', or pass keys=.",
            )
        return index
    try:
        if set(index) == set(keys):
            return index
    except TypeError:
        pass
    if index != list(range(len(index))):
        raise InputError(
            "the index holds other values than the keys of the records.",
            hint="Give the keys as index, or reset the index: then the order counts.",
        )
    return _needed(keys, len(index))


def _aligned(values: Sequence[Any], keys: Sequence[Any], spans: bool) -> Iterator[Said]:
    for row, (key, value) in enumerate(zip(keys, values, strict=True), start=1):
        if value is None:
            continue
        if spans:
            yield from _spans(row, key, value)
        elif isinstance(value, (tuple, list)):
            if len(value) != 2:
                fault = f"{value!r:.60} is not (label, confidence)."
                yield Said(row, key, fault=fault, field="label")
                continue
            yield Said(row, key, value[0], value[1])
        else:
            yield Said(row, key, value)


def _spans(row: int, key: Any, value: Any) -> Iterator[Said]:
    if not isinstance(value, (tuple, list)):
        fault = f"{value!r:.60} is not a list of spans (start, end, label)."
        yield Said(row, key, fault=fault, field="spans")
        return
    for span in value:
        if not isinstance(span, (tuple, list)) or not 3 <= len(span) <= 4:
            fault = f"{span!r:.60} is not (start, end, label)."
            yield Said(row, key, fault=fault, field="spans")
            continue
        # As people write them (start first), or as functions yield them (label first).
        start, end, label = span[:3] if not isinstance(span[0], str) else (*span[1:3], span[0])
        yield Said(row, key, label, span[3] if len(span) == 4 else None, start, end)


def _matrix(
    rows: Sequence[Any], keys: Sequence[Any], labels: Sequence[str] | None
) -> Iterator[Said]:
    if labels is None:
        raise InputError(
            "a matrix of probabilities does not say what its columns are.",
            hint="Pass labels=: the label of each column.",
        )
    for number, (key, row) in enumerate(zip(keys, rows, strict=True), start=1):
        if row is None:
            continue
        row = row.tolist() if hasattr(row, "tolist") else row
        fault = _row_fault(row, len(labels))
        if fault:
            yield Said(number, key, fault=fault, field="probabilities")
            continue
        best = max(range(len(row)), key=row.__getitem__)
        if row[best] > 0:
            yield Said(number, key, labels[best], min(1.0, float(row[best])))


def _frame(
    frame: Any,
    spans: bool,
    names: Names,
    keys: Sequence[Any] | None,
    labels: Sequence[str] | None,
) -> Iterator[Said]:
    columns = [str(name) for name in frame.columns]
    twice = next((name for at, name in enumerate(columns) if name in columns[:at]), None)
    if twice is not None:
        raise InputError(f"the column {twice!r} stands twice.", field=twice)
    if names.label not in columns and not spans:
        own = [name for name in columns if name not in names.key]
        if own and all(dtype.kind in "fiu" for dtype in frame[own].dtypes):
            # One column a label: the probabilities that a model gives.
            known = _row_keys(frame, names, keys)
            rows = frame[own].astype(object).to_numpy().tolist()
            yield from _matrix(rows, known, own if labels is None else labels)
            return
    wanted = [names.label, *([names.start, names.end] if spans else [])]
    for name in wanted:
        if name not in columns:
            raise InputError(
                f"there is no column {name!r}.", field=name, hint=did_you_mean(name, columns)
            )
    known = _row_keys(frame, names, keys)
    given = {name: frame[name].astype(object).tolist() for name in wanted}
    if names.confidence in columns:
        given[names.confidence] = frame[names.confidence].astype(object).tolist()
    for at, key in enumerate(known):
        yield Said(
            at + 1,
            key,
            given[names.label][at],
            given[names.confidence][at] if names.confidence in given else None,
            given[names.start][at] if spans else None,
            given[names.end][at] if spans else None,
        )


def _row_keys(frame: Any, names: Names, keys: Sequence[Any] | None) -> Sequence[Any]:
    found = _column_keys(frame, names)
    return _index(frame, keys) if found is None else found


def _column_keys(frame: Any, names: Names) -> list[Any] | None:
    """Return the keys that stand in columns of a table, or None if there are no such columns."""
    columns = [str(name) for name in frame.columns]
    if not all(name in columns for name in names.key):
        if names.key != ("key",):
            missing = next(name for name in names.key if name not in columns)
            raise InputError(
                f"there is no column {missing!r}.",
                field=missing,
                hint=did_you_mean(missing, columns),
            )
        return None
    parts = [frame[name].astype(object).tolist() for name in names.key]
    return parts[0] if len(parts) == 1 else list(zip(*parts, strict=True))


def _row_fault(row: Any, labels: int) -> str:
    """Return what is wrong with a row of probabilities, or an empty string."""
    if not isinstance(row, (list, tuple)) or len(row) != labels:
        return f"{row!r:.60} is not a row of {labels} probabilities."
    for p in row:
        if is_missing(p) or isinstance(p, str) or not 0 <= p <= 1:
            return f"the probability {p!r:.40} does not lie in [0, 1]."
    if sum(row) > 1 + SLACK:
        return f"its probabilities add up to {sum(row):.4g}; give probabilities, not scores."
    return ""
