from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from refinery_nb.active.learner import Logistic
from refinery_nb.active.space import FITTED_ON, Space, sample, unit

ROWS = arrays(np.float32, (12, 5), elements=st.floats(-3, 3, width=32))


@given(ROWS)
@settings(max_examples=50, deadline=None)
def test_coordinates_are_finite_and_of_mean_square_length_one(rows: np.ndarray) -> None:
    found = Space.fit(rows).place(rows)
    assert np.isfinite(found).all()
    length = float((found.astype(np.float64) ** 2).sum(axis=1).mean())
    assert length < 1e-3 or abs(length - 1) < 1e-2


def test_directions_in_which_records_differ_most_are_longest() -> None:
    rows = np.random.default_rng(0).normal(size=(500, 4)).astype(np.float32) * [4, 2, 1, 0.1]
    spread = Space.fit(rows.astype(np.float32)).place(rows.astype(np.float32)).std(axis=0)
    assert (np.diff(spread) < 0).all()
    np.testing.assert_allclose(spread[1] / spread[0], 4 / 16, rtol=0.2)


def test_only_so_many_axes_are_kept() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 10)).astype(np.float32)
    assert Space.fit(rows, axes=3).place(rows).shape == (50, 3)


def test_records_that_nobody_labelled_teach_as_well() -> None:
    """With few labels, axes of all records find planted classes better than plain vectors."""
    gained = []
    for seed in range(8):
        chance = np.random.default_rng(seed)
        truth = chance.integers(3, size=600)
        centers = chance.normal(size=(3, 60)) * 0.5
        rows = (centers[truth] + chance.normal(size=(600, 60))).astype(np.float32)
        plain = rows - rows.mean(axis=0)
        plain /= np.sqrt((plain**2).sum(axis=1).mean())
        placed = Space.fit(rows).place(rows)
        few = np.concatenate([np.flatnonzero(truth == one)[:3] for one in range(3)])
        right = [
            (Logistic(3).fit(one[few], truth[few]).predict_proba(one).argmax(axis=1) == truth)
            for one in (placed, plain)
        ]
        gained.append(right[0].mean() - right[1].mean())
    assert np.mean(gained) > 0.03


def test_units_have_length_one_and_zero_stays_zero() -> None:
    found = unit(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1, 0], atol=1e-6)


def test_a_sample_is_the_same_each_time_and_no_larger_than_it_may_be() -> None:
    np.testing.assert_array_equal(sample(10), np.arange(10))
    one, other = sample(FITTED_ON + 1), sample(FITTED_ON + 1)
    np.testing.assert_array_equal(one, other)
    assert len(one) == FITTED_ON
    assert (np.diff(one) > 0).all()
