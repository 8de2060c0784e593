"""What every learner of classes keeps: no leak, no dependence on order, honest probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from refinery_nb.active.beliefs import NONE, Beliefs
from refinery_nb.active.learner import FOLDS, Logistic, enough, folds, learn, predict
from refinery_nb.learn.calibration import heated

MAKES = {
    "logistic": lambda: Logistic(3),
    "scikit-learn": lambda: LogisticRegression(max_iter=500),
    "bayes": lambda: GaussianNB(var_smoothing=1e-2),
}


def planted(count: int = 90, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    classes = np.arange(count) % 3
    centers = chance.normal(size=(3, 8)) * 1.5
    rows = (centers[classes] + chance.normal(size=(count, 8))).astype(np.float32)
    records = np.sort(chance.choice(10_000, count, replace=False)).astype(np.int64)
    return rows, classes, records


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_the_same_labels_teach_the_same(make) -> None:  # type: ignore[no-untyped-def]
    rows, classes, records = planted()
    one = learn(make, rows, classes, records, count=3)
    other = learn(make, rows, classes, records, count=3)
    np.testing.assert_array_equal(one.held_out, other.held_out)
    np.testing.assert_array_equal(predict(one, rows, count=3), predict(other, rows, count=3))


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_the_order_of_the_labels_does_not_matter(make) -> None:  # type: ignore[no-untyped-def]
    rows, classes, records = planted()
    order = np.random.default_rng(1).permutation(len(rows))
    one = learn(make, rows, classes, records, count=3)
    other = learn(make, rows[order], classes[order], records[order], count=3)
    np.testing.assert_allclose(one.held_out[order], other.held_out, atol=1e-6)
    np.testing.assert_allclose(
        predict(one, rows, count=3), predict(other, rows, count=3), atol=1e-6
    )


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_probabilities_sum_to_one(make) -> None:  # type: ignore[no-untyped-def]
    rows, classes, records = planted()
    learnt = learn(make, rows, classes, records, count=3)
    np.testing.assert_allclose(predict(learnt, rows, count=3).sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(learnt.held_out.sum(axis=1), 1, atol=1e-5)


def test_what_is_said_of_a_labelled_row_does_not_come_from_its_label() -> None:
    """Where labels are pure chance, held-out predictions are right by chance only."""
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(120, 200)).astype(np.float32)
    classes = chance.integers(2, size=120)
    learnt = learn(lambda: Logistic(2), rows, classes, np.arange(120), count=2)
    seen = predict(learnt, rows, count=2).argmax(axis=1) == classes
    unseen = learnt.held_out.argmax(axis=1) == classes
    assert seen.mean() == 1
    assert unseen.mean() < 0.62


def test_what_is_said_of_a_labelled_row_comes_from_the_other_folds() -> None:
    rows, classes, records = planted()
    learnt = learn(lambda: Logistic(3), rows, classes, records, count=3)
    fold = folds(records, classes)
    for number in range(FOLDS):
        inside = fold == number
        others = Logistic(3).fit(rows[~inside], classes[~inside])
        wanted = heated(others.predict_proba(rows[inside]), learnt.heat)
        np.testing.assert_allclose(learnt.held_out[inside], wanted, atol=1e-5)


def test_probabilities_fit_what_is_held_out() -> None:
    rows, classes, records = planted(600, seed=3)
    learnt = learn(lambda: Logistic(3), rows[:150], classes[:150], records[:150], count=3)
    proba = predict(learnt, rows[150:], count=3)
    right = proba.argmax(axis=1) == classes[150:]
    assert abs(proba.max(axis=1).mean() - right.mean()) < 0.05


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_folds_spread_every_class_and_follow_the_records(classes: list[int], seed: int) -> None:
    given_ = np.array(classes)
    records = np.random.default_rng(seed).permutation(1_000)[: len(given_)].astype(np.int64)
    fold = folds(records, given_)
    sizes = np.bincount(fold, minlength=FOLDS)
    assert sizes.max() - sizes.min() <= 1
    for one in np.unique(given_):
        of_class = fold[given_ == one]
        if len(of_class) > 1:
            assert len(np.unique(of_class)) > 1
    order = np.random.default_rng(seed + 1).permutation(len(given_))
    np.testing.assert_array_equal(folds(records[order], given_[order]), fold[order])


def test_two_classes_with_two_rows_each_are_enough() -> None:
    assert not enough(np.zeros(0, np.int64))
    assert not enough(np.array([0, 0, 0]))
    assert not enough(np.array([0, 1, 2]))
    assert enough(np.array([0, 0, 1, 1, 2]))


def test_a_class_with_one_row_is_learnt_too() -> None:
    rows, classes, records = planted(60)
    classes[-1] = 3
    rows[-1] += 20
    learnt = learn(lambda: Logistic(4), rows, classes, records, count=4)
    assert np.isfinite(learnt.held_out).all()
    assert predict(learnt, rows[-1:], count=4).argmax() == 3


def beliefs(proba: list[list[float]], labels: list[int]) -> Beliefs:
    values = np.array(proba, np.float32)
    none = np.zeros(0, np.int64)
    return Beliefs(np.arange(10, 10 + len(values)), np.array(labels), values, none, none)


def test_votes_abstain_below_the_least_confidence() -> None:
    found = beliefs([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3]], [5, 6]).votes(min_confidence=0.7)
    assert found.record.tolist() == [10, 12]
    assert found.label.tolist() == [5, 5]
    assert found.confidence.tolist() == pytest.approx([0.9, 0.7])


def test_votes_are_for_the_chosen_labels_only() -> None:
    believed = beliefs([[0.9, 0.1], [0.2, 0.8]], [5, 6])
    assert believed.votes(min_confidence=0.5, labels=[6]).record.tolist() == [11]
    assert len(believed.votes(min_confidence=0.5, labels=[])) == 0


def test_none_is_never_voted_for_and_a_row_of_zeros_abstains() -> None:
    believed = beliefs([[0.1, 0.9], [0.0, 0.0], [0.8, 0.2]], [5, NONE])
    found = believed.votes(min_confidence=0.0)
    assert found.record.tolist() == [12]


def test_probabilities_of_unknown_records_are_zero() -> None:
    believed = beliefs([[0.9, 0.1], [0.2, 0.8]], [5, 6])
    found = believed.of(np.array([11, 3, 10]))
    np.testing.assert_allclose(found, [[0.2, 0.8], [0, 0], [0.9, 0.1]], atol=1e-6)
