"""Agreement and reliability, held against the textbook and against plain loops."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refinery_nb.core.votes import VoteMatrix, Votes
from refinery_nb.quality.agreement import alpha, kappa, observed
from refinery_nb.quality.overlap import meetings
from refinery_nb.quality.reliability import reliability


def test_kappa_is_what_is_left_after_chance() -> None:
    counts = np.array([[45, 15], [25, 15]])
    assert observed(counts) == 0.6
    assert kappa(counts) == pytest.approx(0.1304, abs=1e-4)


@pytest.mark.parametrize("counts", [[[0, 0], [0, 0]], [[5, 0], [0, 0]]])
def test_kappa_is_unknown_where_chance_is_certain(counts: list) -> None:
    assert math.isnan(kappa(np.array(counts)))


def ratings(said: list[dict[int, int]]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (np.array(sorted(one), dtype=np.int64), np.array([one[r] for r in sorted(one)], np.int64))
        for one in said
    ]


def test_alpha_of_krippendorffs_example() -> None:
    """The nominal example of "Computing Krippendorff's alpha-reliability" (2011), part C."""
    rows = [
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    ]
    said = [{n: int(v) for n, v in enumerate(row.split()) if v != "."} for row in rows]
    assert alpha(ratings(said)) == pytest.approx(0.743, abs=5e-4)


@given(
    st.lists(st.dictionaries(st.integers(0, 5), st.integers(0, 2), max_size=6), max_size=4),
)
@settings(deadline=None)
def test_alpha_is_a_double_loop_over_pairs(said: list[dict[int, int]]) -> None:
    pairs: dict[tuple[int, int], float] = {}
    for unit in range(6):
        values = [one[unit] for one in said if unit in one]
        for a, b in permutations(values, 2):
            pairs[a, b] = pairs.get((a, b), 0.0) + 1 / (len(values) - 1)
    total = sum(pairs.values())
    of = [sum(v for (a, _), v in pairs.items() if a == c) for c in range(3)]
    differ = sum(v for (a, b), v in pairs.items() if a != b)
    expected = sum(of[a] * of[b] for a, b in permutations(range(3), 2))
    found = alpha(ratings(said))
    if expected == 0:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(1 - (total - 1) * differ / expected)


CELLS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 2), st.integers(0, 6)),
    max_size=14,
    unique_by=lambda vote: vote[:2],
)


@given(votes=CELLS, spans=st.booleans())
@settings(deadline=None)
def test_meetings_are_symmetric_and_exact(votes: list, spans: bool) -> None:
    columns = {}
    for source in range(3):
        own = [v for v in votes if v[0] == source]
        starts = [v[3] for v in own] if spans else None
        ends = [v[3] + 3 for v in own] if spans else None
        columns[str(source)] = Votes.of(
            [v[1] for v in own], [v[2] for v in own], None, starts, ends
        )
    found = meetings(VoteMatrix.build(range(5), columns, range(3), spans=spans))
    for a in range(3):
        assert found.both[a, a] == sum(v[0] == a for v in votes)
        assert found.differ[a, a] == 0
        for b in range(3):
            met = [
                (v, w)
                for v in votes
                for w in votes
                if (v[0], w[0]) == (a, b) and v[1] == w[1] and a != b
                if not spans or abs(v[3] - w[3]) < 3
            ]
            if a != b:
                assert found.both[a, b] == len(met)
                assert found.differ[a, b] == sum(v[2] != w[2] for v, w in met)


@given(
    st.lists(st.tuples(st.floats(0.01, 1.0), st.booleans()), min_size=1, max_size=30),
    st.integers(1, 12),
)
@settings(deadline=None)
def test_every_prediction_is_in_one_bin(said: list, bins: int) -> None:
    found = reliability([c for c, _ in said], [r for _, r in said], bins=bins)
    assert found.count.sum() == len(said)
    assert (found.accuracy * found.count).sum() == pytest.approx(sum(r for _, r in said))
    assert (found.confidence * found.count).sum() == pytest.approx(sum(c for c, _ in said))
    assert (found.low <= found.accuracy + 1e-9).all()
    assert (found.accuracy <= found.high + 1e-9).all()
    assert 0 <= found.error <= 1


def test_no_predictions_have_no_error() -> None:
    assert math.isnan(reliability([], []).error)
