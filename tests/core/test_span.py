"""Spans: what is refused, and which may stand together."""

from __future__ import annotations

from typing import Any

import pytest

from refinery_nb.core.errors import SpanError
from refinery_nb.core.schema import Overlap
from refinery_nb.core.span import Span, check_overlap, check_span

BAD = [(2, 1), (-1, 2), (0, 6), (2, 2), (0.0, 2), (True, 2), (float("nan"), 2), ("0", 2), (None, 1)]


@pytest.mark.parametrize(("start", "end"), BAD)
def test_bad_offsets_are_refused_by_record_and_span(start: Any, end: Any) -> None:
    """B8."""
    with pytest.raises(SpanError) as caught:
        check_span(start, end, "hello", index=3, record="r1")
    assert caught.value.record == "r1"
    assert "span 3" in caught.value.message


CROSSING = [Span(0, 5, "A"), Span(3, 8, "B")]
NESTED = [Span(0, 8, "A"), Span(3, 5, "B")]
TWO_LABELS = [Span(0, 5, "A"), Span(0, 5, "B")]
TWICE = [Span(0, 5, "A"), Span(0, 5, "A")]
APART = [Span(0, 5, "A"), Span(5, 8, "A")]


@pytest.mark.parametrize(
    ("spans", "policy", "allowed"),
    [
        (CROSSING, Overlap.ANY, True),
        (CROSSING, Overlap.NESTED, False),
        (CROSSING, Overlap.FLAT, False),
        (NESTED, Overlap.NESTED, True),
        (NESTED, Overlap.FLAT, False),
        (TWO_LABELS, Overlap.ANY, True),
        (TWO_LABELS, Overlap.NESTED, True),
        (TWO_LABELS, Overlap.FLAT, False),
        (TWICE, Overlap.ANY, False),
        (APART, Overlap.FLAT, True),
    ],
)
def test_the_overlap_policy_is_kept(spans: list[Span], policy: Overlap, allowed: bool) -> None:
    """B9."""
    if allowed:
        check_overlap(spans, policy)
    else:
        with pytest.raises(SpanError):
            check_overlap(spans, policy)
