"""Tests of embedders: shapes, independence of the batch, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from embed.models import MINILM, TEXTS

from refinery_nb.core.errors import InputError
from refinery_nb.embed.embedder import Embedder, again, make
from refinery_nb.embed.tfidf import Tfidf
from refinery_nb.embed.transformer import Transformer


@pytest.fixture(scope="module")
def minilm() -> Transformer:
    return Transformer(MINILM)


@pytest.fixture(scope="module")
def tfidf() -> Tfidf:
    made = Tfidf()
    made.fit(TEXTS)
    return made


def letters(texts: list[str]) -> list[list[float]]:
    return [[float(len(text)), float(text.count("e"))] for text in texts]


@pytest.mark.parametrize("which", ["minilm", "tfidf", "function"])
def test_a_vector_does_not_depend_on_its_batch(which: str, request: pytest.FixtureRequest) -> None:
    embedder: Embedder = make(letters) if which == "function" else request.getfixturevalue(which)
    together = embedder.encode(TEXTS)
    alone = np.concatenate([embedder.encode([text]) for text in reversed(TEXTS)])[::-1]
    assert together.dtype == np.float32
    assert together.shape[0] == len(TEXTS)
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_tfidf_is_the_same_again_and_after_it_was_stored(tfidf: Tfidf) -> None:
    other = Tfidf()
    other.fit(TEXTS)
    np.testing.assert_array_equal(other.encode(TEXTS), tfidf.encode(TEXTS))
    stored = Tfidf()
    stored.restore(tfidf.state())
    np.testing.assert_array_equal(stored.encode(TEXTS), tfidf.encode(TEXTS))


def test_tfidf_brings_texts_with_the_same_words_together(tfidf: Tfidf) -> None:
    vectors = tfidf.encode(TEXTS)
    found = tfidf.encode(["goals of strikers", "a bank and its rates"]) @ vectors.T
    assert found.argmax(axis=1).tolist() == [0, 1]


def test_a_text_without_a_known_term_has_the_zero_vector(tfidf: Tfidf) -> None:
    assert not tfidf.encode(["漢字"]).any()


def test_tfidf_says_when_there_is_nothing_to_learn() -> None:
    with pytest.raises(InputError, match="nothing to learn"):
        Tfidf().fit(["", "\u3000"])


def test_one_short_text_is_enough_for_tfidf() -> None:
    made = Tfidf()
    made.fit(["a"])
    assert made.encode(["a", "b"])[:, 0].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1.0, 2.0]], r"shape \(1, 2\) for 2 texts"),
        ([1.0, 2.0], r"shape \(2,\)"),
        ([["a"], ["b"]], "no array of numbers"),
        ([[1.0], [1.0, 2.0]], "no array of numbers"),
        (np.zeros((2, 0)), r"shape \(2, 0\)"),
    ],
)
def test_a_function_must_give_a_vector_for_each_text(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make(lambda texts: given).encode(["a", "b"])


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(InputError, match="3 is no model"):
        make(3)  # type: ignore[arg-type]


def test_an_embedder_that_is_passed_is_taken_as_it_is(tfidf: Tfidf) -> None:
    assert make(tfidf) is tfidf


def test_a_function_is_asked_for_vectors_of_tokens_by_lists_of_tokens() -> None:
    embedder: Any = make(lambda texts: [[[len(word), 1] for word in text] for text in texts])
    offsets = [np.array([[0, 2], [3, 6]], np.int32), np.array([[1, 2]], np.int32)]
    found = embedder.encode_tokens(["ab cde", " x"], offsets)
    assert [one.tolist() for one in found] == [[[2, 1], [3, 1]], [[1, 1]]]
    assert found[0].dtype == np.float16


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "0 arrays for 1 texts"),
        ([[[1.0]]], r"shape \(1, 1\) for 2 tokens"),
        ([[["a"], ["b"]]], "no array of numbers"),
    ],
)
def test_a_function_must_give_a_vector_for_each_token(given: Any, message: str) -> None:
    embedder: Any = make(lambda texts: given)
    with pytest.raises(InputError, match=message):
        embedder.encode_tokens(["ab cde"], [np.array([[0, 2], [3, 6]], np.int32)])


def test_a_model_is_made_again_with_its_options() -> None:
    made = Transformer(MINILM, pooling="cls", window=32, normalise=False, query_prompt="query: ")
    other = again(made.spec())
    assert other.spec() == made.spec()
    assert other.spec()["identity"] != make(MINILM).spec()["identity"]
