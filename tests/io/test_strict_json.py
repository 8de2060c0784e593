"""Strict JSON is strict however it is parsed, and quick where it may be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refinery_nb.io import strict_json

TEXT = st.text(st.sampled_from('a"\\[]{}:u\ud83d\ude00dé'), max_size=8)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(value=VALUE, ascii=st.booleans(), piece=st.sampled_from([1, 2, 5, strict_json.PIECE]))
def test_depth_counts_no_brackets_of_strings(value: Any, ascii: bool, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strict_json, "PIECE", piece)
        assert strict_json._depth(json.dumps(value, ensure_ascii=ascii)) == depth(value)


@given(value=VALUE)
def test_a_lone_surrogate_is_refused_and_nothing_else(value: Any) -> None:
    text = json.dumps(value)
    if strict_json.surrogate(json.loads(text)) is None:
        assert strict_json.loads(text) == json.loads(text)
    else:
        with pytest.raises(strict_json.NotJson, match="lone surrogate"):
            strict_json.loads(text)


@pytest.mark.parametrize("letters", [r"\ud83d", r"\ude00", r"\\ud83d\ude00", r"\ud83d\\ude00"])
def test_half_a_character_is_refused(letters: str) -> None:
    with pytest.raises(strict_json.NotJson, match="lone surrogate"):
        strict_json.loads(f'{{"a": "{letters}"}}')


def test_a_whole_character_in_two_escapes_is_a_text() -> None:
    assert strict_json.loads(r'{"a": "\ud83d\ude00 \\ud83d"}') == {"a": "😀 \\ud83d"}
