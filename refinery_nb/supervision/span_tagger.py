"""Fused span labels: a sequence model of the text joins the votes and the manual spans.

A conditional random field learns from the weak spans of all records what the words around a span
look like; it becomes the prior of a second one, which learns from the manual spans and may look at
the votes too. So what the rules find is carried over to words that no rule knows, and manual
labels correct both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import Gold, Ints, VoteMatrix, Votes
from refinery_nb.learn.crf import Field, Marginals, spans_of
from refinery_nb.learn.span_choice import Possible, choose
from refinery_nb.learn.token_grid import TokenGrid, rules_of_tags, tags_of
from refinery_nb.supervision.span_evidence import Candidates
from refinery_nb.supervision.span_model import FEW, FOLDS, Weigh, logistic, span_proba
from refinery_nb.supervision.spans import EVEN, SpanLabels, combine, decide
from refinery_nb.supervision.token_table import TokenTable
from refinery_nb.supervision.weighted import Weighted

Reals = NDArray[np.float64]
SAMPLE = 400_000  # tokens that the field of the weak spans learns from, at most
CHUNK = 200_000  # tokens whose messages are in memory at once
WEAK, MANUAL, ALONE = 6.0, 1.0, 0.5  # inverse variances of the priors of the weights
STEPS = 30
FAINT = 0.1  # a weak span less likely than this teaches nothing
SHARPER = 0.5  # a weak span teaches with this power of its probability
TRUST = 0.5  # the weight of the votes where no manual label says how good they are
UNKNOWN = 0.3  # the threshold without manual labels: half of an F1 of .6


class _Lane(NamedTuple):
    """Labels whose spans exclude each other, with their weak and manual spans."""

    labels: Ints
    weak: Possible
    truth: Possible


def tag(
    votes: VoteMatrix,
    gold: Gold | None,
    texts: Mapping[int, str],
    tokens: Mapping[int, NDArray[np.int32]],
    *,
    overlap: Overlap = Overlap.FLAT,
    seed: int = 0,
    vectors: Mapping[int, NDArray[np.float32]] | None = None,
    weigh: Weigh | None = None,
) -> SpanLabels:
    """Return spans by a model of the text that learns from votes and manual spans.

    Where spans may overlap each label has a model of its own. On fewer than ten reviewed records
    the weak spans alone teach. Where the held-out spans of plain ``combine`` are better, these
    are returned.

    Parameters
    ----------
    texts, tokens
        By record id; tokens as offsets, shape (tokens, 2). A record without tokens gets no span.
    vectors
        Embeddings of the tokens, shape (tokens, dimensions), by record id, where there are any.
    weigh
        The log-odds of each vote, given manual labels; by default those of ``Weighted``.
    """
    if weigh is None:

        def weigh(known: Gold | None) -> Reals:
            return Weighted().fit(votes, known).log_odds(votes)

    plain = combine(votes, gold, weigh, overlap, seed=seed)
    grid = TokenGrid.of(votes.records, tokens)
    manual = None if gold is None or not len(gold.reviewed) else gold
    if not len(grid) or not (len(votes.row) or manual):
        return plain
    fused = _Tagger(votes, manual, grid, texts, vectors, weigh, overlap, seed).labels(overlap)
    if manual is None or len(manual.reviewed) < FEW:
        return fused
    return max((fused, plain), key=lambda one: f1(one.held_out, manual.votes))


def f1(found: Votes, truth: Votes) -> float:
    """Return the F1 of exact spans."""
    keys = []
    for one in (found, truth):
        assert one.start is not None
        assert one.end is not None
        columns = (one.record, one.start, one.end, one.label)
        keys.append(set(zip(*(column.tolist() for column in columns), strict=True)))
    return 2 * len(keys[0] & keys[1]) / max(1, len(keys[0]) + len(keys[1]))


class _Tagger:
    """The pieces of one call of ``tag``."""

    def __init__(
        self,
        votes: VoteMatrix,
        gold: Gold | None,
        grid: TokenGrid,
        texts: Mapping[int, str],
        vectors: Mapping[int, NDArray[np.float32]] | None,
        weigh: Weigh,
        overlap: Overlap,
        seed: int,
    ) -> None:
        self.votes, self.gold, self.grid, self.seed = votes, gold, grid, seed
        self.spans = Candidates.of(votes)
        self.found = span_proba(votes, self.spans, weigh, gold, seed=seed)
        none = np.zeros(0, dtype=np.int64)
        reviewed = none if gold is None else gold.reviewed
        self.reviewed = np.flatnonzero(np.isin(votes.records, reviewed) & (grid.sizes > 0))
        self.lanes = self._lanes(overlap)
        self.taught = self._sample()
        self.table = TokenTable(grid, votes, texts, vectors, seed=seed).fit(self.taught)

    def labels(self, overlap: Overlap) -> SpanLabels:
        """Return the spans of all lanes together."""
        possible, apart = [], []
        for lane in self.lanes:
            everywhere, held_out = self._possible(lane)
            possible.append(everywhere)
            apart.append(held_out)
        all_of, rest = _join(possible), _join(apart)
        # Which spans exist is known on reviewed records; all others are possible only.
        truth = self._gold_spans()
        right = np.isin(self._keys(rest), self._keys(truth))
        if self.gold is not None and len(self.reviewed) >= FEW:
            before = np.array([0.0, 1.0, 0.0, 0.0])
            strength = np.array([1.0, 4.0, 4.0, 1.0])
            table = self._opinions(rest, self.found.held_out)
            weights = logistic(table, right.astype(np.float64), before, strength)
            rest = rest._replace(proba=_sigmoid(table @ weights))
            opinions = self._opinions(all_of, self.found.proba)
            all_of = all_of._replace(proba=_sigmoid(opinions @ weights))
        all_of, rest = self._as_voted(all_of), self._as_voted(rest)
        return decide(self.votes, self.gold, all_of, rest, right, overlap, unknown=UNKNOWN)

    def _lanes(self, overlap: Overlap) -> list[_Lane]:
        count = len(self.votes.labels)
        every = np.arange(count)
        groups = [every] if overlap is Overlap.FLAT else [every[n : n + 1] for n in range(count)]
        proba = np.where(self.found.reviewed, self.found.held_out, self.found.proba)
        spans = self.spans
        weak = Possible(spans.row, spans.start, spans.end, spans.label, proba)
        # Without manual labels, two sources that contradict each other teach nothing.
        above = EVEN if self.gold is None else FAINT
        truth = self._gold_spans()
        lanes = []
        for labels in groups:
            chosen = choose(weak.take(np.isin(weak.label, labels)), Overlap.FLAT, above=above)
            said = truth.take(np.isin(truth.label, labels))
            lanes.append(_Lane(labels, chosen, said))
        return lanes

    def _weak(self, lane: _Lane, rows: Ints) -> Reals:
        # Where nobody can say how sure the sources may be, what they say is taken as it is.
        power = 1.0 if self.gold is None else SHARPER
        return self._tags(lane.weak._replace(proba=lane.weak.proba**power), lane, rows)

    def _tags(self, spans: Possible, lane: _Lane, rows: Ints) -> Reals:
        """Return spans as tags of the tokens of these rows (ascending)."""
        spans = spans.take(np.isin(spans.row, rows))
        _, at = self.grid.of_rows(rows)
        first, last = self.grid.cover(spans.row, spans.start, spans.end)
        size = last - first
        first = np.searchsorted(at, first)
        local = np.searchsorted(lane.labels, spans.label)
        shape = len(at), 1 + 2 * len(lane.labels)
        return tags_of(first, first + size, local, spans.proba, shape=shape)

    def _gold_spans(self) -> Possible:
        known = {} if self.gold is None else {"gold": self.gold.votes}
        truth = VoteMatrix.build(self.votes.records, known, self.votes.labels, spans=True)
        assert truth.start is not None
        assert truth.end is not None
        return Possible(truth.row, truth.start, truth.end, truth.label, np.ones(len(truth.row)))

    def _sample(self) -> Ints:
        """Return the rows to learn from: all reviewed ones, and others while there is room."""
        order = np.random.default_rng(self.seed).permutation(len(self.votes.records))
        order = order[~np.isin(order, self.reviewed)]
        room = np.cumsum(self.grid.sizes[order]) <= SAMPLE
        return np.sort(np.concatenate([self.reviewed, order[room]]))

    def _possible(self, lane: _Lane) -> tuple[Possible, Possible]:
        """Return the possible spans everywhere, and on reviewed rows those held out."""
        weak = self._weak_field(lane) if len(lane.weak.row) else None
        if not len(self.reviewed):
            tuned = self._widened(weak, lane, TRUST)
            return self._predict(tuned, lane, np.arange(len(self.votes))), _join([])
        priors = [None] if weak is None else [self._widened(weak, lane, 0.0), None]
        if len(self.reviewed) < FEW:
            tuned = self._tuned(lane, self.reviewed, priors[0])
            return self._predict(tuned, lane, np.arange(len(self.votes))), _join([])
        fold = np.random.default_rng(self.seed).permutation(len(self.reviewed)) % FOLDS
        best, least, held_out = priors[0], np.inf, _join([])
        for prior in priors:
            loss, parts = 0.0, []
            for number in range(FOLDS):
                inside = self.reviewed[fold == number]
                if not len(inside):
                    continue
                tuned = self._tuned(lane, self.reviewed[fold != number], prior)
                seen, _ = self._seen(tuned, lane, inside)
                truth = self._tags(lane.truth, lane, inside)
                loss -= float((truth * np.log(np.maximum(seen.tag, 1e-9))).sum())
                parts.append(self._predict(tuned, lane, inside))
            if loss < least:
                best, least, held_out = prior, loss, _join(parts)
        tuned = self._tuned(lane, self.reviewed, best)
        return self._predict(tuned, lane, np.arange(len(self.votes))), held_out

    def _weak_field(self, lane: _Lane) -> Field:
        chains, at = self.grid.of_rows(self.taught)
        target = self._weak(lane, self.taught)
        field = Field(*rules_of_tags(len(lane.labels)), strength=WEAK, steps=STEPS)
        return field.fit(self.table.text(self.taught), chains, target, np.ones(len(at)))

    def _widened(self, field: Field | None, lane: _Lane, trust: float) -> Field:
        """Return the field of the text with weights for what the votes say besides."""
        follow, begin = rules_of_tags(len(lane.labels))
        wide = Field(follow, begin, strength=MANUAL)
        width = self.table.width(len(begin))
        wide.weight_ = np.zeros((width, len(begin)))
        if field is not None:
            wide.weight_[: len(field.weight_)] = field.weight_
            wide.move_, wide.start_ = field.move_, field.start_
        wide.weight_[width - len(begin) + 1 :, 1:] = np.eye(len(begin) - 1) * trust
        return wide

    def _tuned(self, lane: _Lane, rows: Ints, prior: Field | None) -> Field:
        chains, at = self.grid.of_rows(rows)
        strength = ALONE if prior is None else MANUAL
        field = Field(*rules_of_tags(len(lane.labels)), strength=strength)
        table = self.table.all(rows, self._weak(lane, rows))
        truth = self._tags(lane.truth, lane, rows)
        return field.fit(table, chains, truth, np.ones(len(at)), prior=prior)

    def _seen(self, field: Field, lane: _Lane, rows: Ints) -> tuple[Marginals, Ints]:
        chains, at = self.grid.of_rows(rows)
        return field.marginals(self.table.all(rows, self._weak(lane, rows)), chains), at

    def _predict(self, field: Field, lane: _Lane, rows: Ints) -> Possible:
        """Return the spans that the field holds possible on these rows, some at a time."""
        parts = []
        until = np.cumsum(self.grid.sizes[rows]) // CHUNK
        for number in np.unique(until).tolist():
            some = rows[until == number]
            seen, at = self._seen(field, lane, some)
            first, last, label, proba = spans_of(seen, field, self.grid.of_rows(some)[0])
            row = self.grid.row_of(at[first])
            start, end = self.grid.start[at[first]], self.grid.end[at[last]]
            parts.append(Possible(row, start, end, lane.labels[label], proba))
        return _join(parts)

    def _keys(self, spans: Possible) -> Ints:
        """Return one number for each span: its tokens and its label."""
        first, last = self.grid.cover(spans.row, spans.start, spans.end)
        longest = int(self.grid.sizes.max(initial=0)) + 1
        length = np.maximum(last - first, -1) + 1
        keys: Ints = (first * (longest + 1) + length) * len(self.votes.labels) + spans.label
        return keys

    def _voted(self, spans: Possible, proba: Reals) -> tuple[Ints, NDArray[np.bool_]]:
        """Return the likeliest candidate with the same tokens and label, and if there is one."""
        own = self.spans
        keys = self._keys(Possible(own.row, own.start, own.end, own.label, proba))
        order = np.lexsort((-proba, keys))
        wanted = self._keys(spans)
        place = np.searchsorted(keys[order], wanted)
        place[place == len(keys)] = 0
        if not len(keys):
            return place, np.zeros(len(wanted), dtype=bool)
        return order[place], keys[order][place] == wanted

    def _opinions(self, spans: Possible, proba: Reals) -> Reals:
        """Return one, the log-odds of the field, those of the votes, and if anybody voted so."""
        which, there = self._voted(spans, proba)
        said = np.zeros(len(spans.row))
        said[there] = _logit(proba[which[there]])
        return np.stack(
            [np.ones(len(said)), _logit(spans.proba), said, there.astype(float)], axis=1
        )

    def _as_voted(self, spans: Possible) -> Possible:
        """Return the spans with the offsets that a source gave, where these cut into tokens."""
        which, there = self._voted(spans, self.found.proba)
        start, end = spans.start.copy(), spans.end.copy()
        start[there], end[there] = self.spans.start[which[there]], self.spans.end[which[there]]
        return spans._replace(start=start, end=end)


def _join(parts: list[Possible]) -> Possible:
    none = np.zeros(0, dtype=np.int64)
    empty = Possible(none, none, none, none, np.zeros(0))
    every = [empty, *parts]
    return Possible(
        np.concatenate([one.row for one in every]),
        np.concatenate([one.start for one in every]),
        np.concatenate([one.end for one in every]),
        np.concatenate([one.label for one in every]),
        np.concatenate([one.proba for one in every]),
    )


def _logit(proba: Reals) -> Reals:
    inside = np.clip(proba, 1e-6, 1 - 1e-6)
    odds: Reals = np.log(inside / (1 - inside))
    return odds


def _sigmoid(score: Reals) -> Reals:
    proba: Reals = 1 / (1 + np.exp(-np.clip(score, -30, 30)))
    return proba
