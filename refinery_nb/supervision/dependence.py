"""Which votes say the same thing twice, and how much less they count for it.

Label models assume that sources err independently given the label. Rules that share a word, or
are copies, do not: together they would count as often as there are of them. Dependence is looked
for where sources meet, as structure learning for weak supervision does (Bach et al., *Learning
the Structure of Generative Models without Labeled Data*, 2017): a pair is dependent if it speaks
together far more often than the label explains.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints
from refinery_nb.supervision.patterns import row_starts
from refinery_nb.supervision.sample import Sample

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Pairs of votes that are counted at most; beyond that, fewer records are looked at.
PAIRS = 20_000_000
# Standard deviations, and records, from which an excess is believed.
SURE, LEAST = 3.0, 3.0
# A lesser dependence than this is left alone.
NEGLIGIBLE = 0.05
VOTES_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Meetings:
    """How often votes stand on the same record.

    Attributes
    ----------
    one, other
        Items (a label of a source), by position, of each pair that meets, shape (pairs,).
    together
        Records on which both stand.
    hits
        Records on which each item stands, shape (items,).
    records
        All records, with and without votes.
    spread
        Of the sample.
    """

    one: Ints
    other: Ints
    together: NDArray[np.float64]
    hits: NDArray[np.float64]
    records: float
    spread: float

    @staticmethod
    def of(sample: Sample, item: Ints, items: int, pairs: int = PAIRS) -> Meetings:
        """Count the meetings in a sample, given the item of each of its votes."""
        from scipy.sparse import csr_array, triu

        starts = row_starts(sample.votes)
        cost = np.cumsum(np.diff(starts) ** 2)
        rows = len(cost)
        if rows and cost[-1] > pairs:
            # Every n-th row, not the first ones, which might be of one kind.
            step = int(np.ceil(cost[-1] / pairs))
            use = np.zeros(rows, dtype=bool)
            use[::step] = True
        else:
            use = np.ones(rows, dtype=bool)
        taken = use[sample.votes.row]
        weight = np.where(use, sample.weight, 0.0)
        shape = (rows, items)
        row, column = sample.votes.row[taken], item[taken]
        votes = csr_array((np.ones(len(row)), (row, column)), shape=shape)
        weighed = csr_array((weight[row], (row, column)), shape=shape)
        met = triu(votes.T @ weighed, k=1, format="coo")
        return Meetings(
            met.row.astype(np.int64),
            met.col.astype(np.int64),
            met.data,
            np.bincount(column, weights=weight[row], minlength=items).astype(np.float64),
            float(weight.sum()),
            sample.spread,
        )

    def dependence(
        self, expected: Callable[[Ints, Ints, NDArray[np.float64], float], NDArray[np.float64]]
    ) -> csr_array:
        """Return how far each item is implied by each other, beyond what the label explains.

        Parameters
        ----------
        expected
            For pairs of items, given all hits and the number of records: on how many records
            the pairs would stand together if they were independent given the label.

        Returns
        -------
        csr_array
            Shape (items, items): the entry (i, j) is the excess of the share of the records of
            i on which j stands as well, in (0, 1]. Of a copy it is 1 in both directions; a
            general rule is implied by a special one, not the other way round.
        """
        from scipy.sparse import csr_array

        chance = expected(self.one, self.other, self.hits, self.records)
        excess = self.together - chance
        sure = excess > SURE * np.sqrt((chance + 1.0) * self.spread)
        sure &= self.together >= LEAST * self.spread
        one, other, excess, chance = self.one[sure], self.other[sure], excess[sure], chance[sure]
        rows, columns = np.concatenate([one, other]), np.concatenate([other, one])
        room = self.hits[rows] - np.concatenate([chance, chance])
        share = np.clip(np.concatenate([excess, excess]) / np.maximum(room, 1e-9), 0.0, 1.0)
        kept = share >= NEGLIGIBLE
        size = len(self.hits)
        return csr_array((share[kept], (rows[kept], columns[kept])), shape=(size, size))


def discounts(row: Ints, item: Ints, dependence: csr_array | None) -> NDArray[np.float64]:
    """Return how much each vote counts beside the others of its record, in (0, 1].

    With *m* other votes of which each implies it to the degree d, a vote counts 1 / (1 + m d), as
    in the design effect of clustered samples (Kish, *Survey Sampling*, 1965): ten copies count
    together as one.

    Parameters
    ----------
    row
        Ascending, shape (votes,).
    item
        Below the size of ``dependence``, or beyond it: without known dependence.
    """
    counts = np.ones(len(row))
    if dependence is None or not dependence.nnz:
        return counts
    from scipy.sparse import csr_array

    size = dependence.shape[0]
    involved = np.zeros(size + 1, dtype=bool)
    involved[dependence.indices] = True
    involved[:size] |= np.diff(dependence.indptr) > 0
    at = np.flatnonzero(involved[np.minimum(item, size)])
    for first in range(0, len(at), VOTES_AT_ONCE):
        # Only whole rows: from the first vote of a row to the last.
        begin = np.searchsorted(row[at], row[at[first]], side="left") if first else 0
        last = min(first + VOTES_AT_ONCE, len(at))
        end = np.searchsorted(row[at], row[at[last - 1]], side="right")
        part = at[begin:end]
        base = int(row[part[0]])
        here = row[part] - base
        shape = (int(here[-1]) + 1, size)
        votes = csr_array((np.ones(len(part)), (here, item[part])), shape=shape)
        implied = (votes @ dependence).tocsr()
        implied.sort_indices()
        rows = np.repeat(np.arange(shape[0]), np.diff(implied.indptr))
        keys = rows * size + implied.indices
        wanted = here * size + item[part]
        place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
        if len(keys):
            found = np.where(keys[place] == wanted, implied.data[place], 0.0)
            counts[part] = 1.0 / (1.0 + found)
    return counts
