"""Which of many rules to keep: the useless and the redundant rank last."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision.ranking import rank
from tests.supervision import planted


def many_rules(seed: int) -> tuple[dict[str, Votes], np.ndarray]:
    """Good rules, copies of good ones, and rules that fire at random."""
    true = planted.truth(seed, 6_000, [0.3, 0.3, 0.2, 0.2])
    rng = np.random.default_rng(seed)
    votes = {f"good {n:02}": planted.rule(rng, true, n % 4, 0.9, 0.2) for n in range(16)}
    votes |= {f"copy {n:02}": votes[f"good {n:02}"] for n in range(4)}
    for n in range(8):
        label = n % 4
        chance = float((true == label).mean())
        votes[f"random {n}"] = planted.rule(rng, true, label, chance, 0.1)
    return votes, true


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("labelled", [0, 200])
def test_useless_and_redundant_rules_rank_last(seed: int, labelled: int) -> None:
    votes, true = many_rules(seed)
    matrix = planted.matrix(votes, len(true), 4)
    reference = planted.gold(true, range(labelled)) if labelled else None
    ranked = rank(matrix, reference)
    assert sorted(one.source for one in ranked) == sorted(votes)
    best = [one.source for one in ranked[:16]]
    # Of a rule and its copy, which one stands first is no matter, but the other comes last.
    originals = {source.replace("copy", "good") for source in best}
    assert len([name for name in originals if name.startswith("good")]) >= 15
    assert not any(name.startswith("random") for name in best[:12])


def test_a_copy_of_a_better_rule_adds_nothing() -> None:
    votes, true = many_rules(0)
    gains = {one.source: one.gain for one in rank(planted.matrix(votes, len(true), 4), None)}
    for n in range(4):
        pair = sorted([gains[f"good {n:02}"], gains[f"copy {n:02}"]])
        assert pair[0] < 0.2 * pair[1]


def test_gains_fall_and_their_shares_add_up() -> None:
    votes, true = many_rules(1)
    ranked = rank(planted.matrix(votes, len(true), 4), None)
    useful = [one for one in ranked if one.gain > 0]
    assert useful[-1].total == pytest.approx(1.0)
    assert all(one.total <= other.total for one, other in pairwise(ranked))
    assert ranked[0].gain == max(one.gain for one in ranked)


def test_the_order_of_rules_is_no_matter() -> None:
    votes, true = many_rules(2)
    turned = dict(reversed(votes.items()))
    one = rank(planted.matrix(votes, len(true), 4), None)
    other = rank(planted.matrix(turned, len(true), 4), None)
    assert [rule.source for rule in one] == [rule.source for rule in other]
    assert [rule.gain for rule in one] == pytest.approx([rule.gain for rule in other])


def test_manual_labels_expose_a_rule_that_is_wrong() -> None:
    true = planted.truth(4, 2_000, [0.5, 0.5])
    rng = np.random.default_rng(4)
    votes = {f"good {n}": planted.source(rng, true, 0.8, 0.3, 2) for n in range(3)}
    votes["guess"] = planted.source(rng, true, 0.5, 0.9, 2)
    matrix = planted.matrix(votes, len(true), 2)
    ranked = rank(matrix, planted.gold(true, range(300)))
    assert ranked[-1].source == "guess"


def test_what_cannot_be_ranked_comes_in_order_of_its_hits() -> None:
    """H4: one label, no votes, all abstain."""
    votes = {"few": Votes.of([1], [0]), "many": Votes.of([1, 2], [0, 0]), "none": Votes.empty()}
    ranked = rank(VoteMatrix.build(range(4), votes, [0]), None)
    assert [one.source for one in ranked] == ["many", "few", "none"]
    silent = rank(VoteMatrix.build(range(4), {"none": Votes.empty()}, [0, 1]), None)
    assert [(one.source, one.gain) for one in silent] == [("none", 0.0)]
    assert rank(VoteMatrix.build([], {}, []), None) == []


def test_a_rule_without_hits_adds_nothing() -> None:
    votes, true = many_rules(3)
    ranked = rank(planted.matrix(votes | {"never": Votes.empty()}, len(true), 4), None)
    assert {one.source: one.gain for one in ranked}["never"] == 0.0


def test_rules_for_spans_are_ranked_by_the_spans_they_share() -> None:
    rng = np.random.default_rng(5)
    records = np.arange(400)
    right = Votes.of(records, np.zeros(400, dtype=int), None, np.full(400, 2), np.full(400, 6))
    half = right.take(np.arange(400) % 2 == 0)
    start = rng.integers(8, 30, 400)
    wrong = Votes.of(records, rng.integers(0, 2, 400), None, start, start + 3)
    votes = {"wrong": wrong, "copy": half, "right": right}
    matrix = VoteMatrix.build(records, votes, [0, 1], spans=True)
    gold = Gold(records[:100], right.of_records(records[:100]))
    ranked = rank(matrix, gold)
    assert ranked[0].source == "right"
    gains = {one.source: one.gain for one in ranked}
    assert gains["copy"] < 0.3 * gains["right"]
