"""Text functions for SQL: Unicode, and whole strings where SQLite's own stop at a NUL."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from refinery_nb.core.errors import QueryError
from refinery_nb.core.pattern import found

_refused = threading.local()


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


@contextmanager
def own_errors() -> Iterator[None]:
    """Raise what a function refused; SQLite only tells that one raised something."""
    _refused.error = None
    try:
        yield
    except sqlite3.OperationalError:
        if _refused.error is None:
            raise
        raise _refused.error from None


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


def _matches(pattern: str, text: str | None) -> bool | None:
    try:
        return None if text is None else found(pattern, text)
    except QueryError as error:
        _refused.error = error
        raise


def _length(text: str | None) -> int | None:
    # SQLite's length() stops at a NUL.
    return None if text is None else len(text)
