"""One yes/no question a label: what holds whatever the labels are called or ordered by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refinery_nb.core.errors import QueryError
from refinery_nb.core.vectors import Vectors
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision.several import likely, supervise_several
from refinery_nb.supervision.supervise import run

RECORDS = np.arange(1, 241)
NAMES = {7: "A", 3: "B", 9: "C"}


def planted(seed: int = 0) -> tuple[dict[str, Votes], Gold, np.ndarray]:
    """Three sources that find the labels of 240 records more or less well, 80 reviewed."""
    rng = np.random.default_rng(seed)
    truth = rng.random((len(RECORDS), 3)) < [0.5, 0.3, 0.2]
    votes = {}
    for name, right in (("good", 0.95), ("fair", 0.85), ("poor", 0.7)):
        said = np.where(rng.random(truth.shape) < right, truth, ~truth)
        row, label = np.nonzero(said)
        votes[name] = Votes.of(RECORDS[row], np.array(list(NAMES))[label])
    row, label = np.nonzero(truth[:80])
    gold = Gold(RECORDS[:80], Votes.of(RECORDS[row], np.array(list(NAMES))[label]))
    return votes, gold, truth


def entries(votes: Votes | None) -> dict[tuple[int, int], float]:
    assert votes is not None
    keys = zip(votes.record.tolist(), votes.label.tolist(), strict=True)
    return dict(zip(keys, votes.confidence.tolist(), strict=True))


@given(st.permutations(list(NAMES)))
@settings(max_examples=4, deadline=None)
def test_permuted_labels_change_nothing(order: list[int]) -> None:
    votes, gold, _ = planted()
    one = supervise_several(RECORDS, votes, NAMES, gold, model="weighted")
    labels = {label: NAMES[label] for label in order}
    other = supervise_several(RECORDS, votes, labels, gold, model="weighted")
    for ours, theirs in (
        (one.votes, other.votes),
        (one.proba, other.proba),
        (one.held_out, other.held_out),
    ):
        assert entries(ours) == entries(theirs)
    assert one.summary["held_out"] == other.summary["held_out"]


@pytest.mark.parametrize("model", ["majority", "weighted", "dawid_skene", "generative"])
@pytest.mark.parametrize("gold", [True, False])
def test_of_two_labels_one_a_record_it_is_a_classification(model: str, gold: bool) -> None:
    """Promised where every source votes for both: a yes is then the other's no."""
    rng = np.random.default_rng(1)
    truth = np.where(rng.random(len(RECORDS)) < 0.5, 7, 3)
    votes = {}
    for name, right in (("good", 0.9), ("fair", 0.8), ("poor", 0.65)):
        wrong = rng.random(len(RECORDS)) > right
        said = np.where(wrong, 10 - truth, truth)
        voted = rng.random(len(RECORDS)) < 0.7
        votes[name] = Votes.of(RECORDS[voted], said[voted])
    reviewed = 60 if gold else 0
    reference = Gold(RECORDS[:reviewed], Votes.of(RECORDS[:reviewed], truth[:reviewed]))
    names = {7: "A", 3: "B"}
    several = supervise_several(RECORDS, votes, names, reference, model=model)
    classes = run(VoteMatrix.build(RECORDS, votes, [7, 3]), reference, model=model)
    tie = np.isclose(classes.votes.confidence, 0.5)
    decided = classes.votes.take(~tie)
    ours, theirs = entries(several.votes), entries(decided)
    assert theirs
    assert set(theirs) <= set(ours)
    assert ours == {**ours, **{one: pytest.approx(sure, abs=1e-5) for one, sure in theirs.items()}}
    extra = {record for record, _ in set(ours) - set(theirs)}
    assert extra <= set(classes.votes.record[tie].tolist())


def test_held_out_answers_have_not_seen_the_labels() -> None:
    """A source that is right on the reviewed records by chance confirms nothing."""
    votes, gold, _ = planted()
    found = supervise_several(RECORDS, votes, NAMES, gold, model="weighted")
    assert found.held_out is not None
    assert set(found.held_out.record.tolist()) <= set(gold.reviewed.tolist())
    assert (found.held_out.confidence < 0.5).any()
    said = likely(found.held_out)
    sides = [set(entries(one)) for one in (said, gold.votes)]
    wrong = {record for record, _ in sides[0] ^ sides[1]}
    assert found.summary["held_out"] == {
        "labels": 80,
        "accuracy": pytest.approx(1 - len(wrong) / 80),
    }
    turned = Gold(gold.reviewed, Votes.of(gold.votes.record[::-1], gold.votes.label))
    other = supervise_several(RECORDS, votes, NAMES, turned, model="weighted")
    assert other.summary["held_out"]["accuracy"] < found.summary["held_out"]["accuracy"]


def test_vectors_say_where_no_source_does() -> None:
    votes, gold, truth = planted()
    noise = np.random.default_rng(2).normal(0, 0.6, (len(RECORDS), 8))
    rows = (noise + np.hstack([truth, truth, truth[:, :2]])).astype(np.float32)
    silent = {name: one.of_records(RECORDS[:100]) for name, one in votes.items()}
    found = supervise_several(
        RECORDS, silent, NAMES, gold, model="fused", vectors=Vectors(RECORDS, rows)
    )
    said = entries(found.votes)
    beyond = np.arange(100, len(RECORDS))
    right = [
        ((int(RECORDS[at]), label) in said) == truth[at, column]
        for at in beyond
        for column, label in enumerate(NAMES)
    ]
    assert np.mean(right) > 0.85


def test_a_share_is_that_of_the_records_that_have_the_label() -> None:
    votes, _, _ = planted()
    nothing = Gold(np.zeros(0, np.int64), Votes.empty())
    rare, frequent = (
        supervise_several(RECORDS, votes, NAMES, nothing, model="generative", prior={2: share})
        for share in (0.05, 0.6)
    )
    count = [int((one.votes.label == 9).sum()) for one in (rare, frequent)]
    assert count[0] < count[1]
    with pytest.raises(QueryError, match="the positions go from 0 to 2"):
        supervise_several(RECORDS, votes, NAMES, nothing, model="weighted", prior={3: 0.5})
