"""What can be set about a brick, and how it stands in the source as a constant."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from refinery_nb.core.errors import HeuristicError, did_you_mean
from refinery_nb.heuristics.lists import PROJECT, NamedList

ParameterKind = Literal["label", "labels", "words", "choice", "integer", "number", "flag", "text"]
WIDTH = 88


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that is filled into the source.

    Attributes
    ----------
    name
        As it is passed; in the source the constant of this name in capitals.
    kind
        ``label``: a label of the task, or None to abstain; ``labels``: a mapping of outcome to
        label or None; ``words``: strings, or a lookup list, which is referred to by its name;
        ``choice``: one of ``choices``; ``integer``: at least 1; ``number``: at least 0;
        ``flag``; ``text``.
    default
        The value if nothing is passed.
    description
        A phrase that completes "this is ...".
    """

    name: str
    kind: ParameterKind
    default: Any
    description: str
    choices: tuple[str, ...] = ()

    @property
    def constant(self) -> str:
        """The name of the constant."""
        return self.name.upper()

    def checked(self, value: Any) -> Any:
        """Return a value in the form in which it is written.

        Raises
        ------
        HeuristicError
            If it is none for this parameter.

        >>> Parameter("most", "integer", 3, "a number").checked(4)
        4
        """
        if self.kind == "label":
            fine = value is None or (isinstance(value, str) and bool(value.strip()))
            return self._if(fine, value, "a label's name, or None to abstain")
        if self.kind == "labels":
            return self._labels(value)
        if self.kind == "words":
            return self._words(value)
        if self.kind == "choice":
            if value not in self.choices:
                raise HeuristicError(
                    f"{self.name}={value!r}.", hint=did_you_mean(str(value), self.choices)
                )
            return value
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
        if self.kind == "integer":
            whole = number and isinstance(value, int) and value >= 1
            return self._if(whole, value, "a whole number from 1")
        if self.kind == "number":
            return self._if(number, value, "a number from 0")
        if self.kind == "flag":
            return self._if(isinstance(value, bool), value, "True or False")
        return self._if(isinstance(value, str), value, "a string")

    def written(self, value: Any) -> str:
        """Return the constant with its value and description as lines of source."""
        text = literal(value)
        line = f"{self.constant} = {text}"
        if len(line) + len(self.description) + 4 <= WIDTH and "\n" not in text:
            return f"{line}  # {self.description}\n"
        return f"# {self.constant}: {self.description}\n{line}\n"

    def _if(self, fine: bool, value: Any, wanted: str) -> Any:
        if not fine:
            raise HeuristicError(f"{self.name}={value!r:.60} is not {wanted}.")
        return value

    def _words(self, value: Any) -> tuple[str, ...] | NamedList:
        if isinstance(value, NamedList) and len(value):
            return value  # by name: the rule follows the list
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise HeuristicError(
                f"{self.name}={value!r:.60} is not a list of strings.", hint="Write [...]."
            )
        words = tuple(dict.fromkeys(value))
        if not words or not all(isinstance(word, str) and word.strip() for word in words):
            raise HeuristicError(
                f"{self.name} holds {'nothing' if not words else 'something else than words'};"
                " it takes strings that are not blank."
            )
        return words

    def _labels(self, value: Any) -> dict[str, str | None]:
        if not isinstance(value, Mapping):
            raise HeuristicError(
                f"{self.name}={value!r:.60} is not a mapping of outcome to label.",
                hint=f"Outcomes: {', '.join(self.choices)}.",
            )
        for outcome, label in value.items():
            if outcome not in self.choices:
                raise HeuristicError(
                    f"{self.name} names the outcome {outcome!r}.",
                    hint=did_you_mean(str(outcome), self.choices),
                )
            if label is not None and (not isinstance(label, str) or not label.strip()):
                raise HeuristicError(f"{label!r:.60} is not a label's name, or None to abstain.")
        return dict(value)


def literal(value: Any) -> str:
    """Return a value as Python source, long lists broken into lines.

    >>> literal(("a", "b"))
    '("a", "b")'
    """
    if isinstance(value, str):
        plain = '"' not in value and "\\" not in value and value.isprintable()
        return f'"{value}"' if plain else ascii(value)
    if isinstance(value, NamedList):
        return f"{PROJECT}.lookups[{literal(value.name)}]"
    if isinstance(value, Mapping):
        inner = [f"{literal(key)}: {literal(one)}" for key, one in value.items()]
        return _listed(inner, "{", "}")
    if isinstance(value, tuple):
        inner = [literal(one) for one in value]
        return _listed(inner, "(", ")", single=",")
    return repr(value)


def _listed(items: list[str], opening: str, closing: str, *, single: str = "") -> str:
    line = f"{opening}{', '.join(items)}{single if len(items) == 1 else ''}{closing}"
    if len(line) <= WIDTH - 20:
        return line
    # Items hold spaces of their own: they must not be broken there.
    marked = " ".join(item.replace(" ", "\x00") + "," for item in items)
    lines = textwrap.wrap(
        marked, WIDTH - 4, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
    body = "\n".join(f"    {line}".replace("\x00", " ") for line in lines)
    return f"{opening}\n{body}\n{closing}"
