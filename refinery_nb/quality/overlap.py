"""Which heuristics vote together, and how often they then differ: one matrix for each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import VoteMatrix

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Meetings:
    """Where two sources meet, as symmetric matrices of the shape (sources, sources).

    Attributes
    ----------
    sources
        Their names, in the order of rows and columns.
    both
        Records on which both vote (spans: pairs of spans that share text); on the diagonal, all
        votes of the source.
    differ
        Those of them with different labels.
    """

    sources: tuple[str, ...]
    both: Counts
    differ: Counts


def meetings(votes: VoteMatrix) -> Meetings:
    """Count for each pair of sources where they meet, and where they then differ.

    >>> from refinery_nb.core.votes import Votes
    >>> columns = {"a": Votes.of([1, 2], [7, 7]), "b": Votes.of([2, 3], [8, 8])}
    >>> found = meetings(VoteMatrix.build([1, 2, 3], columns, [7, 8]))
    >>> found.both.tolist(), found.differ.tolist()
    ([[2, 1], [1, 2]], [[0, 1], [1, 0]])
    """
    both, same = _spans(votes) if votes.is_spans else _classes(votes)
    return Meetings(votes.sources, both, both - same)


def _classes(votes: VoteMatrix) -> tuple[Counts, Counts]:
    from scipy import sparse

    shape = (len(votes), len(votes.sources))
    one = np.ones(len(votes.row), dtype=np.int64)
    voted = sparse.csr_array((one, (votes.row, votes.source)), shape=shape)
    both = (voted.T @ voted).toarray().astype(np.int64)
    same = np.zeros_like(both)
    for label in range(len(votes.labels)):
        of_label = votes.label == label
        if of_label.any():
            part = sparse.csr_array(
                (one[of_label], (votes.row[of_label], votes.source[of_label])), shape=shape
            )
            same += (part.T @ part).toarray().astype(np.int64)
    return both, same


def _spans(votes: VoteMatrix) -> tuple[Counts, Counts]:
    assert votes.start is not None
    assert votes.end is not None
    size = len(votes.sources)
    both = np.diag(np.bincount(votes.source, minlength=size)).astype(np.int64)
    same = both.copy()
    order = np.lexsort((votes.start, votes.row))
    columns = (votes.row, votes.source, votes.label, votes.start, votes.end)
    entries = zip(*(column[order].tolist() for column in columns), strict=True)
    for _, group in groupby(entries, key=lambda entry: entry[0]):
        reaching: list[tuple[int, int, int]] = []  # source, label, end
        for _, source, label, start, end in group:
            reaching = [other for other in reaching if other[2] > start]
            for other, other_label, _ in reaching:
                if other != source:
                    for at in ((source, other), (other, source)):
                        both[at] += 1
                        same[at] += label == other_label
            reaching.append((source, label, end))
    return both, same
