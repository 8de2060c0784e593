"""How often a source is right, from few manual labels: estimates that borrow from each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, VoteMatrix

# Without any manual label a rule that somebody wrote on purpose is taken to be right this often.
DEFAULT = 0.7
# In votes on labelled records: how much the prior of a level weighs against what was counted.
OF_ALL, OF_SOURCE, OF_LABEL = 4.0, 4.0, 2.0
# No estimate from so few labels is surer than this.
FLOOR, CEILING = 0.02, 0.98


def precisions(
    votes: VoteMatrix, gold: Gold | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the precision of each source, and of each source and label, shrunk.

    A beta-binomial hierarchy with fixed strengths (empirical Bayes, as in Gelman et al.,
    *Bayesian Data Analysis*, chapter 5): all sources together are shrunk toward a default, each
    source toward all, each of its labels toward the source.

    Returns
    -------
    of_source, of_label
        Shapes (sources,) and (sources, labels).
    """
    sources, labels = len(votes.sources), len(votes.labels)
    hits, right = np.zeros((sources, labels)), np.zeros((sources, labels))
    if gold is not None and len(gold.reviewed) and len(votes.row):
        at = np.flatnonzero(np.isin(votes.records[votes.row], gold.reviewed))
        cell = (votes.source[at], votes.label[at])
        np.add.at(hits, cell, 1.0)
        np.add.at(right, cell, correctness(votes, gold, at))
    overall = (right.sum() + OF_ALL * DEFAULT) / (hits.sum() + OF_ALL)
    of_source = (right.sum(axis=1) + OF_SOURCE * overall) / (hits.sum(axis=1) + OF_SOURCE)
    of_label = (right + OF_LABEL * of_source[:, None]) / (hits + OF_LABEL)
    return np.clip(of_source, FLOOR, CEILING), np.clip(of_label, FLOOR, CEILING)


def correctness(votes: VoteMatrix, gold: Gold, at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how right these votes are, in [0, 1].

    A label is right or wrong; a span as far as it shares its characters with a gold span of its
    label (the Jaccard index), so that a boundary that is off by one is not an error like another
    label.
    """
    labels = np.asarray(votes.labels, dtype=np.int64)[votes.label[at]]
    records = votes.records[votes.row[at]]
    said = gold.votes
    if votes.start is None or votes.end is None or said.start is None or said.end is None:
        position = np.searchsorted(said.record, records)
        inside = position < len(said.record)
        right = np.zeros(len(at))
        found = position[inside]
        same = (said.record[found] == records[inside]) & (said.label[found] == labels[inside])
        right[inside] = same.astype(np.float64)
        return right
    by_record: dict[int, list[tuple[int, int, int]]] = {}
    for record, label, start, end in zip(
        said.record.tolist(),
        said.label.tolist(),
        said.start.tolist(),
        said.end.tolist(),
        strict=True,
    ):
        by_record.setdefault(record, []).append((label, start, end))
    return np.array(
        [
            max(
                (
                    jaccard(start, end, other_start, other_end)
                    for other, other_start, other_end in by_record.get(record, ())
                    if other == label
                ),
                default=0.0,
            )
            for record, label, start, end in zip(
                records.tolist(),
                labels.tolist(),
                votes.start[at].tolist(),
                votes.end[at].tolist(),
                strict=True,
            )
        ],
        dtype=np.float64,
    )


def jaccard(start: int, end: int, other_start: int, other_end: int) -> float:
    """Return the share of the characters of two spans that they have in common.

    >>> jaccard(0, 4, 2, 6)
    0.3333333333333333
    """
    common = min(end, other_end) - max(start, other_start)
    return max(0, common) / (end - start + other_end - other_start - max(0, common))
