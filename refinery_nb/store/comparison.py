"""A comparison of an attribute with a value, as SQL: types checked, the value bound."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import Compare
from refinery_nb.core.schema import Attribute, AttributeType

PLAIN = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
TEXT_OPERATORS = ("contains", "starts", "ends", "matches")
WORDS = {"contains": "contains", "starts": "startswith", "ends": "endswith", "matches": "matches"}


def compare(name: str, attribute: Attribute, node: Compare) -> tuple[str, list[Any]]:
    """Return the comparison of a column with the node's value.

    Raises
    ------
    QueryError
        If the value is not of the attribute's type.
    """
    if node.op == "missing":
        return f"{name} IS NULL", []
    if node.op in TEXT_OPERATORS:
        return _text(name, attribute, node)
    if node.op == "in":
        return among(name, [_checked(attribute, value) for value in node.value])
    if attribute.type is AttributeType.BOOLEAN and node.op not in ("=", "!="):
        raise QueryError(f"{attribute.name!r} is boolean; compare it with == or !=.")
    return f"{name} {PLAIN[node.op]} ?", [_checked(attribute, node.value)]


def length_function(name: str, node: Compare) -> tuple[str, list[Any]]:
    """Return the comparison of a text's length with a number."""
    if node.op not in PLAIN:
        raise QueryError(f"a length is compared with a number, not by {node.op!r}.")
    return f"rn_length({name}) {PLAIN[node.op]} ?", [_number(node.value, "a length")]


def among(name: str, values: Iterable[Any]) -> tuple[str, list[Any]]:
    """Return the condition that a column is one of these values."""
    plain: list[Any] = []
    bound: list[str] = []
    for value in map(bindable, values):
        # A string in SQLite's JSON ends at a NUL.
        (bound if isinstance(value, str) and "\x00" in value else plain).append(value)
    sql = f"{name} IN (SELECT value FROM json_each(?))"
    if bound:
        sql = f"({sql} OR {name} IN ({', '.join('?' * len(bound))}))"
    return sql, [f"[{', '.join(map(_json, plain))}]", *bound]


def _json(value: Any) -> str:
    if isinstance(value, float) and math.isinf(value):
        return "9e999" if value > 0 else "-9e999"  # JSON has no infinity; SQLite reads this as one
    return json.dumps(value, ensure_ascii=False)


def bindable(value: Any) -> Any:
    """Return a value as SQLite takes it: numpy scalars as Python's, no lone surrogates."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise QueryError(f"{value!r} holds a lone surrogate, which no text has.") from error
    return value


def _text(name: str, attribute: Attribute, node: Compare) -> tuple[str, list[Any]]:
    if not (attribute.type.is_string or attribute.type is AttributeType.JSON):
        raise QueryError(
            f"{attribute.name!r} is {attribute.type.value}; "
            f"{WORDS[node.op]} is for texts and categories."
        )
    if not isinstance(node.value, str):
        raise QueryError(f"{attribute.name!r} {WORDS[node.op]} {node.value!r}: not a string.")
    value = bindable(node.value)
    if node.op == "matches":
        return f"rn_matches(?, {name})", [value]
    if node.op == "contains" and node.case:
        return f"instr({name}, ?) > 0", [value]
    folded = value if node.case else value.casefold()
    if node.op == "contains":
        return f"rn_contains({name}, ?)", [folded]
    return f"rn_{node.op}({name}, ?, ?)", [folded, int(node.case)]


def _checked(attribute: Attribute, value: Any) -> Any:
    value = bindable(value)
    kind = attribute.type
    if kind.is_string:
        if not isinstance(value, str):
            raise QueryError(f"{attribute.name!r} is {kind.value}; {value!r} is not a string.")
        return value
    if kind is AttributeType.BOOLEAN:
        if not isinstance(value, bool):
            raise QueryError(f"{attribute.name!r} is boolean; {value!r} is not True or False.")
        return int(value)
    if kind is AttributeType.JSON:
        raise QueryError(f"{attribute.name!r} holds lists or objects; only contains can ask them.")
    return _number(value, repr(attribute.name))


def _number(value: Any, what: str) -> int | float:
    value = bindable(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise QueryError(f"{what} is a number; {value!r} is not.")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value)
    return value
