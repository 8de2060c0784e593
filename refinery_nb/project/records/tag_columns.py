"""Spans that come as tags of tokens: how refinery's own record exports hold them."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from typing import Any

from refinery_nb import io
from refinery_nb.io.bio import TAG, spans_of_tags
from refinery_nb.text.tokens import all_tokens, tokens


class Exact(list[Any]):
    """Spans ``[start, end, label]`` that are known to count code points."""


def tags_of(value: Any) -> list[str] | None:
    """Return a list of tags, also where a table holds it as text; None if it is none.

    >>> tags_of("['OUTSIDE', 'B-ORG']")
    ['OUTSIDE', 'B-ORG']
    >>> tags_of("[brackets]") is None
    True
    """
    if isinstance(value, str):
        if not value.startswith("["):
            return None
        try:
            value = json.loads(value)
        except ValueError:
            try:
                # As pandas writes a list into a cell; only literals are read.
                value = ast.literal_eval(value)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                return None
    if not isinstance(value, list) or not value:
        return None
    fine = all(isinstance(one, str) and TAG.fullmatch(one) for one in value)
    return value if fine else None


def holds_tags(reading: io.Reading, at: int) -> bool:
    """Return whether the first value of a column is a list of tags."""
    for chunk in reading.chunks():
        for value in chunk.columns[at]:
            if value not in (None, ""):
                return tags_of(value) is not None
    return False


def spans_of(tags: Sequence[str], text: str, language: str) -> tuple[Exact, list[int]] | None:
    """Return the spans that tags of a text say, and the token at which each begins.

    Tokens are those of the project's tokenizer, white space counted as spaCy does or left out;
    None if there are more or fewer of them than tags.

    >>> spans_of(["OUTSIDE", "B-ORG", "I-ORG"], "at Acme Corp", "en")
    ([[3, 12, 'ORG']], [1])
    """
    for tokenize in (all_tokens, tokens):
        offsets = tokenize(text, language).tolist()
        if len(offsets) == len(tags):
            spans = spans_of_tags(tags, offsets)
            first = {start: at for at, (start, _) in enumerate(offsets)}
            return Exact(map(list, spans)), [first[span.start] for span in spans]
    return None
