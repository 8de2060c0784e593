"""Strategies: what is put first, and that all of them are orders of all candidates."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from refinery_nb.active import queue
from refinery_nb.active.queue import STRATEGIES, Candidates, arrange
from refinery_nb.active.spread import apart, reach, standing
from refinery_nb.active.uncertainty import disagreement, entropy, least_confident, margin
from refinery_nb.core.query import Strategy
from refinery_nb.core.votes import VoteMatrix, Votes


def candidates(rows: Any, labelled: Any = (), **scores: Any) -> Candidates:
    values = np.array(rows, np.float32).reshape(len(rows), -1)
    known = np.array(labelled, np.float32).reshape(len(labelled), values.shape[1])
    told = {name: np.array(one, np.float64) for name, one in scores.items()}
    return Candidates(np.arange(100, 100 + len(values)), lambda at: values[at], known, told)


@given(
    arrays(np.float32, (15, 3), elements=st.floats(-2, 2, width=32)),
    arrays(np.float32, (4, 3), elements=st.floats(-2, 2, width=32)),
    arrays(np.float64, 15, elements=st.floats(0, 1)),
    st.sampled_from(sorted(STRATEGIES)),
    st.booleans(),
)
@settings(max_examples=120, deadline=None)
def test_every_strategy_puts_every_candidate_in_order(
    rows: np.ndarray, labelled: np.ndarray, score: np.ndarray, strategy: str, learnt: bool
) -> None:
    names = ("uncertain", "margin", "entropy", "mixed", "disagreement")
    scores = dict.fromkeys(names, score) if learnt else {}
    one = candidates(rows, labelled, **scores)
    found = arrange(strategy, one)
    assert sorted(found.tolist()) == list(range(15))
    np.testing.assert_array_equal(found, arrange(strategy, one))


def test_the_names_of_strategies_are_those_of_queries() -> None:
    assert set(STRATEGIES) == set(get_args(Strategy))


@pytest.mark.parametrize("name", ["uncertain", "margin", "entropy"])
def test_the_least_certain_comes_first(name: str) -> None:
    found = arrange(name, candidates([[0], [0], [0]], [[0]], **{name: [0.1, 0.9, 0.5]}))
    assert found.tolist() == [1, 2, 0]


def test_before_anything_is_learnt_what_is_unlike_the_labelled_comes_first() -> None:
    one = candidates([[0], [5], [9], [1]], [[0]])
    for name in ("uncertain", "diverse"):
        assert arrange(name, one).tolist()[0] == 2


def test_before_anything_is_learnt_mixed_is_representative() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 3))
    one = candidates(rows, rows[:2])
    assert arrange("mixed", one).tolist() == arrange("representative", one).tolist()


def test_diverse_picks_do_not_stand_beside_each_other() -> None:
    one = candidates([[9], [8.9], [5], [0.1]], [[0]])
    assert arrange("diverse", one).tolist()[:2] == [0, 2]


def test_mixed_stands_for_many_of_which_little_is_known() -> None:
    """A large crowd that is understood, a small one that is not, and one record far from both."""
    known = [[1.0, 0.02 * step] for step in range(-5, 6)]
    unknown = [[0.02 * step, 1.0] for step in range(-2, 3)]
    doubt = [*[0.05] * 11, *[0.9] * 5, 0.9]
    one = candidates([*known, *unknown, [-1, 0]], np.zeros((0, 2)), mixed=doubt)
    assert arrange("representative", one).tolist()[0] < 11
    assert 11 <= arrange("mixed", one).tolist()[0] < 16


def test_representative_takes_one_of_the_largest_crowd_first_and_each_crowd_once() -> None:
    crowd = [[1.0, 0.02 * step] for step in range(-5, 6)]
    one = candidates([*crowd, [0, 1], [0, -1]], np.zeros((0, 2)))
    found = arrange("representative", one).tolist()
    assert found[0] < 11
    assert sorted(found[1:3]) == [11, 12]


def test_disagreement_comes_before_doubt() -> None:
    one = candidates([[1], [2], [3]], [[0]], disagreement=[0, 1, 0], mixed=[0.9, 0.1, 0.5])
    found = arrange("disagreement", one).tolist()
    assert found[0] == 1


def test_chance_is_the_same_for_the_same_seed_whatever_the_order_of_ids() -> None:
    rows = np.zeros((50, 1), np.float32)
    ids = np.arange(50)
    one = Candidates(ids, lambda at: rows[at], rows[:0], {})
    mixed = np.random.default_rng(0).permutation(50)
    other = Candidates(ids[mixed], lambda at: rows[at], rows[:0], {})
    first = ids[arrange("random", one, seed=3)]
    np.testing.assert_array_equal(first, ids[mixed][arrange("random", other, seed=3)])
    assert first.tolist() != ids[arrange("random", one, seed=4)].tolist()


def test_without_vectors_chance_and_doubt_are_left() -> None:
    nothing = np.zeros((3, 0), np.float32)
    one = Candidates(np.arange(3), lambda at: nothing[at], nothing[:0], {})
    assert sorted(arrange("diverse", one).tolist()) == [0, 1, 2]
    doubt = {"mixed": np.array([0.1, 0.9, 0.5])}
    two = Candidates(np.arange(3), lambda at: nothing[at], nothing[:0], doubt)
    assert arrange("mixed", two).tolist() == [1, 2, 0]


def test_only_so_many_rows_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "NEAR", 10)
    monkeypatch.setattr(queue, "STANDING", (10, 7))
    asked: list[int] = []
    rows = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)

    def some(at: np.ndarray) -> np.ndarray:
        asked.append(len(at))
        return rows[at]

    doubt = {"mixed": np.linspace(0, 1, 200)}
    for name in ("mixed", "representative", "diverse"):
        found = arrange(name, Candidates(np.arange(200), some, rows[:2], doubt))
        assert sorted(found.tolist()) == list(range(200))
    assert max(asked) == 10


def test_distances_are_those_to_the_nearest_labelled_row() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    labelled = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    plain = np.linalg.norm(rows[:, None] - labelled[None], axis=2).min(axis=1)
    np.testing.assert_allclose(reach(rows, labelled), plain, atol=1e-3)


def test_farthest_first_covers_within_twice_the_best_radius() -> None:
    rows = np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)
    picked, distance = apart(rows, 3, distance=reach(rows, rows[:0]))
    assert len(set(picked.tolist())) == 3
    best = min(
        np.linalg.norm(rows[:, None] - rows[[a, b, c]][None], axis=2).min(axis=1).max()
        for a in range(12)
        for b in range(a)
        for c in range(b)
    )
    assert distance.max() <= 2 * best + 1e-4


def test_who_stands_for_others_is_not_picked_twice() -> None:
    rows = np.eye(3, dtype=np.float32)
    assert sorted(standing(rows, 9, pool=rows, labelled=rows[:0]).tolist()) == [0, 1, 2]


PROBA = arrays(np.float32, (6, 4), elements=st.floats(0.0625, 1, width=32)).map(
    lambda rows: rows / rows.sum(axis=1, keepdims=True)
)


@given(PROBA)
@settings(max_examples=60, deadline=None)
def test_doubts_lie_between_zero_and_one_and_are_highest_where_all_is_even(
    proba: np.ndarray,
) -> None:
    even = np.full((1, 4), 0.25, np.float32)
    for measure in (least_confident, margin, entropy):
        found = measure(proba)
        assert (found >= -1e-6).all()
        assert (found <= measure(even)[0] + 1e-6).all()


def matrix(*votes: Votes, spans: bool = False) -> VoteMatrix:
    return VoteMatrix.build(
        [1, 2, 3], {f"rule {n}": one for n, one in enumerate(votes)}, [7, 8], spans=spans
    )


def test_rules_that_contradict_each_other_disagree() -> None:
    found = disagreement(matrix(Votes.of([1, 2], [7, 7]), Votes.of([1, 2], [8, 7])))
    assert found.tolist() == pytest.approx([1, 0, 0])


def test_rules_that_give_other_spans_disagree() -> None:
    one = Votes.of([1, 2, 3], [7, 7, 7], None, [0, 0, 0], [3, 3, 3])
    same = Votes.of([1, 2], [7, 7], None, [0, 0], [3, 4])
    found = disagreement(matrix(one, same, spans=True))
    assert found.tolist() == pytest.approx([0, 1, 0])
