"""Per heuristic and label: coverage, hits, overlaps, conflicts and precision, all exact.

The definitions are those of Kern AI refinery, counted on all votes instead of a sample, with one
difference: where no hit touches a labelled record the precision is unknown, not 0. Overlap: another
heuristic gives the same label on the record (for spans: on a shared character). Conflict: another
gives a different one. For spans, right and wrong are counted in tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, Ints, VoteMatrix
from refinery_nb.quality.interval import wilson

Counts = NDArray[np.int64]
Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeuristicStatistics:
    """Statistics of each source and label, arrays of the shape (sources, labels).

    ``coverage`` counts records; ``missed`` (gold tokens that the source does not give) is for
    spans only, and with it ``recall``.
    """

    coverage: Counts
    hits: Counts
    overlaps: Counts
    conflicts: Counts
    correct: Counts
    incorrect: Counts
    missed: Counts | None
    precision: Shares
    precision_low: Shares
    precision_high: Shares
    recall: Shares | None


def statistics(
    votes: VoteMatrix,
    gold: Gold,
    *,
    tokens: Mapping[int, NDArray[np.int32]] | None = None,
    many: bool = False,
) -> HeuristicStatistics:
    """Return the statistics of all heuristics.

    Parameters
    ----------
    tokens
        Offsets [n, 2] of the tokens of the reviewed records, by record id; for spans only.
    many
        Whether a record may have several labels: then different labels are no conflict, and a
        vote is right if its label is one of the valid ones.
    """
    hits = _count(votes, np.ones(len(votes.row), dtype=bool))
    if votes.is_spans:
        coverage = _span_coverage(votes)
        overlaps, conflicts = _span_meetings(votes)
        correct, incorrect, missed = _token_counts(votes, gold, tokens or {})
    else:
        coverage = hits
        overlaps, conflicts = _meetings(votes)
        if many:
            conflicts = np.zeros_like(conflicts)
        correct, incorrect = _right_and_wrong(votes, gold)
        missed = None
    counted = correct + incorrect
    precision = correct / np.where(counted > 0, counted, np.nan)
    low, high = wilson(correct, counted)
    recall = None
    if missed is not None:
        wanted = correct + missed
        recall = correct / np.where(wanted > 0, wanted, np.nan)
    return HeuristicStatistics(
        coverage,
        hits,
        _count(votes, overlaps),
        _count(votes, conflicts),
        correct,
        incorrect,
        missed,
        precision,
        low,
        high,
        recall,
    )


def _count(votes: VoteMatrix, chosen: NDArray[np.bool_]) -> Counts:
    """Count the chosen votes of each source and label."""
    shape = (len(votes.sources), len(votes.labels))
    cell = votes.source[chosen] * shape[1] + votes.label[chosen]
    return np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape).astype(np.int64)


def _meetings(votes: VoteMatrix) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return for each vote whether another source agrees, and whether another disagrees."""
    in_row = np.bincount(votes.row, minlength=len(votes))
    cell = votes.row * max(1, len(votes.labels)) + votes.label
    _, which, same = np.unique(cell, return_inverse=True, return_counts=True)
    with_label = same[which]
    return with_label > 1, in_row[votes.row] > with_label


def _right_and_wrong(votes: VoteMatrix, gold: Gold) -> tuple[Counts, Counts]:
    record = votes.records[votes.row]
    reviewed = np.isin(record, gold.reviewed)
    label = np.asarray(votes.labels, dtype=np.int64)[votes.label]
    right = np.zeros(len(record), dtype=bool)
    if len(gold.votes):
        # A record may have several valid labels: a pair of record and label is looked up.
        wide = 1 + max(int(label.max(initial=0)), int(gold.votes.label.max()))
        right = np.isin(record * wide + label, gold.votes.record * wide + gold.votes.label)
    return _count(votes, reviewed & right), _count(votes, reviewed & ~right)


def _span_coverage(votes: VoteMatrix) -> Counts:
    shape = (len(votes.sources), len(votes.labels))
    cell = (votes.row * shape[0] + votes.source) * shape[1] + votes.label
    once = np.unique(cell) % max(1, shape[0] * shape[1])
    return np.bincount(once, minlength=shape[0] * shape[1]).reshape(shape).astype(np.int64)


def _span_meetings(votes: VoteMatrix) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return for each span whether it meets another source's span of its label, or of another."""
    assert votes.start is not None
    assert votes.end is not None
    agrees, disagrees = np.zeros(len(votes.row), bool), np.zeros(len(votes.row), bool)
    order = np.lexsort((votes.start, votes.row))
    entries = list(
        zip(
            order.tolist(),
            votes.row[order].tolist(),
            votes.source[order].tolist(),
            votes.label[order].tolist(),
            votes.start[order].tolist(),
            votes.end[order].tolist(),
            strict=True,
        )
    )
    for _, group in groupby(entries, key=lambda entry: entry[1]):
        reaching: list[tuple[int, int, int, int]] = []  # entry, source, label, end
        for at, _, source, label, start, end in group:
            reaching = [other for other in reaching if other[3] > start]
            for other_at, other_source, other_label, _ in reaching:
                if other_source == source:
                    continue
                met = agrees if other_label == label else disagrees
                met[at] = met[other_at] = True
            reaching.append((at, source, label, end))
    return agrees, disagrees


def _token_counts(
    votes: VoteMatrix, gold: Gold, tokens: Mapping[int, NDArray[np.int32]]
) -> tuple[Counts, Counts, Counts]:
    """Count tokens of the reviewed records: rightly labelled, wrongly, and missed."""
    assert votes.start is not None
    assert votes.end is not None
    shape = (len(votes.sources), len(votes.labels))
    correct, incorrect, missed = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    position = {label: at for at, label in enumerate(votes.labels)}
    for record in gold.reviewed.tolist():
        offsets = tokens.get(record)
        row = int(np.searchsorted(votes.records, record))
        if offsets is None or row == len(votes) or votes.records[row] != record:
            continue
        truth = np.zeros((shape[1], len(offsets)), dtype=bool)
        of_record = gold.votes.take(gold.votes.record == record)
        assert of_record.start is not None
        assert of_record.end is not None
        for label, start, end in zip(of_record.label, of_record.start, of_record.end, strict=True):
            if int(label) in position:
                truth[position[int(label)]] |= _touched(offsets, start, end)
        said = np.zeros((*shape, len(offsets)), dtype=bool)
        first, last = np.searchsorted(votes.row, [row, row + 1])
        for at in range(int(first), int(last)):
            touched = _touched(offsets, votes.start[at], votes.end[at])
            said[votes.source[at], votes.label[at]] |= touched
        correct += (said & truth).sum(axis=2)
        incorrect += (said & ~truth).sum(axis=2)
        missed += (~said & truth).sum(axis=2)
    return correct, incorrect, missed


def _touched(offsets: NDArray[np.int32], start: Ints, end: Ints) -> NDArray[np.bool_]:
    touched: NDArray[np.bool_] = (offsets[:, 0] < end) & (offsets[:, 1] > start)
    return touched
