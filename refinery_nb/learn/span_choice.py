"""Which of a record's possible spans may stand together: exact where the policy allows it."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import Ints

# Between equally good choices the one that covers more text: a hair for each character.
HAIR = 1e-9


class Possible(NamedTuple):
    """Possible spans as columns, with their probabilities."""

    row: Ints
    start: Ints
    end: Ints
    label: Ints
    proba: NDArray[np.float64]

    def take(self, at: Ints | NDArray[np.bool_]) -> Possible:
        """Return the spans at these positions."""
        return Possible(self.row[at], self.start[at], self.end[at], self.label[at], self.proba[at])


def choose(spans: Possible, overlap: Overlap, *, above: float = 0.5) -> Possible:
    """Return the likely spans that may stand together, by row and start.

    Two spans of one label never share characters, whatever the policy: they are two opinions on
    the same thing. Among all that may stand together, those are chosen whose probabilities exceed
    ``above`` by most in sum (weighted interval scheduling; Kleinberg and Tardos, *Algorithm
    Design*, section 6.1): for ``flat`` over all spans, for ``any`` over each label's. ``nested``
    has no such order; there the surest is taken first, and what it excludes excludes nothing.

    Parameters
    ----------
    above
        Spans must be likelier than this.

    >>> zero = np.zeros(3, dtype=np.int64)
    >>> start, end = np.array([0, 2, 6]), np.array([3, 7, 8])
    >>> found = choose(Possible(zero, start, end, zero, np.array([0.9, 0.8, 0.7])), Overlap.FLAT)
    >>> found.start.tolist()
    [0, 6]
    """
    spans = spans.take(spans.proba > above)
    wide = int(spans.label.max(initial=0)) + 1
    # Spans are rivals if they overlap in one lane: the row, or for ``any`` its label in it.
    lane = spans.row * wide + spans.label if overlap is Overlap.ANY else spans.row
    spans = spans.take(order := np.lexsort((spans.label, spans.end, spans.start, lane)))
    lane = lane[order]
    cluster = _clusters(lane, spans.start, spans.end)
    size = np.bincount(cluster) if len(cluster) else np.zeros(0, dtype=np.int64)
    keep = size[cluster] == 1
    worth = spans.proba - above + HAIR * (spans.end - spans.start)
    first = np.concatenate([[0], np.cumsum(size)])
    start, end = spans.start.tolist(), spans.end.tolist()
    for number in np.flatnonzero(size > 1).tolist():
        begin, stop = int(first[number]), int(first[number + 1])
        if overlap is Overlap.NESTED:
            labels = spans.label[begin:stop].tolist()
            chosen = _surest(start[begin:stop], end[begin:stop], labels, worth[begin:stop])
        else:
            chosen = _best(start[begin:stop], end[begin:stop], worth[begin:stop].tolist())
        keep[[begin + one for one in chosen]] = True
    spans = spans.take(keep)
    return spans.take(np.lexsort((spans.label, spans.end, spans.start, spans.row)))


def _clusters(lane: Ints, start: Ints, end: Ints) -> Ints:
    """Return which spans are bound together by a chain of overlaps; sorted by lane and start."""
    if not len(lane):
        return np.zeros(0, dtype=np.int64)
    apart = np.ones(len(lane), dtype=bool)
    # The furthest end so far in the lane: a lane's number, scaled beyond any offset, resets it.
    reach = lane.astype(np.int64) - lane[0]
    _, reach = np.unique(reach, return_inverse=True)
    scale = int(end.max()) + 1
    furthest = np.maximum.accumulate(reach * scale + end)
    apart[1:] = reach[1:] * scale + start[1:] >= furthest[:-1]
    found: Ints = np.cumsum(apart) - 1
    return found


def _best(start: list[int], end: list[int], worth: list[float]) -> list[int]:
    """Return the spans, none overlapping, whose worth is most in sum."""
    order = sorted(range(len(start)), key=lambda at: (end[at], start[at]))
    ends = [end[at] for at in order]
    best, taken = [0.0], []
    before = []
    for place, at in enumerate(order):
        back = bisect_right(ends, start[at], 0, place)
        with_it = best[back] + worth[at]
        before.append(back)
        taken.append(with_it > best[-1])
        best.append(max(with_it, best[-1]))
    chosen, place = [], len(order)
    while place:
        place -= 1
        if taken[place]:
            chosen.append(order[place])
            place = before[place]
    return chosen


def _surest(
    start: list[int], end: list[int], label: list[int], worth: NDArray[np.float64]
) -> list[int]:
    """Return the spans that are disjoint or lie one inside another, the surest first."""
    chosen: list[int] = []
    for at in np.argsort(-worth, kind="stable").tolist():
        for other in chosen:
            if end[at] <= start[other] or end[other] <= start[at]:
                continue
            inside = (start[at] >= start[other] and end[at] <= end[other]) or (
                start[other] >= start[at] and end[other] <= end[at]
            )
            if label[at] == label[other] or not inside:
                break
        else:
            chosen.append(at)
    return chosen
