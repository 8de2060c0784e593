"""The class balance: which share of the records has each label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError

# No label is taken to be rarer than this share of an even split.
RAREST = 0.01

Prior = Mapping[int, float] | Sequence[float] | None


def shares(prior: Prior, labels: int) -> NDArray[np.float64] | None:
    """Return a wanted class balance as shares that add up to 1, shape (labels,), or None.

    Parameters
    ----------
    prior
        The share of each label by its position, or a mapping of some positions to their shares;
        the others divide what remains evenly.

    Raises
    ------
    QueryError
        If a share is negative or not a number, or a position does not exist.

    >>> shares({0: 0.5}, 3).round(2).tolist()
    [0.5, 0.25, 0.25]
    """
    if prior is None or labels == 0:
        return None
    given = dict(prior) if isinstance(prior, Mapping) else dict(enumerate(prior))
    if not isinstance(prior, Mapping) and len(given) != labels:
        raise QueryError(
            f"the prior has {len(given)} shares, the task {labels} labels.",
            hint="Give one share for each label, or a mapping of positions to shares.",
        )
    for position, share in given.items():
        if not 0 <= position < labels:
            raise QueryError(
                f"the prior names label {position}, the positions go from 0 to {labels - 1}."
            )
        if not (np.isfinite(share) and share >= 0):
            raise QueryError(f"the share {share!r} of label {position} is no share from 0 to 1.")
    total = float(sum(given.values()))
    rest = labels - len(given)
    found = np.full(labels, max(0.0, 1.0 - total) / rest if rest else 0.0)
    found[list(given)] = list(given.values())
    if found.sum() <= 0:
        raise QueryError("the shares of the prior add up to 0.", hint="They add up to 1.")
    found /= found.sum()
    found = np.maximum(found, RAREST / labels)
    even: NDArray[np.float64] = found / found.sum()
    return even
