"""Names of a snapshot as they may stand here: a name that may not is changed as little as possible.

In refinery two labels of a task may be called ``Date`` and ``date``, a name may hold a line break.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from refinery_nb.core.schema import folded

LONGEST, ROOM = 300, 10  # characters of a name, and of what tells it from another
APART = "__"  # separates the parts of a column's name in exports


class Names:
    """Gives names, each once.

    Parameters
    ----------
    taken
        Names that exist already. One that is asked for again is given as it is.
    apart
        Whether two underscores may stand in a name.

    >>> names = Names(["Date"])
    >>> names.fitting("date"), names.fitting("Date"), names.fitting("date")
    ('date (2)', 'Date', 'date (2)')
    """

    def __init__(self, taken: Iterable[str] = (), *, apart: bool = True) -> None:
        self._taken = {folded(name): name for name in taken}
        self._apart = apart

    def fitting(self, wanted: str) -> str:
        """Return the name under which something stands here."""
        plain = "".join(
            " " if unicodedata.category(char) in ("Cc", "Cs") else char for char in wanted
        )
        while not self._apart and APART in plain:
            plain = plain.replace(APART, "_")
        name = plain[:LONGEST] if plain.strip() else "unnamed"
        plain, number = name[: LONGEST - ROOM], 2
        while self._taken.setdefault(folded(name), name) != name:
            name, number = f"{plain} ({number})", number + 1
        return name
