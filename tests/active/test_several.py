"""What is believed where a record may have several labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refinery_nb.active.several import SeveralBeliefs, apart
from refinery_nb.active.uncertainty import disagreement
from refinery_nb.core.votes import VoteMatrix, Votes
from refinery_nb.supervision.several import question

ROWS = st.lists(
    st.tuples(*[st.floats(0.0625, 0.9375, width=16) for _ in range(3)]), min_size=1, max_size=8
)


def believed(proba: np.ndarray, asked: tuple[bool, ...] = (True, True, True)) -> SeveralBeliefs:
    labels = np.array([5, 2, 9])
    none = np.zeros(0, np.int64)
    return SeveralBeliefs(
        np.arange(10, 10 + len(proba)),
        labels,
        np.array(asked),
        np.asarray(proba, np.float32),
        none,
        np.zeros((0, 3), np.bool_),
    )


def test_each_label_that_is_likely_enough_is_voted_for() -> None:
    found = believed(np.array([[0.9, 0.8, 0.1], [0.2, 0.7, 0.69], [0, 0, 0]])).votes(
        min_confidence=0.7
    )
    assert found.record.tolist() == [10, 10, 11]
    assert found.label.tolist() == [5, 2, 2]
    only = believed(np.array([[0.9, 0.8, 0.1]])).votes(min_confidence=0.0, labels=[9])
    assert only.label.tolist() == [9]
    assert only.confidence.tolist() == [pytest.approx(0.1)]


@given(ROWS, st.permutations(range(3)))
@settings(max_examples=40, deadline=None)
def test_doubts_do_not_depend_on_the_order_of_labels(rows: list, order: list[int]) -> None:
    proba = np.array(rows)
    ids = np.arange(10, 10 + len(proba))
    for measure in ("uncertain", "margin", "entropy"):
        one = believed(proba).doubts(ids, measure)
        np.testing.assert_allclose(one, believed(proba[:, order]).doubts(ids, measure))
        assert ((one >= 0) & (one <= 1)).all()
        # Yes and no are alike to it.
        np.testing.assert_allclose(one, believed(1 - proba).doubts(ids, measure), atol=1e-6)


def test_it_is_unsure_where_any_answer_is_near_a_half() -> None:
    beliefs = believed(np.array([[0.99, 0.01, 0.02], [0.99, 0.5, 0.02], [0, 0, 0]]))
    for measure in ("uncertain", "margin", "entropy"):
        sure, unsure, blank, unknown = beliefs.doubts(np.array([10, 11, 12, 99]), measure)
        assert unsure > sure > blank == unknown == 0
    # What could not be learnt is no reason to doubt.
    of_two = believed(np.array([[0.99, 0.0, 0.02]]), asked=(True, False, True))
    assert of_two.doubts(np.array([10]), "margin")[0] < 0.1


def test_sources_disagree_that_say_yes_and_no_to_one_label() -> None:
    votes = {
        "a": Votes.of([1, 1, 2, 3], [5, 2, 5, 2]),
        "b": Votes.of([1, 1, 2, 3], [5, 2, 2, 2]),
        "c": Votes.of([4], [9]),
    }
    ids = np.arange(1, 6)
    asked = [question(ids, votes, label) for label in (5, 2, 9)]
    assert apart(asked).tolist() == [0, 1, 0, 0, 0]


@given(st.lists(st.tuples(st.sampled_from([5, 2]), st.sampled_from([5, 2])), min_size=2))
@settings(max_examples=30, deadline=None)
def test_of_one_label_a_record_sources_disagree_as_on_classes(pairs: list) -> None:
    ids = np.arange(len(pairs))
    sides = [list(side) for side in zip(*pairs, strict=True)]
    votes = {f"s{at}": Votes.of(ids, side) for at, side in enumerate(sides)}
    if any(len(set(side)) < 2 for side in sides):
        return  # one that never gives a label says nothing of it
    asked = [question(ids, votes, label) for label in (5, 2)]
    classes = disagreement(VoteMatrix.build(ids, votes, [5, 2]))
    np.testing.assert_allclose(apart(asked), classes)
