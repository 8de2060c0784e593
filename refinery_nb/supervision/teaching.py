"""Votes and people teach a classifier, which in turn judges the votes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints
from refinery_nb.learn.classifier import Classifier, log_softmax
from refinery_nb.supervision.mixture import Mixture, Parts, choose
from refinery_nb.supervision.seen import Matrix, Placed
from refinery_nb.supervision.vote_evidence import Odds, VoteEvidence, spoken

Floats = NDArray[np.float64]

FOLDS, ROUNDS = 8, 3
WEIGHT = 0.2  # of a weak label that is certain, against 1 of a manual one
MOST = 100.0  # weight of all weak labels together, for each class
MANUAL = 10.0  # a manual label counts as so many weak ones where a source is judged
# Inverse penalties: of what is learnt from weak labels, of how manual ones correct it, and of
# what is learnt from manual ones alone, on axes that the records have shaped.
WEAK, CORRECTION, ALONE = 1.0, 0.2, 1.0
INTERCEPT = 1.0  # of a correction
STEPS = 20
TINY = 1e-12
UNTAUGHT = 0.5  # how far what the vectors say counts where nobody has labelled anything


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What is taught.

    Attributes
    ----------
    placed
        The records.
    votes
        On these records.
    rows, label
        Which of them are manually labelled, and the class of each.
    order
        A number for each record that tells nothing of it, by which folds are dealt.
    balance
        The share of each class, where it is given.
    """

    placed: Placed
    votes: VoteEvidence
    rows: Ints
    label: Ints
    order: Floats
    balance: Floats | None

    @property
    def classes(self) -> int:
        """How many there are."""
        return len(self.votes.balance)

    @property
    def manual(self) -> Floats:
        """The manual labels as probabilities, shape (labelled rows, classes)."""
        return np.eye(self.classes)[self.label]

    @property
    def taught(self) -> bool:
        """Whether manual labels tell classes apart."""
        return len(np.unique(self.label)) >= 2


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What has been learnt: log-probabilities are, up to a constant, the sum of two parts.

    Attributes
    ----------
    coefficients
        Of the vectors, shape (d + 1, classes), the intercepts last.
    odds
        Of votes, shape (items, classes), by ``mixture.votes``.
    mixture
        How far the parts count.
    """

    coefficients: Matrix
    odds: Odds
    mixture: Mixture = field(default_factory=lambda: Mixture(1.0, 0.0))


def alone(placed: Placed, rows: Ints, manual: Floats) -> Classifier:
    """Return a classifier on the trusted axes that is taught by manual labels only."""
    made = Classifier(strength=ALONE, intercept=INTERCEPT, steps=2 * STEPS)
    return made.fit(placed.trusted[rows], manual, np.ones(len(rows)))


def teach(lesson: Lesson) -> Taught:
    """Let votes and people teach a classifier.

    Each row is only ever judged by models that were fitted without it (cross-fitting), so that no
    classifier learns a source's errors by heart and confirms them. In each round

    1. A classifier of what the records mean learns from the beliefs on all rows but the manually
       labelled ones, the certain ones counting more. It sees the first embedding alone: rules
       are made of words, and whoever sees the words learns the rules instead of what they mean.
    2. Manual labels correct it, by all that is seen.
    3. The beliefs tell which labels stand behind the votes of each source.
    4. How much the correction and the votes count is chosen; all together are the new beliefs.

    At last it is done once more on all rows, and the mean is taken with a classifier that learns
    from beliefs and manual labels at once, by all that is seen.
    """
    fold = _folds(lesson)
    belief = _first(lesson, fold)
    voted = np.diff(lesson.votes.hits.indptr) > 0
    starts: list[Classifier | None] = [None] * FOLDS
    mixture = Mixture(1.0, 0.0)
    for number in range(ROUNDS + 1):
        belief = _given(belief, lesson)
        belief[lesson.rows] = lesson.manual
        weight = _weights(belief, lesson)
        if not lesson.taught:
            weight[~voted] = 0.0
        shift = _shift(belief, weight) * (not lesson.taught)
        meaning = np.zeros_like(belief)
        for at in range(FOLDS):
            own = fold == at
            weak = _weak(lesson, belief, np.where(own, 0.0, weight), starts[at])
            meaning[own] = log_softmax(weak.log_proba(lesson.placed.meaning[own]) + shift)
            starts[at] = weak
        if number == ROUNDS:
            break
        parts = _parts(lesson, belief, meaning, fold)
        mixture = choose(parts, lesson.votes, lesson.rows, lesson.label)
        belief = np.exp(parts.scores(mixture))
        if not lesson.taught:
            rest = (1 - UNTAUGHT) * np.log(lesson.votes.balance)
            belief = np.exp(log_softmax(parts.said + UNTAUGHT * parts.meaning + rest))
    return _last(lesson, belief, weight, meaning, shift, starts[0], mixture)


def _folds(lesson: Lesson) -> Ints:
    """Deal the rows to folds; the manually labelled ones evenly."""
    fold = np.minimum((lesson.order * FOLDS).astype(np.int64), FOLDS - 1)
    by_label = np.lexsort((lesson.order[lesson.rows], lesson.label))
    fold[lesson.rows[by_label]] = np.arange(len(lesson.rows)) % FOLDS
    return fold


def _first(lesson: Lesson, fold: Ints) -> Floats:
    """Return what is believed before the first round, shape (rows, classes)."""
    votes = lesson.votes
    said = spoken(votes.hits, votes.before())
    if not lesson.taught:
        return np.exp(log_softmax(said + np.log(votes.balance)))
    found = np.zeros_like(said)
    for at in range(FOLDS):
        used = fold[lesson.rows] != at
        model = alone(lesson.placed, lesson.rows[used], lesson.manual[used])
        found[fold == at] = model.log_proba(lesson.placed.trusted[fold == at])
    return np.exp(log_softmax(found + said))


def _weights(belief: Floats, lesson: Lesson) -> Floats:
    """Return how much each row teaches: the certain ones more, the manually labelled ones not."""
    surprise = -(belief * np.log(np.maximum(belief, TINY))).sum(axis=1)
    certain = np.maximum(0.0, 1 - surprise / np.log(lesson.classes)) ** 2
    certain[lesson.rows] = 0.0
    scaled: Floats = certain * min(WEIGHT, MOST * lesson.classes / max(1.0, certain.sum()))
    return scaled


def _shift(belief: Floats, weight: Floats) -> Floats:
    """Return half of what brings the classes back to their shares, which the weights distort.

    Half, since the shares of what is believed are distorted too: by which labels have rules.
    """
    learnt = (weight[:, None] * belief).sum(axis=0) + 1.0
    share = belief.mean(axis=0) + 1e-3
    found: Floats = 0.5 * np.log(share / learnt * learnt.sum())
    return found


def _weak(lesson: Lesson, belief: Floats, weight: Floats, start: Classifier | None) -> Classifier:
    used = weight > 0
    made = Classifier(strength=WEAK, intercept=100.0, steps=STEPS)
    return made.fit(lesson.placed.meaning[used], belief[used], weight[used], start=start)


def _correct(lesson: Lesson, used: NDArray[np.bool_], meaning: Floats) -> Classifier:
    rows = lesson.rows[used]
    made = Classifier(strength=CORRECTION, intercept=INTERCEPT, steps=STEPS)
    seen = lesson.placed.everything[rows]
    return made.fit(seen, lesson.manual[used], np.ones(len(rows)), offset=meaning[rows])


def _parts(lesson: Lesson, belief: Floats, meaning: Floats, fold: Ints) -> Parts:
    if not lesson.taught:
        more = (1 - UNTAUGHT) * (meaning - np.log(lesson.votes.balance))
        belief = np.exp(log_softmax(np.log(np.maximum(belief, TINY)) + more))
    correction, said = np.zeros_like(belief), np.zeros_like(belief)
    odds = []
    for at in range(FOLDS):
        own = fold == at
        odds.append(lesson.votes.learn(belief, np.where(own, 0.0, _trust(lesson))))
        said[own] = spoken(lesson.votes.hits[np.flatnonzero(own)], odds[at])
        if lesson.taught:
            model = _correct(lesson, fold[lesson.rows] != at, meaning)
            correction[own] = model.log_proba(lesson.placed.everything[own])
    return Parts(meaning, correction, said, fold, odds)


def _last(
    lesson: Lesson,
    belief: Floats,
    weight: Floats,
    meaning: Floats,
    shift: Floats,
    start: Classifier | None,
    mixture: Mixture,
) -> Taught:
    """Return what is learnt on all rows; linear models of the vectors add up to one."""
    placed, (first, everything, _) = lesson.placed, lesson.placed.axes
    weak = first.back(_weak(lesson, belief, weight, start).coefficients_)
    total = np.zeros((len(everything.mean) + 1, lesson.classes), np.float32)
    total[: len(first.mean)] += weak[:-1]
    total[-1] += weak[-1]
    if lesson.taught:
        model = _correct(lesson, np.ones(len(lesson.rows), np.bool_), meaning)
        total += mixture.correction * everything.back(model.coefficients_)
    both = weight.copy()
    both[lesson.rows] = 1.0
    used = both > 0
    made = Classifier(strength=WEAK, intercept=100.0, steps=STEPS)
    made.fit(placed.everything[used], belief[used], both[used])
    total += everything.back(made.coefficients_)
    total /= 2
    total[-1] += shift.astype(np.float32)
    return Taught(total, lesson.votes.learn(belief, _trust(lesson)), mixture)


def _trust(lesson: Lesson) -> Floats:
    """Return how much each row counts where a source is judged, shape (rows,)."""
    trust = np.ones(len(lesson.order))
    trust[lesson.rows] = MANUAL
    return trust


def _given(belief: Floats, lesson: Lesson) -> Floats:
    """Return beliefs whose classes are as frequent as given."""
    if lesson.balance is None:
        return belief.copy()
    return np.exp(anchored(np.log(np.maximum(belief, TINY)), lesson.balance)[0])


def anchored(scores: Floats, balance: Floats) -> tuple[Floats, Floats]:
    """Return log-probabilities that are shifted so that classes are so frequent, and the shift."""
    shift = np.zeros(scores.shape[1])
    for _ in range(20):
        now = np.exp(log_softmax(scores + shift)).mean(axis=0)
        shift += np.log((balance + TINY) / (now + TINY))
    return log_softmax(scores + shift), shift
