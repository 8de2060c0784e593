"""Conditions that are no comparison: searches, keys, what was judged, lists of conditions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from refinery_nb.core.condition_json import from_json
from refinery_nb.core.errors import QueryError
from refinery_nb.core.example import Example
from refinery_nb.core.query import (
    Among,
    And,
    Commented,
    Compare,
    Condition,
    Judged,
    Judgement,
    Keys,
    Not,
    Or,
    Selection,
    SimilarityField,
    TextSearch,
)
from refinery_nb.project.query_text import arguments, fields
from refinery_nb.project.query_text.lexer import Token, number

if TYPE_CHECKING:
    from refinery_nb.project.query_text.parser import Parser

NEAREST = 100  # records that a search by meaning finds, unless told otherwise


def called(parser: Parser) -> Condition:
    """Take a condition with its arguments, such as ``keys(a, b)``."""
    token = parser.take()
    opened = parser.take()
    found = CALLS[token.value](parser, token)
    parser.close(opened)
    return found


def short(parser: Parser) -> Condition:
    """Take a condition with one argument, written with a colon: ``meaning:"late parcel"``."""
    token = parser.take()
    parser.take()
    if token.value == "slice":
        known = parser.vocabulary.slices
        chosen = arguments.argument_value(parser, "slice", known)
        if chosen.value not in known:
            raise parser.unknown("slice", chosen, known)
        return fields.in_slice(parser, chosen.value)
    said = arguments.argument_value(parser, "key" if token.value == "like" else "text", ())
    if token.value == "search":
        return TextSearch(said.value)
    example = Example(key=said.value) if token.value == "like" else Example(text=said.value)
    return nearest(example, NEAREST, _embedding(parser, token))


def nearest(example: Example, k: int, embedding: str) -> Among:
    """Return the condition of being among the ``k`` records most like an example."""
    field = SimilarityField(embedding, (example,))
    ranked = Not(Compare(field, "missing", None))
    if example.key is not None:
        return Among(Selection(And((Not(Keys((example.key,))), ranked)), ((field, True),), k))
    return Among(Selection(ranked, ((field, True),), k))


def _embedding(parser: Parser, token: Token) -> str:
    known = parser.vocabulary.embeddings
    if not known:
        raise parser.error(
            "there are no vectors to compare by.", token, "Call project.embed(...) first."
        )
    return known[0]


def _by_meaning(parser: Parser, token: Token) -> Condition:
    said = arguments.argument(parser, "key" if token.value == "like" else "text", ())
    k, embedding = NEAREST, None
    if arguments.comma(parser):
        asked = arguments.argument(parser, "number", ())
        found = number(asked.value)
        if not isinstance(found, int) or found < 0:
            raise parser.error(f"{asked.value!r} is not a number of records.", asked)
        k = found
        if arguments.comma(parser):
            chosen = arguments.argument(parser, "embedding", parser.vocabulary.embeddings)
            if chosen.value not in parser.vocabulary.embeddings:
                raise parser.unknown("embedding", chosen, parser.vocabulary.embeddings)
            embedding = chosen.value
    example = Example(key=said.value) if token.value == "like" else Example(text=said.value)
    return nearest(example, k, embedding or _embedding(parser, token))


def _judged(parser: Parser, token: Token) -> Condition:
    tasks = parser.vocabulary.tasks
    task = arguments.argument(parser, "task", tasks)
    if task.value not in tasks:
        raise parser.unknown("task", task, tasks)
    known = tasks[task.value].heuristics
    named: list[str] = []
    while arguments.comma(parser):
        chosen = arguments.argument(parser, "heuristic", known)
        if chosen.value not in known:
            raise parser.unknown("heuristic", chosen, known)
        named.append(chosen.value)
    most = 2 if token.value == "against" else 1
    if not 1 <= len(named) <= most:
        raise parser.error(
            f"{token.value} takes a task and {'one or two heuristics' if most == 2 else 'one'}.",
            token,
        )
    what: Judgement = token.value  # type: ignore[assignment]
    return Judged(task.value, named[0], what, named[1] if len(named) == 2 else None)


def _keys(parser: Parser, _token: Token) -> Condition:
    found: list[str] = []
    while parser.token.kind != ")":
        found.append(arguments.argument(parser, "key", ()).value)
        if not arguments.comma(parser):
            break
    return Keys(tuple(found))


def _items(parser: Parser, token: Token) -> Condition:
    found: list[Condition] = []
    while parser.token.kind != ")":
        found.append(parser.inner())
        if not arguments.comma(parser):
            break
    return And(tuple(found)) if token.value == "all" else Or(tuple(found))


def _search(parser: Parser, _token: Token) -> Condition:
    return TextSearch(arguments.argument(parser, "text", ()).value)


def _commented(parser: Parser, _token: Token) -> Condition:
    people = {one for task in parser.vocabulary.tasks.values() for one in task.people}
    parser.offer("person", sorted(people))
    if parser.token.kind == ")":
        return Commented()
    return Commented(arguments.argument(parser, "person", ()).value)


def _raw(parser: Parser, _token: Token) -> Condition:
    document = arguments.argument_value(parser, "text", ())
    try:
        return from_json(json.loads(document.value))
    except (QueryError, ValueError, RecursionError) as error:
        raise parser.error(f"this is no condition in JSON: {error}", document) from error


CALLS: dict[str, Callable[[Parser, Token], Condition]] = {
    "search": _search,
    "meaning": _by_meaning,
    "like": _by_meaning,
    "keys": _keys,
    "right": _judged,
    "wrong": _judged,
    "missed": _judged,
    "against": _judged,
    "commented": _commented,
    "all": _items,
    "any": _items,
    "raw": _raw,
}
