"""Spans as refinery counts and merges them: in tokens, with its faults.

They are kept here so that its results can be had again, and nowhere else:

* spans of a label are chained as long as each shares a token with the next one, however far that
  leads, and the chain is one span;
* agreement is not rewarded: a chain is worth its best vote;
* a span that was dropped for a better one still drops others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, Ints, VoteMatrix, Votes

Tokens = Mapping[int, NDArray[np.int32]]


class Spans(NamedTuple):
    """Spans as columns: rows of the matrix, positions of labels, code points."""

    row: Ints
    label: Ints
    start: Ints
    end: Ints


class TokenCounts(NamedTuple):
    """Tokens that are right, wrong and missed, each of the shape (sources, labels)."""

    correct: NDArray[np.int64]
    incorrect: NDArray[np.int64]
    missed: NDArray[np.int64]


def merged(
    votes: VoteMatrix, weight: NDArray[np.float64], tokens: Tokens | None
) -> tuple[Spans, NDArray[np.float64]]:
    """Return the spans that refinery makes of span votes, and the best weight in each.

    Parameters
    ----------
    weight
        Of each vote, shape (votes,).
    """
    assert votes.start is not None
    assert votes.end is not None
    first, last = token_ranges(votes.records[votes.row], votes.start, votes.end, tokens)
    some = np.flatnonzero(last >= first)
    order = some[np.lexsort((first[some], votes.label[some], votes.row[some]))]
    if not len(order):
        none = np.zeros(0, dtype=np.int64)
        return Spans(none, none, none, none), np.zeros(0)
    row, label = votes.row[order], votes.label[order]
    first, last = first[order], last[order]
    breaks = np.ones(len(order), dtype=bool)
    breaks[1:] = (row[1:] != row[:-1]) | (label[1:] != label[:-1]) | (first[1:] > last[:-1])
    begin = np.flatnonzero(breaks)
    best = np.maximum.reduceat(weight[order], begin)
    until = np.maximum.reduceat(last, begin)
    start = np.minimum.reduceat(votes.start[order], begin)
    end = np.maximum.reduceat(votes.end[order], begin)
    row, label, since = row[begin], label[begin], first[begin]
    kept = ~_beaten(row, since, until, best) & (best > 0)
    chosen = Spans(row[kept], label[kept], start[kept], end[kept])
    return _to_tokens(votes, chosen, since[kept], until[kept], tokens), best[kept]


def _beaten(row: Ints, first: Ints, last: Ints, weight: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say of each chain whether it shares a token with a better one of its row, dead or alive.

    Of two that weigh the same the one before is better.
    """
    beaten = np.zeros(len(row), dtype=bool)
    bounds = np.flatnonzero(np.diff(row, prepend=-1, append=-1))
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if end - begin == 1:
            continue
        order = begin + np.argsort(-weight[begin:end], kind="stable")
        meets = (first[order][:, None] <= last[order]) & (first[order] <= last[order][:, None])
        beaten[order] = np.tril(meets, -1).any(axis=1)
    return beaten


def _to_tokens(
    votes: VoteMatrix, spans: Spans, first: Ints, last: Ints, tokens: Tokens | None
) -> Spans:
    """Return the spans with the offsets of their tokens, where these are known."""
    start, end = spans.start.copy(), spans.end.copy()
    for at, record in enumerate(votes.records[spans.row].tolist()):
        offsets = None if tokens is None else tokens.get(record)
        if offsets is not None:
            start[at], end[at] = offsets[first[at], 0], offsets[last[at], 1]
    return spans._replace(start=start, end=end)


def token_ranges(records: Ints, start: Ints, end: Ints, tokens: Tokens | None) -> tuple[Ints, Ints]:
    """Return the first and the last token that each span touches; last < first: none.

    >>> offsets = np.array([[0, 3], [4, 7]], np.int32)
    >>> one = np.array([1])
    >>> token_ranges(one, np.array([5]), np.array([7]), {1: offsets})
    (array([1]), array([1]))
    """
    first, last = start.astype(np.int64), end.astype(np.int64) - 1
    if not tokens:
        return first, last
    order = np.argsort(records, kind="stable")
    bounds = np.flatnonzero(np.diff(records[order], prepend=-1, append=-1))
    for begin, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        own = order[begin:stop]
        offsets = tokens.get(int(records[own[0]]))
        if offsets is not None:
            first[own] = np.searchsorted(offsets[:, 1], start[own], side="right")
            last[own] = np.searchsorted(offsets[:, 0], end[own], side="left") - 1
    return first, last


def token_counts(votes: VoteMatrix, gold: Gold, tokens: Tokens | None) -> TokenCounts:
    """Count the tokens of span votes beside those of manual spans, as refinery joins them.

    Only records with manual spans count. Every pair of a manual and a voted label on a token is
    one: right, or wrong for the vote and missed for the manual label.
    """
    assert votes.start is not None
    assert votes.end is not None
    wanted, labels = _exploded(gold.votes, votes.labels, tokens)
    size = len(votes.labels) + 1  # the last one: a label that the matrix does not know
    places, which = np.unique(wanted, axis=0, return_inverse=True)
    truth = np.zeros((len(places), size), dtype=np.int64)
    np.add.at(truth, (which.reshape(-1), labels), 1)
    shape = (len(votes.sources), size)
    correct, incorrect, missed = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    reviewed = np.isin(votes.records[votes.row], gold.votes.record)
    names = np.asarray(votes.labels, dtype=np.int64)
    for source in range(len(votes.sources)):
        own = reviewed & (votes.source == source)
        said = Votes.of(
            votes.records[votes.row[own]],
            names[votes.label[own]],
            None,
            votes.start[own],
            votes.end[own],
        )
        found, given = _exploded(said, votes.labels, tokens)
        at = _positions(places, found)
        inside = at >= 0
        voted = np.zeros_like(truth)
        np.add.at(voted, (at[inside], given[inside]), 1)
        np.add.at(incorrect[source], given[~inside], 1)
        total, wanted_here = voted.sum(axis=1), truth.sum(axis=1)
        correct[source] = (truth * voted).sum(axis=0)
        incorrect[source] += (voted * (wanted_here[:, None] - truth)).sum(axis=0)
        missed[source] = (truth * np.where(total == 0, 1, total)[:, None] - truth * voted).sum(
            axis=0
        )
    return TokenCounts(correct[:, :-1], incorrect[:, :-1], missed[:, :-1])


def _exploded(votes: Votes, labels: tuple[int, ...], tokens: Tokens | None) -> tuple[Ints, Ints]:
    """Return (record, token) of every token of every span, and the positions of its label."""
    assert votes.start is not None
    assert votes.end is not None
    first, last = token_ranges(votes.record, votes.start, votes.end, tokens)
    lengths = np.maximum(0, last - first + 1)
    which = np.repeat(np.arange(len(votes)), lengths)
    token = first[which] + np.arange(len(which)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    position = {label: at for at, label in enumerate(labels)}
    at = np.array([position.get(one, len(labels)) for one in votes.label.tolist()], dtype=np.int64)
    return np.column_stack([votes.record[which], token]).astype(np.int64), at[which]


def _positions(places: Ints, wanted: Ints) -> Ints:
    """Return where each (record, token) stands among those in order, or -1."""
    position = {pair: at for at, pair in enumerate(map(tuple, places.tolist()))}
    found = (position.get(pair, -1) for pair in map(tuple, wanted.tolist()))
    return np.fromiter(found, dtype=np.int64, count=len(wanted))
