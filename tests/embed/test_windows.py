"""Tests of windows and of sub-words that become tokens."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from refinery_nb.embed.windows import kept, pooled


@given(st.integers(1, 200), st.integers(8, 40))
def test_windows_cover_each_sub_word_once(length: int, size: int) -> None:
    overlap = size // 4
    windows, at = [], 0
    while True:
        windows.append(list(range(at, min(at + size, length))))
        if at + size >= length:
            break
        at += size - overlap
    spans = kept([len(one) for one in windows], overlap)
    taken = [one for window, (a, b) in zip(windows, spans, strict=True) for one in window[a:b]]
    assert taken == list(range(length))


@st.composite
def cuts(draw: st.DrawFn) -> list[tuple[int, int]]:
    edges = draw(st.lists(st.integers(0, 30), min_size=2, max_size=12, unique=True))
    edges.sort()
    return [pair for pair in pairwise(edges) if draw(st.booleans())]


@given(cuts(), cuts())
def test_a_token_has_the_mean_of_what_it_shares_characters_with(
    subwords: list[tuple[int, int]], tokens: list[tuple[int, int]]
) -> None:
    chance = np.random.default_rng(0)
    vectors = chance.normal(size=(len(subwords), 3)).astype(np.float32)
    found = pooled(vectors, np.array(subwords, np.int32), np.array(tokens, np.int32))
    assert found.shape == (len(tokens), 3)
    for (start, end), vector in zip(tokens, found, strict=True):
        of = [at for at, (a, b) in enumerate(subwords) if a < end and b > start]
        wanted = vectors[of].mean(axis=0) if of else np.zeros(3)
        np.testing.assert_allclose(vector, wanted, atol=1e-5)
