from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from refinery_nb.learn.span_choice import Possible
from refinery_nb.quality.mistakes import doubted, doubted_spans


@given(
    arrays(np.float64, (20, 3), elements=st.floats(0, 1)),
    arrays(np.int64, 20, elements=st.integers(0, 2)),
)
@settings(max_examples=100, deadline=None)
def test_only_labels_that_are_predicted_otherwise_are_doubted(
    proba: np.ndarray, given_: np.ndarray
) -> None:
    found = doubted(proba, given_)
    assert len(set(found.at.tolist())) == len(found.at)
    assert (found.predicted != given_[found.at]).all()
    assert proba[found.at].any(axis=1).all()
    np.testing.assert_allclose(found.confidence, proba[found.at, found.predicted])
    assert (np.diff(found.sure.astype(int)) <= 0).all()


def test_planted_mistakes_are_found_first() -> None:
    chance = np.random.default_rng(0)
    truth = chance.integers(3, size=300)
    proba = np.full((300, 3), 0.1)
    proba[np.arange(300), truth] = 0.8
    proba += chance.random((300, 3)) * 0.2
    proba /= proba.sum(axis=1, keepdims=True)
    given_ = truth.copy()
    wrong = chance.choice(300, 20, replace=False)
    given_[wrong] = (truth[wrong] + 1) % 3
    assert set(doubted(proba, given_).at[:20].tolist()) == set(wrong.tolist())


def test_a_label_of_which_the_model_is_never_sure_does_not_take_all_the_doubt() -> None:
    """The threshold of a label is how sure the model is of it on average (Northcutt et al.)."""
    proba = np.array([[0.95, 0.05]] * 10 + [[0.6, 0.4]] * 10 + [[0.1, 0.9]])
    given_ = np.array([0] * 10 + [1] * 10 + [0])
    found = doubted(proba, given_)
    assert found.at[0] == 20
    assert found.sure.tolist() == [True] + [False] * 10


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert len(doubted(np.zeros((4, 2)), np.zeros(4, np.int64)).at) == 0
    assert len(doubted(np.zeros((0, 2)), np.zeros(0, np.int64)).at) == 0


def possible(*rows: tuple[int, int, int, int, float]) -> Possible:
    columns = np.array([one[:4] for one in rows], np.int64).reshape(-1, 4).T
    return Possible(*columns, np.array([one[4] for one in rows]))


def test_a_span_that_is_missing_is_doubted() -> None:
    (found,) = doubted_spans(possible((0, 2, 5, 1, 0.9)), possible())
    assert (found.given, found.predicted) == (None, (2, 5, 1))
    assert found.confidence == 0.9


def test_a_span_of_another_label_or_with_other_boundaries_is_doubted() -> None:
    truth = possible((0, 2, 5, 0, 1.0), (1, 0, 3, 0, 1.0))
    found = doubted_spans(possible((0, 2, 5, 1, 0.8), (1, 0, 7, 0, 0.9)), truth)
    assert [(one.row, one.given, one.predicted) for one in found] == [
        (1, (0, 3, 0), (0, 7, 0)),
        (0, (2, 5, 0), (2, 5, 1)),
    ]


def test_a_span_where_nothing_should_be_is_doubted() -> None:
    (found,) = doubted_spans(possible((0, 2, 5, 0, 0.1)), possible((0, 2, 5, 0, 1.0)))
    assert (found.given, found.predicted) == ((2, 5, 0), None)
    assert found.confidence == 0.9


def test_a_span_that_the_model_gives_too_is_not_doubted() -> None:
    spans = possible((0, 2, 5, 0, 0.7), (0, 2, 8, 0, 0.2))
    assert doubted_spans(spans, possible((0, 2, 5, 0, 1.0))) == []


def test_two_possible_spans_at_one_place_are_one_missing_span() -> None:
    found = doubted_spans(possible((0, 2, 5, 0, 0.55), (0, 2, 8, 0, 0.6)), possible())
    assert [one.predicted for one in found] == [(2, 8, 0)]
