"""A labelled span of text: half-open code-point offsets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from refinery_nb.core.errors import SpanError
from refinery_nb.core.schema import Overlap


class Span(NamedTuple):
    """Characters ``start`` to ``end`` (exclusive) of a text carry ``label``."""

    start: int
    end: int
    label: str


def check_span(
    start: object, end: object, text: str, *, index: int, record: str | int | None = None
) -> tuple[int, int]:
    """Return the offsets as plain integers if they lie in ``text``.

    Parameters
    ----------
    index
        Which span of the record this is, from 0; only for the message.

    Raises
    ------
    SpanError
        If an offset is no integer (booleans and floats are none), negative, beyond the text,
        or if the span is empty or reversed.
    """
    for offset in (start, end):
        if isinstance(offset, bool) or not hasattr(offset, "__index__"):
            raise SpanError(
                f"span {index} has the offset {offset!r}; offsets are integers.", record=record
            )
    first, last = int(start), int(end)  # type: ignore[call-overload]
    if not 0 <= first < last <= len(text):
        raise SpanError(
            f"span {index}, [{first}, {last}), does not lie in the text of {len(text)} characters.",
            record=record,
            hint="Offsets are half-open code points with start < end.",
        )
    return first, last


def check_overlap(
    spans: Iterable[Span], policy: Overlap, *, record: str | int | None = None
) -> None:
    """Raise if two spans share characters in a way that the policy does not allow.

    The same span twice with the same label is never allowed.

    Raises
    ------
    SpanError
        Naming the two spans.
    """
    ordered = sorted(spans, key=lambda span: (span.start, -span.end, span.label))
    open_spans: list[Span] = []
    for span in ordered:
        open_spans = [other for other in open_spans if other.end > span.start]
        for other in open_spans:
            same = other == span
            inside = span.end <= other.end
            allowed = policy is Overlap.ANY or (policy is Overlap.NESTED and inside)
            if same or not allowed:
                what = "is there twice" if same else f"overlaps {tuple(other)}"
                raise SpanError(
                    f"the span {tuple(span)} {what}; the task is {policy.value!r}.", record=record
                )
        open_spans.append(span)
