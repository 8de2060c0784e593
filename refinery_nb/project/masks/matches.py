"""Where a text matches what a condition asks for, to be shown: code points, half-open."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from typing import Any

from refinery_nb.core.pattern import compiled, limit
from refinery_nb.core.query import And, AttributeField, Compare, Condition, Not, Or, TextSearch
from refinery_nb.store.search import WORD

Pattern = Any  # of the package regex, which tells no types
MOST = 60  # matches of one text
LOOKED_AT = 20_000  # characters of it
EVERYWHERE = ""  # the name under which what is asked of every text stands


class Matches:
    """What to look for in the texts of records that a condition has chosen."""

    def __init__(self, condition: Condition) -> None:
        self._patterns: dict[str, list[tuple[Pattern, bool]]] = {}
        for name, pattern, folded in _patterns(condition, wanted=True):
            self._patterns.setdefault(name, []).append((pattern, folded))

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def find(self, name: str, text: str) -> list[tuple[int, int]]:
        """Return where the text of an attribute matches, ascending, none inside another.

        >>> Matches(TextSearch("cafe late*")).find("text", "Later at the Café")
        [(0, 5), (13, 17)]
        """
        wanted = [*self._patterns.get(name, ()), *self._patterns.get(EVERYWHERE, ())]
        if not wanted:
            return []
        part = text[:LOOKED_AT]
        plain = folded_text(part) if any(folded for _, folded in wanted) else part
        found: list[tuple[int, int]] = []
        for pattern, folded in wanted:
            found += _spans(pattern, plain if folded else part)
        return _joined(sorted(found))[:MOST]


def _spans(pattern: Pattern, text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    # What takes too long is shown without marks: the condition itself has told of it, or was right.
    with suppress(TimeoutError):
        for match in islice(pattern.finditer(text, timeout=limit(text)), MOST):
            if match.end() > match.start():
                found.append(match.span())
    return found


def _patterns(node: Condition, *, wanted: bool) -> Iterator[tuple[str, Pattern, bool]]:
    if isinstance(node, Not):
        yield from _patterns(node.item, wanted=not wanted)
    elif isinstance(node, (And, Or)):
        for item in node.items:
            yield from _patterns(item, wanted=wanted)
    elif not wanted:
        return
    elif isinstance(node, TextSearch):
        for phrase, word in WORD.findall(node.text):
            pattern = _words(phrase or word, prefix=bool(word) and word.endswith("*"))
            if pattern is not None:
                yield EVERYWHERE, pattern, True
    elif isinstance(node, Compare) and isinstance(node.field, AttributeField):
        values = node.value if node.op == "in" else (node.value,)
        for value in values if isinstance(values, tuple) else ():
            if isinstance(value, str) and value:
                yield from _compared(node, value)


def _compared(node: Compare, value: str) -> Iterator[tuple[str, Pattern, bool]]:
    assert isinstance(node.field, AttributeField)
    case = node.case or node.op in ("=", "in")
    forms = {
        "contains": re.escape(value),
        "starts": rf"\A{re.escape(value)}",
        "ends": rf"{re.escape(value)}\Z",
        "matches": value,
    }
    if node.op in forms:
        yield node.field.name, compiled(forms[node.op], case=case), False


def _words(text: str, *, prefix: bool) -> Pattern | None:
    """Return a pattern for words as full-text search takes them apart."""
    parts = re.findall(r"[^\W_]+", folded_text(text))
    if not parts:
        return None
    end = r"[^\W_]*" if prefix else r"(?![^\W_])"
    return compiled(r"(?<![^\W_])" + r"[\W_]+".join(map(re.escape, parts)) + end)


def folded_text(text: str) -> str:
    """Return a text in lower case without accents, each character where it was.

    >>> folded_text("Über Café")
    'uber cafe'
    """
    if text.isascii():
        return text.lower()
    return "".join(map(_folded, text))


@lru_cache(maxsize=4096)
def _folded(char: str) -> str:
    base = unicodedata.normalize("NFD", char)[0].lower()
    return base if len(base) == 1 else char


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
