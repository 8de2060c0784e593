"""Regular expressions that a person types for a view: as ``re`` reads them, under a limit of time.

``re`` has none: a pattern that explodes on one text holds the interpreter lock, and with it every
widget of the kernel, until the kernel is killed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import regex

from refinery_nb.core.errors import QueryError

LIMIT = 0.05  # seconds a text
MORE = 1e-6  # seconds for each character of a long one


def check(pattern: object) -> str:
    """Return the pattern if it is a regular expression.

    Raises
    ------
    QueryError
        If it is none, saying where it breaks.
    """
    if not isinstance(pattern, str):
        raise QueryError(f"{pattern!r} is not a regular expression: it is not a string.")
    try:
        re.compile(pattern)
        compiled(pattern)
    except (re.error, regex.error) as error:
        raise QueryError(f"{pattern!r} is not a regular expression: {error}.") from error
    return pattern


@lru_cache(maxsize=128)
def compiled(pattern: str, *, case: bool = True) -> Any:
    """Return the compiled pattern of the package ``regex``, whose searches take a limit."""
    return regex.compile(pattern, regex.VERSION0 | (0 if case else regex.IGNORECASE))


def limit(text: str) -> float:
    """Return how many seconds may be spent on a text."""
    return LIMIT + MORE * len(text)


def found(pattern: str, text: str) -> bool:
    """Say whether ``re.search(pattern, text)`` finds something.

    Raises
    ------
    QueryError
        If that takes longer than the limit.

    >>> found("leak(s|ed)?", "It leaked."), found("^leak", "It leaked.")
    (True, False)
    """
    try:
        return compiled(pattern).search(text, timeout=limit(text)) is not None
    except TimeoutError:
        raise QueryError(
            f"the pattern {pattern!r} takes too long: over {limit(text):.2f} s for one text of "
            f"{len(text)} characters ({text[:40]!r} ...).",
            hint="Repeats inside repeats, as in (a|aa)+$, make a search explode; "
            "write the pattern without them.",
        ) from None
