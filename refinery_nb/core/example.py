"""What records are compared with: a text, a record, a span of its text, or a vector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from refinery_nb.core.errors import QueryError


@dataclass(frozen=True, slots=True)
class Example:
    """One of four things: a text, the record with a key (as stored), a span of it, a vector.

    ``start`` and ``end`` are half-open code-point offsets in the text of the record.
    """

    text: str | None = None
    key: str | None = None
    start: int | None = None
    end: int | None = None
    vector: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        given = [one for one in (self.text, self.key, self.vector) if one is not None]
        if len(given) != 1 or (self.start is None) != (self.end is None):
            raise QueryError(
                f"{self.to_json()!r:.200} is no example.",
                hint="It is a text, or a key (and start and end), or a vector.",
            )
        start, end = self.start or 0, self.end or 0
        if self.start is not None and (self.key is None or not 0 <= start < end):
            raise QueryError(f"{self.start} to {self.end} is no span of a record.")
        if self.vector is not None and not all(map(math.isfinite, self.vector)):
            raise QueryError("a vector to compare with holds NaN or infinity.")

    @property
    def is_span(self) -> bool:
        """Whether it is a part of a record's text."""
        return self.start is not None

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, without what it is not.

        >>> Example(key="r1", start=0, end=4).to_json()
        {'key': 'r1', 'start': 0, 'end': 4}
        """
        names = ("text", "key", "start", "end", "vector")
        found = {name: getattr(self, name) for name in names}
        if self.vector is not None:
            found["vector"] = list(self.vector)
        return {name: value for name, value in found.items() if value is not None}

    @classmethod
    def from_json(cls, document: Any) -> Example:
        """Return the example that ``to_json`` wrote.

        Raises
        ------
        QueryError
            If it is none.
        """
        known = {"text": str, "key": str, "start": int, "end": int, "vector": list}
        if not isinstance(document, dict) or not all(
            name in known and type(value) is known[name] for name, value in document.items()
        ):
            raise QueryError(f"{document!r:.100} is no example to compare with.")
        parts = dict(document)
        if "vector" in parts:
            if not all(type(number) in (int, float) for number in parts["vector"]):
                raise QueryError(f"{parts['vector']!r:.100} is no vector.")
            parts["vector"] = tuple(map(float, parts["vector"]))
        return cls(**parts)
