"""How similar records of a project usually are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE = 500
PERCENTILE = 5


def usual_similarity(values: NDArray[np.float32], *, seed: int = 0) -> float:
    """Return the cosine similarity above which Kern AI refinery calls two records similar.

    The 5th percentile of the pairwise Euclidean distances of at most 500 random records, here
    between vectors of length 1, as the cosine that belongs to it: 1 - distance^2 / 2.

    Parameters
    ----------
    values
        Vectors, shape (n, d); zero ones do not count.
    seed
        Which records are drawn.

    Returns
    -------
    float
        -1 where there are fewer than two vectors.
    """
    rows = np.arange(len(values))
    if len(rows) > SAMPLE:
        rows = np.sort(np.random.default_rng(seed).choice(rows, SAMPLE, replace=False))
    drawn = np.asarray(values[rows], np.float64)
    lengths = np.linalg.norm(drawn, axis=1)
    drawn = drawn[lengths > 0] / lengths[lengths > 0, None]
    if len(drawn) < 2:
        return -1.0
    similarity = np.clip(drawn @ drawn.T, -1, 1)[np.triu_indices(len(drawn), 1)]
    distance = float(np.percentile(np.sqrt(2 - 2 * similarity), PERCENTILE))
    return 1 - distance**2 / 2
