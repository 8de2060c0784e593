"""Groups of near vectors and outliers, held against all pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from refinery_nb.core.threads import side_by_side
from refinery_nb.quality import near, outliers


def clouds(n: int, dim: int, seed: int) -> np.ndarray:
    """Return vectors with copies, near copies, zeros and loners among them, of any length."""
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(max(1, n // 4), dim))
    values = centres[chance.integers(0, len(centres), n)]
    values = values + chance.normal(size=(n, dim)) * chance.choice([0, 0.02, 0.2, 2], (n, 1))
    values *= chance.choice([0.01, 1, 50], (n, 1))
    values[chance.random(n) < 0.05] = 0
    return values.astype(np.float32)


def cosines(values: np.ndarray) -> np.ndarray:
    wide = values.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return (
        (wide @ wide.T)
        / np.where(lengths > 0, lengths, np.inf)
        / np.where(lengths.T > 0, lengths.T, np.inf)
    )


def components(close: np.ndarray, begin: np.ndarray) -> list[int]:
    """Return the lowest member of each one's component, by plain search."""
    n = len(close)
    linked = close | (begin[:, None] == begin[None])
    found = [-1] * n
    for start in range(n):
        if found[start] >= 0:
            continue
        todo = [start]
        while todo:
            at = todo.pop()
            if found[at] < 0:
                found[at] = start
                todo.extend(np.flatnonzero(linked[at]).tolist())
    return found


@given(
    n=st.integers(0, 60),
    dim=st.integers(1, 40),
    seed=st.integers(0, 999),
    threshold=st.sampled_from([0.3, 0.8, 0.95, 0.999, 1.0]),
    block=st.sampled_from([3, 16, 2_048]),
    one_by_one=st.sampled_from([0, 600]),
    known=st.booleans(),
    run=st.sampled_from([near.one_by_one, side_by_side]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_groups_are_the_components_of_all_close_pairs(
    n: int,
    dim: int,
    seed: int,
    threshold: float,
    block: int,
    one_by_one: int,
    known: bool,
    run: near.Run,
) -> None:
    values = clouds(n, dim, seed)
    similarity = cosines(values)
    at_the_edge = np.abs(similarity - threshold) < 1e-9
    np.fill_diagonal(at_the_edge, False)
    if threshold < 1 and at_the_edge.any():
        return
    begin = np.random.default_rng(seed).integers(0, max(1, n), n) if known else np.arange(n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "BLOCK", block)
        patch.setattr(near, "AT_ONCE", 7)
        patch.setattr(near, "ONE_BY_ONE", one_by_one)
        patch.setattr(near, "SAMPLE", 20)
        found = near.groups(values, threshold, begin if known else None, run=run)
    if threshold == 1.0:  # what is called equal to the last bit depends on rounding
        whole = [tuple(row) for row in values.tolist()]
        for at, root in enumerate(found.tolist()):
            assert whole[at] == whole[root] or similarity[at, root] > 1 - 1e-9 or known
        for at, row in enumerate(whole):
            if any(row):
                assert found[at] == found[whole.index(row)]
        return
    assert found.tolist() == components(similarity >= threshold, begin)


def test_many_copies_of_one_vector_are_one_group() -> None:
    values = np.ones((30_000, 4), np.float32)
    values[-1] = [1, -1, 0, 0]
    found = near.groups(values, 0.95)
    assert found[:-1].tolist() == [0] * 29_999
    assert found[-1] == 29_999


@given(
    n=st.integers(0, 60),
    dim=st.integers(1, 8),
    seed=st.integers(0, 999),
    wanted=st.integers(0, 70),
    neighbours=st.integers(1, 12),
    first=st.sampled_from([2, 8, 2_048]),
    cells=st.sampled_from([1, 4 << 20]),
    step=st.sampled_from([3, 1_024]),
    run=st.sampled_from([near.one_by_one, side_by_side]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_sparsest_are_those_of_comparing_all(
    n: int,
    dim: int,
    seed: int,
    wanted: int,
    neighbours: int,
    first: int,
    cells: int,
    step: int,
    run: near.Run,
) -> None:
    values = clouds(n, dim, seed)
    values = values[values.any(axis=1)]
    n = len(values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outliers, "FIRST", first)
        patch.setattr(outliers, "CELLS", cells)
        patch.setattr(outliers, "STEP", step)
        rows, scores = outliers.sparsest(values, wanted, neighbours=neighbours, seed=seed, run=run)
    if n < 2:
        assert len(rows) == 0
        return
    similarity = cosines(values)
    np.fill_diagonal(similarity, -np.inf)
    k = min(neighbours, n - 1)
    expected = 1 - np.sort(similarity, axis=1)[:, -k:].mean(axis=1)
    assert len(rows) == len(set(rows.tolist())) == min(wanted, n)
    assert np.allclose(scores, expected[rows], atol=1e-5)
    assert np.all(np.diff(scores) <= 0)
    others = np.setdiff1d(np.arange(n), rows)
    if len(others) and len(rows):
        assert expected[others].max() <= scores.min() + 1e-5


def test_most_rows_are_not_compared_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(0)
    centres = chance.normal(size=(20, 16))
    values = (
        centres[chance.integers(0, 20, 6_000)] + 0.05 * chance.normal(size=(6_000, 16))
    ).astype(np.float32)
    values[:10] = chance.normal(size=(10, 16))
    compared = []
    compare = outliers._compare

    def counted(values: Any, nearest: Any, rows: Any, others: Any, run: Any) -> None:
        compared.append(len(rows) * len(others))
        compare(values, nearest, rows, others, run)

    monkeypatch.setattr(outliers, "_compare", counted)
    monkeypatch.setattr(outliers, "FIRST", 600)
    rows, _ = outliers.sparsest(values, 10)
    assert set(rows.tolist()) == set(range(10))
    assert sum(compared) < 0.2 * 6_000**2


@given(
    n=st.integers(0, 20), m=st.integers(0, 20), seed=st.integers(0, 99), cells=st.integers(1, 50)
)
def test_the_measure_of_refinery_is_the_sum_of_all_distances(
    n: int, m: int, seed: int, cells: int
) -> None:
    chance = np.random.default_rng(seed)
    unlabelled, labelled = (chance.normal(size=(size, 3)).astype(np.float32) for size in (n, m))
    if not n:
        assert len(outliers.farthest(unlabelled, labelled, metric="euclidean")) == 0
        return
    targets = labelled if m else unlabelled.mean(axis=0, keepdims=True)
    for metric in ("euclidean", "cosine"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(outliers, "CELLS", cells)
            found = outliers.farthest(unlabelled, labelled, metric=metric)
        expected = cdist(unlabelled.astype(float), targets.astype(float), metric).sum(axis=1)
        assert np.allclose(found, expected, rtol=1e-5, atol=1e-5)
