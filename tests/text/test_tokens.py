"""Tests of tokens as offsets."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refinery_nb.core.errors import SchemaError
from refinery_nb.text.tokens import fingerprint, make, tokens


def surfaces(text: str) -> list[str]:
    return [text[start:end] for start, end in tokens(text).tolist()]


def test_tokens_index_the_text_as_it_is() -> None:
    text = " 💩It's\r\n\r\nhere,\tİstanbul.  👩‍👩‍👧 end\u00a0"
    assert [s for s in surfaces(text) if s.isascii()] == ["It", "'s", "here", ",", ".", "end"]
    assert "İstanbul" in surfaces(text)
    assert not any(surface.isspace() for surface in surfaces(text))


@given(st.text(alphabet="aB1. ,'\r\n\t💩é\u0301İ\u200d\u00a0-", max_size=40))
@settings(max_examples=200, deadline=None)
def test_tokens_cover_all_but_whitespace(text: str) -> None:
    offsets = tokens(text)
    assert offsets.dtype == np.int32
    assert offsets.shape[1] == 2
    covered = np.zeros(len(text), dtype=int)
    for start, end in offsets.tolist():
        assert 0 <= start < end <= len(text)
        covered[start:end] += 1
    for char, times in zip(text, covered, strict=True):
        assert times == 1 or (times == 0 and char.isspace())


def test_nothing_gives_no_tokens() -> None:
    assert tokens("").shape == (0, 2)
    assert tokens(" \r\n").shape == (0, 2)


def test_a_long_text_is_no_error() -> None:
    text = "word and 💩\r\n" * 90_000
    offsets = tokens(text)
    assert len(text) > 1_000_000
    assert len(offsets) == 270_000
    assert text[offsets[-1, 0] : offsets[-1, 1]] == "💩"


def test_the_language_is_chosen_by_its_code() -> None:
    assert tokens("z.B. heute", "de").tolist() == [[0, 4], [5, 10]]
    assert tokens("z.B. heute", "xx").tolist() != [[0, 4], [5, 10]]
    assert make("de") is make("de")
    assert fingerprint("de") != fingerprint("en")
    with pytest.raises(SchemaError, match="no tokenizer 'klingon'"):
        make("klingon")


def test_spacy_is_loaded_when_a_text_is_tokenized() -> None:
    program = "import sys; import refinery_nb.text.tokens; print('spacy' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "False\n"
