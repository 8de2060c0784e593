"""From raw columns to storable values, and what is wrong with those that do not fit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from refinery_nb.core.schema import AttributeType
from refinery_nb.io.evidence import LARGEST, SMALLEST

NAMES = {
    str: "string",
    int: "integer",
    float: "float",
    bool: "boolean",
    list: "list",
    dict: "object",
    type(None): "nothing",
}
WANTED = {
    AttributeType.TEXT: "string",
    AttributeType.CATEGORY: "string",
    AttributeType.INTEGER: "integer",
    AttributeType.FLOAT: "number",
    AttributeType.BOOLEAN: "boolean",
    AttributeType.JSON: "list or object",
}
TRUE, FALSE = ("true", "True"), ("false", "False")


class Bad:
    """A value that does not fit, with what is wrong: stands in a column in its place."""

    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message


def values(column: Sequence[Any], kind: AttributeType, *, lenient: bool) -> Sequence[Any]:
    """Convert typed values; ``lenient`` turns numbers into strings where strings are wanted.

    The usual case, a column of one type that needs no change, costs one pass in C and is returned
    itself.
    """
    seen = set(map(type, column)) - {type(None)}
    if kind.is_string:
        if seen <= {str}:
            return column
        if seen <= {int} or lenient:
            # A column of numbers where the project has strings: nothing is lost.
            return [_as_string(value) for value in column]
    elif kind is AttributeType.INTEGER and seen <= {int}:
        own = [value for value in column if value is not None] if None in column else column
        if not own or SMALLEST <= min(own) <= max(own) <= LARGEST:
            return column
    elif (kind is AttributeType.BOOLEAN and seen <= {bool}) or (
        kind is AttributeType.FLOAT
        and seen <= {float}
        and all(value is None or math.isfinite(value) for value in column)
    ):
        return column
    return [_value(value, kind) for value in column]


def cells(column: Sequence[str | None], kind: AttributeType) -> Sequence[Any]:
    """Convert cells of text; an empty one is missing, except where strings are wanted.

    Each distinct cell is converted once.
    """
    if kind.is_string:
        return column
    convert = CELLS[kind]
    made: dict[str | None, Any] = {
        cell: None if cell is None or cell == "" else _guarded(convert, cell, kind)
        for cell in set(column)
    }
    return [made[cell] for cell in column]


ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dump(value: Any) -> str:
    """Return a value as compact JSON, its keys in their order."""
    return ENCODER.encode(value)


def _value(value: Any, kind: AttributeType) -> Any:
    seen = type(value)
    if value is None:
        return None
    if kind is AttributeType.JSON:
        return dump(value)
    if kind is AttributeType.FLOAT and seen in (int, float):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            return Bad(f"expected a finite number, got {value!r:.40}")
        if seen is int and int(number) != value:
            return Bad(f"the integer {value} would lose digits as a float")
        return number
    if kind is AttributeType.INTEGER and seen is int:
        if SMALLEST <= value <= LARGEST:
            return value
        return Bad(f"the integer {value!r:.40} has more than 64 bits")
    if (kind.is_string and seen is str) or (kind is AttributeType.BOOLEAN and seen is bool):
        return value
    return Bad(f"expected {WANTED[kind]}, got {NAMES.get(seen, seen.__name__)}")


def _as_string(value: Any) -> Any:
    if value is None or type(value) is str:
        return value
    if type(value) in (int, float):
        return str(value)
    if type(value) is bool:
        return "true" if value else "false"
    return Bad(f"expected string, got {NAMES.get(type(value), type(value).__name__)}")


def _guarded(convert: Callable[[str], Any], cell: str, kind: AttributeType) -> Any:
    try:
        return convert(cell)
    except (ValueError, OverflowError):
        return Bad(f"expected {WANTED[kind]}, got {cell!r:.60}")


def _integer(cell: str) -> int:
    number = int(cell)
    if not SMALLEST <= number <= LARGEST:
        raise ValueError
    return number


def _float(cell: str) -> float:
    number = float(cell)
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(cell: str) -> bool:
    if cell in TRUE:
        return True
    if cell in FALSE:
        return False
    raise ValueError


def _json(cell: str) -> str:
    return dump(json.loads(cell))


CELLS: dict[AttributeType, Callable[[str], Any]] = {
    AttributeType.INTEGER: _integer,
    AttributeType.FLOAT: _float,
    AttributeType.BOOLEAN: _boolean,
    AttributeType.JSON: _json,
}
