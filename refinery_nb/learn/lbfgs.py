"""L-BFGS for smooth convex functions of many weights."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
MEMORY = 8
ENOUGH = 1e-4  # of the decrease that the slope promises (Armijo)
HALVINGS = 20


def minimize(
    function: Callable[[Reals], tuple[float, Reals]],
    start: Reals,
    *,
    steps: int = 60,
    tolerance: float = 1e-5,
) -> Reals:
    """Return a point where a function of a value and its gradient is least, or nearly.

    Nocedal (1980), with backtracking. SciPy's calls multithreaded BLAS for each product of two
    vectors, which on a machine where all cores are busy took 30 times as long as the function
    itself, and its last digits depend on the number of threads.

    Parameters
    ----------
    tolerance
        It stops where a step lowers the value by less than this share of it.

    >>> bowl = lambda x: (float(((x - 3) ** 2).sum()), 2 * (x - 3))
    >>> minimize(bowl, np.zeros(2)).round(6).tolist()
    [3.0, 3.0]
    """
    point = start.copy()
    value, slope = function(point)
    past: deque[tuple[Reals, Reals, float]] = deque(maxlen=MEMORY)
    for _ in range(steps):
        direction = _direction(slope, past)
        promise = _dot(direction, slope)
        if promise >= 0:
            break
        length = 1.0 if past else min(1.0, 1.0 / max(float(np.abs(slope).max()), 1e-12))
        for _ in range(HALVINGS):
            new = point + length * direction
            new_value, new_slope = function(new)
            if new_value <= value + ENOUGH * length * promise:
                break
            length *= 0.5
        else:
            break
        moved, bent = new - point, new_slope - slope
        curve = _dot(moved, bent)
        if curve > 1e-12:
            past.append((moved, bent, curve))
        gained = value - new_value
        point, value, slope = new, new_value, new_slope
        if gained <= tolerance * max(abs(value), 1.0):
            break
    return point


def _direction(slope: Reals, past: deque[tuple[Reals, Reals, float]]) -> Reals:
    direction = -slope
    shares = []
    for moved, bent, curve in reversed(past):
        share = _dot(moved, direction) / curve
        direction -= share * bent
        shares.append(share)
    if past:
        _, bent, curve = past[-1]
        direction *= curve / _dot(bent, bent)
    for (moved, bent, curve), share in zip(past, reversed(shares), strict=True):
        direction += (share - _dot(bent, direction) / curve) * moved
    return direction


def _dot(one: Reals, other: Reals) -> float:
    # Neither BLAS nor a product of all numbers in memory.
    return float(np.einsum("i,i->", one, other))
