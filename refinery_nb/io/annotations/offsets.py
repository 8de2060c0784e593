"""What the spans of a foreign file count: code points, or UTF-16 units as browsers do."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from refinery_nb.core.errors import InputError, SpanError, did_you_mean
from refinery_nb.core.offsets import from_utf16

CONVENTIONS = ("auto", "codepoint", "utf16")


class Unfit(ValueError):
    """What is wrong with a row of a foreign format, and in which field."""

    def __init__(self, message: str, field: str | None) -> None:
        super().__init__(message)
        self.field = field


class Offsets:
    """How one file counts.

    ``auto`` asks the texts: the two ways differ only behind a character beyond the basic plane
    (most emoji), and there a span often says which text it carries, or fits in one way only. What
    one record tells holds for the file.
    """

    UNCLEAR = (
        "the spans may count code points or UTF-16 units, and no record tells which: pass "
        "offsets='codepoint' or offsets='utf16'"
    )

    def __init__(self, wanted: str) -> None:
        if wanted not in CONVENTIONS:
            raise InputError(f"offsets={wanted!r}.", hint=did_you_mean(str(wanted), CONVENTIONS))
        self.wanted = wanted
        self.seen: set[str] = set()

    @property
    def decided(self) -> str | None:
        """The way in which the file counts, if its records agree on one."""
        return next(iter(self.seen)) if len(self.seen) == 1 else None

    def settle(
        self, text: str, spans: list[Any], surfaces: Sequence[str | None], *, survey: bool
    ) -> bool:
        """Count the spans of a text in code points, in place; return False where nothing tells.

        Raises
        ------
        Unfit
            If the spans do not lie in the text, or do not carry what they say.
        """
        _check_types(spans)
        if text.isascii() or max(text, default="") <= "\uffff" or self.wanted == "codepoint":
            if not _fits(text, spans, surfaces):
                raise Unfit(_misfit(text, spans, surfaces), "spans")
            _put(spans, spans)
            return True
        readings = {"codepoint": spans, "utf16": _converted(text, spans)}
        if self.wanted == "utf16":
            del readings["codepoint"]
        fitting = {
            name: found
            for name, found in readings.items()
            if found is not None and _fits(text, found, surfaces)
        }
        if not fitting:
            raise Unfit(_misfit(text, spans, surfaces), "spans")
        first = next(iter(fitting.values()))
        if len(fitting) == 1 and len(readings) > 1 and survey:
            self.seen.update(fitting)
        if all(found == first for found in fitting.values()):
            _put(spans, first)
            return True
        if not survey:
            if self.decided is None:
                raise Unfit(self.UNCLEAR, "offsets")
            _put(spans, fitting[self.decided])
        return False


def _put(spans: list[Any], found: Sequence[Any]) -> None:
    """Replace the spans, one that stands twice once."""
    spans[:] = [list(span) for span in dict.fromkeys(map(tuple, found))]


def _converted(text: str, spans: Sequence[Any]) -> list[Any] | None:
    with contextlib.suppress(SpanError):
        return [[from_utf16(text, start), from_utf16(text, end), at] for start, end, at in spans]
    return None


def _check_types(spans: Sequence[Any]) -> None:
    for start, end, _ in spans:
        for offset in (start, end):
            if type(offset) is not int:
                raise Unfit(f"the offset {offset!r:.40} is no integer", "spans")


def _fits(text: str, spans: Sequence[Any], surfaces: Sequence[str | None]) -> bool:
    size = len(text)
    if not all(0 <= start < end <= size for start, end, _ in spans):
        return False
    return all(
        said is None or text[start:end] == said
        for (start, end, _), said in zip(spans, surfaces, strict=False)
    )


def _misfit(text: str, spans: Sequence[Any], surfaces: Sequence[str | None]) -> str:
    for at, (start, end, _) in enumerate(spans):
        if not 0 <= start < end <= len(text):
            return f"the span [{start}, {end}) does not lie in the text of {len(text)} characters"
        said = surfaces[at] if at < len(surfaces) else None
        if said is not None and text[start:end] != said:
            return f"the span [{start}, {end}) is {text[start:end]!r:.40}, not {said!r:.40}"
    return "the spans do not fit the text"
