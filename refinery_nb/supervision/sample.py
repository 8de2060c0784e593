"""What a label model learns from: a bounded, weighted sample of the records, by vote pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, Ints, VoteMatrix
from refinery_nb.supervision.patterns import patterns, row_starts, take_rows

# Votes that are learnt from. More records would make the estimates no better: what is wrong
# then is the model, not the sample.
VOTES = 300_000
# Records that are kept, as far as they exist, with each label of each source: fewer where there
# are so many that they would go beyond the votes.
OF_EACH = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """Distinct vote patterns, and how many records each stands for.

    Attributes
    ----------
    votes
        A row for each pattern.
    weight
        Records that a row stands for, shape (rows,).
    spread
        How much one drawn record stands for, on average: 1 when none was left out.
    """

    votes: VoteMatrix
    weight: NDArray[np.float64]
    spread: float

    @staticmethod
    def of(votes: VoteMatrix, rows: NDArray[np.bool_], limit: int = VOTES) -> Sample:
        """Draw from the rows of a mask, which all count.

        Each record is kept with a probability that its id determines, so that neither order nor
        a seed matters, and that is greater where it holds a rare vote; it then stands for the
        inverse of that probability (Horvitz and Thompson, 1952).

        >>> Sample.of(VoteMatrix.build([1, 2], {}, [7]), np.ones(2, dtype=bool)).weight.tolist()
        [2.0]
        """
        chosen = np.flatnonzero(rows).astype(np.int64)
        chance = np.ones(len(chosen))
        count = int(np.count_nonzero(rows[votes.row]))
        if count > limit:
            item = votes.source * len(votes.labels) + votes.label
            hits = np.bincount(item)
            rarest = np.full(len(votes), np.iinfo(np.int64).max)
            starts = row_starts(votes)
            voted = starts[1:] > starts[:-1]
            rarest[voted] = np.minimum.reduceat(hits[item], starts[:-1][voted])
            of_each = min(OF_EACH, limit / np.count_nonzero(hits))
            chance = np.maximum(limit / count, of_each / rarest[chosen])
            kept = draw(votes.records[chosen]) < chance
            chosen, chance = chosen[kept], np.minimum(chance[kept], 1.0)
        taken = take_rows(votes, chosen)
        stands_for = 1.0 / chance
        distinct, which = patterns(taken, few=0)
        weight = np.bincount(which, weights=stands_for, minlength=len(distinct)).astype(np.float64)
        total = float(stands_for.sum())
        spread = float((stands_for**2).sum()) / total if total else 1.0
        return Sample(distinct, weight, spread)


def gold_labels(votes: VoteMatrix, gold: Gold | None) -> Ints:
    """Return the manual label of each row: a position, -1 "reviewed, none", -2 not reviewed.

    >>> gold_labels(VoteMatrix.build([1, 2], {}, [7]), None).tolist()
    [-2, -2]
    """
    found = np.full(len(votes), -2, dtype=np.int64)
    if gold is None or not len(gold.reviewed) or not len(votes):
        return found
    found[np.isin(votes.records, gold.reviewed)] = -1
    order = np.argsort(np.asarray(votes.labels, dtype=np.int64))
    known = np.asarray(votes.labels, dtype=np.int64)[order]
    row = np.minimum(np.searchsorted(votes.records, gold.votes.record), len(votes) - 1)
    at = np.minimum(np.searchsorted(known, gold.votes.label), len(known) - 1)
    same = (votes.records[row] == gold.votes.record) & (known[at] == gold.votes.label)
    found[row[same]] = order[at[same]]
    return found


def draw(records: Ints) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each record id, without visible pattern."""
    with np.errstate(over="ignore"):
        mixed = records.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
        mixed *= np.uint64(0xD6E8FEB86659FD93)
        mixed ^= mixed >> np.uint64(32)
    return mixed.astype(np.float64) / 2.0**64
