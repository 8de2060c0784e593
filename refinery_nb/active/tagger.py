"""Learning spans from reviewed texts: a conditional random field on words and token vectors."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.active.space import unit
from refinery_nb.active.uncertainty import entropy, margin
from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import Gold, Ints, Votes
from refinery_nb.learn.crf import Chains, Field, Marginals, spans_of
from refinery_nb.learn.span_choice import Possible, choose
from refinery_nb.learn.token_features import TokenFeatures, words_of
from refinery_nb.learn.token_grid import TokenGrid, rules_of_tags, tags_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Matrix = NDArray[np.float32]
Scores = NDArray[np.float64]

LENGTH = 6.0  # of a token's vector, among features of 0 and 1
STRENGTH = 0.4  # inverse variance of the weights
STEPS = 40
DOUBTS = ("uncertain", "margin", "entropy")


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Some texts, cut into tokens.

    Attributes
    ----------
    grid
        Their tokens; a row is a text.
    words, ids
        The distinct words, and which of them each token is.
    vectors
        Of the tokens, of length ``LENGTH`` or 0; no columns where there are none.
    """

    grid: TokenGrid
    words: list[str]
    ids: Ints
    vectors: Matrix

    @staticmethod
    def of(
        texts: Sequence[str],
        tokens: Sequence[NDArray[np.int32]],
        vectors: Sequence[NDArray[np.floating] | None] | None = None,
    ) -> Page:
        """Put texts together with the offsets and, if there are any, vectors of their tokens.

        A text whose vectors are missing, or not as many as its tokens, has zero vectors.
        """
        rows = np.arange(len(texts))
        grid = TokenGrid.of(rows, dict(enumerate(tokens)))
        words, ids = words_of(texts, [np.asarray(one, np.int64).reshape(-1, 2) for one in tokens])
        widths = {one.shape[1] for one in vectors or () if one is not None and one.ndim == 2}
        width = max(widths, default=0)
        found = np.zeros((len(grid), width), np.float32)
        for row, one in enumerate(vectors or ()):
            first, last = grid.first[row], grid.first[row + 1]
            if one is not None and one.shape == (last - first, width):
                found[first:last] = one
        return Page(grid, words, ids, unit(found) * np.float32(LENGTH))

    def take(self, rows: Ints) -> Page:
        """Return some of the texts; ``rows`` ascend."""
        _, at = self.grid.of_rows(rows)
        sizes = self.grid.sizes[rows]
        first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        grid = TokenGrid(first, self.grid.start[at], self.grid.end[at])
        return Page(grid, self.words, self.ids[at], self.vectors[at])


class Tagger:
    """A linear-chain conditional random field over features of tokens and their vectors.

    Where labelled spans of different labels overlap, each label has a field of its own; else all
    share one, which then knows that what is one thing is not another.

    Parameters
    ----------
    labels
        How many there are.
    features
        What knows the clusters of words; fitted to many texts, labelled or not.
    """

    def __init__(self, labels: int, features: TokenFeatures) -> None:
        self.labels = labels
        self._clusters = features
        self._features = features
        self._lanes: list[tuple[Ints, Field]] = []

    def fit(self, page: Page, truth: Possible) -> Tagger:
        """Learn from texts of which all spans are known, by their rows."""
        sizes = page.grid.sizes
        self._features = self._clusters.know(page.words, page.ids, sizes)
        table = self._table(page)
        chains = Chains.of(sizes)
        first, last = page.grid.cover(truth.row, truth.start, truth.end)
        every = np.arange(self.labels)
        lanes = [every] if _apart(first, last) else [every[n : n + 1] for n in every]
        self._lanes = []
        for lane in lanes:
            own = np.isin(truth.label, lane)
            target = tags_of(
                first[own],
                last[own],
                np.searchsorted(lane, truth.label[own]),
                np.ones(int(own.sum())),
                shape=(len(page.grid), 1 + 2 * len(lane)),
            )
            field = Field(*rules_of_tags(len(lane)), strength=STRENGTH, steps=STEPS)
            field.fit(table, chains, target, np.ones(len(page.grid)), dense=page.vectors)
            self._lanes.append((lane, field))
        return self

    def possible(self, page: Page) -> tuple[Possible, dict[str, Scores]]:
        """Return the possible spans of texts with their probabilities, and how unsure it is.

        Returns
        -------
        spans, doubts
            By row of the page; and by the name of a measure how unsure it is of each text, shape
            (texts,): ``uncertain`` is 1 minus the chance that the likeliest tag of every token is
            right, ``margin`` that of the closest token, ``entropy`` the sum over the tokens by the
            square root of their number, so that long texts do not always come first.
        """
        table, chains = self._table(page), Chains.of(page.grid.sizes)
        spans: list[Possible] = []
        doubts = {name: np.zeros(len(page.grid.sizes)) for name in DOUBTS}
        for lane, field in self._lanes:
            seen = field.marginals(table, chains, dense=page.vectors)
            first, last, label, proba = spans_of(seen, field, chains)
            spans.append(
                Possible(
                    page.grid.row_of(first),
                    page.grid.start[first],
                    page.grid.end[last],
                    lane[label],
                    proba,
                )
            )
            _doubt(doubts, page, seen)
        return joined(spans), doubts

    def _table(self, page: Page) -> csr_array:
        return self._features.transform(page.words, page.ids, page.grid.sizes)


@dataclass(frozen=True, slots=True, eq=False)
class SpanBeliefs:
    """What a learner believes of the spans of records.

    Attributes
    ----------
    records
        Ids, ascending, shape (n,).
    labels
        Ids of the labels by position.
    spans
        Possible spans, by position of the record and of the label. On a reviewed record they come
        from a model that has not seen its spans.
    doubts
        How unsure it is of each record, by the name of the measure, shape (n,).
    known
        Positions of the reviewed records, ascending.
    truth
        Their spans.
    """

    records: Ints
    labels: Ints
    spans: Possible
    doubts: dict[str, Scores]
    known: Ints
    truth: Possible

    def votes(
        self,
        *,
        min_confidence: float,
        labels: Collection[int] | None = None,
        overlap: Overlap = Overlap.FLAT,
    ) -> Votes:
        """Return the likely spans that may stand together.

        Parameters
        ----------
        min_confidence
            Less likely ones are left out.
        labels
            Ids of the labels that are voted for; None: all.
        overlap
            Which spans may share characters.
        """
        spans = self.spans
        if labels is not None:
            spans = spans.take(np.isin(self.labels[spans.label], list(labels)))
        # Equal confidence is enough, and the choice takes what is strictly above.
        chosen = choose(spans, overlap, above=np.nextafter(min_confidence, -1.0))
        return Votes.of(
            self.records[chosen.row],
            self.labels[chosen.label],
            np.clip(np.round(chosen.proba, 4), 1e-4, 1.0).astype(np.float32),
            chosen.start,
            chosen.end,
        )


def truth_of(gold: Gold, records: Ints, labels: Ints) -> tuple[Ints, Possible]:
    """Return which of some records (ascending) are reviewed, and their spans by position."""
    known = np.flatnonzero(np.isin(records, gold.reviewed)).astype(np.int64)
    votes = gold.votes
    assert votes.start is not None
    assert votes.end is not None
    there = np.isin(votes.record, records) & np.isin(votes.label, labels)
    order = np.argsort(labels, kind="stable")
    return known, Possible(
        np.searchsorted(records, votes.record[there]).astype(np.int64),
        votes.start[there],
        votes.end[there],
        order[np.searchsorted(labels[order], votes.label[there])].astype(np.int64),
        np.ones(int(there.sum())),
    )


def joined(parts: Sequence[Possible]) -> Possible:
    """Return spans end to end, by row and start."""
    none = np.zeros(0, np.int64)
    every = [Possible(none, none, none, none, np.zeros(0)), *parts]
    columns = (np.concatenate(column) for column in zip(*every, strict=True))
    spans = Possible(*columns)
    return spans.take(np.lexsort((spans.label, spans.end, spans.start, spans.row)))


def among(spans: Possible, others: Possible) -> NDArray[np.bool_]:
    """Say which spans stand among others, to the character and with the same label."""
    columns = (others.row, others.start, others.end, others.label)
    known = set(zip(*(one.tolist() for one in columns), strict=True))
    columns = (spans.row, spans.start, spans.end, spans.label)
    keys = zip(*(one.tolist() for one in columns), strict=True)
    return np.array([key in known for key in keys], np.bool_)


def placed(spans: Possible, rows: Ints) -> Possible:
    """Return spans whose rows are positions in ``rows`` by what stands there."""
    return spans._replace(row=rows[spans.row])


def _apart(first: Ints, last: Ints) -> bool:
    """Say whether no two spans share a token."""
    order = np.argsort(first, kind="stable")
    return not bool((first[order][1:] <= np.maximum.accumulate(last[order])[:-1]).any())


def _doubt(doubts: dict[str, Scores], page: Page, seen: Marginals) -> None:
    """Raise the doubts of each text to those of one field."""
    some = np.flatnonzero(page.grid.sizes > 0)
    if not len(some):
        return
    tags, first = seen.tag.astype(np.float32), page.grid.first[some]
    sure = np.log(np.maximum(tags.max(axis=1).astype(np.float64), 1e-12))
    found = {
        "uncertain": 1.0 - np.exp(np.add.reduceat(sure, first)),
        "margin": np.maximum.reduceat(margin(tags), first),
        "entropy": np.add.reduceat(entropy(tags), first) / np.sqrt(page.grid.sizes[some]),
    }
    for name, values in found.items():
        doubts[name][some] = np.maximum(doubts[name][some], values)
