"""Texts without upper and lower case, with the way back to the offsets of the original."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> tuple[str, list[int] | None]:
    """Return the folded text and, where lengths differ, the origin of each of its characters.

    Case folding makes some characters longer ("ﬁ" is "fi", "ß" is "ss"). The Turkish "İ" folds
    to a plain "i": by the standard it would be "i" with a dot above, which nobody types.

    Returns
    -------
    tuple
        The folded text, and a list with the position in ``text`` of each character of the folded
        text and of its end, or None if the positions are the same.

    >>> fold("Straße")
    ('strasse', [0, 1, 2, 3, 4, 4, 5, 6])
    >>> fold("Plain")
    ('plain', None)
    """
    if text.isascii():
        return text.lower(), None
    folded = text.replace("İ", "i").casefold()
    if len(folded) == len(text):  # no character folds to nothing: all are one to one
        return folded, None
    origin: list[int] = []
    for position, char in enumerate(text):
        origin += [position] * (1 if char == "İ" else len(char.casefold()))
    origin.append(len(text))
    return folded, origin


def in_word(char: str) -> bool:
    """Say whether a character continues a word: letters, digits, "_" and combining marks.

    >>> in_word("é"), in_word("-")
    (True, False)
    """
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M"


def is_whole(text: str, start: int, end: int) -> bool:
    """Say whether no word of ``text`` is cut at either end of the span.

    >>> is_whole("a cart", 2, 5), is_whole("a cart", 2, 6)
    (False, True)
    """
    if start > 0 and in_word(text[start - 1]) and in_word(text[start]):
        return False
    return not (end < len(text) and in_word(text[end]) and in_word(text[end - 1]))
