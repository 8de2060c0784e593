"""Colours and keys that labels get unless their owner chooses others."""

from __future__ import annotations

from collections.abc import Collection, Sequence

# Twelve colours that stay apart on white and on dark, also without one of the three kinds of cones
# (tests/core/test_palette.py measures it); the first eight more than all twelve. The front end puts
# black or white text on them, whichever contrasts at 4.5 to 1 or more.
COLORS = (
    "#005bcc",
    "#cba606",
    "#bf1553",
    "#5eb3ea",
    "#ff76a1",
    "#667dff",
    "#a37c2c",
    "#875691",
    "#9380ce",
    "#246f19",
    "#3db471",
    "#ba5e65",
)

# Letters that the Labeler needs for itself: undo, skip, flag, none, guideline, token cursor.
RESERVED_KEYS = frozenset("usfngt")
DIGITS = "123456789"


def color(position: int) -> str:
    """Return the colour of the label at this position of its task.

    >>> color(0) == color(12)
    True
    """
    return COLORS[position % len(COLORS)]


def hotkeys(names: Sequence[str], taken: Collection[str], *, digits: bool) -> list[str]:
    """Choose a key for each label: digits, letters of its name, any letter, then capitals.

    That is enough for 50 labels.

    Parameters
    ----------
    taken
        Keys in use already.
    digits
        Whether digits may be given; a spans task leaves them to the classifications beside it.

    Returns
    -------
    list of str
        A key for each name; empty where none is left (the label is found by the search box).

    >>> hotkeys(["World", "Sports"], [], digits=True)
    ['1', '2']
    >>> hotkeys(["PER", "ORG", "PLACE"], [], digits=False)
    ['p', 'o', 'l']
    """
    used = set(taken) | RESERVED_KEYS | {key.upper() for key in RESERVED_KEYS}
    chosen = []
    letters = "abcdefghijklmnopqrstuvwxyz"
    for name in names:
        own = [char for char in name.casefold() if char in letters]
        plain = [*(DIGITS if digits else ""), *own, *letters, *("" if digits else DIGITS)]
        wanted = [*plain, "0", *letters.upper()]
        key = next((key for key in wanted if key not in used), "")
        used.add(key)
        chosen.append(key)
    return chosen
