"""How far people, or any sources, agree: raw share, Cohen's kappa, Krippendorff's alpha."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints


def observed(counts: NDArray[np.int64]) -> float:
    """Return the share of agreement of a confusion matrix; NaN if it is empty.

    >>> observed(np.array([[3, 1], [0, 4]]))
    0.875
    """
    total = int(counts.sum())
    return float(np.trace(counts)) / total if total else float("nan")


def kappa(counts: NDArray[np.int64]) -> float:
    """Return Cohen's kappa of a confusion matrix (Cohen, 1960).

    1: the same everywhere; 0: as often as two who guess with these frequencies. NaN where
    guessing would always agree, for then nothing is measured.

    >>> round(kappa(np.array([[20, 5], [10, 15]])), 3)
    0.4
    """
    total = int(counts.sum())
    if not total:
        return float("nan")
    chance = float((counts.sum(axis=0) / total) @ (counts.sum(axis=1) / total))
    return (observed(counts) - chance) / (1 - chance) if chance < 1 else float("nan")


def alpha(ratings: Sequence[tuple[Ints, Ints]]) -> float:
    """Return Krippendorff's alpha for categories (Krippendorff, 2004): any number of people.

    Records judged by one person only are left out. NaN where nothing is measured.

    Parameters
    ----------
    ratings
        For each person the records judged, and the category given to each.

    >>> ann = np.array([1, 2, 3, 4]), np.array([0, 0, 1, 1])
    >>> ben = np.array([1, 2, 3]), np.array([0, 1, 1])
    >>> round(alpha([ann, ben]), 3)
    0.444
    """
    if not ratings:
        return float("nan")
    unit = np.unique(np.concatenate([r for r, _ in ratings]), return_inverse=True)[1]
    category = np.unique(np.concatenate([c for _, c in ratings]), return_inverse=True)[1]
    if len(unit) == 0:
        return float("nan")
    judged_by = np.bincount(unit)
    several = judged_by[unit] > 1
    unit, category = unit[several], category[several]
    if len(unit) == 0:
        return float("nan")
    cells, same = np.unique(unit * (int(category.max()) + 1) + category, return_counts=True)
    at = cells // (int(category.max()) + 1)
    people = judged_by.astype(np.float64)
    # Pairs within a unit that differ, each unit weighing as many as judged it.
    agreeing = np.bincount(at, weights=same.astype(np.float64) ** 2, minlength=len(people))
    differ = np.where(people > 1, (people**2 - agreeing) / np.maximum(people - 1, 1), 0.0)
    of_category = np.bincount(category).astype(np.float64)
    n = of_category.sum()
    expected = (n**2 - (of_category**2).sum()) / (n - 1)
    return float(1 - differ.sum() / expected) if expected > 0 else float("nan")
