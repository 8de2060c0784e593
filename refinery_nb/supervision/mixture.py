"""How far a classifier's correction and the votes count: what foretells labels and votes best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints
from refinery_nb.learn.classifier import log_softmax
from refinery_nb.supervision.vote_evidence import Odds, VoteEvidence

Floats = NDArray[np.float64]

CHOICES = (0.0, 0.25, 0.5, 0.75, 1.0)
HEATS = (0.5, 0.7, 0.85, 1.0, 1.2)  # inverse temperatures; how sure is settled elsewhere
CELLS = 200_000  # votes times classes that are looked at, at most
VOTES_WEIGH = 50.0  # all votes together, in manual labels
USUAL, FIRMLY = 0.6, 4.0  # what the votes count by default, and how much speaks for it
WHOLLY = 2.0  # how much speaks for the whole correction


@dataclass(frozen=True, slots=True)
class Mixture:
    """Factors of the correction that manual labels taught, and of the votes; from 0 to 1."""

    correction: float
    votes: float


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What is said of each row by models that were fitted without it.

    Attributes
    ----------
    meaning, correction, said
        Log-probabilities of the classifier, its correction, and what the votes say, each of shape
        (rows, classes).
    fold
        Of each row, shape (rows,).
    odds
        What a vote says, for each fold.
    """

    meaning: Floats
    correction: Floats
    said: Floats
    fold: Ints
    odds: Sequence[Odds]

    def scores(self, mixture: Mixture, rows: NDArray[np.int64] | slice = slice(None)) -> Floats:
        """Return the log-probabilities of all parts together, shape (rows, classes)."""
        mixed = self.meaning[rows] + mixture.correction * self.correction[rows]
        return log_softmax(mixed + mixture.votes * self.said[rows])


def choose(parts: Parts, votes: VoteEvidence, rows: Ints, label: Ints) -> Mixture:
    """Return the factors that suit manual labels and votes best, of 25 pairs.

    Manual labels count by their log-probability. Votes count by theirs as well, each foretold
    from everything but itself: a source that only repeats what the text says anyway needs not
    count twice, one that knows more than the text does. So there is a choice without any manual
    label (a pseudo-likelihood in the sense of Besag, 1975, of votes as Poisson events).

    Parameters
    ----------
    rows, label
        Manually labelled rows, and the class of each.
    """
    looked = _Votes(parts, votes)
    best, found = Mixture(1.0, USUAL), -np.inf
    for correction, share in product(CHOICES if len(rows) else (0.0,), CHOICES):
        mixture = Mixture(correction, share)
        value = looked.likelihood(mixture) * VOTES_WEIGH
        if len(rows):
            scores = parts.scores(mixture, rows)
            at = np.arange(len(rows))
            value += max(log_softmax(heat * scores)[at, label].sum() for heat in HEATS)
        value -= FIRMLY * (share - USUAL) ** 2 + WHOLLY * (1 - correction) ** 2
        if value > found:
            best, found = mixture, value
    return best


class _Votes:
    """Some of the votes, and how well each is foretold by all the rest."""

    def __init__(self, parts: Parts, votes: VoteEvidence) -> None:
        self.parts = parts
        rows, classes = parts.meaning.shape
        many = max(1, CELLS // classes)
        per_row = max(1.0, votes.hits.nnz / max(1, rows))
        step = max(1, int(np.ceil(rows * max(1.0, per_row) / many)))
        self.rows = np.arange(0, rows, step)
        hits = votes.hits[self.rows].tocoo()
        self.at, item = hits.row, hits.col
        fold = parts.fold[self.rows][self.at]
        self.speaks = np.zeros((len(item), classes))
        for number, odds in enumerate(parts.odds):
            own = np.flatnonzero(fold == number)
            some = odds[item[own]]
            self.speaks[own] = some if isinstance(some, np.ndarray) else some.toarray()
        self.likelier = np.exp(self.speaks)
        self.speaks *= hits.data[:, None]
        self.presence = np.mean([votes.presence(odds) for odds in parts.odds], axis=0)

    def likelihood(self, mixture: Mixture) -> float:
        """Return the mean log-likelihood of a vote, less what is expected of rows without."""
        if not len(self.at):
            return 0.0
        scores = self.parts.scores(mixture, self.rows)
        without = log_softmax(scores[self.at] - mixture.votes * self.speaks)
        foretold = (np.exp(without) * self.likelier).sum(axis=1)
        expected = float((np.exp(scores) @ self.presence).sum())
        return float(np.log(np.maximum(foretold, 1e-12)).sum() - expected) / len(self.at)
