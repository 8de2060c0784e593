"""Refinery's column names, and spans as tags."""

from __future__ import annotations

import pytest

from refinery_nb.core.span import Span
from refinery_nb.io import LabelColumn, bio_tags, column_name, parse_column

NAMES = {
    "headline__sentiment__MANUAL": LabelColumn("headline", "sentiment", "MANUAL"),
    "__sentiment__MANUAL": LabelColumn(None, "sentiment", "MANUAL"),
    "headline__t__WEAK_SUPERVISION": LabelColumn("headline", "t", "WEAK_SUPERVISION"),
    "headline__t__WEAK_SUPERVISION__confidence": LabelColumn(
        "headline", "t", "WEAK_SUPERVISION", what="confidence"
    ),
    "headline__t__INFORMATION_SOURCE__my rule": LabelColumn(
        "headline", "t", "INFORMATION_SOURCE", "my rule"
    ),
    "headline__t__MANUAL__spans": LabelColumn("headline", "t", "MANUAL", what="spans"),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_are_built_and_read(name: str) -> None:
    assert parse_column(name, ["headline"]) == NAMES[name]
    assert column_name(NAMES[name]) == name


def test_both_spellings_of_the_confidence_are_read() -> None:
    found = parse_column("headline__t__WEAK_SUPERVISION_CONFIDENCE", ["headline"])
    assert found == LabelColumn("headline", "t", "WEAK_SUPERVISION", what="confidence")


def test_the_short_form_is_manual() -> None:
    assert parse_column("headline__topic", ["headline"]) == LabelColumn(
        "headline", "topic", "MANUAL"
    )


@pytest.mark.parametrize("name", ["headline", "other__topic", "headline__", "headline__t__ODD"])
def test_an_ordinary_field_is_none_of_them(name: str) -> None:
    assert parse_column(name, ["headline"]) is None


def test_spans_that_tags_cannot_say_are_listed() -> None:
    """B11."""
    tokens = [[0, 3], [4, 8], [9, 12]]
    inside, crossing = Span(5, 8, "A"), Span(4, 12, "B")
    tags, left = bio_tags(tokens, [Span(0, 8, "A"), inside, crossing])
    assert tags == ["B-A", "I-A", "OUTSIDE"]
    assert left == [crossing, inside]
