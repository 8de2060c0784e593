"""What can stand where a query is being typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from refinery_nb.project.query_text.lexer import QueryTextError, tokens, unquoted
from refinery_nb.project.query_text.parser import Parser
from refinery_nb.project.query_text.printer import SIMPLE
from refinery_nb.project.query_text.vocabulary import Vocabulary

MOST = 40
DETAILS = {
    "attribute": "attribute",
    "task": "what people say",
    "field": "field",
    "condition": "condition",
    "joining": "",
    "operator": "",
    "state": "",
    "by": "who said so",
}
QUOTED = ("label", "person", "value", "heuristic", "slice", "embedding")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that can stand there: what is written, and what kind of thing it is."""

    text: str
    kind: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {"text": self.text, "kind": DETAILS.get(self.kind, self.kind)}


@dataclass(frozen=True, slots=True)
class Completion:
    """What can replace the text from ``start`` to ``end`` (code points), the likeliest first."""

    start: int
    end: int
    candidates: tuple[Candidate, ...]


def complete(text: str, cursor: int, vocabulary: Vocabulary) -> Completion:
    """Return what can stand at a place of a query, given what is typed of it already."""
    cursor = max(0, min(cursor, len(text)))
    start, end, typed = _typed(text, cursor)
    parser_text = text[:start]
    try:
        parser = Parser(parser_text, vocabulary)
    except QueryTextError:
        return Completion(cursor, cursor, ())
    try:
        parser.query()
    except QueryTextError:
        # It ends in the middle, as it should; an error before its end says that nothing fits.
        if parser.token.kind != "end":
            return Completion(cursor, cursor, ())
    folded = typed.casefold()
    found: dict[str, Candidate] = {}
    for kind, name in parser.offers:
        shown = _shown(kind, name)
        if name.casefold().startswith(folded) and name.casefold() != folded:
            found.setdefault(shown, Candidate(shown, kind))
    for kind, name in parser.offers:
        shown = _shown(kind, name)
        if folded and folded in name.casefold() and name.casefold() != folded:
            found.setdefault(shown, Candidate(shown, kind))
    return Completion(start, end, tuple(list(found.values())[:MOST]))


def _typed(text: str, cursor: int) -> tuple[int, int, str]:
    """Return where the word that is being typed begins and ends, and what there is of it."""
    try:
        before = tokens(text[:cursor])
    except QueryTextError as error:
        # In the middle of what stands in quotes.
        return error.start, cursor, unquoted(f"{text[error.start : cursor]} ")[:-1].lstrip('"`')
    if len(before) > 1:
        last = before[-2]
        if last.end == cursor and last.kind in ("word", "string", "name"):
            end = cursor
            while end < len(text) and (text[end].isalnum() or text[end] in "_-."):
                end += 1
            return last.start, end, last.value
    return cursor, cursor, ""


def _shown(kind: str, name: str) -> str:
    if kind in QUOTED and not SIMPLE.fullmatch(name):
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if kind in ("attribute", "task") and not SIMPLE.fullmatch(name):
        return f"`{name}`"
    return name
