"""Dawid and Skene's model learns which error a source is prone to."""

from __future__ import annotations

import numpy as np
import pytest

from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision import supervise
from refinery_nb.supervision.dawid_skene import DawidSkene
from refinery_nb.supervision.generative import Generative
from refinery_nb.supervision.majority import Majority
from tests.supervision import planted


def confused(seed: int, records: int = 5_000) -> tuple[VoteMatrix, np.ndarray]:
    """Sources that often say 1 where 0 is true; each is right of 2."""
    true = planted.truth(seed, records, [0.4, 0.3, 0.3])
    rng = np.random.default_rng(seed)
    said = np.array([[0.35, 0.6, 0.05], [0.05, 0.9, 0.05], [0.05, 0.05, 0.9]])
    votes = {}
    for n in range(6):
        hit = np.flatnonzero(rng.random(records) < 0.6)
        draw = rng.random(len(hit))[:, None]
        votes[f"h{n}"] = Votes.of(hit, (said[true[hit]].cumsum(axis=1) < draw).sum(axis=1))
    return planted.matrix(votes, records, 3), true


def test_a_systematic_error_is_seen_through() -> None:
    matrix, true = confused(0)
    right = {
        model: planted.accuracy(model.fit(matrix, None).predict_proba(matrix), true)
        for model in (Majority(), Generative(), DawidSkene())
    }
    majority, generative, dawid_skene = right.values()
    assert dawid_skene > generative > majority
    assert dawid_skene > majority + 0.05


def test_the_confusion_of_a_source_can_be_looked_at() -> None:
    matrix, true = confused(0)
    model = DawidSkene().fit(matrix, planted.gold(true, range(500)))
    of_source = model.confusion("h0")
    assert of_source.sum(axis=1) == pytest.approx([1, 1, 1])
    # True is 0, it says 1: more often than not. The other way round: hardly ever.
    assert of_source[0, 1] > 0.5
    assert of_source[1, 0] < 0.15
    assert np.all(model.confusion("unknown") == 0)


def test_a_label_that_nobody_votes_for_is_found_by_manual_labels() -> None:
    """H4: a label that no rule gives."""
    true = planted.truth(1, 2_000, [0.5, 0.25, 0.25])
    # The rule says 1 for all that is 1 or 2.
    rule = Votes.of(np.flatnonzero(true > 0), np.ones(int((true > 0).sum()), dtype=np.int64))
    other = Votes.of(np.flatnonzero(true == 0), np.zeros(int((true == 0).sum()), dtype=np.int64))
    second = Votes.of(np.flatnonzero(true == 2)[::2], np.ones(len(true[true == 2][::2]), np.int64))
    matrix = planted.matrix({"rule": rule, "other": other, "second": second}, len(true), 3)
    some = planted.gold(true, range(100))
    proba = DawidSkene().fit(matrix, some).predict_proba(matrix)
    at = matrix.row[matrix.source == 2]
    assert (proba[at].argmax(axis=1) == 2).mean() > 0.95
    assert np.all(proba[at, 2] < 1)


def test_few_manual_labels_cannot_break_it() -> None:
    """One label against all rules moves little; many move all."""
    true = planted.truth(2, 3_000, [0.5, 0.5])
    rng = np.random.default_rng(2)
    votes = {f"h{n}": planted.source(rng, true, 0.8, 0.6, 2) for n in range(5)}
    matrix = planted.matrix(votes, len(true), 2)
    proba = DawidSkene().fit(matrix, None).predict_proba(matrix)
    one = Gold(np.array([0]), Votes.of([0], [1 - true[0]]))
    assert planted.accuracy(DawidSkene().fit(matrix, one).predict_proba(matrix), true) > 0.8
    turned = planted.gold(1 - true, range(500))
    against = DawidSkene().fit(matrix, turned).predict_proba(matrix)
    assert planted.accuracy(proba, true) > 0.8
    assert planted.accuracy(against, true) < 0.2


@pytest.mark.parametrize("labels", [2, 6])
def test_manual_labels_make_it_better(labels: int) -> None:
    true = planted.truth(3, 4_000, [1 / labels] * labels)
    rng = np.random.default_rng(3)
    # Five rules for each label, of which one is good.
    votes = {
        f"h{n}": planted.rule(rng, true, n % labels, 0.95 if n < labels else 1.3 / labels, 0.3)
        for n in range(5 * labels)
    }
    matrix = planted.matrix(votes, len(true), labels)
    scores = []
    for count in (0, 400):
        some = planted.gold(true, range(count)) if count else None
        proba = DawidSkene().fit(matrix, some).predict_proba(matrix)
        scores.append(planted.accuracy(proba[400:], true[400:]))
    assert scores[1] > scores[0]


def test_reviewed_without_a_label_counts_against_all_who_voted() -> None:
    votes = {"a": Votes.of(range(40), [0] * 40), "b": Votes.of(range(40), [1] * 40)}
    matrix = planted.matrix(votes, 60, 2)
    empty = Gold(np.arange(0, 20), Votes.of(np.arange(0, 20)[10:], np.ones(10, dtype=np.int64)))
    model = DawidSkene().fit(matrix, empty)
    assert model.precision("a")[0] < 0.4 < model.precision("b")[1]


def test_weak_labels_come_with_a_confidence_that_means_something() -> None:
    true = planted.truth(4, 20_000, [0.5, 0.3, 0.2])
    rng = np.random.default_rng(4)
    known = [0.9, 0.8, 0.7, 0.6, 0.5]
    votes = {f"h{n}": planted.source(rng, true, p, 0.5, 3) for n, p in enumerate(known)}
    weak = supervise(planted.matrix(votes, len(true), 3), None, model="dawid_skene")
    right = true[weak.record] == weak.label
    for low, high in [(0.5, 0.7), (0.7, 0.9), (0.9, 1.01)]:
        at = (weak.confidence >= low) & (weak.confidence < high)
        assert right[at].mean() == pytest.approx(weak.confidence[at].mean(), abs=0.06)
