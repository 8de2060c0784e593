"""How sure a share is that was counted on few cases."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z = 1.959963984540054  # the normal quantile of a 95 % interval


def wilson(right: ArrayLike, total: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % score interval of a share (Wilson, 1927); NaN where nothing was counted.

    >>> low, high = wilson(9, 10)
    >>> round(float(low), 3), round(float(high), 3)
    (0.596, 0.982)
    """
    k, n = np.asarray(right, dtype=np.float64), np.asarray(total, dtype=np.float64)
    counted = np.where(n > 0, n, np.nan)
    share = k / counted
    center = (share + Z**2 / (2 * counted)) / (1 + Z**2 / counted)
    half = (
        Z * np.sqrt(share * (1 - share) / counted + Z**2 / (4 * counted**2)) / (1 + Z**2 / counted)
    )
    return np.maximum(center - half, 0.0), np.minimum(center + half, 1.0)
