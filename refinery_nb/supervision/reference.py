"""The manual labels as rows of a vote matrix, and their folds for cross-fitting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, Ints, VoteMatrix

NONE = -1  # reviewed, and no label applies


def reference_rows(votes: VoteMatrix, gold: Gold | None) -> tuple[Ints, Ints]:
    """Return which rows a person has judged, and the position of the label given, or NONE.

    Labels that the matrix does not know are left out; so are records that are no rows.

    >>> matrix = VoteMatrix.build([1, 2, 3], {}, [7, 8])
    >>> from refinery_nb.core.votes import Votes
    >>> rows, labels = reference_rows(matrix, Gold(np.array([2, 3]), Votes.of([3], [8])))
    >>> rows.tolist(), labels.tolist()
    ([1, 2], [-1, 1])
    """
    if gold is None or not len(gold.reviewed):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    records = np.intersect1d(votes.records, gold.reviewed)
    rows = np.searchsorted(votes.records, records)
    labels = np.full(len(records), NONE, dtype=np.int64)
    at = np.searchsorted(records, gold.votes.record)
    inside = at < len(records)
    inside[inside] &= records[at[inside]] == gold.votes.record[inside]
    position = {label: where for where, label in enumerate(votes.labels)}
    given = np.array([position.get(label, -2) for label in gold.votes.label.tolist()], np.int64)
    labels[at[inside]] = given[inside]
    known = labels != -2
    return rows[known].astype(np.int64), labels[known]


def without(gold: Gold, records: Ints) -> Gold:
    """Return the manual labels of all other records."""
    kept = ~np.isin(gold.reviewed, records)
    return Gold(gold.reviewed[kept], gold.votes.without_records(records))


def folds(gold: Gold, count: int, *, seed: int = 0) -> Iterator[Ints]:
    """Yield the reviewed records in parts of the same size and, as far as can be, mix of labels.

    >>> from refinery_nb.core.votes import Votes
    >>> gold = Gold(np.arange(4), Votes.of([0, 1, 2, 3], [7, 8, 7, 8]))
    >>> [sorted(part % 2) for part in folds(gold, 2)]
    [[np.int64(0), np.int64(1)], [np.int64(0), np.int64(1)]]
    """
    first: NDArray[np.int64] = np.full(len(gold.reviewed), NONE, dtype=np.int64)
    at = np.searchsorted(gold.reviewed, gold.votes.record[::-1])
    first[at] = gold.votes.label[::-1]
    shuffled = np.random.default_rng(seed).permutation(len(first))
    by_label = shuffled[np.argsort(first[shuffled], kind="stable")]
    for fold in range(count):
        yield np.sort(gold.reviewed[by_label[fold::count]])
