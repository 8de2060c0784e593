"""What a function returned for a record, checked and written on the ballot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from refinery_nb.core.errors import did_you_mean

MOST_SPANS = 10_000  # of one record; a generator that never ends must end


class BadVote(Exception):
    """A function returned something that is no vote; the message says why."""


def shown(value: object) -> str:
    """Return a short form of any value, also of one whose own ``repr`` fails."""
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 80 else text[:77] + "..."


def _label(value: object, labels: Mapping[str, int]) -> int:
    if not isinstance(value, str):
        raise BadVote(f"{shown(value)} is of type {type(value).__name__}; a label is a string.")
    if value == "":
        raise BadVote("an empty string is no label; return None to abstain.")
    if value not in labels:
        raise BadVote(f"unknown label {shown(value)}. {did_you_mean(value, labels)}")
    return labels[value]


def _confidence(value: Any) -> float:
    if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
        raise BadVote(f"the confidence {shown(value)} is no number.")
    number = float(value)
    if math.isnan(number) or not 0 < number <= 1:
        raise BadVote(f"the confidence {shown(value)} does not lie in (0, 1].")
    return max(number, 1e-30)  # the columns hold float32


def class_vote(vote: object, labels: Mapping[str, int]) -> tuple[int, float]:
    """Return the position of the label and the confidence.

    Raises
    ------
    BadVote
        If it is no vote for one label.
    """
    if isinstance(vote, str):
        return _label(vote, labels), 1.0
    if isinstance(vote, (tuple, list)):
        if len(vote) == 2 and isinstance(vote[0], str) and not isinstance(vote[1], str):
            return _label(vote[0], labels), _confidence(vote[1])
        named = sum(isinstance(item, str) for item in vote)
        if named >= 2:
            raise BadVote(f"{shown(vote)} holds {named} labels; a record gets one.")
        if len(vote) >= 3 or any(isinstance(item, (tuple, list)) for item in vote):
            raise BadVote(f"{shown(vote)} looks like spans; this task labels whole records.")
    if hasattr(vote, "__next__"):
        raise BadVote(f"it yields; for this task return a label (got {shown(vote)}).")
    raise BadVote(
        f"{shown(vote)} is of type {type(vote).__name__};"
        " return a label, (label, confidence) or None."
    )


def label_votes(vote: object, labels: Mapping[str, int]) -> list[tuple[int, float]]:
    """Return the position and confidence of each label of a record that may have several.

    Accepts a label, ``(label, confidence)``, or an iterable of these. The same label counts once.

    Raises
    ------
    BadVote
        If something else is in it.
    """
    lists = (str, tuple, list)
    pair = isinstance(vote, (tuple, list)) and len(vote) == 2 and not isinstance(vote[1], lists)
    if isinstance(vote, str) or (pair and isinstance(vote[0], str)):  # type: ignore[index]
        return [class_vote(vote, labels)]
    if not isinstance(vote, Iterable) or isinstance(vote, (bytes, Mapping)):
        raise BadVote(f"{shown(vote)} is of type {type(vote).__name__}; return labels, as a list.")
    found: dict[int, float] = {}
    for count, one in enumerate(vote):
        if count >= MOST_SPANS:
            raise BadVote(f"more than {MOST_SPANS:,} labels.")
        label, confidence = class_vote(one, labels)
        found[label] = max(confidence, found.get(label, 0.0))
    return sorted(found.items())


def _offsets(first: Any, last: Any, text: str) -> tuple[int, int]:
    for offset in (first, last):
        if isinstance(offset, bool) or not hasattr(offset, "__index__"):
            raise BadVote(
                f"the offset {shown(offset)} is of type {type(offset).__name__}; it must be an int."
            )
    start, end = first.__index__(), last.__index__()
    if not 0 <= start <= end <= len(text):
        raise BadVote(f"the span [{start}, {end}) lies outside the text of {len(text)} characters.")
    if start == end:
        raise BadVote(f"the span [{start}, {end}) is empty.")
    return start, end


def span_votes(
    votes: object, labels: Mapping[str, int], text: object
) -> list[tuple[int, int, int, float]]:
    """Return label position, start, end and confidence of each span.

    Accepts an iterable of ``(label, start, end[, confidence])`` or ``(label, span[, confidence])``
    with a spaCy ``Span``, or one such tuple. The same span with the same label counts once.

    Raises
    ------
    BadVote
        If something else is in it.
    """
    if isinstance(votes, str):
        raise BadVote(f"{shown(votes)} is a label alone; this task needs (label, start, end).")
    if isinstance(votes, tuple) and votes and isinstance(votes[0], str):
        votes = [votes]
    if not isinstance(votes, Iterable) or isinstance(votes, (bytes, Mapping)):
        raise BadVote(
            f"{shown(votes)} is of type {type(votes).__name__}; yield (label, start, end)."
        )
    found: dict[tuple[int, int, int], float] = {}
    for count, vote in enumerate(votes):
        if count >= MOST_SPANS:
            raise BadVote(f"more than {MOST_SPANS:,} spans.")
        if not isinstance(vote, (tuple, list)) or not 2 <= len(vote) <= 4:
            raise BadVote(f"{shown(vote)} is no span; yield (label, start, end).")
        if not isinstance(text, str):
            raise BadVote(f"there is no text for a span: the attribute is {shown(text)}.")
        name, first, *rest = vote
        label = _label(name, labels)
        if hasattr(first, "start_char") and hasattr(first, "end_char"):
            last, first = first.end_char, first.start_char
        elif rest:
            last = rest.pop(0)
        else:
            raise BadVote(f"{shown(vote)} is no span; yield (label, start, end).")
        if len(rest) > 1:
            raise BadVote(f"{shown(vote)} is no span; yield (label, start, end).")
        start, end = _offsets(first, last, text)
        confidence = _confidence(rest[0]) if rest else 1.0
        key = (label, start, end)
        found[key] = max(confidence, found.get(key, 0.0))
    return [(*key, confidence) for key, confidence in found.items()]
