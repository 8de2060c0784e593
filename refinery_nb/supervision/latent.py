"""Label models with a hidden true label: what all of them share, from counting to prediction.

Expectation and maximization in turn (Dempster, Laird and Rubin, 1977): how likely is each label on
each record, given what is held of the sources; how often is each source right, given that. Four
things keep it from fooling itself where data are few or the model is wrong, as it always is:

* Manual labels count fully, expected ones little and never more than some (a power posterior, as
  in Miller and Dunson, *Robust Bayesian Inference via Coarsening*, 2019).
* A prior: a source is better than chance, its errors are as frequent as the labels are.
* Votes that say the same twice are discounted (see dependence).
* A record on which one source speaks alone teaches nothing about that source.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Self

import numpy as np

from refinery_nb.core.errors import QueryError
from refinery_nb.core.votes import Gold, Ints, VoteMatrix
from refinery_nb.supervision import coin
from refinery_nb.supervision.balance import Prior, shares
from refinery_nb.supervision.dependence import Meetings, discounts
from refinery_nb.supervision.items import Items
from refinery_nb.supervision.patterns import without_ties
from refinery_nb.supervision.precision import CEILING, FLOOR, Precisions
from refinery_nb.supervision.sample import Sample, gold_labels
from refinery_nb.supervision.sheet import Belief, Floats, Sheet
from refinery_nb.supervision.span_records import span_rows, spans_as_records

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# A source is taken to be right as often as chance, and of the rest this share.
SKILL = 0.6
# What the prior weighs, in manual labels: of the skill of all sources, of one source, of an item.
OF_ALL, OF_SOURCE, OF_ITEM = 10.0, 4.0, 4.0
# What an expected label weighs against a manual one, and from how many on it counts half.
WEIGHT, HALF = 0.04, 1000.0
# What the prior of an even class balance weighs, and how much expected labels weigh at most.
EVEN, EXPECTED = 5.0, 100.0
# How much it counts that a source does not vote: less than independent sources would make it.
ABSTENTION = 0.5
# A record teaches from this many independent votes on.
TEACHES = 1.25
# Where an estimate lies at least and at most.
LEAST, MOST = 0.001, 0.995
STEPS, ROUNDS, DONE = 15, 3, 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What a label model holds of votes.

    Attributes
    ----------
    item, counts
        Of each vote: the label of a source that it is, and how much it counts beside the others
        of its record, shape (votes,).
    label, right
        Of each item, and at last for each label of a source that was never seen: the position of
        its label, and how often it is right, shape (items,).
    share
        How often each label is true where the item stands, shape (items, labels); None if errors
        are not told apart.
    """

    item: Ints
    counts: Floats
    label: Ints
    right: Floats
    share: Floats | None


class Latent:
    """A label model with a hidden true label; see the module, and its two kinds.

    Parameters
    ----------
    prior
        Shares of the labels by position; estimated unless given.
    dependence
        Whether votes that say the same twice are discounted.
    abstention
        How much it counts that a source does not vote: 0 not at all, 1 as much as a vote.

    Attributes
    ----------
    balance_
        Share of each label, shape (labels,), after ``fit``.
    """

    balance_: Floats

    def __init__(
        self, *, prior: Prior = None, dependence: bool = True, abstention: float = ABSTENTION
    ) -> None:
        self.prior = prior
        self.dependence = dependence
        self.abstention = abstention
        self._items: Items | None = None
        self._counts = Precisions()
        self._of_spans: Latent | None = None

    def fit(self, votes: VoteMatrix, gold: Gold | None) -> Self:
        """Learn from all votes, and from manual labels as far as there are any."""
        self._items = self._of_spans = None
        return self.partial_fit(votes, gold)

    def partial_fit(self, votes: VoteMatrix, gold: Gold | None = None) -> Self:
        """Learn from new records on top of those seen; they are not to be among those.

        What was counted on earlier records stays as it was; what is dependent was found by the
        first call. Sources are matched by name, new ones are added.
        """
        if self._items is None:
            self._start(votes)
        elif votes.labels != self._labels:
            raise QueryError(
                "the votes are for other labels than those that the model has learnt.",
                hint="Fit a new model after a change of the labels.",
            )
        self._counts = self._counts.add(votes, gold)
        if votes.is_spans:
            if self._of_spans is None and self.dependence:
                self._of_spans = type(self)().fit(spans_as_records(votes, None)[0], None)
            return self
        if len(votes.labels) < 2:
            return self
        self._learn(votes, gold_labels(votes, gold))
        return self

    def predict_proba(self, votes: VoteMatrix) -> Floats:
        """Return probabilities, shape (rows, labels); 0 without a vote, and on ties."""
        voted = np.zeros(len(votes), dtype=bool)
        voted[votes.row] = True
        if len(votes.labels) < 2:
            # One label only: whoever votes says that it applies.
            return np.repeat(voted[:, None].astype(np.float64), len(votes.labels), axis=1)
        if self._items is None or not len(self._belief.label):
            return np.zeros((len(votes), len(votes.labels)))
        item = self._items.of(votes, self._labels)
        belief = self._with_unknown(self._belief)
        counts = discounts(votes.row, item, self._found) * votes.confidence
        proba = self._kind.scores(votes, item, counts, belief)
        proba -= proba.max(axis=1, keepdims=True, initial=-np.inf)
        np.exp(proba, out=proba)
        proba /= proba.sum(axis=1, keepdims=True)
        proba[~voted] = 0.0
        return without_ties(proba)

    def log_odds(self, votes: VoteMatrix) -> Floats:
        """Return the log-odds that each vote is right, shape (votes,).

        Of spans: as often as manual labels say, like the weighted vote; dependent votes for one
        span share what one of them would weigh.
        """
        if votes.is_spans or len(votes.labels) < 2 or self._items is None:
            right = self._counts.of(votes)[votes.source, votes.label]
        else:
            belief = self._with_unknown(self._belief)
            item = self._items.of(votes, self._labels)
            right = self._kind.right(belief.label, belief.share)[item]
        confidence = votes.confidence.astype(np.float64)
        right = np.clip(0.5 + (right - 0.5) * confidence, FLOOR, CEILING)
        odds: Floats = np.log(right / (1 - right))
        if votes.is_spans and self._of_spans is not None:
            odds *= self._of_spans._shared(votes)
        return odds

    def _shared(self, spans: VoteMatrix) -> Floats:
        """Return how much each vote for a span counts beside the others for it."""
        assert self._items is not None
        _, row = span_rows(spans)
        labels = tuple(range(len(spans.labels) + 1))
        item = self._items.of(replace(spans, labels=labels), labels)
        order = np.argsort(row, kind="stable")
        counts = np.empty(len(row))
        counts[order] = discounts(row[order], item[order], self._found)
        return counts

    def learnt(self, votes: VoteMatrix) -> Learnt:
        """Return how much each vote counts, and what is held of what it stands for."""
        assert self._items is not None
        item = self._items.of(votes, self._labels)
        belief = self._with_unknown(self._belief)
        return Learnt(
            item,
            discounts(votes.row, item, self._found) * votes.confidence,
            belief.label,
            self._kind.right(belief.label, belief.share),
            None if self._kind is coin else belief.share,
        )

    def precision(self, source: str) -> Floats:
        """Return how often a source is right with each label, shape (labels,)."""
        belief = self._with_unknown(self._belief)
        assert self._items is not None
        item = self._items.of_source(source)
        right: Floats = self._kind.right(belief.label, belief.share)[item]
        return right

    def _choose(self, items: int, labels: int) -> ModuleType:
        """Return how sources err: overridden."""
        del items, labels
        return coin

    def _start(self, votes: VoteMatrix) -> None:
        labels = len(votes.labels)
        self._labels = votes.labels
        self._items = Items((), labels, np.zeros(0, dtype=np.int64))
        self._counts = Precisions()
        self._kind = self._choose(0, labels)
        self._found: csr_array | None = None
        self._records = 0.0
        self._true_gold, self._true_seen = np.zeros((2, labels))
        self.balance_ = np.full(labels, 1 / max(1, labels))
        self._hits, self._alone = np.zeros(0), np.zeros(0)
        self._gold, self._seen = np.zeros((2, 0, 1))

    def _learn(self, votes: VoteMatrix, truth: Ints) -> None:
        first = self._records == 0
        assert self._items is not None
        items, moved, item = self._items.joined(votes)
        if first:
            self._kind = self._choose(len(items), items.labels)
        kind = self._kind
        self._items = items
        self._widen(moved, kind.width(items.labels))
        self._hits += np.bincount(item, votes.confidence, minlength=len(items))
        self._records += len(votes)
        self._true_gold += np.bincount(truth[truth >= 0], minlength=items.labels)
        self._settle(np.zeros_like(self._gold), np.zeros(items.labels))
        known = np.flatnonzero(truth[votes.row] > -2)
        self._gold = self._gold + kind.count_gold(
            item[known],
            votes.label[known],
            truth[votes.row[known]],
            votes.confidence[known].astype(np.float64),
            self._belief,
        )
        self._settle(self._seen, self._true_seen)
        sample = Sample.of(votes, truth == -2)
        sheet = Sheet.of(sample.votes, items.of(sample.votes, self._labels), sample.weight)
        meetings = self._meetings(votes, sample) if first and self.dependence else None
        self._iterate(sheet, meetings)

    def _meetings(self, votes: VoteMatrix, sample: Sample) -> Meetings:
        """Return how often votes meet, on records with and without manual labels."""
        assert self._items is not None
        if len(sample.votes) == 0 or sample.weight.sum() < len(votes):
            sample = Sample.of(votes, np.ones(len(votes), dtype=bool))
        return Meetings.of(sample, self._items.of(sample.votes, self._labels), len(self._items))

    def _iterate(self, sheet: Sheet, meetings: Meetings | None) -> None:
        """Expect and maximize in turn until nothing changes; add what was counted."""
        counted, true = np.zeros_like(self._seen), np.zeros_like(self._true_seen)
        for _ in range(ROUNDS if meetings else 1):
            if meetings:
                self._found = meetings.dependence(self._together)
            alone = discounts(sheet.row, sheet.item, self._found)
            self._set_alone(sheet, alone)
            lesson = np.where(
                np.bincount(sheet.row, alone, minlength=sheet.rows) >= TEACHES, sheet.weight, 0.0
            )
            for _ in range(STEPS if sheet.rows else 0):
                before = self._belief.share
                counted, true = self._kind.expect(
                    sheet, self._belief, alone * sheet.confidence, lesson
                )
                self._settle(self._seen + counted, self._true_seen + true)
                if np.abs(self._belief.share - before).max(initial=0.0) < DONE:
                    break
        self._seen, self._true_seen = self._seen + counted, self._true_seen + true
        self._settle(self._seen, self._true_seen)

    def _settle(self, counted: Floats, true: Floats) -> None:
        """Set what is held, by what was counted and what was held before anything was."""
        assert self._items is not None
        labels, label = self._items.labels, self._items.label
        given = shares(self.prior, labels)
        if given is not None:
            self.balance_ = given
        else:
            expected = true * (EXPECTED / (EXPECTED + true.sum()))
            total = self._true_gold + expected + EVEN / labels
            self.balance_ = total / total.sum()
        seen = counted.sum(axis=1, keepdims=True)
        counts = self._gold + counted * (WEIGHT * HALF / (HALF + seen))
        total = counts.sum(axis=1)
        right = self._kind.right(label, counts)
        skill = self._skill(right, total)
        chance = self.balance_[label]
        before = self._kind.prior(label, chance + skill * (1 - chance), self.balance_)
        share = (counts + OF_ITEM * before) / (total[:, None] + OF_ITEM)
        share = np.clip(share, LEAST, MOST)
        self._belief = Belief(
            label,
            share / share.sum(axis=1, keepdims=True),
            self.balance_,
            self._hits / max(self._records, 1.0),
            self._alone,
            self.abstention,
        )

    def _skill(self, right: Floats, total: Floats) -> Floats:
        """Return how far each item is better than chance: of all sources, then of its source."""
        assert self._items is not None
        chance = self.balance_[self._items.label]
        better, most = right - total * chance, total * (1 - chance)
        of_all = (better @ self._alone + OF_ALL * SKILL) / (most @ self._alone + OF_ALL)
        # A source of one label has no other that could tell.
        source, several = self._items.source, self._items.several
        of_source = (np.bincount(source, better * several) + OF_SOURCE * of_all) / (
            np.bincount(source, most * several) + OF_SOURCE
        )
        return np.clip(of_source[source], 0.1, 0.95)

    def _together(self, one: Ints, other: Ints, hits: Floats, records: float) -> Floats:
        share = self._kind.together(one, other, self._belief)
        # The rates are of all votes, the meetings of a sample.
        scale = hits / max(records, 1.0) / np.maximum(self._belief.rate, 1e-12)
        return np.asarray(records * share * scale[one] * scale[other])

    def _set_alone(self, sheet: Sheet, alone: Floats) -> None:
        weight = sheet.weight[sheet.row]
        total = np.bincount(sheet.item, weight, minlength=len(self._alone))
        shared = np.bincount(sheet.item, weight * alone, minlength=len(self._alone))
        self._alone = np.where(total > 0, shared / np.maximum(total, 1e-12), self._alone)
        self._settle(self._seen, self._true_seen)

    def _widen(self, moved: Ints, width: int) -> None:
        """Give what was counted its place among more items."""
        assert self._items is not None
        items = len(self._items)
        for name, wide in (
            ("_hits", np.zeros(items)),
            ("_alone", np.ones(items)),
            ("_gold", np.zeros((items, width))),
            ("_seen", np.zeros((items, width))),
        ):
            if len(moved):
                wide[moved] = getattr(self, name)
            setattr(self, name, wide)
        if self._found is not None and len(moved) != items:
            from scipy.sparse import csr_array

            found = self._found.tocoo()
            self._found = csr_array(
                (found.data, (moved[found.row], moved[found.col])), shape=(items, items)
            )

    def _with_unknown(self, belief: Belief) -> Belief:
        """Return the belief with an item for each label, for sources that were never seen."""
        label = np.arange(len(belief.balance))
        precision = belief.balance + SKILL * (1 - belief.balance)
        share = self._kind.prior(label, precision, belief.balance)
        nothing = np.zeros(len(label))
        return Belief(
            np.concatenate([belief.label, label]),
            np.concatenate([belief.share, share]),
            belief.balance,
            np.concatenate([belief.rate, nothing]),
            np.concatenate([belief.alone, nothing]),
            belief.abstention,
        )
