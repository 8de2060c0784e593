"""Texts that a spreadsheet program would take for formulas: made harmless, and back again.

Such a program computes a cell that begins with one of these characters, whatever wrote it (OWASP,
*CSV Injection*). An apostrophe before it makes it a text. One more is put before every text that
would read like a guarded one, so that taking one away restores each text exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from refinery_nb.io.reading import Columns, Raw, Reject, Source

FORMULA = re.compile(r"'*[=+\-@\t\r\0]")


def guarded(value: Any) -> Any:
    """Return a value as it may stand in a cell; only texts change.

    >>> guarded("=1+1"), guarded("'=1+1"), guarded("a=1"), guarded(-1)
    ("'=1+1", "''=1+1", 'a=1', -1)
    """
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def released(value: Any) -> Any:
    """Return what ``guarded`` was given.

    >>> released("'=1+1"), released("''=1+1"), released("'tis")
    ('=1+1', "'=1+1", "'tis")
    """
    guard = isinstance(value, str) and value.startswith("'") and FORMULA.match(value)
    return value[1:] if guard else value


def guard(chunks: Iterable[Columns]) -> Iterator[Columns]:
    """Yield the chunks with every text guarded."""
    for chunk in chunks:
        yield [[guarded(value) for value in column] for column in chunk]


class Released:
    """A source whose texts were guarded when it was written."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name, self.typed, self.keeps = source.name, source.typed, source.keeps

    @property
    def warnings(self) -> list[str]:
        """What was read, but looks odd."""
        return self._source.warnings

    def names(self) -> list[str] | None:
        """Return the fields if they are known before the rows are read."""
        return self._source.names()

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield the rows."""
        for raw in self._source.batches(reject, check=check):
            columns = raw.columns
            rows = [{name: released(value) for name, value in row.items()} for row in raw.rows]
            if columns is not None:
                columns = [[released(value) for value in column] for column in columns]
            yield replace(raw, rows=rows, columns=columns)
