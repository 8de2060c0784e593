"""Vectors on a plane."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refinery_nb.learn.projection import LAID_OUT, among_nearest, installed, lay_out, reduce


@given(st.integers(0, 60), st.integers(1, 12), st.integers(0, 2**31))
def test_principal_components_are_those_of_the_singular_values(n: int, d: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    found = reduce(values, 2)
    assert found.shape == (n, 2)
    centred = values - values.mean(axis=0) if n else values
    expected = np.linalg.svd(centred, compute_uv=False)[:2] if n else np.zeros(2)
    expected = np.pad(expected, (0, 2 - len(expected)))
    assert np.allclose(np.linalg.norm(found, axis=0), expected, atol=1e-3 * (1 + expected[0]))


def test_the_same_vectors_give_the_same_picture_in_any_order() -> None:
    values = np.random.default_rng(0).normal(size=(500, 20)).astype(np.float32)
    order = np.random.default_rng(1).permutation(500)
    assert np.allclose(lay_out(values)[order], lay_out(values[order]), atol=1e-3)


def test_many_vectors_are_taken_in_blocks() -> None:
    values = np.random.default_rng(0).normal(size=(20_000, 4)).astype(np.float32)
    centred = values - values.mean(axis=0)
    _, _, basis = np.linalg.svd(centred, full_matrices=False)
    expected = np.abs(centred @ basis[:2].T)
    assert np.allclose(np.abs(lay_out(values)), expected, atol=1e-2)


def test_vectors_that_are_all_alike_stand_in_one_place() -> None:
    found = lay_out(np.ones((50, 8), np.float32))
    assert np.allclose(found, 0, atol=1e-4)


@pytest.mark.parametrize("method", [one for one in installed() if one != "pca"])
def test_a_neighbour_layout_keeps_clusters_together(method: str) -> None:
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(3), 40)
    values = (np.eye(3)[cluster] * 10 + rng.normal(size=(120, 3))).astype(np.float32)
    found = lay_out(values, method, seed=0)
    centres = np.stack([found[cluster == one].mean(axis=0) for one in range(3)])
    nearest = ((found[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == cluster).mean() > 0.95
    assert np.array_equal(found, lay_out(values, method, seed=0))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("method", installed())
def test_few_vectors_are_no_error(n: int, method: str) -> None:
    found = lay_out(np.random.default_rng(0).normal(size=(n, 6)).astype(np.float32), method)
    assert found.shape == (n, 2)
    assert np.isfinite(found).all()


def test_others_stand_among_their_nearest() -> None:
    known = np.array([[0, 0], [10, 0], [0, 10], [10, 10]], np.float32)
    places = known / 10
    found = among_nearest(np.array([[0, 0], [9.9, 10]], np.float32), known, places)
    assert np.allclose(found, [[0, 0], [1, 1]], atol=0.1)
    assert LAID_OUT >= 1_000
