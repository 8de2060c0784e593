"""Rules, vectors and manual labels in one, on planted sets of many shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refinery_nb.core.vectors import Vectors
from refinery_nb.core.votes import VoteMatrix
from refinery_nb.supervision.fused import Fused
from refinery_nb.supervision.model import label_model
from refinery_nb.supervision.seen import Seen
from refinery_nb.supervision.supervise import run
from tests.bench.shapes import Shape, keyword_rules, vectors
from tests.supervision import planted

BALANCE = (0.4, 0.35, 0.25)


def shape(seed: int, *, apart: float = 0.8, records: int = 1_200) -> Shape:
    """Return texts of three labels, with four rules each that are right in 55 to 90 %."""
    rng, true = np.random.default_rng(seed), planted.truth(seed, records, BALANCE)
    votes = keyword_rules(rng, true, 4, (0.55, 0.9), (0.1, 0.4))
    return Shape(planted.matrix(votes, records, 3), vectors(rng, true, apart), true)


def blind(made: Shape) -> Shape:
    """Return the same with vectors that know nothing."""
    order = np.random.default_rng(0).permutation(len(made.true))
    mixed = [Vectors(one.records, np.asarray(one.values)[order]) for one in made.vectors]
    return replace(made, vectors=mixed)


def right(made: Shape, count: int, model: str) -> float:
    """Return the share of all records that a model labels rightly, mean of two draws."""
    looks = {"vectors": made.vectors} if model in ("fused", "auto", "classifier") else {}
    found = []
    for seed in (0, 1):
        weak = run(made.votes, made.gold(count, seed), model=model, check=False, **looks).votes
        found.append((made.true[weak.record] == weak.label).sum() / len(made.true))
    return float(np.mean(found))


@pytest.mark.parametrize("count", [0, 30, 200])
def test_rules_and_vectors_together_beat_each_alone(count: int) -> None:
    made = shape(1)
    parts = ["weighted", "generative", *(["classifier"] if count else [])]
    assert right(made, count, "fused") > max(right(made, count, one) for one in parts) + 0.005


@pytest.mark.parametrize("count", [0, 30, 200])
def test_vectors_that_know_nothing_do_little_harm(count: int) -> None:
    """Each record has a vote of several people here, so that rules alone can label it."""
    rng, true = np.random.default_rng(3), planted.truth(3, 1_200, BALANCE)
    votes = {f"p{at}": planted.source(rng, true, 0.8, 0.7, 3) for at in range(5)}
    made = blind(Shape(planted.matrix(votes, 1_200, 3), vectors(rng, true, 0.8), true))
    assert right(made, count, "fused") > right(made, count, "weighted") - 0.04


def test_ten_copies_of_a_bad_rule_do_not_count_ten_times() -> None:
    made = shape(4)
    bad = planted.rule(np.random.default_rng(4), made.true, 2, 0.2, 0.6)
    rng = np.random.default_rng(5)
    votes = keyword_rules(rng, made.true, 4, (0.55, 0.9), (0.1, 0.4))
    one = planted.matrix(votes | {"copy 0": bad}, len(made.true), 3)
    ten = planted.matrix(votes | {f"copy {at}": bad for at in range(10)}, len(made.true), 3)
    once, often = (right(replace(made, votes=one), 30, "fused") for one in (one, ten))
    assert often > once - 0.02
    assert often > 0.7


def test_labels_without_a_rule_are_learnt_from_people() -> None:
    rng, true = np.random.default_rng(6), planted.truth(6, 1_200, BALANCE)
    votes = keyword_rules(rng, true, 4, (0.6, 0.9), (0.1, 0.4), labels=[0, 1])
    made = Shape(planted.matrix(votes, 1_200, 3), vectors(rng, true, 0.9), true)
    weak = run(made.votes, made.gold(100, 0), model="fused", check=False, vectors=made.vectors)
    said = dict(zip(weak.votes.record.tolist(), weak.votes.label.tolist(), strict=True))
    third = [said.get(at) == 2 for at in np.flatnonzero(true == 2)]
    assert np.mean(third) > 0.6


def test_the_order_of_sources_changes_nothing() -> None:
    made = shape(7, records=600)
    gold = made.gold(60, 0)
    turned = list(reversed(range(len(made.votes.sources))))
    place = np.argsort(turned)
    other = replace(
        made.votes,
        sources=tuple(made.votes.sources[at] for at in turned),
        source=place[made.votes.source],
    )
    found = [
        Fused(vectors=made.vectors).fit(votes, gold).predict_proba(votes)
        for votes in (made.votes, made.votes, other)
    ]
    assert (found[0] == found[1]).all()
    np.testing.assert_allclose(found[0], found[2], atol=1e-6)


def test_without_vectors_it_is_the_weighted_vote() -> None:
    made = shape(8, records=600)
    gold = made.gold(60, 0)
    mine = Fused().fit(made.votes, gold).predict_proba(made.votes)
    other = label_model("weighted").fit(made.votes, gold).predict_proba(made.votes)
    assert (mine == other).all()


def test_records_with_neither_vote_nor_vector_are_abstained_on() -> None:
    made = shape(9, records=600)
    rows = np.arange(0, 600, 2)
    some = [Vectors(one.records[rows], np.asarray(one.values)[rows]) for one in made.vectors]
    proba = Fused(vectors=some).fit(made.votes, None).predict_proba(made.votes)
    voted = np.bincount(made.votes.row, minlength=600) > 0
    seen = np.arange(600) % 2 == 0
    assert (proba.sum(axis=1) > 0).tolist() == (voted | seen).tolist()
    np.testing.assert_allclose(proba[voted | seen].sum(axis=1), 1.0)


@pytest.mark.parametrize("count", [0, 1, 2, 40])
@pytest.mark.parametrize("rules", ["none", "one", "contradicting"])
def test_odd_votes_are_answered(rules: str, count: int) -> None:
    """No votes at all, a single rule, two rules that say the opposite everywhere."""
    made = shape(10, records=300)
    every = np.arange(300)
    votes = {
        "none": {"r": planted.Votes.of([], [])},
        "one": {"r": planted.Votes.of(every[:50], np.zeros(50, int))},
        "contradicting": {
            "r": planted.Votes.of(every, np.zeros(300, int)),
            "s": planted.Votes.of(every, np.ones(300, int)),
        },
    }[rules]
    matrix: VoteMatrix = planted.matrix(votes, 300, 3)
    gold = made.gold(count, 0)
    proba = Fused(vectors=made.vectors).fit(matrix, gold).predict_proba(matrix)
    assert np.isfinite(proba).all()
    assert ((proba >= 0) & (proba <= 1)).all()
    sums = proba.sum(axis=1)
    assert (np.isclose(sums, 1) | (sums == 0)).all()
    if count == 40:
        assert (proba.argmax(axis=1) == made.true)[sums > 0].mean() > 0.6


def test_a_given_balance_is_kept() -> None:
    made = shape(11)
    prior = np.array([0.2, 0.3, 0.5])
    fitted = Fused(vectors=made.vectors, prior=prior).fit(made.votes, None)
    found = fitted.predict_proba(made.votes)
    assert np.abs(found.mean(axis=0) - prior).max() < 0.05


def test_it_looks_at_the_vectors_it_was_given() -> None:
    made = shape(12, records=300)
    assert Fused(vectors=Seen(made.vectors)).fit(made.votes, None).by_record
    assert not Fused().fit(made.votes, None).by_record
