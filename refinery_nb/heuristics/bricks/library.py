"""The library of bricks: found by name, searched in words, loaded when first used."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from refinery_nb.core.errors import HeuristicError, did_you_mean
from refinery_nb.heuristics.bricks.brick import Brick

if TYPE_CHECKING:
    import pandas as pd

# Each holds a tuple BRICKS.
MODULES = (
    *("contact", "money", "time", "codes", "names", "numbers", "emoji"),
    *("language", "style", "intent", "lists"),
)


class Bricks(Mapping[str, Brick]):
    """Ready rules, classifiers and extractors, by name.

    ``rn.bricks`` lists them, ``rn.bricks["iban"]`` shows one with its source and examples, and
    ``rn.bricks.find("bank")`` those that have to do with something.
    """

    def __init__(self, found: dict[str, Brick] | None = None) -> None:
        self._found = found

    @property
    def _bricks(self) -> dict[str, Brick]:
        if self._found is None:
            modules = [
                importlib.import_module(f"refinery_nb.heuristics.bricks.{name}") for name in MODULES
            ]
            self._found = {brick.name: brick for one in modules for brick in one.BRICKS}
        return self._found

    def __getitem__(self, name: str) -> Brick:
        try:
            return self._bricks[name]
        except KeyError:
            raise HeuristicError(
                f"there is no brick {name!r}.", hint=did_you_mean(str(name), self._bricks)
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._bricks

    def __iter__(self) -> Iterator[str]:
        return iter(self._bricks)

    def __len__(self) -> int:
        return len(self._bricks)

    def find(self, words: str, *, kind: str | None = None) -> Bricks:
        """Return the bricks whose name, group or description holds all of these words.

        >>> "iban" in bricks.find("bank")
        True
        """
        wanted = words.casefold().split()
        return Bricks(
            {
                brick.name: brick
                for brick in self._bricks.values()
                if kind in (None, brick.kind) and all(word in _words(brick) for word in wanted)
            }
        )

    def frame(self) -> pd.DataFrame:
        """Return the bricks as a table: name, kind, group, description."""
        import pandas as pd

        return pd.DataFrame(
            [(one.name, one.kind, one.group, one.description) for one in self._bricks.values()],
            columns=["name", "kind", "group", "description"],
        )

    def __repr__(self) -> str:
        if not self._bricks:
            return "No brick."
        return str(self.frame().to_string(index=False, justify="left", max_colwidth=80))

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False, escape=True))


def _words(brick: Brick) -> str:
    return f"{brick.name} {brick.kind} {brick.group} {brick.description}".casefold()


bricks = Bricks()
