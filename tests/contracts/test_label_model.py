"""What every label model must keep."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refinery_nb.core.errors import QueryError
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision import label_model, supervise
from refinery_nb.supervision.model import MODELS
from tests.supervision import planted

# Refinery is reproduced with its faults: no probabilities, no prior, no smoothing of precisions, so
# that it may be worse than the majority. What it does keep is asked of it too.
OURS = [name for name in MODELS if name != "refinery"]
# Those that learn from how sources agree.
LEARNING = ["generative", "dawid_skene"]

VOTES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 2), st.sampled_from([0.3, 1.0])),
    max_size=30,
    unique_by=lambda vote: vote[:2],
)


def columns(votes: list[tuple[int, int, int, float]]) -> dict[str, Votes]:
    return {
        f"h{source}": Votes.of(
            *([vote[at] for vote in votes if vote[0] == source] for at in (1, 2, 3))
        )
        for source in range(5)
    }


def gold(labels: dict[int, int]) -> Gold:
    return Gold(
        np.array(sorted(labels), dtype=np.int64), Votes.of(list(labels), list(labels.values()))
    )


GOLD = st.dictionaries(st.integers(0, 9), st.integers(0, 2), max_size=6).map(gold)


@pytest.mark.parametrize("name", OURS)
@given(votes=VOTES, reference=GOLD)
@settings(deadline=None, max_examples=60)
def test_rows_sum_to_one_or_abstain(name: str, votes: list, reference: Gold) -> None:
    """H4: never a NaN, whatever the votes."""
    matrix = VoteMatrix.build(range(10), columns(votes), [0, 1, 2])
    proba = label_model(name).fit(matrix, reference).predict_proba(matrix)
    sums = proba.sum(axis=1)
    assert proba.shape == (10, 3)
    assert np.all(np.isclose(sums, 1) | (sums == 0))
    assert np.all(proba >= 0)


@pytest.mark.parametrize("name", MODELS)
@given(votes=VOTES, reference=GOLD, order=st.permutations(range(5)))
@settings(deadline=None, max_examples=60)
def test_the_order_of_sources_and_records_is_no_matter(
    name: str, votes: list, reference: Gold, order: list[int]
) -> None:
    found = columns(votes)
    shuffled = {f"h{source}": found[f"h{source}"] for source in order}
    one = supervise(VoteMatrix.build(range(10), found, [0, 1, 2]), reference, model=name)
    other = supervise(VoteMatrix.build(range(10), shuffled, [0, 1, 2]), reference, model=name)
    assert one.record.tolist() == other.record.tolist()
    assert one.label.tolist() == other.label.tolist()
    assert np.allclose(one.confidence, other.confidence)


@pytest.mark.parametrize("seed", range(3))
def test_weights_are_never_worse_than_the_majority_on_planted_data(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, 4_000)
    found = {}
    for source, precision in enumerate([0.95, 0.9, 0.5, 0.4, 0.35, 0.3, 0.3]):
        hit = np.flatnonzero(rng.random(len(truth)) < 0.5)
        right = rng.random(len(hit)) < precision
        wrong = (truth[hit] + rng.integers(1, 4, len(hit))) % 4
        found[f"h{source}"] = Votes.of(hit, np.where(right, truth[hit], wrong))
    matrix = VoteMatrix.build(range(len(truth)), found, range(4))
    chosen = rng.choice(len(truth), 150, replace=False).tolist()
    reference = gold({record: int(truth[record]) for record in chosen})
    right = {}
    for name in MODELS:
        weak = supervise(matrix, reference, model=name)
        right[name] = (truth[weak.record] == weak.label).sum()
    assert right["weighted"] > right["majority"] * 1.1
    assert all(right[name] > right["weighted"] * 0.99 for name in LEARNING)


def rules_of_one_label(seed: int) -> tuple[VoteMatrix, np.ndarray]:
    """Keyword rules: each for one label, most of them on few records, of a skewed balance."""
    true = planted.truth(seed, 5_000, [0.5, 0.25, 0.15, 0.1])
    rng = np.random.default_rng(seed)
    votes = {
        f"h{n}": planted.rule(rng, true, n % 4, rng.uniform(0.4, 0.95), rng.uniform(0.02, 0.3))
        for n in range(24)
    }
    return planted.matrix(votes, len(true), 4), true


def annotators(seed: int) -> tuple[VoteMatrix, np.ndarray]:
    """People who label much of it, as well as they can."""
    true = planted.truth(seed, 3_000, [0.5, 0.3, 0.2])
    rng = np.random.default_rng(seed)
    votes = {f"h{n}": planted.source(rng, true, rng.uniform(0.5, 0.9), 0.6, 3) for n in range(5)}
    return planted.matrix(votes, len(true), 3), true


@pytest.mark.parametrize("labelled", [0, 30, 300])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [rules_of_one_label, annotators])
@pytest.mark.parametrize("name", OURS)
def test_never_worse_than_majority(
    name: str, kind: Callable[[int], tuple[VoteMatrix, np.ndarray]], seed: int, labelled: int
) -> None:
    """A tie of the majority counts as its chance of being right, so that boldness is no merit."""
    matrix, true = kind(seed)
    reference = planted.gold(true, range(labelled)) if labelled else None
    proba = label_model(name).fit(matrix, reference).predict_proba(matrix)
    votes = np.zeros(proba.shape)
    np.add.at(votes, (matrix.row, matrix.label), 1)
    best = votes == votes.max(axis=1, keepdims=True)
    voted = votes.sum(axis=1) > 0
    majority = float((best[np.arange(len(true)), true] / best.sum(axis=1))[voted].mean())
    undecided = proba.sum(axis=1) == 0
    right = (proba.argmax(axis=1) == true) & ~undecided
    chance = best[np.arange(len(true)), true] / best.sum(axis=1)
    assert float(np.where(undecided, chance, right)[voted].mean()) >= majority - 0.02


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("reference", [None, gold({0: 0, 1: 1}), gold({0: 1})])
@pytest.mark.parametrize(
    "votes",
    [
        {},
        {"silent": Votes.empty()},
        {"one": Votes.of([0, 1], [0, 1])},
        {"one": Votes.of(range(6), [0] * 6)},
        {"yes": Votes.of(range(6), [0] * 6), "no": Votes.of(range(6), [1] * 6)},
        {f"copy {n}": Votes.of(range(6), [0, 1] * 3) for n in range(10)},
        {"faint": Votes.of([0], [2], [1e-6]), "sure": Votes.of([1], [1])},
    ],
    ids=["none", "silent", "one vote", "one label", "contradiction", "copies", "faint"],
)
def test_degenerate_votes_give_a_defined_answer(
    name: str, reference: Gold | None, votes: dict[str, Votes]
) -> None:
    """H4: all abstain, one rule, contradicting rules, duplicates, labels that no rule gives."""
    for labels in ([0, 1, 2], [0, 1], [1], []):
        matrix = VoteMatrix.build(range(6), votes, labels)
        model = label_model(name).fit(matrix, reference)
        proba = model.predict_proba(matrix)
        sums = proba.sum(axis=1)
        assert proba.shape == (6, len(labels))
        assert np.all(np.isclose(sums, 1) | (sums == 0) | ((name not in OURS) & (sums < 1)))
        silent = np.bincount(matrix.row, minlength=6) == 0
        assert np.all(sums[silent] == 0)
        assert np.all(np.isfinite(model.log_odds(matrix)))
        assert len(model.log_odds(matrix)) == len(matrix.row)


@pytest.mark.parametrize("name", MODELS)
def test_a_contradiction_that_nothing_decides_is_no_label(name: str) -> None:
    """H4: perfectly contradictory rules."""
    votes = {"yes": Votes.of(range(6), [0] * 6), "no": Votes.of(range(6), [1] * 6)}
    matrix = VoteMatrix.build(range(6), votes, [0, 1])
    assert len(supervise(matrix, None, model=name)) == 0


@pytest.mark.parametrize("name", MODELS)
def test_a_surer_vote_counts_more(name: str) -> None:
    votes = {
        "faint": Votes.of(range(8), [0] * 8, [0.2] * 8),
        "sure": Votes.of(range(8), [1] * 8),
    }
    matrix = VoteMatrix.build(range(8), votes, [0, 1])
    proba = label_model(name).fit(matrix, None).predict_proba(matrix)
    assert np.all(proba[:, 1] > proba[:, 0])


@pytest.mark.parametrize("name", OURS)
def test_a_class_prior_tips_the_balance(name: str) -> None:
    votes = {"yes": Votes.of(range(6), [0] * 6), "no": Votes.of(range(6), [1] * 6)}
    matrix = VoteMatrix.build(range(6), votes, [0, 1])
    weak = supervise(matrix, None, model=name, prior={1: 0.8})
    assert weak.label.tolist() == [1] * 6


@pytest.mark.parametrize("name", MODELS)
@given(votes=VOTES, reference=GOLD)
@settings(deadline=None, max_examples=30)
def test_new_records_may_be_learnt_later(name: str, votes: list, reference: Gold) -> None:
    found = columns(votes)
    first, rest = (
        VoteMatrix.build(part, found, [0, 1, 2]) for part in (np.arange(5), np.arange(5, 10))
    )
    model = label_model(name).fit(first, reference)
    before = model.predict_proba(rest)
    model.partial_fit(rest)
    for proba in (before, model.predict_proba(first), model.predict_proba(rest)):
        sums = proba.sum(axis=1)
        assert np.all(np.isclose(sums, 1) | (sums == 0) | ((name not in OURS) & (sums < 1)))


@pytest.mark.parametrize("name", MODELS)
def test_manual_labels_of_new_records_are_learnt(name: str) -> None:
    """Majority has nothing to learn; all others trust the source that turned out right."""
    votes = {"right": Votes.of(range(80), [0] * 80), "wrong": Votes.of(range(80), [1] * 80)}
    first, rest = (
        VoteMatrix.build(part, votes, [0, 1]) for part in (np.arange(40), np.arange(40, 80))
    )
    model = label_model(name).fit(first, None)
    model.partial_fit(rest, gold(dict.fromkeys(range(40, 80), 0)))
    proba = model.predict_proba(first)
    assert name == "majority" or np.all(proba[:, 0] > 0.8)


@pytest.mark.parametrize("name", OURS)
def test_spans_are_weighed(name: str) -> None:
    votes = {
        "a": Votes.of([0, 1], [0, 1], [1.0, 0.5], [0, 3], [4, 7]),
        "b": Votes.of([0], [0], None, [0], [4]),
    }
    matrix = VoteMatrix.build(range(2), votes, [0, 1], spans=True)
    odds = label_model(name).fit(matrix, None).log_odds(matrix)
    assert odds.shape == (3,)
    assert np.all(odds > 0)
    assert len(supervise(matrix, None, model=name)) == 2


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(QueryError, match="Did you mean 'majority'"):
        label_model("majorty")


def test_many_classes_and_records_fit_into_memory() -> None:
    rng = np.random.default_rng(0)
    records = np.arange(200_000)
    found = {
        f"h{source}": Votes.of(records[::2], rng.integers(0, 1_500, 100_000)) for source in range(3)
    }
    weak = supervise(VoteMatrix.build(records, found, range(1_500)), None)
    assert len(weak) > 0
