"""Colours and keys that labels get unless their owner chooses others."""

from __future__ import annotations

from collections.abc import Collection, Sequence

# Twelve colours that stay apart on white and on dark, also for the common colour-blindnesses
# (they differ in lightness as well as in hue). The front end puts black or white text on them,
# whichever contrasts at 4.5 to 1 or more.
COLORS = (
    "#3b6fd4",
    "#e08a1e",
    "#2a9d62",
    "#c2417c",
    "#7a5cc9",
    "#d6c02a",
    "#1f9fb5",
    "#b5452f",
    "#8aa33c",
    "#5a6b82",
    "#d98bc0",
    "#8a5a2b",
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
