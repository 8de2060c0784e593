"""Where a quote stands in a text: what a language model says, as offsets."""

from __future__ import annotations

import re

# One character for one, so that offsets stay: models often write typographic marks plainly.
PLAIN = str.maketrans("‘’‚‛′“”„‟″–—‒−\u00a0\u2009\u202f", "'''''\"\"\"\"\"----   ")


def locate(text: str, quote: str) -> list[tuple[int, int]]:
    """Return the half-open code-point offsets at which a quote stands in a text, in order.

    White space counts as white space, however much there is of it and of whichever kind;
    typographic quotation marks and dashes count as plain ones. Where the quote stands as whole
    words, only these places count: "he" is not found in "the" if it also stands alone.

    >>> locate("He said: the  end.", "the end")
    [(9, 17)]
    >>> locate("us and USA, us", "us"), locate("busy", "us"), locate("busy", "them")
    ([(0, 2), (12, 14)], [(1, 3)], [])
    """
    words = quote.translate(PLAIN).split()
    if not words:
        return []
    plain = text.translate(PLAIN)
    pattern = r"\s+".join(re.escape(word) for word in words)
    found = [match.span() for match in re.finditer(pattern, plain)]
    whole = [span for span in found if not _inside_word(plain, *span)]
    return whole or found


def nth(spans: list[tuple[int, int]], number: int | None) -> list[tuple[int, int]]:
    """Return the span of a number, from 1; all of them if there is none.

    >>> nth([(0, 2), (5, 7)], 2), nth([(0, 2), (5, 7)], None), nth([(0, 2)], 3)
    ([(5, 7)], [(0, 2), (5, 7)], [])
    """
    if number is None:
        return spans
    return spans[number - 1 : number] if number >= 1 else []


def _inside_word(text: str, start: int, end: int) -> bool:
    """Say whether a span begins or ends in the middle of a word."""
    before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    after = end < len(text) and text[end].isalnum() and text[end - 1].isalnum()
    return before or after
