"""Rules, vectors and manual labels in one: rules teach a classifier, which corrects the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.vectors import Vectors
from refinery_nb.core.votes import Gold, Ints, VoteMatrix
from refinery_nb.learn.classifier import log_softmax
from refinery_nb.supervision.balance import Prior, shares
from refinery_nb.supervision.dawid_skene import DawidSkene
from refinery_nb.supervision.patterns import take_rows
from refinery_nb.supervision.reference import NONE, reference_rows
from refinery_nb.supervision.sample import draw
from refinery_nb.supervision.seen import FEWEST, Seen
from refinery_nb.supervision.teaching import Lesson, Taught, alone, anchored, teach
from refinery_nb.supervision.vote_evidence import VoteEvidence, spoken
from refinery_nb.supervision.weighted import Weighted

Proba = NDArray[np.float64]

WORK = 4_000_000_000  # records times classes times numbers of a vector; with more, fewer records
ROWS = 50_000  # records whose vectors are in memory at once


class Fused:
    """A classifier on vectors, taught by rules and people, that in turn judges the rules.

    Self-training with rules (the idea of Karamanolakis et al., *Self-training with weak
    supervision*, NAACL 2021) in closed steps instead of a neural network; see ``teaching.teach``.
    A record gets what the classifier says of its vectors and what its votes say beside that.
    How much votes add is learnt from data: nothing where the text says the same anyway, all where
    vectors know nothing. Records without a vector get what their votes say, and none without a
    vote. Where there are no vectors at all, it is the weighted vote.

    Parameters
    ----------
    vectors
        Of the records: one embedding, or several kinds of vectors, the first being an embedding.
    rules
        Whether the votes take part; without, manual labels alone teach a classifier.
    prior
        Shares of the labels by position.
    seed
        Of the sample that is learnt from, where there are very many records.

    Attributes
    ----------
    correction_, votes_
        From 0 to 1, after ``fit``: how far manual labels correct what the rules taught, and how
        far votes count beside the vectors.
    """

    def __init__(
        self,
        *,
        vectors: Seen | Vectors | Sequence[Vectors] | None = None,
        rules: bool = True,
        prior: Prior = None,
        seed: int = 0,
    ) -> None:
        self.seen = vectors if isinstance(vectors, Seen) else Seen(vectors)
        self.rules = rules
        self.prior = prior
        self.seed = seed
        self.correction_, self.votes_ = 1.0, 0.0
        self._votes = Weighted(prior=prior)
        self._taught: Taught | None = None
        self._evidence: VoteEvidence | None = None
        self._none = False

    @property
    def by_record(self) -> bool:
        """Whether records with the same votes may be labelled differently."""
        return self._taught is not None

    def fit(self, votes: VoteMatrix, gold: Gold | None) -> Fused:
        """Learn, where there are vectors and something to learn from."""
        self._votes = Weighted(prior=self.prior).fit(votes, gold)
        self._taught = self._evidence = None
        if not self.seen or votes.is_spans or len(votes.labels) < 2:
            return self
        rows, labels = reference_rows(votes, gold)
        known = self.seen.known(votes.records)
        given = known[rows]
        rows, labels = rows[given], labels[given]
        self._none = bool((labels == NONE).any())
        sampled = self._sampled(np.flatnonzero(known), rows, len(votes.labels))
        if len(sampled):
            # The same votes in the same order, whatever the order of the sources.
            part = _ordered(take_rows(votes, sampled))
            self._learn(part, np.searchsorted(sampled, rows), labels, votes, gold)
        return self

    def partial_fit(self, votes: VoteMatrix, gold: Gold | None = None) -> Fused:
        """Add to what is known of the rules; the classifier stays as it is until ``fit``."""
        self._votes.partial_fit(votes, gold)
        return self

    def predict_proba(self, votes: VoteMatrix) -> Proba:
        """Return probabilities, shape (rows, labels); a row of 0 abstains."""
        if self._taught is None:
            return self._votes.predict_proba(votes)
        proba: Proba = np.zeros((len(votes), len(votes.labels)))
        voted = np.zeros(len(votes), dtype=np.bool_)
        voted[votes.row] = True
        for first in range(0, len(votes), ROWS):
            at = np.arange(first, min(first + ROWS, len(votes)), dtype=np.int64)
            told = voted[at] & self.rules | self.seen.known(votes.records[at])
            proba[at[told]] = self._labels(take_rows(votes, at[told]))
        return proba

    def log_odds(self, votes: VoteMatrix) -> Proba:
        """Return the log-odds that each vote is right, as the weighted vote sees them."""
        return self._votes.log_odds(votes)

    def _labels(self, votes: VoteMatrix) -> Proba:
        found = np.exp(log_softmax(self._scores(votes)))
        kept = found[:, : len(votes.labels)]
        if self._none:
            kept[found.argmax(axis=1) == len(votes.labels)] = 0.0
        proba: Proba = kept / np.maximum(kept.sum(axis=1, keepdims=True), 1e-300)
        return proba

    def _scores(self, votes: VoteMatrix) -> Proba:
        """Return log-probabilities, up to a constant of each row, shape (rows, classes)."""
        assert self._taught is not None
        coefficients = self._taught.coefficients
        scores = (self.seen.rows(votes.records) @ coefficients[:-1]).astype(np.float64)
        scores += coefficients[-1]
        if self._evidence is not None:
            scores += self.votes_ * spoken(self._evidence.of(votes), self._taught.odds)
        return scores

    def _learn(
        self, votes: VoteMatrix, rows: Ints, labels: Ints, everything: VoteMatrix, gold: Gold | None
    ) -> None:
        """Learn from a sample, of which ``rows`` are labelled."""
        classes = len(votes.labels) + self._none
        label = np.where(labels == NONE, classes - 1, labels)
        taught = len(np.unique(label)) >= 2
        if not (taught or (self.rules and len(votes.row))):
            return
        placed = self.seen.placed(votes.records)
        if not self.rules or not len(votes.row):
            pupil = alone(placed, rows, np.eye(classes)[label])
            coefficients = placed.axes[-1].back(pupil.coefficients_)
            self._taught = Taught(coefficients, np.zeros((0, classes)))
            return
        none = (float((labels == NONE).sum()) + 0.5) / (len(labels) + 1) if self._none else 0.0
        model = DawidSkene(prior=self.prior).fit(everything, gold)
        self._evidence = VoteEvidence(model, votes, none=none)
        balance = shares(self.prior, len(votes.labels))
        if balance is not None and self._none:
            balance = np.append(balance * (1 - none), none)
        order = draw(votes.records)
        lesson = Lesson(placed, self._evidence, rows, label, order, balance)
        self._taught = teach(lesson)
        self.correction_ = self._taught.mixture.correction
        self.votes_ = self._taught.mixture.votes
        if balance is not None:
            _, shift = anchored(log_softmax(self._scores(votes)), balance)
            self._taught.coefficients[-1] += shift.astype(np.float32)

    def _sampled(self, known: Ints, rows: Ints, labels: int) -> Ints:
        dim = sum(block.dim for block in self.seen.blocks)
        size = min(self.seen.most, max(FEWEST, WORK // (labels * dim)))
        if len(known) > size:
            rng = np.random.default_rng(self.seed)
            known = np.union1d(rng.choice(known, size, replace=False), rows)
        return np.sort(known).astype(np.int64)


def _ordered(votes: VoteMatrix) -> VoteMatrix:
    """Return the same votes with the sources in the order of their names."""
    order = sorted(range(len(votes.sources)), key=lambda at: votes.sources[at])
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    source = place[votes.source]
    entries = np.lexsort((source, votes.row))
    return replace(
        votes,
        sources=tuple(votes.sources[at] for at in order),
        source=source[entries],
        label=votes.label[entries],
        confidence=votes.confidence[entries],
    )
