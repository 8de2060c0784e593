"""The conversion of offsets, on the vectors that the front end is tested on too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refinery_nb.core.errors import SpanError
from refinery_nb.core.offsets import from_utf16, to_utf16, utf16_length

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "offsets.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=range(len(VECTORS)))
def test_offsets_agree_with_the_vectors(vector: dict) -> None:
    """B1, B2, B5, B7."""
    for point, unit in vector["pairs"]:
        assert to_utf16(vector["text"], point) == unit
        assert from_utf16(vector["text"], unit) == point


@pytest.mark.parametrize("vector", VECTORS, ids=range(len(VECTORS)))
def test_an_offset_inside_a_character_is_an_error(vector: dict) -> None:
    """B3: never an offset that is off by one."""
    for unit in vector["inside"]:
        with pytest.raises(SpanError):
            from_utf16(vector["text"], unit)


@pytest.mark.parametrize("unit", [-1, 100])
def test_an_offset_outside_the_text_is_an_error(unit: int) -> None:
    with pytest.raises(SpanError):
        from_utf16("a💩", unit)
    with pytest.raises(SpanError):
        to_utf16("a💩", unit)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_every_offset_survives_the_round_trip(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2
    for point in range(len(text) + 1):
        assert from_utf16(text, to_utf16(text, point)) == point
