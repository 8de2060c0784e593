"""The generative label model finds what majority cannot: who is good, and who says it twice."""

from __future__ import annotations

import numpy as np
import pytest

from refinery_nb.core.errors import QueryError
from refinery_nb.core.votes import VoteMatrix, Votes
from refinery_nb.supervision import label_model, supervise
from refinery_nb.supervision.generative import Generative
from refinery_nb.supervision.majority import Majority
from refinery_nb.supervision.sample import Sample
from tests.supervision import planted

MODELS = ["generative", "dawid_skene"]


def with_copies(copies: int, *, seed: int = 0, noise: float = 0.0) -> tuple[VoteMatrix, np.ndarray]:
    """Two good sources, and a bad one as often as wanted."""
    true = planted.truth(seed, 4_000, [0.4, 0.3, 0.3])
    rng = np.random.default_rng(seed + 100)
    good = [planted.source(rng, true, 0.85, 0.7, 3) for _ in range(2)]
    bad = planted.source(rng, true, 0.4, 0.7, 3)
    votes = {f"good {n}": one for n, one in enumerate(good)}
    for n in range(copies):
        label = bad.label.copy()
        other = rng.random(len(label)) < noise
        label[other] = rng.integers(0, 3, int(other.sum()))
        votes[f"bad {n}"] = Votes.of(bad.record, label)
    return planted.matrix(votes, len(true), 3), true


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("seed", range(3))
def test_ten_copies_of_a_rule_count_as_one(name: str, seed: int) -> None:
    """H4: correlated duplicates."""
    one, _ = with_copies(1, seed=seed)
    ten, _ = with_copies(10, seed=seed)
    alone = label_model(name).fit(one, None).predict_proba(one)
    together = label_model(name).fit(ten, None).predict_proba(ten)
    assert np.abs(alone - together).max() < 0.02


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_copies_of_a_wrong_rule_do_not_overrule_two_right_ones(name: str, noise: float) -> None:
    """H4: correlated duplicates."""
    matrix, true = with_copies(10, noise=noise)
    good = np.array([source.startswith("good") for source in matrix.sources])[matrix.source]
    both = np.bincount(matrix.row[good], minlength=len(matrix)) == 2
    said = np.zeros((len(matrix), 3))
    np.add.at(said, (matrix.row[good], matrix.label[good]), 1)
    agreed = both & (said.max(axis=1) == 2)
    proba = label_model(name).fit(matrix, None).predict_proba(matrix)
    followed = (proba.argmax(axis=1) == said.argmax(axis=1))[agreed]
    assert followed.mean() > 0.98
    majority = Majority().fit(matrix, None).predict_proba(matrix)
    assert planted.accuracy(proba, true) > planted.accuracy(majority, true) + 0.2


def test_without_the_discount_copies_do_overrule() -> None:
    matrix, true = with_copies(10)
    careful = Generative().fit(matrix, None).predict_proba(matrix)
    naive = Generative(dependence=False).fit(matrix, None).predict_proba(matrix)
    assert planted.accuracy(careful, true) > planted.accuracy(naive, true) + 0.2


def test_independent_sources_are_not_discounted() -> None:
    true = planted.truth(1, 5_000, [0.5, 0.3, 0.2])
    rng = np.random.default_rng(1)
    votes = {f"h{n}": planted.source(rng, true, 0.8, 0.5, 3) for n in range(6)}
    matrix = planted.matrix(votes, len(true), 3)
    with_it = Generative().fit(matrix, None).predict_proba(matrix)
    without = Generative(dependence=False).fit(matrix, None).predict_proba(matrix)
    assert np.abs(with_it - without).mean() < 0.01


@pytest.mark.parametrize("name", MODELS)
def test_precisions_are_found_without_a_manual_label(name: str) -> None:
    true = planted.truth(2, 20_000, [0.4, 0.3, 0.2, 0.1])
    rng = np.random.default_rng(2)
    known = [0.95, 0.85, 0.7, 0.6, 0.5, 0.4]
    votes = {f"h{n}": planted.source(rng, true, p, 0.6, 4) for n, p in enumerate(known)}
    matrix = planted.matrix(votes, len(true), 4)
    model = label_model(name).fit(matrix, None)
    for source in (0, 2, 4):
        of_source = matrix.source == source
        for label in (0, 1):
            at = of_source & (matrix.label == label)
            right = float((true[matrix.row[at]] == label).mean())
            assert model.precision(f"h{source}")[label] == pytest.approx(right, abs=0.08)


def test_the_class_balance_is_found_or_given() -> None:
    true = planted.truth(3, 8_000, [0.8, 0.15, 0.05])
    rng = np.random.default_rng(3)
    votes = {f"h{n}": planted.source(rng, true, 0.85, 0.6, 3) for n in range(6)}
    matrix = planted.matrix(votes, len(true), 3)
    found = Generative().fit(matrix, None).balance_
    assert found == pytest.approx([0.8, 0.15, 0.05], abs=0.07)
    given = Generative(prior={0: 0.6}).fit(matrix, None).balance_
    assert given == pytest.approx([0.6, 0.2, 0.2])


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ([0.5], "the prior has 1 shares, the task 3 labels"),
        ({7: 0.5}, "the prior names label 7"),
        ([0.5, -0.1, 0.6], "the share -0.1 of label 1"),
        ([0.0, 0.0, 0.0], "add up to 0"),
    ],
)
def test_a_prior_that_makes_no_sense_is_refused(prior: object, message: str) -> None:
    matrix = planted.matrix({"a": Votes.of([0, 1], [0, 1])}, 3, 3)
    for name in ["majority", *MODELS]:
        with pytest.raises(QueryError, match=message):
            label_model(name, prior=prior).fit(matrix, None).predict_proba(matrix)


def test_learning_in_parts_comes_close_to_learning_at_once() -> None:
    true = planted.truth(4, 12_000, [0.5, 0.3, 0.2])
    rng = np.random.default_rng(4)
    votes = {
        f"h{n}": planted.source(rng, true, p, 0.5, 3)
        for n, p in enumerate([0.9, 0.8, 0.6, 0.5, 0.4])
    }
    whole = planted.matrix(votes, len(true), 3)
    model = Generative()
    for part in np.array_split(np.arange(len(true)), 3):
        some = {name: column.of_records(part) for name, column in votes.items()}
        model.partial_fit(VoteMatrix.build(part, some, range(3)))
    at_once = Generative().fit(whole, None)
    for name in votes:
        assert model.precision(name) == pytest.approx(at_once.precision(name), abs=0.03)
    assert planted.accuracy(model.predict_proba(whole), true) == pytest.approx(
        planted.accuracy(at_once.predict_proba(whole), true), abs=0.01
    )


def test_more_records_may_bring_new_sources_but_no_other_labels() -> None:
    true = planted.truth(5, 4_000, [0.6, 0.4])
    rng = np.random.default_rng(5)
    votes = {f"h{n}": planted.source(rng, true, 0.8, 0.6, 2) for n in range(4)}
    first, rest = np.split(np.arange(len(true)), 2)
    known = {name: votes[name].of_records(first) for name in ("h0", "h1", "h2")}
    model = Generative().fit(VoteMatrix.build(first, known, range(2)), None)
    unknown = model.precision("h3")
    more = VoteMatrix.build(rest, {n: v.of_records(rest) for n, v in votes.items()}, range(2))
    assert np.isclose(model.predict_proba(more).sum(axis=1).max(), 1)
    model.partial_fit(more)
    assert np.all(model.precision("h3") != unknown)
    with pytest.raises(QueryError, match="other labels"):
        model.partial_fit(VoteMatrix.build(rest, {}, range(3)))


def test_a_sample_keeps_rare_votes_and_stands_for_all_records() -> None:
    true = planted.truth(6, 30_000, [0.4, 0.4, 0.2])
    rng = np.random.default_rng(6)
    votes = {f"h{n}": planted.source(rng, true, 0.5 + n / 20, 0.3, 3) for n in range(8)}
    votes["rare"] = planted.rule(rng, true, 2, 0.8, 0.02)
    matrix = planted.matrix(votes, len(true), 3)
    sample = Sample.of(matrix, np.ones(len(matrix), dtype=bool), 10_000)
    assert len(sample.votes) < len(matrix) / 4
    assert sample.weight.sum() == pytest.approx(len(matrix), rel=0.05)
    rare = len(matrix.sources) - 1
    kept = sample.weight[sample.votes.row[sample.votes.source == rare]].sum()
    assert kept == np.count_nonzero(matrix.source == rare)


def test_a_sample_teaches_what_all_records_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    true = planted.truth(6, 30_000, [0.4, 0.4, 0.2])
    rng = np.random.default_rng(6)
    votes = {f"h{n}": planted.source(rng, true, 0.5 + n / 20, 0.3, 3) for n in range(8)}
    matrix = planted.matrix(votes, len(true), 3)
    whole = Generative().fit(matrix, None)
    draw = Sample.of
    monkeypatch.setattr(Sample, "of", staticmethod(lambda votes, rows: draw(votes, rows, 15_000)))
    part = Generative().fit(matrix, None)
    off = np.abs([part.precision(name) - whole.precision(name) for name in votes])
    assert 0 < off.mean() < 0.04


def test_many_labels_cost_no_more_than_their_votes() -> None:
    rng = np.random.default_rng(7)
    true = rng.integers(0, 1_500, 6_000)
    votes = {
        f"h{n}": planted.source(rng, true, p, 0.6, 1_500)
        for n, p in enumerate([0.9, 0.6, 0.3, 0.3])
    }
    matrix = planted.matrix(votes, len(true), 1_500)
    right = {
        name: int((true[weak.record] == weak.label).sum())
        for name in ("majority", *MODELS)
        for weak in [supervise(matrix, None, model=name)]
    }
    assert right["generative"] > right["majority"] * 1.05
    assert right["dawid_skene"] > right["majority"] * 1.05


@pytest.mark.parametrize("labels", [[0], [0, 1]])
@pytest.mark.parametrize("name", MODELS)
def test_copies_of_a_rule_for_spans_count_as_one(name: str, labels: list[int]) -> None:
    """H4: correlated duplicates; two independent rules outweigh ten copies that overlap them."""
    rng = np.random.default_rng(8)
    records = np.arange(300)

    def spans(coverage: float, start: int, end: int) -> Votes:
        hit = records[rng.random(300) < coverage]
        count = len(hit)
        return Votes.of(hit, np.zeros(count, int), None, np.full(count, start), np.full(count, end))

    copied = spans(0.5, 0, 8)
    votes = {f"copy {n}": copied for n in range(10)}
    votes |= {"one": spans(0.6, 6, 20), "two": spans(0.6, 6, 20)}
    matrix = VoteMatrix.build(records, votes, labels, spans=True)
    odds = label_model(name).fit(matrix, None).log_odds(matrix)
    of_copies = np.array([source.startswith("copy") for source in matrix.sources])[matrix.source]
    alone = Majority().log_odds(matrix).max()
    together = np.bincount(matrix.row[of_copies], odds[of_copies])
    assert together[together > 0] == pytest.approx(alone, rel=0.05)
    assert odds[~of_copies].min() > 0.45 * alone
