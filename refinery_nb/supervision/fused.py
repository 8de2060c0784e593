"""Rules, vectors and manual labels in one: rules teach a classifier, which corrects the rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from refinery_nb.core.vectors import Vectors
from refinery_nb.core.votes import Gold, Ints, VoteMatrix
from refinery_nb.learn.classifier import Classifier, log_softmax
from refinery_nb.supervision.balance import Prior, shares
from refinery_nb.supervision.patterns import take_rows
from refinery_nb.supervision.precision import precisions
from refinery_nb.supervision.reference import NONE, reference_rows
from refinery_nb.supervision.weighted import Weighted

Proba = NDArray[np.float64]

SCALE = 5.0  # length of a unit vector as the classifier sees it, against a penalty of 1
SAMPLE = 10_000  # records that are learnt from
CELLS = 20_000_000  # of the targets; with very many labels the sample is smaller
SURE = 0.8  # a weak label is learnt from if it is at least this probable
WEIGHT = 0.1  # of a weak label, against 1 of a manual one
TOTAL = 600.0  # weight of all weak labels together at most
MANUAL = 30.0  # a manual label counts as so many weak ones where a rule is judged
SMOOTHING = 4.0
BALANCE = 50.0  # manual labels that weigh as much as the teacher in how frequent a label is
TINY = 1e-9


class Fused:
    """A classifier on vectors, trained by rules and people, that in turn judges the rules.

    Self-training with rules (the idea of Karamanolakis et al., *Self-training with weak
    supervision*, NAACL 2021), in closed steps instead of a neural network:

    1. A classifier is fitted to the manual labels; its log-probabilities and the weighted votes
       of the rules are added up.
    2. What is now sure (``SURE``) teaches a second classifier, together with the manual labels.
    3. It says for every rule and label how the records it hits divide among all labels: what a
       few manual labels cannot. With these full distributions step 1 is repeated, and a last
       classifier is fitted as in step 2.

    The last classifier labels every record that has a vector, hit by a rule or not. Records
    without a vector get the weighted vote, and so does everything where there are no vectors.

    Parameters
    ----------
    vectors
        Of the records: one embedding, or several that are put side by side.
    rules
        Whether the votes take part; without, it is the classifier of step 1 alone.
    prior
        Shares of the labels by position.
    seed
        Of the sample that is learnt from, where there are very many records.
    """

    def __init__(
        self,
        *,
        vectors: Vectors | Sequence[Vectors] | None = None,
        rules: bool = True,
        prior: Prior = None,
        seed: int = 0,
    ) -> None:
        blocks = [vectors] if isinstance(vectors, Vectors) else list(vectors or ())
        self.blocks = [block for block in blocks if len(block)]
        self.rules = rules
        self.prior = prior
        self.seed = seed
        self._votes = Weighted(prior=prior)
        self._classifier: Classifier | None = None
        self._none = False

    @property
    def by_record(self) -> bool:
        """Whether records with the same votes may be labelled differently."""
        return self._classifier is not None

    def fit(self, votes: VoteMatrix, gold: Gold | None) -> Fused:
        """Fit the classifier, where there are vectors and something to learn from."""
        self._votes = Weighted(prior=self.prior).fit(votes, gold)
        self._classifier = None
        if not self.blocks or votes.is_spans or len(votes.labels) < 2:
            return self
        rows, labels = reference_rows(votes, gold)
        known = self._known(votes.records)
        given = known[rows]
        rows, labels = rows[given], labels[given]
        self._none = bool((labels == NONE).any())
        sampled = self._sampled(np.flatnonzero(known), rows, len(votes.labels))
        if len(sampled):
            self._learn(
                take_rows(votes, sampled), np.searchsorted(sampled, rows), labels, votes, gold
            )
        return self

    def partial_fit(self, votes: VoteMatrix, gold: Gold | None = None) -> Fused:
        """Add to what is known of the rules; the classifier stays as it is until ``fit``."""
        self._votes.partial_fit(votes, gold)
        return self

    def predict_proba(self, votes: VoteMatrix) -> Proba:
        """Return probabilities, shape (rows, labels); a row of 0 abstains."""
        if self._classifier is None:
            return self._votes.predict_proba(votes)
        proba: Proba = np.zeros((len(votes), len(votes.labels)))
        known = self._known(votes.records)
        found = np.exp(self._classifier.log_proba(self._matrix(votes.records[known])))
        kept = found[:, : len(votes.labels)]
        if self._none:
            kept[found.argmax(axis=1) == len(votes.labels)] = 0.0
        proba[known] = kept / np.maximum(kept.sum(axis=1, keepdims=True), 1e-300)
        if not known.all():
            rest = np.flatnonzero(~known).astype(np.int64)
            proba[rest] = self._votes.predict_proba(take_rows(votes, rest))
        return proba

    def log_odds(self, votes: VoteMatrix) -> Proba:
        """Return the log-odds that each vote is right, as the weighted vote sees them."""
        return self._votes.log_odds(votes)

    def _learn(
        self, votes: VoteMatrix, rows: Ints, labels: Ints, everything: VoteMatrix, gold: Gold | None
    ) -> None:
        """Fit the classifier on a sample, of which ``rows`` are labelled."""
        classes = len(votes.labels) + self._none
        vectors = self._matrix(votes.records)
        manual = np.eye(classes)[np.where(labels == NONE, classes - 1, labels)]
        first: Proba = np.zeros((len(votes), classes))
        taught = (manual.sum(axis=0) > 0).sum() >= 2
        if taught:
            base = Classifier(strength=10.0).fit(vectors[rows], manual, np.ones(len(rows)))
            first = base.log_proba(vectors)
            if not self.rules:
                self._classifier = base
                return
        if not self.rules or not (taught or len(votes.row)):
            return
        balance = shares(self.prior, len(votes.labels))
        if balance is not None and not taught:
            first[:, : len(votes.labels)] += np.log(balance)
        hits, about = _hits(votes)
        _, precision = precisions(everything, gold)
        right = precision[about // len(votes.labels), about % len(votes.labels)]
        odds = np.log(right) - np.log((1 - right) / max(1, classes - 1))
        says = np.zeros((len(about), classes))
        says[np.arange(len(about)), about % len(votes.labels)] = odds
        scores = first + hits @ says
        student = self._student(vectors, log_softmax(scores), rows, manual, hits)
        second = student.log_proba(vectors)
        judged = np.exp(second)
        judged[rows] = manual
        counts = hits.T @ judged + (MANUAL - 1) * (hits[rows].T @ manual)
        belief = np.full(says.shape, (1 - 0.7) / max(1, classes - 1))
        belief[np.arange(len(about)), about % len(votes.labels)] = 0.7
        counts += SMOOTHING * belief
        share = judged.mean(axis=0) + 1e-6
        evidence = np.log(counts / counts.sum(axis=1, keepdims=True)) - np.log(share / share.sum())
        prior = (first + second) / 2 if taught else second
        scores = prior + hits @ evidence
        self._classifier = self._student(vectors, log_softmax(scores), rows, manual, hits)

    @staticmethod
    def _student(
        vectors: NDArray[np.float32], teacher: Proba, rows: Ints, manual: Proba, hits: csr_matrix
    ) -> Classifier:
        """Fit a classifier to what the teacher is sure of, and to the manual labels."""
        teacher = _balanced(teacher, manual)
        targets = np.exp(teacher)
        targets[rows] = manual
        sure = teacher.max(axis=1) >= np.log(SURE)
        sure[rows] = False
        weight = sure * min(WEIGHT, TOTAL / max(1, int(sure.sum())))
        weight[rows] = 1.0
        used = weight > 0
        return Classifier().fit(vectors[used], targets[used], weight[used])

    def _known(self, records: Ints) -> NDArray[np.bool_]:
        known = np.zeros(len(records), dtype=np.bool_)
        for block in self.blocks:
            at = np.minimum(np.searchsorted(block.records, records), len(block) - 1)
            known |= block.records[at] == records
        return known

    def _matrix(self, records: Ints) -> NDArray[np.float32]:
        """Return the vectors side by side; an embedding that lacks a record gives zeros."""
        parts = []
        for block in self.blocks:
            values, known = block.of_records(records)
            part = np.zeros((len(records), block.dim), np.float32)
            # Lengths as in the first records: the same for whatever rows are asked.
            head = block.values[:1000]
            length = float(np.sqrt((head.astype(np.float64) ** 2).sum(axis=1).mean()))
            part[known] = values * np.float32(SCALE / max(1.0, length))
            parts.append(part)
        return np.hstack(parts)

    def _sampled(self, known: Ints, rows: Ints, labels: int) -> Ints:
        size = max(1_000, min(SAMPLE, CELLS // labels))
        if len(known) > size:
            rng = np.random.default_rng(self.seed)
            known = np.union1d(rng.choice(known, size, replace=False), rows)
        return np.sort(known).astype(np.int64)


def _balanced(teacher: Proba, manual: Proba) -> Proba:
    """Shift log-probabilities so that the labels are as frequent as the manual ones suggest.

    A rule that is often wrong, and votes often, would else draw everything to its label.
    """
    said = np.exp(teacher).mean(axis=0)
    wanted = (manual.sum(axis=0) + BALANCE * said) / (len(manual) + BALANCE) + TINY
    shift = np.zeros(teacher.shape[1])
    for _ in range(20):
        now = np.exp(log_softmax(teacher + shift)).mean(axis=0) + TINY
        shift += np.log(wanted / now)
    return log_softmax(teacher + shift)


def _hits(votes: VoteMatrix) -> tuple[csr_matrix, Ints]:
    """Return which rows each source votes which label on, and the code of source and label."""
    code = votes.source * len(votes.labels) + votes.label
    about, column = np.unique(code, return_inverse=True)
    confidence = votes.confidence.astype(np.float64)
    return csr_matrix((confidence, (votes.row, column)), shape=(len(votes), len(about))), about
