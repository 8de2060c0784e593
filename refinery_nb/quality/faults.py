"""Where the votes of one source are right, wrong, missing, or against others: record ids.

For classification a vote is right where it gives the valid label. For spans a vote is right where
a valid span has its offsets and label; a valid span is missed where no vote of its label shares a
character with it; votes are against each other where two labels share a character.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, Ints, Votes


def compared(votes: Votes, gold: Gold, *, right: bool) -> Ints:
    """Return the reviewed records with a vote that is right, or with one that is wrong.

    >>> gold = Gold(np.array([1, 2]), Votes.of([1], [7]))
    >>> compared(Votes.of([1, 2, 3], [7, 7, 7]), gold, right=False).tolist()
    [2]
    """
    judged = votes.of_records(gold.reviewed)
    valid = set(_rows(gold.votes))
    hit = np.fromiter((row in valid for row in _rows(judged)), dtype=bool, count=len(judged))
    return np.unique(judged.record[hit if right else ~hit])


def missed(votes: Votes, gold: Gold, labels: Ints) -> Ints:
    """Return the records with a valid label, one of ``labels``, that the source does not give.

    >>> gold = Gold(np.array([1, 2]), Votes.of([1, 2], [7, 7]))
    >>> missed(Votes.of([1], [7]), gold, np.array([7])).tolist()
    [2]
    """
    wanted = gold.votes.take(np.isin(gold.votes.label, labels))
    votes = votes.of_records(wanted.record)
    if wanted.start is None or votes.start is None:
        given = set(_rows(votes))
        lost = [row[0] for row in _rows(wanted) if row not in given]
        return np.unique(np.array(lost, dtype=np.int64))
    return np.unique(wanted.record[~_touched(wanted, votes, same_label=True)])


def against(votes: Votes, others: Sequence[Votes]) -> Ints:
    """Return the records on which the source and another give different labels.

    >>> against(Votes.of([1, 2], [7, 7]), [Votes.of([1, 2], [7, 8])]).tolist()
    [2]
    """
    found = [np.zeros(0, dtype=np.int64)]
    for other in others:
        if votes.start is not None:
            found.append(votes.record[_touched(votes, other, same_label=False)])
            continue
        at, with_ = _pairs(votes.record, other.record)
        found.append(votes.record[at[votes.label[at] != other.label[with_]]])
    return np.unique(np.concatenate(found))


def _rows(votes: Votes) -> list[tuple[int, ...]]:
    columns = [votes.record, votes.label]
    if votes.start is not None and votes.end is not None:
        columns += [votes.start, votes.end]
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _pairs(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return all positions (in left, in right) with the same record; both ascend."""
    first, last = np.searchsorted(right, left, "left"), np.searchsorted(right, left, "right")
    count = last - first
    at = np.repeat(np.arange(len(left), dtype=np.int64), count)
    step = np.arange(len(at), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
    return at, np.repeat(first, count).astype(np.int64) + step


def _touched(spans: Votes, others: Votes, *, same_label: bool) -> NDArray[np.bool_]:
    """Return for each span whether one of the others (of its label, or not) shares a character."""
    assert spans.start is not None
    assert spans.end is not None
    assert others.start is not None
    assert others.end is not None
    at, with_ = _pairs(spans.record, others.record)
    meets = (spans.start[at] < others.end[with_]) & (others.start[with_] < spans.end[at])
    meets &= (spans.label[at] == others.label[with_]) == same_label
    touched = np.zeros(len(spans), dtype=bool)
    touched[at[meets]] = True
    return touched
