"""Names and values inside a query: arguments in parentheses, people, labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from refinery_nb.core.errors import did_you_mean
from refinery_nb.project.query_text.lexer import Token

if TYPE_CHECKING:
    from refinery_nb.project.query_text.parser import Parser


def argument(parser: Parser, kind: str, known: Iterable[str]) -> Token:
    """Take a name in parentheses: in quotes, or as it is up to the next comma."""
    parser.offer(kind, known)
    first = parser.token
    if first.kind in ("string", "name"):
        return parser.take()
    while parser.token.kind in ("word", "op", "minus", "string"):
        last = parser.take()
    if parser.token is first:
        raise parser.error(f"here the name of a {kind} is missing.")
    return Token("word", parser.text[first.start : last.end], first.start, last.end)


def comma(parser: Parser) -> bool:
    """Take a comma, if there is one."""
    if parser.token.kind != ",":
        return False
    parser.take()
    return True


def by(parser: Parser, task: str) -> str | None:
    """Take ``by`` and a person, if they stand here."""
    parser.offer("by", ("by",))
    if not parser.is_word("by"):
        return None
    parser.take()
    return argument_value(parser, "person", parser.vocabulary.tasks[task].people).value


def argument_value(parser: Parser, kind: str, known: Iterable[str]) -> Token:
    """Take one word, or a text in quotes."""
    parser.offer(kind, known)
    if not parser.token.is_text:
        raise parser.error(f"here a {kind} is missing.", hint="Write it in quotes.")
    return parser.take()


def label(parser: Parser, task: str) -> str:
    """Take a label of a task."""
    labels = parser.vocabulary.tasks[task].labels
    token = argument_value(parser, "label", labels)
    if token.value not in labels:
        longer = [one for one in labels if one.startswith(f"{token.value} ")]
        hint = f'Write "{longer[0]}" in quotes.' if longer else did_you_mean(token.value, labels)
        raise parser.error(f"task {task!r} has no label {token.value!r}.", token, hint)
    return token.value
