"""How precise a rule is that was seen on few labelled records: empirical Bayes.

Rules differ in how well they tell labels apart: most words say nothing, some say all. So each rule
draws its shares of labels from a Dirichlet distribution about the shares of the labels, whose
strength is one of several; how common each strength is, is learnt from all candidates together
(the nonparametric form of empirical Bayes: Robbins, 1956; Laird, 1978). A rule that was picked
because it looks best among thousands is thereby pulled to what rules of its kind are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammaln

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STRENGTHS = np.array([0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0])
ROUNDS = 60
BORROWED = 30.0  # candidates: how much a group of rules is taken to be like all others
GRID = np.linspace(0.0, 1.0, 201)
INSIDE = 0.9
STARTS = np.linspace(0.0, 1 - INSIDE, 11)  # how much lies below the interval


@dataclass(frozen=True, slots=True)
class Prior:
    """What is known of rules before they are seen.

    Attributes
    ----------
    shares
        The share of each label, shape (labels,).
    weights
        How common each strength is in each group of rules, shape (groups, strengths).
    """

    shares: Floats
    weights: Floats

    @staticmethod
    def fit(counts: Floats, shares: Floats, group: Ints) -> Prior:
        """Learn how common each strength is, by EM: of all, then of each group.

        Parameters
        ----------
        counts
            How often each candidate met each label, shape (candidates, labels).
        shares
            The share of each label; positive.
        group
            Of each candidate, from 0: its kind, and how often it was seen. Words that are seen
            often say less than rare ones, and prefixes less than words.
        """
        even = np.full(len(STRENGTHS), 1 / len(STRENGTHS))
        groups = int(group.max()) + 1 if len(group) else 1
        if len(counts) == 0:
            return Prior(shares, np.tile(even, (groups, 1)))
        likelihood = _likelihood(counts, shares)
        # Pseudo-candidates: few candidates rule nothing out, and a small group is like all.
        common = _learnt(likelihood, even * len(STRENGTHS))
        weights = [_learnt(likelihood[group == at], common * BORROWED) for at in range(groups)]
        return Prior(shares, np.stack(weights))

    def belief(self, counts: Floats, group: Ints) -> Floats:
        """Return how likely each strength is for each candidate, shape (candidates, strengths)."""
        belief = _likelihood(counts, self.shares) * self.weights[group]
        found: Floats = belief / belief.sum(axis=1, keepdims=True)
        return found

    def mean(self, counts: Floats, group: Ints) -> Floats:
        """Return the expected share of each label, shape (candidates, labels).

        >>> prior = Prior(np.array([0.5, 0.5]), np.eye(7)[[2]])
        >>> prior.mean(np.array([[3.0, 0.0]]), np.array([0])).tolist()
        [[0.875, 0.125]]
        """
        total = counts.sum(axis=1, keepdims=True)
        belief = self.belief(counts, group)
        # sum over s of belief(s) * (counts + s * shares) / (total + s)
        inverse = belief / (total + STRENGTHS)
        found: Floats = counts * inverse.sum(axis=1, keepdims=True)
        found += self.shares * (inverse * STRENGTHS).sum(axis=1, keepdims=True)
        return found

    def interval(self, counts: Floats, group: Ints, label: Ints) -> tuple[Floats, Floats]:
        """Return the 90 % interval of the share of one label of each candidate.

        The shortest one: where nothing speaks against a rule, it reaches to 1.
        """
        belief = self.belief(counts, group)
        hit = counts[np.arange(len(counts)), label]
        miss = counts.sum(axis=1) - hit
        share = self.shares[label]
        # Most candidates were seen as often as others: each case is worked out once.
        cases = np.column_stack([hit, miss, label, np.round(belief, 4)])
        _, first, which = np.unique(cases, axis=0, return_index=True, return_inverse=True)
        low, high = np.zeros(len(counts)), np.ones(len(counts))
        for at in first.tolist():
            a = hit[at] + STRENGTHS * share[at]
            b = miss[at] + STRENGTHS * (1 - share[at])
            below = belief[at] @ betainc(a[:, None], b[:, None], GRID)
            from_, to = np.interp(STARTS, below, GRID), np.interp(STARTS + INSIDE, below, GRID)
            shortest = int(np.argmin(to - from_))
            low[at], high[at] = from_[shortest], to[shortest]
        which = which.ravel()
        low, high = low[first][which], high[first][which]
        return low, high


def _learnt(likelihood: Floats, pseudo: Floats) -> Floats:
    weights: Floats = pseudo / pseudo.sum()
    for _ in range(ROUNDS):
        belief = likelihood * weights
        belief /= belief.sum(axis=1, keepdims=True)
        weights = belief.sum(axis=0) + pseudo
        weights /= weights.sum()
    return weights


def _likelihood(counts: Floats, shares: Floats) -> Floats:
    """Return the Dirichlet-multinomial likelihood, up to a factor per candidate."""
    total = counts.sum(axis=1)
    found = np.empty((len(counts), len(STRENGTHS)))
    for at, strength in enumerate(STRENGTHS):
        alpha = strength * shares
        inside = gammaln(counts + alpha) - gammaln(alpha)
        found[:, at] = inside.sum(axis=1) - gammaln(total + strength) + gammaln(strength)
    likely: Floats = np.exp(found - found.max(axis=1, keepdims=True))
    return likely
