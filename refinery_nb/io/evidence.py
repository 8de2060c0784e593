"""From values to types: what is seen of a column, and which type that allows."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from refinery_nb.core.schema import AttributeType

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
SMALLEST, LARGEST = -(2**63), 2**63 - 1

# A column of strings is a category if few values come often (refinery's rule), with bounds.
CATEGORY_SHARE = 0.2
CATEGORY_LENGTH = 50
CATEGORY_RECORDS = 5
CATEGORY_VALUES = 1_000


class Evidence:
    """What has been seen of one column."""

    def __init__(self) -> None:
        self.count = 0
        self.types: Counter[type] = Counter()
        self.huge = False
        self.finite = True
        self._distinct: set[str] | None = set()
        # Of text cells only: what all of them could still be.
        self._could = {"integer", "float", "true", "True"}
        self._dotted = self._filled = False

    def see_values(self, values: Sequence[Any]) -> None:
        """Take in typed values."""
        self.count += len(values)
        kinds = set(map(type, values))
        if len(kinds) == 1:
            self.types[next(iter(kinds))] += len(values)
        else:
            self.types.update(map(type, values))
        if int in kinds and not self.huge:
            own = values if len(kinds) == 1 else [one for one in values if type(one) is int]
            self.huge = not SMALLEST <= min(own) <= max(own) <= LARGEST
        if float in kinds and self.finite:
            self.finite = all(math.isfinite(value) for value in values if type(value) is float)
        if str in kinds and self._distinct is not None:
            # Of a column of strings the distinct ones are found in C.
            plain = kinds <= {str, type(None)}
            self._see_strings(one for one in (set(values) if plain else values) if type(one) is str)

    def see_cells(self, cells: Sequence[str | None]) -> None:
        """Take in cells of text, None where a row was too short."""
        self.count += len(cells)
        if self._filled and not self._could and self._distinct is None:
            return
        distinct = set(cells)
        distinct.discard(None)
        self._see_strings(cell for cell in distinct if cell is not None)
        distinct.discard("")
        if not distinct:
            return
        self._filled = True
        strings = [cell for cell in distinct if cell is not None]
        if "integer" in self._could and not all(map(_is_integer, strings)):
            self._could.discard("integer")
        if "float" in self._could and not all(map(DECIMAL.fullmatch, strings)):
            self._could.discard("float")
        if "float" in self._could:
            self._dotted = self._dotted or any("." in cell for cell in strings)
        for word, other in (("true", "false"), ("True", "False")):
            if word in self._could and not distinct <= {word, other}:
                self._could.discard(word)

    def fits_values(self, kind: AttributeType) -> bool:
        """Return whether every typed value seen is known to fit a type as it is."""
        seen = {one for one, n in self.types.items() if n and one is not type(None)}
        if kind.is_string:
            return seen <= {str}
        if kind is AttributeType.INTEGER:
            return seen <= {int} and not self.huge
        if kind is AttributeType.BOOLEAN:
            return seen <= {bool}
        if kind is AttributeType.FLOAT:
            # Integers may lose digits as floats: those are looked at again.
            return seen <= {float} and self.finite
        return True

    def decide_values(self) -> AttributeType:
        """Return the type of typed values: what most of them are."""
        seen = Counter({kind: n for kind, n in self.types.items() if kind is not type(None)})
        if not seen:
            return AttributeType.TEXT
        numbers = seen[int] + seen[float]
        containers = seen[list] + seen[dict]
        most = max(numbers, containers, seen[str], seen[bool])
        if most == seen[str]:
            return self._string_type()
        if most == numbers:
            if self.huge:
                return AttributeType.TEXT
            return AttributeType.FLOAT if seen[float] else AttributeType.INTEGER
        return AttributeType.JSON if most == containers else AttributeType.BOOLEAN

    def decide_cells(self) -> AttributeType:
        """Return the type of text cells: a number only if nothing of it would be lost."""
        if self._filled:
            if "integer" in self._could:
                return AttributeType.INTEGER
            if "float" in self._could and self._dotted:
                return AttributeType.FLOAT
            if self._could & {"true", "True"}:
                return AttributeType.BOOLEAN
        return self._string_type()

    def _see_strings(self, values: Any) -> None:
        if self._distinct is None:
            return
        self._distinct.update(values)
        if len(self._distinct) > CATEGORY_VALUES or any(
            len(value) >= CATEGORY_LENGTH for value in self._distinct
        ):
            self._distinct = None

    def _string_type(self) -> AttributeType:
        few = self._distinct is not None and len(self._distinct) <= CATEGORY_SHARE * self.count
        if few and self.count >= CATEGORY_RECORDS:
            return AttributeType.CATEGORY
        return AttributeType.TEXT


def _is_integer(cell: str) -> bool:
    return (
        INTEGER.fullmatch(cell) is not None
        and cell != "-0"
        and len(cell) < 21
        and SMALLEST <= int(cell) <= LARGEST
    )
