"""The words of a query: where each stands, so that what is wrong can be pointed at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from refinery_nb.core.errors import QueryError

Kind = Literal["word", "string", "name", "op", "minus", "(", ")", ",", "end"]

OPERATORS = ("!=", "<=", ">=", "==", "=", "<", ">", ":")
TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<name>`[^`]+`)
    | (?P<op>!=|<=|>=|==|=|<|>|:)
    | (?P<bracket>[(),])
    | (?P<word>(?:[^\s()"`=<>,:!]|!(?!=))+)
    """,
    re.VERBOSE | re.DOTALL,
)
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
ESCAPED = re.compile(r'\\(["\\])')


class QueryTextError(QueryError):
    """A query that cannot be read: where it goes wrong, and what could stand there.

    Attributes
    ----------
    text
        The whole query.
    start, end
        Where what is wrong stands in it, in code points, half-open.
    """

    def __init__(
        self, message: str, text: str, start: int, end: int, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.start = start
        self.end = max(end, start + 1)

    def __str__(self) -> str:
        line = self.text.rfind("\n", 0, self.start) + 1
        shown = self.text[line:].split("\n")[0]
        pointer = " " * (self.start - line) + "^" * max(
            1, min(self.end, line + len(shown)) - self.start
        )
        return f"{super().__str__()}\n  {shown}\n  {pointer}"


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a query. ``value`` is what it says: without quotes and escapes."""

    kind: Kind
    value: str
    start: int
    end: int

    @property
    def is_text(self) -> bool:
        """Whether it can be a name or a value."""
        return self.kind in ("word", "string", "name")


def tokens(text: str) -> list[Token]:
    """Return the words of a query; the last one is its end.

    Raises
    ------
    QueryTextError
        If a quotation mark is not closed.

    >>> [one.value for one in tokens('stars>=3 -"too late"')]
    ['stars', '>=', '3', '-', 'too late', '']
    """
    found: list[Token] = []
    at = 0
    while at < len(text):
        if _is_minus(text, at):
            found.append(Token("minus", "-", at, at + 1))
            at += 1
            continue
        match = TOKEN.match(text, at)
        if match is None:
            quote = text[at]
            raise QueryTextError(
                f"the {quote} here is not closed.", text, at, len(text), f"Write {quote} again."
            )
        kind = str(match.lastgroup)
        whole = match.group()
        if kind == "string":
            found.append(Token("string", unquoted(whole), at, match.end()))
        elif kind == "name":
            found.append(Token("name", whole[1:-1], at, match.end()))
        elif kind == "op":
            found.append(Token("op", "=" if whole == "==" else whole, at, match.end()))
        elif kind == "bracket":
            found.append(Token(whole, whole, at, match.end()))  # type: ignore[arg-type]
        elif kind == "word":
            found.append(Token("word", whole, at, match.end()))
        at = match.end()
    found.append(Token("end", "", len(text), len(text)))
    return found


def quoted(value: str) -> str:
    r"""Return a value in quotation marks.

    >>> print(quoted('5" \\d'))
    "5\" \\d"
    """
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unquoted(value: str) -> str:
    r"""Return what stands in quotation marks; a backslash escapes only those and itself.

    >>> unquoted(r'"\d \" \\"')
    '\\d " \\'
    """
    return ESCAPED.sub(r"\1", value[1:-1])


def number(word: str) -> int | float | None:
    """Return the number that a word is, or None.

    >>> number("3"), number(".5"), number("3 stars")
    (3, 0.5, None)
    """
    if not NUMBER.fullmatch(word):
        return None
    return int(word) if re.fullmatch(r"[+-]?\d+", word) else float(word)


def _is_minus(text: str, at: int) -> bool:
    """Say whether a minus stands here that means "not": before a word, and not inside one."""
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    if text[at] != "-" or not (before.isspace() or before == "("):
        return False
    return after in '("`' or not (after.isspace() or after.isdigit() or after in ".-=<>,:)!")
