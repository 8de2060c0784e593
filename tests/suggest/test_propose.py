"""Proposals: planted rules are found, estimates are honest, and the list is diverse."""

from __future__ import annotations

import numpy as np
import pytest

from refinery_nb.suggest import propose, propose_spans
from refinery_nb.suggest.choose import Proposal, choose
from refinery_nb.suggest.forms import Form
from refinery_nb.suggest.prior import Prior

FILLER = [f"word{n}" for n in range(200)]


def planted(size: int, *, seed: int) -> tuple[list[str], np.ndarray]:
    """Texts of two labels: "alpha" says the first, digits like 3-2 the second."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, size)
    texts = []
    for label in truth:
        words = list(rng.choice(FILLER, 8))
        if rng.random() < 0.3:
            words.append("alpha" if label == 0 else f"{rng.integers(90)}-{rng.integers(90)}")
        texts.append(" ".join(words))
    return texts, truth


def learnt(texts: list[str], truth: np.ndarray, known: int, **options: object) -> list[Proposal]:
    evidence = np.arange(known)
    return propose(
        texts,
        np.arange(len(texts)),
        evidence,
        np.eye(2)[truth[:known]],
        **options,  # type: ignore[arg-type]
    )


def test_what_was_planted_comes_first() -> None:
    texts, truth = planted(2_000, seed=1)
    found = learnt(texts, truth, 100)
    best = {(one.form.text, one.label) for one in found[:2]}
    assert best == {("alpha", 0), (r"\b\d+-\d+\b", 1)}
    assert all(one.precision > 0.85 and one.new == len(one.hits) for one in found[:2])


def test_hits_are_those_of_the_pattern_on_every_text() -> None:
    texts, truth = planted(800, seed=2)
    for one in learnt(texts, truth, 100, min_precision=0.5):
        pattern = one.form.compiled()
        assert one.hits.tolist() == [at for at, text in enumerate(texts) if pattern.search(text)]


def test_chance_is_not_taken_for_a_rule() -> None:
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(FILLER, 8)) for _ in range(400)]
    truth = rng.integers(0, 2, 400)
    found = learnt(texts, truth, 200)
    assert len(found) <= 3  # words that met one label only by chance are many


def test_estimates_are_right_on_average() -> None:
    told, true = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        share = rng.beta(0.5, 0.5, len(FILLER))  # what each word says of the label
        first = rng.choice(len(FILLER), 4_000)
        truth = (rng.random(4_000) < share[first]).astype(int)
        texts = [FILLER[at] for at in first]
        for one in learnt(texts, truth, 600, n=50, kinds=("keyword",), min_precision=0.6):
            hidden = one.hits[one.hits >= 600]
            if len(hidden):
                told.append(one.precision)
                true.append(float((truth[hidden] == one.label).mean()))
    assert len(told) > 50
    assert abs(np.mean(told) - np.mean(true)) < 0.04


def test_an_interval_narrows_with_evidence() -> None:
    prior = Prior(np.array([0.5, 0.5]), np.full((1, 7), 1 / 7))
    counts = np.array([[2.0, 0.0], [20.0, 0.0], [200.0, 0.0]])
    label = np.zeros(3, dtype=np.int64)
    low, high = prior.interval(counts, label, label)
    mean = prior.mean(counts, label)[:, 0]
    assert (low < mean).all()
    assert (mean <= high + 1e-6).all()
    assert (np.diff(high - low) < 0).all()
    assert np.allclose(prior.mean(counts, label).sum(axis=1), 1)


def proposal(text: str, hits: list[int], precision: float = 0.9, label: int = 0) -> Proposal:
    found = Form("keyword", text, (text,))
    return Proposal(found, label, precision, precision - 0.1, 1.0, np.array(hits), len(hits))


def test_a_rule_that_reaches_what_others_reach_gives_way() -> None:
    wide, inside, apart = (
        proposal("wide", [0, 1, 2, 3, 4, 5]),
        proposal("inside", [0, 1, 2, 3]),
        proposal("apart", [7, 8]),
    )
    found = choose([inside, apart, wide], 3, np.zeros(9, dtype=bool))
    assert [one.form.text for one in found] == ["wide", "apart"]


def test_of_rules_that_hit_the_same_the_simplest_stays() -> None:
    pattern = Proposal(Form("pattern", r"\babc\w*", ("abc",)), 0, 0.9, 0.8, 1.0, np.array([0]), 1)
    found = choose([pattern, proposal("abc", [0])], 5, np.zeros(1, dtype=bool))
    assert [one.form.text for one in found] == ["abc"]


def test_what_heuristics_reach_counts_less_and_nothing_new_is_left_out() -> None:
    texts, truth = planted(1_000, seed=4)
    covered = np.array(["alpha" in text for text in texts])
    found = learnt(texts, truth, 100, covered=covered)
    assert "alpha" not in {one.form.text for one in found}
    assert found[0].form.text == r"\b\d+-\d+\b"


def test_a_label_for_none_is_evidence_against_and_never_proposed() -> None:
    texts = ["alpha x", "alpha y", "alpha z", "beta x", "beta y", "beta z"] * 3
    weights = np.zeros((18, 2))
    weights[np.arange(18), [0, 0, 0, 1, 1, 1] * 3] = 1
    found = propose(texts, np.arange(18), np.arange(18), weights, labels=1)
    assert [one.form.text for one in found] == ["alpha"]


def test_several_texts_of_a_record_are_one_record() -> None:
    texts = ["alpha", "other", "x", "alpha", "beta", "y", "beta", "z"]
    record = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    known = np.eye(2)[[0, 0, 1, 1]]
    found = propose(texts, record, np.arange(4), known, kinds=("keyword",))
    assert {(one.form.text, tuple(one.hits)) for one in found} == {
        ("alpha", (0, 1)),
        ("beta", (2, 3)),
    }


def test_no_text_and_no_evidence_give_no_rule() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert propose([], nothing, nothing, np.zeros((0, 2))) == []
    assert propose(["a b"], np.zeros(1, dtype=np.int64), nothing, np.zeros((0, 2))) == []
    assert propose_spans([], nothing, [], np.zeros(0)) == []


def test_the_same_is_proposed_again_and_in_any_order_of_kinds() -> None:
    texts, truth = planted(500, seed=5)
    one, other = (
        learnt(texts, truth, 100, kinds=kinds)
        for kinds in (("keyword", "pattern"), ("pattern", "keyword"))
    )
    assert [p.form for p in one] == [p.form for p in other]
    assert [p.precision for p in one] == [p.precision for p in other]


SPAN_TEXTS = ["goal by Ada Lovelace", "goal by Alan Turing", "by Emmy Noether then", "3-2 again"]


def test_span_rules_come_from_surfaces_shapes_and_neighbours() -> None:
    texts = [*SPAN_TEXTS, "1-0 in Paris", "off to Paris", "Paris", "paris 4-4"]
    people = [[(8, 20, 0)], [(8, 19, 0)], [(3, 15, 0)], []]
    spans = [*people, [(7, 12, 1)], [(7, 12, 1)], [(0, 5, 1)], [(0, 5, 1)]]
    found = propose_spans(texts, np.arange(8), spans, np.ones(8), min_precision=0.4)
    rules = {(one.form.text, one.label) for one in found}
    assert ("paris", 1) in rules
    assert (r"\bby (\w+ \w+)\b", 0) in rules


def test_span_rules_that_mark_more_than_the_spans_are_estimated_lower() -> None:
    texts = [f"may {n}" for n in range(20)] + [f"in may {n}" for n in range(20)]
    spans = [[] for _ in range(20)] + [[(3, 6, 0)] for _ in range(20)]
    found = propose_spans(texts, np.arange(40), spans, np.ones(40), min_precision=0.3)
    by_rule = {one.form.text: one for one in found}
    best = found[0]
    assert best.form.text == r"\bin (\w+)\b"
    assert best.hits.tolist() == list(range(20, 40))
    assert "may" not in by_rule or by_rule["may"].precision == pytest.approx(0.5, abs=0.1)


def test_spans_that_heuristics_mark_already_are_not_new() -> None:
    texts = ["Paris x", "Paris y", "Paris z"]
    spans = [[(0, 5, 0)], [(0, 5, 0)]]
    options = {"min_precision": 0.2}
    free = propose_spans(texts, np.arange(2), spans, np.ones(2), **options)  # type: ignore[arg-type]
    assert free[0].new == 3
    covered = {0: [(0, 5)], 1: [(0, 5)], 2: [(0, 5)]}
    taken = propose_spans(texts, np.arange(2), spans, np.ones(2), covered=covered, **options)  # type: ignore[arg-type]
    assert taken == []


def test_hundreds_of_labels_are_told_apart() -> None:
    rng = np.random.default_rng(6)
    truth = rng.integers(0, 300, 3_000)
    texts = [f"{' '.join(rng.choice(FILLER, 4))} intent{label}" for label in truth]
    known = np.eye(300)[truth[:1_500]]
    found = propose(texts, np.arange(3_000), np.arange(1_500), known, n=400, kinds=("keyword",))
    assert len(found) > 250
    assert all(one.form.text == f"intent{one.label}" for one in found)
