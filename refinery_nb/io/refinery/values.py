"""Values of a snapshot as they are meant: nulls in words, numbers in strings, missing tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

NOTHING = ("", "None", "none", "null", "NULL", "nan", "NaN")
# The colours that labels of refinery can have, by the names under which it keeps them.
COLORS = {
    "red": "#ef4444",
    "orange": "#f97316",
    "amber": "#f59e0b",
    "yellow": "#eab308",
    "lime": "#84cc16",
    "green": "#22c55e",
    "emerald": "#10b981",
    "teal": "#14b8a6",
    "cyan": "#06b6d4",
    "sky": "#0ea5e9",
    "blue": "#3b82f6",
    "indigo": "#6366f1",
    "violet": "#8b5cf6",
    "purple": "#a855f7",
    "fuchsia": "#d946ef",
    "pink": "#ec4899",
    "rose": "#f43f5e",
}


def text(value: Any) -> str | None:
    """Return a text, or None where the value says that there is none.

    >>> text("None") is None, text(7)
    (True, '7')
    """
    if value is None or isinstance(value, (dict, list)):
        return None
    said = str(value)
    return None if said in NOTHING else said


def name(value: Any) -> str | None:
    """Return a name; somebody may call a label None.

    >>> name("None"), name("") is None, name(None) is None
    ('None', True, True)
    """
    if value is None or isinstance(value, (dict, list)):
        return None
    return str(value) or None


def number(value: Any) -> float | None:
    """Return a number, also one that is written as text.

    >>> number("0.5"), number("often") is None
    (0.5, True)
    """
    if value is None or isinstance(value, (dict, list)):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: Any) -> int | None:
    """Return a whole number.

    >>> whole("3"), whole(3.0), whole(3.5) is None
    (3, 3, True)
    """
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def flag(value: Any) -> bool:
    """Return whether something is said to be so.

    >>> flag("true"), flag("False"), flag(None)
    (True, False, False)
    """
    return value.strip().lower() in ("true", "t", "1", "yes") if type(value) is str else bool(value)


def rows(snapshot: Mapping[str, Any], *keys: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of the first of these tables that is there.

    >>> list(rows({"terms_data": [{"a": 1}, None]}, "terms", "terms_data"))
    [{'a': 1}]
    """
    for key in keys:
        table = snapshot.get(key)
        if isinstance(table, list):
            yield from (row for row in table if isinstance(row, dict))
            return
