"""What makes a spaCy document of an attribute's text, in a child process."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, MutableSequence
from typing import Any

from refinery_nb.heuristics.batch import Record

OWN = 3  # the place of the heartbeat that says whose code runs


class Pipelines:
    """The tokenizers of attributes, each made when it is first needed.

    Parameters
    ----------
    target
        ``"module:function"`` that makes one from its name.
    names
        The name of the tokenizer of each attribute; ``""``: of all others. A string: of all.
    """

    def __init__(
        self, target: str, names: str | Mapping[str, str], beat: MutableSequence[int]
    ) -> None:
        self._target = target
        self._names = {"": names} if isinstance(names, str) else dict(names)
        self._beat = beat
        self._made: dict[str, Any] = {}

    def __call__(self, attribute: str = "") -> Any:
        """Return what makes a doc; importing it takes seconds that are not the record's."""
        name = self._names.get(attribute, self._names[""])
        if name not in self._made:
            self._beat[OWN] = 1
            module, _, function = self._target.partition(":")
            self._made[name] = getattr(importlib.import_module(module), function)(name)
            self._beat[OWN] = 0
        return self._made[name]

    def record(self) -> type[Record]:
        """Return a class of records whose texts become documents by these."""
        return type("Record", (Record,), {"__slots__": (), "_pipeline": staticmethod(self)})
