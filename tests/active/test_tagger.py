"""A tagger of spans: boundaries, probabilities, and what it does with overlapping labels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from refinery_nb.active.tagger import (
    LENGTH,
    Page,
    SpanBeliefs,
    Tagger,
    among,
    joined,
    placed,
    truth_of,
)
from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import Gold, Votes
from refinery_nb.learn.span_choice import Possible
from refinery_nb.learn.token_features import TokenFeatures

CITIES = ["rome", "oslo", "lima", "cairo", "delhi", "quito", "paris", "seoul", "tunis", "hanoi"]


def cut(text: str) -> np.ndarray:
    found, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        found.append((start, at))
    return np.array(found, np.int32).reshape(-1, 2)


def page(texts: list[str], vectors: list[np.ndarray | None] | None = None) -> Page:
    return Page.of(texts, [cut(text) for text in texts], vectors)


def spans(rows: list[tuple[int, int, int, int]]) -> Possible:
    row, start, end, label = np.array(rows, np.int64).reshape(-1, 4).T
    return Possible(row, start, end, label, np.ones(len(row)))


def cities(texts: list[str]) -> Possible:
    found = [
        (row, text.index(word), text.index(word) + len(word), 0)
        for row, text in enumerate(texts)
        for word in text.split()
        if word in CITIES
    ]
    return spans(sorted(found))


def features(one: Page) -> TokenFeatures:
    return TokenFeatures().fit(one.words, one.ids, one.grid.sizes)


def likely(found: Possible) -> list[tuple[int, int, int, int]]:
    sure = found.take(found.proba > 0.5)
    columns = (one.tolist() for one in (sure.row, sure.start, sure.end, sure.label))
    return sorted(zip(*columns, strict=True))


def test_spans_of_one_label_side_by_side_are_not_glued() -> None:
    """The faults of refinery 4.1-6: begin and inside are told apart."""
    texts = [f"fly {a} {b} now" for a, b in itertools.pairwise(CITIES)]
    taught = page(texts)
    tagger = Tagger(1, features(taught)).fit(taught, cities(texts))
    asked = page(["fly lima quito now"])
    assert likely(tagger.possible(asked)[0]) == [(0, 4, 8, 0), (0, 9, 14, 0)]


def test_spans_far_apart_stay_apart() -> None:
    texts = [f"from {a} by train to {b}" for a, b in itertools.pairwise(CITIES)]
    taught = page(texts)
    tagger = Tagger(1, features(taught)).fit(taught, cities(texts))
    found = likely(tagger.possible(page(["from oslo by train to cairo"]))[0])
    assert found == [(0, 5, 9, 0), (0, 22, 27, 0)]


def test_a_span_of_several_tokens_is_one_span() -> None:
    texts = [f"see new {city} today" for city in CITIES]
    truth = spans([(row, 4, 8 + len(city), 0) for row, city in enumerate(CITIES)])
    taught = page(texts)
    tagger = Tagger(1, features(taught)).fit(taught, truth)
    assert likely(tagger.possible(page(["see new rome today"]))[0]) == [(0, 4, 12, 0)]


def test_labels_that_overlap_are_both_found() -> None:
    texts = [f"see new {city} today" for city in CITIES]
    whole = [(row, 4, 8 + len(city), 0) for row, city in enumerate(CITIES)]
    inner = [(row, 8, 8 + len(city), 1) for row, city in enumerate(CITIES)]
    taught = page(texts)
    tagger = Tagger(2, features(taught)).fit(taught, spans(sorted(whole + inner)))
    found = likely(tagger.possible(page(["see new rome today"]))[0])
    assert found == [(0, 4, 12, 0), (0, 8, 12, 1)]


def test_vectors_of_tokens_say_what_words_do_not() -> None:
    chance = np.random.default_rng(0)
    texts, vectors, truth = [], [], []
    for row in range(40):
        kinds = chance.integers(2, size=5)
        texts.append(" ".join(f"w{chance.integers(10**6)}" for _ in range(5)))
        rows = chance.normal(size=(5, 6)).astype(np.float32)
        rows[:, 0] = np.where(kinds, 4.0, -4.0)
        vectors.append(rows)
        truth += [(row, *cut(texts[-1])[at].tolist(), 0) for at in np.flatnonzero(kinds)]
    taught = page(texts[:30], vectors[:30])
    known = spans([one for one in truth if one[0] < 30])
    tagger = Tagger(1, features(taught)).fit(taught, known)
    found = set(likely(tagger.possible(page(texts[30:], vectors[30:]))[0]))
    wanted = {(row - 30, start, end, label) for row, start, end, label in truth if row >= 30}
    assert len(found & wanted) / len(wanted) > 0.9


def test_the_order_of_the_records_does_not_matter() -> None:
    texts = [f"from {a} to {b}" for a, b in itertools.pairwise(CITIES)]
    asked = page(["from oslo to rome or hanoi"])
    clusters = features(page(texts))
    one = Tagger(1, clusters).fit(page(texts), cities(texts)).possible(asked)[0]
    turned = texts[::-1]
    other = Tagger(1, clusters).fit(page(turned), cities(turned)).possible(asked)[0]
    assert likely(one) == likely(other)
    np.testing.assert_allclose(np.sort(one.proba), np.sort(other.proba), atol=1e-3)


def test_doubts_are_highest_where_it_has_seen_nothing_like_it() -> None:
    texts = [f"from {a} to {b}" for a, b in itertools.pairwise(CITIES)]
    taught = page(texts)
    tagger = Tagger(1, features(taught)).fit(taught, cities(texts))
    _, doubts = tagger.possible(page(["from rome to oslo", "zzz rome qqq", ""]))
    for name, values in doubts.items():
        assert values[1] > values[0], name
        assert values[2] == 0


def test_a_part_of_a_page_is_as_a_page_of_its_own() -> None:
    texts = ["from rome to oslo", "", "see new lima", "a b c"]
    vectors: list[np.ndarray | None] = [np.ones((4, 2)), None, np.eye(3)[:, :2], None]
    whole = page(texts, vectors)
    part = whole.take(np.array([0, 2]))
    alone = page([texts[0], texts[2]], [vectors[0], vectors[2]])
    assert [part.words[at] for at in part.ids] == [alone.words[at] for at in alone.ids]
    np.testing.assert_array_equal(part.grid.first, alone.grid.first)
    np.testing.assert_allclose(part.vectors, alone.vectors)
    lengths = np.linalg.norm(whole.vectors, axis=1)
    assert set(np.round(lengths, 4).tolist()) <= {0.0, LENGTH}


def test_vectors_that_do_not_fit_the_tokens_are_left_out() -> None:
    one = page(["a b c"], [np.ones((2, 4))])
    assert not one.vectors.any()


def believed(found: Possible) -> SpanBeliefs:
    none = np.zeros(0, np.int64)
    return SpanBeliefs(np.array([10, 20]), np.array([7, 8]), found, {}, none, joined([]))


def test_votes_respect_confidence_labels_and_overlap() -> None:
    found = Possible(
        np.array([0, 0, 1]),
        np.array([0, 2, 0]),
        np.array([4, 6, 3]),
        np.array([0, 1, 0]),
        np.array([0.9, 0.6, 0.4]),
    )
    one = believed(found)
    assert one.votes(min_confidence=0.5).label.tolist() == [7]
    both = one.votes(min_confidence=0.5, overlap=Overlap.ANY)
    assert both.label.tolist() == [7, 8]
    assert one.votes(min_confidence=0.5, labels=[8]).start.tolist() == [2]  # type: ignore[union-attr]
    assert len(one.votes(min_confidence=0.4, overlap=Overlap.ANY)) == 3
    assert both.confidence.tolist() == pytest.approx([0.9, 0.6])


def test_the_truth_is_that_of_reviewed_records_in_the_order_of_labels() -> None:
    gold = Gold(np.array([2, 5]), Votes.of([5, 5], [8, 7], None, [0, 4], [2, 6]))
    known, truth = truth_of(gold, np.array([1, 2, 3, 5]), np.array([8, 7]))
    assert known.tolist() == [1, 3]
    assert truth.row.tolist() == [3, 3]
    assert truth.label.tolist() == [0, 1]


def test_spans_are_compared_to_the_character() -> None:
    one, other = spans([(0, 1, 4, 0), (0, 1, 4, 1), (2, 1, 4, 0)]), spans([(0, 1, 4, 0)])
    assert among(one, other).tolist() == [True, False, False]
    assert placed(one, np.array([5, 6, 9])).row.tolist() == [5, 5, 9]
