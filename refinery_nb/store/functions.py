"""Text functions for SQL: Unicode, and whole strings where SQLite's own stop at a NUL."""

from __future__ import annotations

import re
import sqlite3
from functools import lru_cache


def register(connection: sqlite3.Connection) -> None:
    """Give a connection the text functions that conditions use."""
    for name, arity, function in (
        ("rn_contains", 2, _contains),
        ("rn_starts", 3, _starts),
        ("rn_ends", 3, _ends),
        ("rn_matches", 2, _matches),
        ("rn_length", 1, _length),
    ):
        connection.create_function(name, arity, function, deterministic=True)


def _contains(text: str | None, folded: str) -> bool | None:
    return None if text is None else folded in text.casefold()


def _starts(text: str | None, beginning: str, case: int) -> bool | None:
    if text is None:
        return None
    return text.startswith(beginning) if case else text.casefold().startswith(beginning)


def _ends(text: str | None, ending: str, case: int) -> bool | None:
    if text is None:
        return None
    return text.endswith(ending) if case else text.casefold().endswith(ending)


@lru_cache(maxsize=32)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _matches(pattern: str, text: str | None) -> bool | None:
    # re has no time limit: a pattern that explodes holds the kernel until it is interrupted.
    return None if text is None else _compiled(pattern).search(text) is not None


def _length(text: str | None) -> int | None:
    # SQLite's length() stops at a NUL.
    return None if text is None else len(text)
