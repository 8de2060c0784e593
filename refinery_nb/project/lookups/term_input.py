"""Terms as people give them: pasted lines or lists of strings, cleaned and reported."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from refinery_nb.core.errors import InputError

LONGEST = 10_000  # characters of a term
SHOWN = 8  # terms in a representation
LINES = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Added:
    """What became of terms that were added.

    Attributes
    ----------
    added
        How many are new.
    duplicates
        Those that were there already, or stood twice in what was added.
    blacklisted
        Those that stay out, as they are blacklisted.
    blank
        How many were blank.
    """

    added: int
    duplicates: tuple[str, ...] = ()
    blacklisted: tuple[str, ...] = ()
    blank: int = 0

    def __repr__(self) -> str:
        parts = [f"{self.added:,} added"]
        for terms, what in ((self.duplicates, "there already"), (self.blacklisted, "blacklisted")):
            if terms:
                shown = ", ".join(map(repr, terms[:SHOWN])) + (", ..." if terms[SHOWN:] else "")
                parts.append(f"{len(terms):,} {what}: {shown}")
        if self.blank:
            parts.append(f"{self.blank:,} blank")
        return "; ".join(parts)


def cleaned(terms: Any) -> tuple[dict[str, int], int]:
    r"""Return the terms of what a user gives, with how often each stands there, and blank ones.

    >>> cleaned(" Ajax \n\nLeeds\nAjax")
    ({'Ajax': 2, 'Leeds': 1}, 1)
    """
    found: dict[str, int] = {}
    blank = 0
    items = LINES.split(terms) if isinstance(terms, str) else terms
    if not isinstance(items, Iterable) or isinstance(items, bytes):
        raise InputError(f"terms are strings, not {type(terms).__name__}.")
    for at, item in enumerate(items, start=1):
        if not isinstance(item, str):
            raise InputError(f"{item!r} is no term; terms are strings.", record=at)
        term = item.strip()
        if len(term) > LONGEST:
            raise InputError(
                f"the term {term[:40]!r}... has {len(term):,} characters; {LONGEST:,} are allowed.",
                record=at,
            )
        if not term:
            blank += 1
            continue
        if not term.isascii() and any("\ud800" <= char <= "\udfff" for char in term):
            raise InputError(f"the term {term!r} holds a lone surrogate.", record=at)
        found[term] = found.get(term, 0) + 1
    return found, blank
