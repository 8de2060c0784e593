"""Which of many candidates to propose: precise ones that reach what nothing else does."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.suggest.forms import KINDS, Form

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# What a record counts that an existing heuristic reaches (a second opinion is worth something),
# and one that a rule chosen before reaches.
KNOWN = 0.3
AGAIN = 0.05
FRESH = 0.1  # of what a rule reaches, so much must be reached by none for its label before
CAUTION = 0.1  # half of how far below its estimate the low end of a well-known rule lies
FLOOR = 0.5  # a rule that is right half of the time is worth nothing


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule with what speaks for it.

    Attributes
    ----------
    form, label
        What to look for, and the position of the label to give.
    precision, low, high
        The estimate, and its 90 % interval.
    hits
        Positions of all records that it reaches, ascending.
    new
        How many of them no existing heuristic reaches.
    """

    form: Form
    label: int
    precision: float
    low: float
    high: float
    hits: Ints
    new: int


def choose(
    candidates: Sequence[Proposal], n: int, covered: NDArray[np.bool_], *, floor: float = FLOOR
) -> list[Proposal]:
    """Return the best candidates, each judged beside those before it.

    The gain of a rule is its precision above ``floor``, times the records that it reaches, each
    counted less the more rules reach it already. Half way between the estimate and its low end
    counts: many records are no reason to pick a rule that little is known of. The gain only falls
    while rules are chosen, so that most candidates need not be looked at again (lazy greedy:
    Minoux, 1978).
    """
    weight = np.where(covered, KNOWN, 1.0)
    labels = 1 + max((one.label for one in candidates), default=0)
    reached = np.zeros((labels, len(covered)), dtype=bool)
    unique = _distinct(candidates)
    worth = [max((one.precision + one.low) / 2 + CAUTION - floor, 0.01) for one in unique]
    heap = [(-worth[at] * float(weight[one.hits].sum()), at) for at, one in enumerate(unique)]
    heapq.heapify(heap)
    found: list[Proposal] = []
    while heap and len(found) < n:
        _, at = heapq.heappop(heap)
        gain = worth[at] * float(weight[unique[at].hits].sum())
        if heap and gain < -heap[0][0] - 1e-12:
            heapq.heappush(heap, (-gain, at))
            continue
        one = unique[at]
        if (~reached[one.label, one.hits]).mean() < FRESH:
            continue
        found.append(one)
        reached[one.label, one.hits] = True
        weight[one.hits] *= AGAIN
    return found


def _distinct(candidates: Sequence[Proposal]) -> list[Proposal]:
    """Leave out what reaches nothing new, and all but the simplest of those that hit the same."""
    rank = {kind: at for at, kind in enumerate(KINDS)}
    best: dict[tuple[int, bytes], Proposal] = {}
    for one in candidates:
        if one.new == 0:
            continue
        key = (one.label, one.hits.tobytes())
        known = best.get(key)
        order = (rank[one.form.kind], len(one.form.text), one.form.text)
        if known is None or order < (
            rank[known.form.kind],
            len(known.form.text),
            known.form.text,
        ):
            best[key] = one
    return list(best.values())
