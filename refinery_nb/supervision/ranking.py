"""Which sources to keep: what each adds to those that are better."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from refinery_nb.core.votes import Gold, VoteMatrix
from refinery_nb.supervision.generative import Generative
from refinery_nb.supervision.latent import WEIGHT
from refinery_nb.supervision.patterns import take_rows
from refinery_nb.supervision.sample import Sample, gold_labels
from refinery_nb.supervision.sheet import Floats
from refinery_nb.supervision.span_records import spans_as_records

# Votes that are looked at; beyond that, a sample of the records.
VOTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Ranked:
    """The place of a source.

    Attributes
    ----------
    source
        Its name.
    gain
        What it adds to all before it: the fall of the expected log-loss, in bits per record.
        Not above 0: nothing, it may go.
    total
        The share of what all useful sources reach together that is reached from the first to
        this one, from 0 to 1.
    """

    source: str
    gain: float
    total: float


def rank(votes: VoteMatrix, gold: Gold | None) -> list[Ranked]:
    """Return the sources, the most useful first, each by what it adds to those before it.

    Greedy forward selection with lazy evaluation (Minoux, 1978). What is to be predicted are the
    manual labels, and where there are none the labels of the generative model, which count less.
    A copy of a better source adds nothing, nor does one that is right as often as chance. For
    spans, each distinct span is a record.

    >>> from refinery_nb.core.votes import Votes
    >>> votes = {"a": Votes.of([1, 2, 3, 4], [7, 7, 8, 8]), "b": Votes.of([1, 3], [7, 8])}
    >>> [one.source for one in rank(VoteMatrix.build([1, 2, 3, 4], votes, [7, 8]), None)]
    ['a', 'b']
    """
    # Whoever is wrong on a record helps to rule a label out; on a span, nobody needed to.
    least = 0.0 if votes.is_spans else -np.inf
    if votes.is_spans:
        votes, gold = spans_as_records(votes, gold)
    if len(votes.labels) < 2 or not len(votes.row):
        return _by_hits(votes)
    value = _Value(votes, gold, least=least)
    order, gains = value.select()
    useful = np.maximum(gains, 0.0)
    reached = np.cumsum(useful) / max(float(useful.sum()), 1e-300)
    return [
        Ranked(votes.sources[source], float(gain), float(total))
        for source, gain, total in zip(order, gains, reached, strict=True)
    ]


class _Value:
    """The probabilities that the chosen sources give to the labels voted for, so far."""

    def __init__(self, votes: VoteMatrix, gold: Gold | None, *, least: float) -> None:
        self.names = votes.sources
        truth = gold_labels(votes, gold)
        model = Generative().fit(votes, gold)
        sheet, target = model.target(Sample.of(votes, truth == -2, VOTES))
        parts = [(sheet, target, sheet.weight)]
        known = take_rows(votes, np.flatnonzero(truth > -2).astype(np.int64))
        if len(known.row):
            labelled, _ = model.target(Sample(known, np.ones(len(known)), 1.0))
            said = truth[truth > -2][np.unique(known.row)]
            hit = (labelled.cell_label == said[labelled.cell_row]).astype(np.float64)
            parts.append((labelled, hit, np.full(labelled.rows, 1.0 / WEIGHT)))
        self.records = len(votes) + float((truth > -2).sum()) * (1.0 / WEIGHT - 1.0)
        # All votes side by side, by source; cells and rows of the second part after the first.
        sheets = [sheet for sheet, _, _ in parts]
        cells = np.cumsum([0] + [len(sheet.cell_row) for sheet in sheets])
        rows = np.cumsum([0] + [sheet.rows for sheet in sheets])
        self.row = np.concatenate(
            [sheet.cell_row + at for sheet, at in zip(sheets, rows, strict=False)]
        )
        self.target = np.concatenate([wanted for _, wanted, _ in parts])
        source = model.source_of(np.concatenate([sheet.item for sheet in sheets]))
        order = np.argsort(source, kind="stable")
        self.begins = np.searchsorted(source[order], np.arange(len(self.names) + 1))
        cell = np.concatenate([sheet.cell + at for sheet, at in zip(sheets, cells, strict=False)])
        spoken = np.maximum(model.spoken(), least)
        speaks = np.concatenate([spoken[sheet.item] * sheet.confidence for sheet in sheets])
        weight = np.concatenate([weigh[sheet.row] for sheet, _, weigh in parts])
        self.cell, self.speaks, self.weight = cell[order], speaks[order], weight[order]
        self.score = np.log(model.balance_[np.concatenate([sheet.cell_label for sheet in sheets])])
        self.norm = np.zeros(int(rows[-1]))

    def gain(self, source: int) -> float:
        """Return what a source would add, in bits per record."""
        at = slice(self.begins[source], self.begins[source + 1])
        cell, speaks = self.cell[at], self.speaks[at]
        proba = np.exp(self.score[cell] - self.norm[self.row[cell]])
        more = self.target[cell] * speaks - np.log1p(proba * np.expm1(speaks))
        return float((self.weight[at] * more).sum()) / self.records / float(np.log(2))

    def add(self, source: int) -> None:
        """Count a source in: one vote a row, so that rows do not meet."""
        at = slice(self.begins[source], self.begins[source + 1])
        cell, speaks = self.cell[at], self.speaks[at]
        row = self.row[cell]
        proba = np.exp(self.score[cell] - self.norm[row])
        self.norm[row] += np.log1p(proba * np.expm1(speaks))
        self.score[cell] += speaks

    def select(self) -> tuple[list[int], Floats]:
        """Return the sources by what each adds to those before, and how much that is."""
        names = self.names
        waiting = [(-self.gain(source), names[source], source) for source in range(len(names))]
        heapq.heapify(waiting)
        order: list[int] = []
        gains: list[float] = []
        useless: list[tuple[float, str, int]] = []
        while waiting:
            _, name, source = heapq.heappop(waiting)
            now = (-self.gain(source), name, source)
            if now[0] >= 0:
                useless.append(now)
            elif waiting and now > waiting[0]:
                # Others have taken some of its gain since it was last looked at.
                heapq.heappush(waiting, now)
            else:
                self.add(source)
                order.append(source)
                gains.append(-now[0])
        rest = sorted((-self.gain(source), name, source) for _, name, source in useless)
        order.extend(source for _, _, source in rest)
        gains.extend(-loss for loss, _, _ in rest)
        return order, np.array(gains)


def _by_hits(votes: VoteMatrix) -> list[Ranked]:
    """Return the sources by how much they vote, where there is no label to tell apart."""
    hits = np.bincount(votes.source, minlength=len(votes.sources))
    order = sorted(range(len(votes.sources)), key=lambda at: (-hits[at], votes.sources[at]))
    return [Ranked(votes.sources[at], 0.0, 0.0) for at in order]
