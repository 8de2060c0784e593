"""The exceptions of refinery_nb.

    RefineryError
    ├── InputError          a file, row, record or value that cannot be taken in
    │   └── EncodingError   bytes that are not text in the expected encoding
    ├── SchemaError         an attribute, task or label that does not exist, or may not
    │   └── UnknownName     a mapping has nothing under a name: a KeyError too
    ├── LabelError          a label that cannot be stored
    │   └── SpanError       offsets that do not lie in the text
    ├── QueryError          a condition that makes no sense for this project
    ├── HeuristicError      a rule that cannot be run
    ├── EndpointError       a server that somebody named refuses, or does not answer
    ├── ProtocolError       a widget message that is malformed
    ├── MissingExtra        an optional package that is not installed
    └── StoreError          the project folder cannot be used
        ├── StoreDamaged    its database is not readable
        ├── StoreBusy       another process has it open
        └── StoreTooNew     it was written by a newer version

Every error says what happened with the value, what is allowed, and what to do. Where it
happened is data, not prose: ``source``, ``line``, ``record`` and ``field``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class RefineryError(Exception):
    """The base of all errors raised on purpose.

    Parameters
    ----------
    message
        One sentence: what happened, with the value.
    source, line, record, field
        Where it happened: file name, line (from 1), record (its key, or its number from 1),
        attribute.
    hint
        What to do about it.
    """

    code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        line: int | None = None,
        record: str | int | None = None,
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.message = message
        self.source = source
        self.line = line
        self.record = record
        self.field = field
        self.hint = hint
        super().__init__(message)

    def __str__(self) -> str:
        where = ", ".join(
            f"{word}{value}"
            for word, value in (
                ("", self.source),
                ("line ", self.line),
                ("record ", self.record),
                ("field ", repr(self.field) if self.field is not None else None),
            )
            if value is not None
        )
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} {self.hint}" if self.hint else text


class InputError(RefineryError):
    """A file, row, record or value that cannot be taken in."""

    code = "input"


class EncodingError(InputError):
    """Bytes that are not text in the expected encoding."""

    code = "encoding"


class SchemaError(RefineryError):
    """An attribute, task or label that does not exist, or may not."""

    code = "schema"


class UnknownName(SchemaError, KeyError):
    """A mapping of a project has nothing under a name."""


class LabelError(RefineryError):
    """A label that cannot be stored."""

    code = "label"


class SpanError(LabelError):
    """Offsets that do not lie in the text."""

    code = "span"


class QueryError(RefineryError):
    """A condition that makes no sense for this project."""

    code = "query"


class HeuristicError(RefineryError):
    """A rule that cannot be run."""

    code = "heuristic"


class EndpointError(RefineryError):
    """A server that somebody named refuses, or does not answer.

    Attributes
    ----------
    status
        The HTTP status, or None if there was no answer.
    """

    code = "endpoint"

    def __init__(self, message: str, *, status: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class ProtocolError(RefineryError):
    """A widget message that is malformed."""

    code = "protocol"


class MissingExtra(RefineryError):
    """An optional package that is not installed."""

    code = "extra"


class StoreError(RefineryError):
    """The project folder cannot be used."""

    code = "store"


class StoreDamaged(StoreError):
    """The database of the project is not readable."""

    code = "damaged"


class StoreBusy(StoreError):
    """Another process has open what only one can."""

    code = "busy"


class StoreTooNew(StoreError):
    """The database of the project was written by a newer version."""

    code = "too_new"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the closest known name, or lists what is known.

    >>> did_you_mean("Sprots", ["World", "Sports"])
    "Did you mean 'Sports'?"
    >>> did_you_mean("x", ["World", "Sports"])
    'Known: World, Sports.'
    """
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"Known: {shown}." if names else "There are none yet."
