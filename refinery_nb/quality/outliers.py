"""How far records lie from all others, by their vectors."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from refinery_nb.quality.near import Run, one_by_one

Values = NDArray[np.float32]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NEIGHBOURS = 10
CELLS = 4 << 20  # similarities that are held at once, by each thread
STEP = 1_024  # rows that are compared at once
FIRST = 2_048  # records that all are compared with first
SLACK = 1e-5  # by how much a score may be off by rounding


def sparsest(
    values: Values,
    n: int,
    *,
    neighbours: int = NEIGHBOURS,
    seed: int = 0,
    run: Run = one_by_one,
) -> tuple[Ints, Floats]:
    """Return the rows that lie in the emptiest places, and their scores, highest first.

    The score is the mean cosine distance to the nearest neighbours (Angiulli and Pizzuti, 2002,
    whose weight is its multiple), among all rows. Rows that are known not to be among the first
    ``n`` are left out early (Bay and Schwabacher, 2003): the result is that of comparing all with
    all, at a fraction of the products.

    Parameters
    ----------
    values
        Vectors, shape (m, d), not zero; their length does not matter.
    n
        How many rows at most.
    neighbours
        How many neighbours count, or all others where there are fewer.
    seed
        In which order rows are compared; the result is the same for all.
    run
        Does work on several items, such as in threads; ``(work, items) -> None``.

    Returns
    -------
    tuple
        Rows, int64, and scores in [0, 2], ties by row.
    """
    m = len(values)
    k, n = min(neighbours, m - 1), min(n, m)
    if k < 1 or n < 1:
        return np.zeros(0, np.int64), np.zeros(0)
    order = np.random.default_rng(seed).permutation(m)
    nearest = np.full((m, k), -2.0, np.float32)  # similarities to the nearest so far
    candidates = np.arange(m)
    _compare(values, nearest, candidates, order[:FIRST], run)
    # Against some rows neighbours seem farther away than they are: a score can only fall.
    likely = candidates[np.argsort(-_scores(nearest), kind="stable")[: 2 * n]]
    _compare(values, nearest, likely, order[FIRST:], run)
    least = np.partition(_scores(nearest[likely]), -n)[-n]
    candidates = np.setdiff1d(candidates, likely)
    first, step = FIRST, FIRST
    while first < m and len(candidates):
        candidates = candidates[_scores(nearest[candidates]) >= least - SLACK]
        _compare(values, nearest, candidates, order[first : first + step], run)
        first, step = first + step, 2 * step
    every = np.union1d(likely, candidates)
    scores = _scores(nearest[every])
    best = np.lexsort((every, -scores))[:n]
    return every[best].astype(np.int64), scores[best]


def farthest(
    unlabelled: Values, labelled: Values, *, metric: Literal["euclidean", "cosine"]
) -> Floats:
    """Return how far each unlabelled vector lies from all labelled ones, shape (m,).

    The measure of Kern AI refinery: the sum of the distances to all labelled vectors, or, where
    nothing is labelled, the distance to the mean of the unlabelled ones.

    Parameters
    ----------
    unlabelled, labelled
        Shapes (m, d) and (l, d).
    metric
        ``euclidean``; refinery takes ``cosine`` (1 - cosine) for TF-IDF.
    """
    if not len(unlabelled):
        return np.zeros(0)
    targets = labelled if len(labelled) else np.asarray(unlabelled).mean(axis=0, keepdims=True)
    targets = _prepared(np.asarray(targets, np.float64), metric)
    found = np.zeros(len(unlabelled))
    step = max(1, CELLS // max(1, len(targets)))
    for first in range(0, len(unlabelled), step):
        block = _prepared(np.asarray(unlabelled[first : first + step], np.float64), metric)
        products = block @ targets.T
        if metric == "cosine":
            found[first : first + step] = (1 - products).sum(axis=1)
            continue
        squares = (block**2).sum(axis=1)[:, None] - 2 * products + (targets**2).sum(axis=1)
        found[first : first + step] = np.sqrt(np.maximum(squares, 0)).sum(axis=1)
    return found


def _prepared(values: Floats, metric: str) -> Floats:
    if metric != "cosine":
        return values
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    prepared: Floats = values / np.where(lengths > 0, lengths, 1)
    return prepared


def _scores(nearest: Values) -> Floats:
    scores: Floats = 1 - nearest.mean(axis=1, dtype=np.float64)
    return scores


def _compare(values: Values, nearest: Values, rows: Ints, others: Ints, run: Run) -> None:
    """Let other rows become neighbours of rows; no row is one of its own."""
    k = nearest.shape[1]
    width = max(k, CELLS // STEP)
    for low in range(0, len(others), width):
        chosen = others[low : low + width]
        right = _directions(values[chosen]).T
        place = np.full(len(values), -1, np.int64)
        place[chosen] = np.arange(len(chosen))

        def compare(first: int, right: Values = right, place: Ints = place) -> None:
            part = rows[first : first + STEP]
            found = _directions(values[part]) @ right
            own = np.flatnonzero(place[part] >= 0)
            found[own, place[part[own]]] = -2
            # Most rows of a block bring no neighbour nearer.
            closer = np.flatnonzero((found > nearest[part].min(axis=1)[:, None]).any(axis=1))
            if len(closer):
                both = np.concatenate([nearest[part[closer]], found[closer]], axis=1)
                nearest[part[closer]] = np.partition(both, -k, axis=1)[:, -k:]

        run(compare, range(0, len(rows), STEP))


def _directions(values: Values) -> Values:
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.where(lengths > 0, lengths, 1), np.float32)
