"""How often a source is right, from few manual labels: estimates that borrow from each other."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, VoteMatrix

# Without any manual label a rule that somebody wrote on purpose is taken to be right this often.
DEFAULT = 0.7
# In votes on labelled records: how much the prior of a level weighs against what was counted.
OF_ALL, OF_SOURCE, OF_LABEL = 4.0, 8.0, 4.0
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
    return Precisions().add(votes, gold).shrunk()


def _nothing() -> NDArray[np.float64]:
    return np.zeros((0, 0))


@dataclass(frozen=True, slots=True)
class Precisions:
    """What manual labels say about each source and label, counted so far.

    Attributes
    ----------
    sources, labels
        Names of the sources, ids of the labels.
    hits, right
        Votes on labelled records, and how many of them were right, shape (sources, labels).
    """

    sources: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()
    hits: NDArray[np.float64] = field(default_factory=_nothing)
    right: NDArray[np.float64] = field(default_factory=_nothing)

    def add(self, votes: VoteMatrix, gold: Gold | None) -> Precisions:
        """Return the counts with those of more records; sources are matched by name."""
        wide = self._widened(votes)
        if gold is None or not len(gold.reviewed) or not len(votes.row):
            return wide
        reviewed = np.isin(votes.records, gold.reviewed)
        at = np.flatnonzero(reviewed[votes.row])
        source = wide._positions(votes)[votes.source[at]]
        labels = np.asarray(wide.labels, dtype=np.int64)
        order = np.argsort(labels)
        own = order[np.searchsorted(labels[order], np.asarray(votes.labels, dtype=np.int64))]
        cell = source * len(wide.labels) + own[votes.label[at]]

        def count(weight: NDArray[np.float64]) -> NDArray[np.float64]:
            found = np.bincount(cell, weights=weight, minlength=wide.hits.size)
            return found.astype(np.float64, copy=False).reshape(wide.hits.shape)

        return Precisions(
            wide.sources,
            wide.labels,
            wide.hits + count(np.ones(len(at))),
            wide.right + count(correctness(votes, gold, at)),
        )

    def shrunk(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the precision of each source, and of each source and label; see precisions."""
        hits, right = self.hits, self.right
        overall = (right.sum() + OF_ALL * DEFAULT) / (hits.sum() + OF_ALL)
        of_source = (right.sum(axis=1) + OF_SOURCE * overall) / (hits.sum(axis=1) + OF_SOURCE)
        of_label = (right + OF_LABEL * of_source[:, None]) / (hits + OF_LABEL)
        return np.clip(of_source, FLOOR, CEILING), np.clip(of_label, FLOOR, CEILING)

    def of(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return the precisions of the sources and labels of these votes, also of unknown ones."""
        if votes.sources == self.sources and votes.labels == self.labels:
            return self.shrunk()[1]
        wide = self._widened(votes)
        of_label = wide.shrunk()[1][wide._positions(votes)]
        return of_label[:, [wide.labels.index(label) for label in votes.labels]]

    def _positions(self, votes: VoteMatrix) -> NDArray[np.int64]:
        if votes.sources == self.sources:
            return np.arange(len(self.sources))
        place = {name: position for position, name in enumerate(self.sources)}
        return np.array([place[name] for name in votes.sources], dtype=np.int64)

    def _widened(self, votes: VoteMatrix) -> Precisions:
        """Return the same counts with room for the sources and labels of these votes."""
        if votes.sources == self.sources and votes.labels == self.labels:
            return self
        sources = tuple(dict.fromkeys(self.sources + votes.sources))
        labels = tuple(dict.fromkeys(self.labels + votes.labels))
        hits, right = np.zeros((2, len(sources), len(labels)))
        known = (slice(self.hits.shape[0]), slice(self.hits.shape[1]))
        hits[known], right[known] = self.hits, self.right
        return Precisions(sources, labels, hits, right)


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
