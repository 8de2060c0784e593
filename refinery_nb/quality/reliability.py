"""Whether a confidence means what it says: predictions in bins of confidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from refinery_nb.quality.interval import wilson

Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Predictions by their confidence, one entry for each bin that holds any.

    Attributes
    ----------
    confidence, accuracy
        The mean confidence of the bin, and the share that is right.
    low, high
        The 95 % interval of that share.
    count
        How many predictions the bin holds.
    error
        The expected calibration error (Naeini et al., 2015): the mean distance of both, weighted
        by count; NaN without predictions.
    """

    confidence: Shares
    accuracy: Shares
    low: Shares
    high: Shares
    count: NDArray[np.int64]
    error: float


def reliability(confidence: ArrayLike, right: ArrayLike, *, bins: int = 10) -> Reliability:
    """Put predictions into bins of equal width and compare confidence with accuracy.

    >>> round(reliability([0.95, 0.95, 0.55], [True, False, True]).error, 3)
    0.45
    """
    said = np.asarray(confidence, dtype=np.float64)
    correct = np.asarray(right, dtype=np.float64)
    at = np.clip((said * bins).astype(np.int64), 0, bins - 1)
    count = np.bincount(at, minlength=bins)
    held = count > 0
    sums = [np.bincount(at, weights=part, minlength=bins)[held] for part in (said, correct)]
    count = count[held].astype(np.int64)
    mean, accuracy = sums[0] / count, sums[1] / count
    low, high = wilson(sums[1], count)
    distance = float((np.abs(mean - accuracy) * count).sum() / count.sum()) if len(said) else np.nan
    return Reliability(mean, accuracy, low, high, count, float(distance))
