"""The statistics are exact: a double loop over all votes says the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.quality import statistics, wilson

CLASSES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 2)),
    max_size=15,
    unique_by=lambda vote: vote[:2],
)
SPANS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 1),
        st.integers(0, 8),
        st.integers(1, 4),
    ),
    max_size=10,
    unique_by=lambda vote: vote[:4],
)
TOKENS = np.array([[n * 2, n * 2 + 2] for n in range(8)], dtype=np.int32)


@given(votes=CLASSES, labels=st.dictionaries(st.integers(0, 5), st.none() | st.integers(0, 2)))
@settings(deadline=None)
def test_classes(votes: list, labels: dict) -> None:
    columns = {
        str(s): Votes.of([v[1] for v in votes if v[0] == s], [v[2] for v in votes if v[0] == s])
        for s in range(3)
    }
    said = {record: label for record, label in labels.items() if label is not None}
    gold = Gold(np.array(sorted(labels), dtype=np.int64), Votes.of(list(said), list(said.values())))
    found = statistics(VoteMatrix.build(range(6), columns, range(3)), gold)
    for source in range(3):
        for label in range(3):
            own = [v for v in votes if v[0] == source and v[2] == label]
            others = [[w for w in votes if w[0] != source and w[1] == v[1]] for v in own]
            reviewed = [v for v in own if v[1] in labels]
            assert found.hits[source, label] == found.coverage[source, label] == len(own)
            assert found.overlaps[source, label] == sum(
                any(w[2] == label for w in o) for o in others
            )
            assert found.conflicts[source, label] == sum(
                any(w[2] != label for w in o) for o in others
            )
            right = sum(labels[v[1]] == label for v in reviewed)
            assert found.correct[source, label] == right
            assert found.incorrect[source, label] == len(reviewed) - right
            assert np.isnan(found.precision[source, label]) == (not reviewed)


def meet(one: tuple, other: tuple) -> bool:
    return one[1] == other[1] and one[3] < other[3] + other[4] and other[3] < one[3] + one[4]


@given(votes=SPANS, gold_spans=SPANS, reviewed=st.sets(st.integers(0, 2)))
@settings(deadline=None)
def test_spans(votes: list, gold_spans: list, reviewed: set) -> None:
    def column(rows: list) -> Votes:
        return Votes.of(
            [v[1] for v in rows],
            [v[2] for v in rows],
            None,
            [v[3] for v in rows],
            [v[3] + v[4] for v in rows],
        )

    columns = {str(s): column([v for v in votes if v[0] == s]) for s in range(3)}
    truth = [g for g in gold_spans if g[1] in reviewed]
    gold = Gold(np.array(sorted(reviewed), dtype=np.int64), column(truth))
    tokens = dict.fromkeys(reviewed, TOKENS)
    found = statistics(
        VoteMatrix.build(range(3), columns, range(2), spans=True), gold, tokens=tokens
    )

    def covered(rows: list, record: int, label: int) -> set[int]:
        return {
            at
            for at, (start, end) in enumerate(TOKENS.tolist())
            for v in rows
            if v[1] == record and v[2] == label and v[3] < end and v[3] + v[4] > start
        }

    for source in range(3):
        for label in range(2):
            own = [v for v in votes if v[0] == source and v[2] == label]
            met = [[w for w in votes if w[0] != source and meet(v, w)] for v in own]
            assert found.hits[source, label] == len(own)
            assert found.coverage[source, label] == len({v[1] for v in own})
            assert found.overlaps[source, label] == sum(any(w[2] == label for w in m) for m in met)
            assert found.conflicts[source, label] == sum(any(w[2] != label for w in m) for m in met)
            pairs = [(covered(own, r, label), covered(truth, r, label)) for r in reviewed]
            assert found.correct[source, label] == sum(len(a & b) for a, b in pairs)
            assert found.incorrect[source, label] == sum(len(a - b) for a, b in pairs)
            assert found.missed is not None
            assert found.missed[source, label] == sum(len(b - a) for a, b in pairs)


def test_the_interval_is_wilsons() -> None:
    low, high = wilson([0, 5, 10, 0], [10, 10, 10, 0])
    assert np.allclose(low[:3], [0.0, 0.2366, 0.7225], atol=1e-4)
    assert np.allclose(high[:3], [0.2775, 0.7634, 1.0], atol=1e-4)
    assert np.isnan(low[3])
