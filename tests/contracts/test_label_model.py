"""What every label model must keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refinery_nb.core.errors import QueryError
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision import label_model, supervise
from refinery_nb.supervision.model import MODELS

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


@pytest.mark.parametrize("name", MODELS)
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
