"""What a format gives: raw rows, and after the survey a typed reading of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from refinery_nb.core.schema import AttributeType

# Values of some records, a column each.
Columns = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the records and its type."""

    name: str
    type: AttributeType


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records, ready to be stored.

    Attributes
    ----------
    number
        The number of the first one in its source, from 1; rejected rows leave no gap here.
    lines
        The line of the file at which each row starts; None for frames, dicts and JSON arrays.
    columns
        Values in the order of ``Reading.columns``; None is missing, JSON values are text, but
        lists and objects in the label columns of other tools' formats.
    """

    number: int
    lines: Sequence[int] | None
    columns: Sequence[Sequence[Any]]

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The same values record by record."""
        return list(zip(*self.columns, strict=True))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was kept back: where it stands, what is wrong, and its raw text."""

    source: str
    line: int | None
    record: int
    field: str | None
    message: str
    raw: str


@dataclass(frozen=True, slots=True)
class Raw:
    """Rows as a format reads them, not yet typed.

    Attributes
    ----------
    numbers
        The number of each row in its source, from 1.
    lines
        The line at which each starts, if the format has lines.
    rows
        Dicts; none where the columns are given.
    raw
        Gives the raw text of a row by its position here.
    columns
        Values in the order of ``names``, where the source has names before its rows are read.
    """

    numbers: Sequence[int]
    lines: Sequence[int] | None
    rows: Sequence[dict[str, Any]]
    raw: Callable[[int], str]
    columns: Sequence[Sequence[Any]] | None = None

    @classmethod
    def of_columns(
        cls, columns: Sequence[Sequence[Any]], first: int, lines: Sequence[int] | None = None
    ) -> Raw:
        """Return rows that stand in columns, numbered on from the first; there is at least one."""
        numbers = range(first, first + len(columns[0]))
        raw = partial(_shown, columns)
        return cls(numbers, lines, (), raw, columns)


def _shown(columns: Sequence[Sequence[Any]], at: int) -> str:
    return repr(tuple(column[at] for column in columns))


# Called with line, record number, field, message and raw text: raises, or notes a rejected row.
Reject = Callable[[int | None, int, str | None, str, str], None]


class Source(Protocol):
    """One source in one format; it can be read several times."""

    name: str
    # Whether values have types of their own (JSON, frames); else all are text (CSV).
    typed: bool
    # Whether what the survey has read is small enough to be kept, and will not change.
    keeps: bool

    @property
    def warnings(self) -> list[str]:
        """What was read, but looks odd."""

    def names(self) -> list[str] | None:
        """Return the fields if they are known before the rows are read."""

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield the rows; ``check=False`` where the same bytes have been checked before."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A source that was surveyed: its columns are known, its rows can be had, again and again."""

    name: str
    columns: tuple[Column, ...]
    count: int
    warnings: tuple[str, ...]
    rejected: tuple[Rejected, ...]
    _chunks: Callable[[], Iterator[Chunk]]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the good rows in chunks, in bounded memory."""
        return self._chunks()
