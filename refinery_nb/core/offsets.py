"""Offsets between code points (Python, the store, the wire) and UTF-16 units (browsers).

The same conversion stands in ``js/src/offsets.ts``; both are tested against
``tests/vectors/offsets.json``. Nothing else in the project converts offsets.
"""

from __future__ import annotations

from refinery_nb.core.errors import SpanError


def utf16_length(text: str) -> int:
    """Return the length of ``text`` in UTF-16 units.

    >>> utf16_length("a💩")
    3
    """
    return len(text) + sum(1 for char in text if char > "\uffff")


def to_utf16(text: str, offset: int) -> int:
    """Convert an offset in code points to one in UTF-16 units.

    >>> to_utf16("💩This", 1)
    2
    """
    if not 0 <= offset <= len(text):
        raise SpanError(f"offset {offset} lies outside the text of {len(text)} characters.")
    return utf16_length(text[:offset])


def from_utf16(text: str, offset: int) -> int:
    """Convert an offset in UTF-16 units to one in code points.

    Raises
    ------
    SpanError
        If the offset lies outside the text, or between the two halves of a character.

    >>> from_utf16("💩This", 2)
    1
    """
    if text.isascii() and 0 <= offset <= len(text):
        return offset
    units = 0
    for index, char in enumerate(text):
        if units == offset:
            return index
        if units > offset:
            break
        units += 2 if char > "\uffff" else 1
    if units == offset:
        return len(text)
    if units < offset or offset < 0:
        raise SpanError(f"UTF-16 offset {offset} lies outside the text of {units} units.")
    raise SpanError(f"UTF-16 offset {offset} lies inside a surrogate pair.")
