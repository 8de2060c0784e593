"""Plain constants as source text, the same text for the same value."""

from __future__ import annotations

import math
import re


class NotLiteral(Exception):
    """The value is no plain constant; the message says which part of it."""


def literal(value: object, *, depth: int = 0) -> str:
    """Return an expression that makes this value.

    Strings, bytes, numbers, booleans, None, tuples, lists, dicts, sets, frozensets of them, and
    compiled patterns (``__re`` is the module ``re``). Subclasses are refused: they are more than
    their value.

    Raises
    ------
    NotLiteral
        If something else is in it.

    >>> literal({"b": (1, float("inf"))})
    "{'b': (1, float('inf'))}"
    >>> literal({"y", "x"})
    "{'x', 'y'}"
    """
    if depth > 50:
        raise NotLiteral("it is nested too deeply, or holds itself")
    kind = type(value)
    if value is None or value is Ellipsis or kind in (str, bytes, int, bool):
        return repr(value)
    if isinstance(value, float) and kind is float:
        return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
    if isinstance(value, complex) and kind is complex:
        return f"complex({literal(value.real)}, {literal(value.imag)})"
    if isinstance(value, re.Pattern):
        return f"__re.compile({value.pattern!r}, {value.flags})"
    if isinstance(value, dict) and kind is dict:
        inner = [
            f"{literal(key, depth=depth + 1)}: {literal(item, depth=depth + 1)}"
            for key, item in value.items()
        ]
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, (tuple, list, set, frozenset)) and kind in (tuple, list, set, frozenset):
        items = [literal(item, depth=depth + 1) for item in value]
        if isinstance(value, tuple):
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        if isinstance(value, list):
            return f"[{', '.join(items)}]"
        shown = "{" + ", ".join(sorted(items)) + "}" if items else ""
        return f"frozenset({shown})" if kind is frozenset else shown or "set()"
    raise NotLiteral("" if depth == 0 else f"it holds {kind.__name__}")
