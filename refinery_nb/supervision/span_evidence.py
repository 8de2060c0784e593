"""What speaks for and against each span that some source gave, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, Ints, VoteMatrix, Votes

Reals = NDArray[np.float64]
PAIRS = 2_000_000  # of candidates and votes, in memory at once
# In gold spans: how much the mean of all sources weighs in the estimate of one.
BORROWED = 4.0
HIGHEST = 0.95  # no source is taken to find more than this share of the spans of a label
FEATURES = ("exact", "partial", "against", "longer", "shorter", "same start", "same end", "silent")


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Every distinct span that some source gave.

    Attributes
    ----------
    row, start, end, label
        Sorted in this order; ``row`` and ``label`` are positions in the vote matrix.
    of_vote
        Which candidate each vote is.
    """

    row: Ints
    start: Ints
    end: Ints
    label: Ints
    of_vote: Ints

    @staticmethod
    def of(votes: VoteMatrix) -> Candidates:
        """Collect the distinct spans of a matrix."""
        assert votes.start is not None
        assert votes.end is not None
        columns = (votes.row, votes.start, votes.end, votes.label)
        order = np.lexsort(columns[::-1])
        changed = np.ones(len(order), dtype=bool)
        if len(order):
            changed[1:] = False
            for column in columns:
                changed[1:] |= column[order[1:]] != column[order[:-1]]
        of_vote = np.empty(len(order), dtype=np.int64)
        of_vote[order] = np.cumsum(changed) - 1
        row, start, end, label = (column[order[changed]] for column in columns)
        return Candidates(row, start, end, label, of_vote)

    def __len__(self) -> int:
        return len(self.row)

    def in_gold(self, records: Ints, labels: Ints, gold: Votes) -> NDArray[np.bool_]:
        """Return which of them a person gave too, exactly."""
        assert gold.start is not None
        assert gold.end is not None
        truth = set(
            zip(
                gold.record.tolist(),
                gold.start.tolist(),
                gold.end.tolist(),
                gold.label.tolist(),
                strict=True,
            )
        )
        own = (records[self.row], self.start, self.end, labels[self.label])
        keys = zip(*(column.tolist() for column in own), strict=True)
        return np.fromiter((key in truth for key in keys), dtype=bool, count=len(self))


def evidence(
    votes: VoteMatrix, spans: Candidates, log_odds: Reals, silence: Reals | None = None
) -> Reals:
    """Return the features of each candidate, shape (candidates, 8), in sums of log-odds.

    Each source speaks once for a candidate, with its span of the same label that fits best by the
    share of characters in common: ``exact``, or ``partial`` in proportion; and once ``against``
    with one of another label. Of those that fit in part, ``longer`` hold the candidate inside,
    ``shorter`` lie inside it, and some share its start or its end. ``silent`` adds up what the
    silence of the other sources says.

    Parameters
    ----------
    log_odds
        Of each vote.
    silence
        Log-odds of a span of a label on which a source says nothing, shape (sources, labels).
    """
    found = np.zeros((len(spans), len(FEATURES)))
    assert votes.start is not None
    assert votes.end is not None
    if silence is not None:
        found[:, 7] = silence.sum(axis=0)[spans.label]
    order = np.lexsort((votes.start, votes.row))
    scale = int(votes.end.max(initial=0)) + 1
    key = votes.row[order] * scale + votes.start[order]
    longest = np.zeros(len(votes), dtype=np.int64)
    np.maximum.at(longest, votes.row, votes.end - votes.start)
    earliest = np.maximum(spans.start - longest[spans.row] + 1, 0)
    low = np.searchsorted(key, spans.row * scale + earliest, side="left")
    high = np.searchsorted(key, spans.row * scale + spans.end, side="left")
    until = np.cumsum(high - low)
    done = 0
    while done < len(spans):
        sum_before = int(until[done - 1]) if done else 0
        stop = max(done + 1, int(np.searchsorted(until, sum_before + PAIRS, side="right")))
        part = np.arange(done, stop)
        lengths = high[part] - low[part]
        span = np.repeat(part, lengths)
        offset = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        vote = order[np.repeat(low[part], lengths) + offset]
        meets = votes.end[vote] > spans.start[span]
        _add(found, votes, spans, log_odds, silence, span[meets], vote[meets])
        done = stop
    return found


def _add(
    found: Reals,
    votes: VoteMatrix,
    spans: Candidates,
    log_odds: Reals,
    silence: Reals | None,
    span: Ints,
    vote: Ints,
) -> None:
    """Add what pairs of a candidate and a vote that overlap say to the features."""
    assert votes.start is not None
    assert votes.end is not None
    start, end = votes.start[vote], votes.end[vote]
    begin, stop = spans.start[span], spans.end[span]
    common = np.minimum(end, stop) - np.maximum(start, begin)
    share = common / (end - start + stop - begin - common)
    source, weight = votes.source[vote], log_odds[vote]
    same = votes.label[vote] == spans.label[span]
    key = span * len(votes.sources) + source

    best = _first_of_each(key[same], -share[same])
    at = np.flatnonzero(same)[best]
    exact = share[at] == 1.0
    some = at[~exact]
    np.add.at(found[:, 0], span[at[exact]], weight[at[exact]])
    np.add.at(found[:, 1], span[some], share[some] * weight[some])
    longer = (start[some] <= begin[some]) & (end[some] >= stop[some])
    shorter = (start[some] >= begin[some]) & (end[some] <= stop[some])
    for feature, which in (
        (3, longer),
        (4, shorter),
        (5, start[some] == begin[some]),
        (6, end[some] == stop[some]),
    ):
        np.add.at(found[:, feature], span[some[which]], weight[some[which]])
    if silence is not None:
        # Those that spoke are not silent.
        np.add.at(found[:, 7], span[at], -silence[source[at], spans.label[span[at]]])

    strength = share * weight
    other = np.flatnonzero(~same & (strength > 0))
    worst = other[_first_of_each(key[other], -strength[other])]
    np.add.at(found[:, 2], span[worst], strength[worst])


def _first_of_each(key: Ints, rank: Reals) -> Ints:
    """Return the position of the lowest rank of each key."""
    order = np.lexsort((rank, key))
    first = np.ones(len(order), dtype=bool)
    first[1:] = key[order[1:]] != key[order[:-1]]
    return order[first]


def silence_of(votes: VoteMatrix, gold: Gold) -> Reals:
    """Return what it says of a span that a source is silent, shape (sources, labels), at most 0.

    The logarithm of the share of gold spans of the label that the source does not meet with a
    span of that label, estimated only for sources that ever give the label.
    """
    labels = np.asarray(votes.labels, dtype=np.int64)
    shape = (len(votes.sources), len(labels))
    gives = np.zeros(shape, dtype=bool)
    gives[votes.source, votes.label] = True
    truth = VoteMatrix.build(votes.records, {"gold": gold.votes}, votes.labels, spans=True)
    assert truth.start is not None
    assert truth.end is not None
    assert votes.start is not None
    assert votes.end is not None
    count = np.bincount(truth.label, minlength=len(labels)).astype(np.float64)
    found = np.zeros(shape)
    said = np.flatnonzero(np.isin(votes.row, truth.row))
    by_row: dict[int, list[int]] = {}
    for at in said.tolist():
        by_row.setdefault(int(votes.row[at]), []).append(at)
    for row, label, start, end in zip(
        truth.row.tolist(),
        truth.label.tolist(),
        truth.start.tolist(),
        truth.end.tolist(),
        strict=True,
    ):
        meets = {
            int(votes.source[at])
            for at in by_row.get(row, ())
            if votes.label[at] == label and votes.start[at] < end and votes.end[at] > start
        }
        for source in meets:
            found[source, label] += 1
    overall = found[gives].sum() / max(1.0, float((gives * count).sum()))
    recall = (found + BORROWED * overall) / (count + BORROWED)
    return np.where(gives, np.log1p(-np.minimum(recall, HIGHEST)), 0.0)
