from __future__ import annotations

import numpy as np

from refinery_nb.learn.words import LONGEST, Words

TEXTS = [
    "who wrote the book ?",
    "who wrote the song ?",
    "where is the river ?",
    "where is the mountain ?",
]


def test_texts_with_the_same_words_have_the_same_vector() -> None:
    words = Words().fit(TEXTS)
    one, other = words.transform(["WHO wrote the book ?", "who  wrote the book?"])
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_vectors_have_length_one_and_are_zero_where_nothing_is_known() -> None:
    found = Words().fit(TEXTS).transform([*TEXTS, "", "   ", "unheard of"])
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1, 1, 1, 1, 0, 0, 0], atol=1e-5)


def test_a_vector_does_not_depend_on_the_other_texts_of_its_block() -> None:
    words = Words().fit(TEXTS)
    together = words.transform(TEXTS)
    apart = np.concatenate([words.transform([text]) for text in TEXTS])
    np.testing.assert_allclose(together, apart, atol=1e-6)


def test_texts_are_nearer_to_those_that_share_words() -> None:
    words = Words().fit(TEXTS)
    found = words.transform(TEXTS)
    assert found[0] @ found[1] > found[0] @ found[2]


def test_a_script_without_spaces_is_cut_into_characters() -> None:
    words = Words().fit(["北京天气", "北京天空", "上海天气", "上海天空"])
    one, near, far = words.transform(["北京天气", "北京天空", "上海"])
    assert one @ near > one @ far + 0.1


def test_how_a_text_begins_counts_of_its_own() -> None:
    texts = ["what is it", "it is what", "what was that", "that was what"] * 2
    words = Words().fit(texts)
    begins, ends = words.transform(["what", "is what"])
    other = words.transform(["what was"])[0]
    assert begins @ other > ends @ other


def test_texts_without_a_word_twice_have_no_columns() -> None:
    assert Words().fit(["one", "two"]).transform(["one"]).shape == (1, 0)
    assert Words().fit([""]).transform(["", "one"]).shape == (2, 0)


def test_the_end_of_a_very_long_text_is_not_looked_at() -> None:
    words = Words().fit(TEXTS)
    long = " ".join(["nothing"] * LONGEST)
    assert not words.transform([f"{long} who wrote the book"]).any()


def test_the_same_texts_give_the_same_directions() -> None:
    one, other = Words().fit(TEXTS), Words().fit(list(TEXTS))
    np.testing.assert_array_equal(one.directions_, other.directions_)
