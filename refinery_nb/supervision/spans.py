"""Spans out of many sources' spans: agreement adds up, disagreement counts against."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import VoteMatrix, Votes
from refinery_nb.supervision.precision import jaccard


class Vote(NamedTuple):
    """A source's span on a record, with the log-odds that it is right."""

    source: int
    label: int
    start: int
    end: int
    weight: float


class Candidate(NamedTuple):
    """A span that may be the answer."""

    start: int
    end: int
    label: int
    proba: float


def aggregate(votes: VoteMatrix, log_odds: NDArray[np.float64], overlap: Overlap) -> Votes:
    """Return the spans that are more likely right than not, with their probabilities.

    Every distinct span is a candidate. Each source speaks once on it: with its span of the same
    label that fits best, by the share of characters in common, and against it with one of another
    label. The surest candidate is taken first; one that it excludes is gone and excludes nothing.

    Parameters
    ----------
    log_odds
        Of each vote, shape (votes,).
    """
    found: list[tuple[int, Candidate]] = []
    for row, group in _by_row(votes, log_odds):
        found.extend((row, one) for one in choose(candidates(group), overlap))
    labels = np.asarray(votes.labels, dtype=np.int64)
    return Votes.of(
        votes.records[[row for row, _ in found]] if found else [],
        labels[[one.label for _, one in found]] if found else [],
        [one.proba for _, one in found],
        [one.start for _, one in found],
        [one.end for _, one in found],
    )


def candidates(votes: list[Vote]) -> list[Candidate]:
    """Return every distinct span of a record with its probability.

    >>> one = Vote(0, 0, 0, 5, math.log(0.6 / 0.4))
    >>> [round(c.proba, 2) for c in candidates([one, one._replace(source=1)])]
    [0.69]
    """
    spans = sorted({(vote.start, vote.end, vote.label) for vote in votes})
    by_source: dict[int, list[Vote]] = {}
    for vote in votes:
        by_source.setdefault(vote.source, []).append(vote)
    found = []
    for start, end, label in spans:
        score = 0.0
        for said in by_source.values():
            agreeing = against = 0.0
            for vote in said:
                share = jaccard(start, end, vote.start, vote.end)
                if share == 0.0:
                    continue
                if vote.label == label:
                    agreeing = max(agreeing, share * vote.weight, key=abs)
                else:
                    against = max(against, share * vote.weight)
            score += agreeing - against
        found.append(Candidate(start, end, label, 1 / (1 + math.exp(-score))))
    return found


def choose(spans: list[Candidate], overlap: Overlap) -> list[Candidate]:
    """Return the likely spans that may stand together, the surest first.

    Whatever the policy, two spans of one label never share characters: they are two opinions on
    the same thing.
    """
    taken: list[Candidate] = []
    likely = [span for span in spans if span.proba > 0.5]
    for span in sorted(likely, key=lambda s: (-s.proba, s.start - s.end, s.start, s.label)):
        if all(_together(span, other, overlap) for other in taken):
            taken.append(span)
    return taken


def _together(one: Candidate, other: Candidate, overlap: Overlap) -> bool:
    if one.end <= other.start or other.end <= one.start:
        return True
    if overlap is Overlap.FLAT or one.label == other.label:
        return False
    inside = (one.start >= other.start and one.end <= other.end) or (
        other.start >= one.start and other.end <= one.end
    )
    return inside or overlap is Overlap.ANY


def _by_row(votes: VoteMatrix, log_odds: NDArray[np.float64]) -> Iterator[tuple[int, list[Vote]]]:
    assert votes.start is not None
    assert votes.end is not None
    rows = zip(
        votes.row.tolist(),
        votes.source.tolist(),
        votes.label.tolist(),
        votes.start.tolist(),
        votes.end.tolist(),
        log_odds.tolist(),
        strict=True,
    )
    for row, group in groupby(rows, key=lambda entry: entry[0]):
        yield row, [Vote(*entry[1:]) for entry in group]
