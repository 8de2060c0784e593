"""From evidence to the probability of a span: a logistic model that manual labels correct."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, Ints, VoteMatrix
from refinery_nb.supervision.span_evidence import (
    FEATURES,
    Candidates,
    Reals,
    evidence,
    silence_of,
)

# What the evidence is worth before any manual label: sources are independent, what fits in part
# counts in part, another label counts against; nothing is known of boundaries and silence.
KNOWN = {"exact": 1.0, "partial": 1.0, "against": -1.0}
BEFORE = np.array([0.0, *(KNOWN.get(feature, 0.0) for feature in FEATURES)])
# Inverse variances of the prior around these.
STRENGTH = np.ones(1 + len(FEATURES))
FOLDS = 5
FEW = 10  # reviewed records: with fewer nothing is learnt from them but the sources' weights
NEWTON = 25
LIMIT = 30.0

Weigh = Callable[[Gold | None], Reals]


@dataclass(frozen=True, slots=True, eq=False)
class SpanProba:
    """The probability of each candidate.

    Attributes
    ----------
    proba
        That the span is right, by all manual labels.
    held_out
        For candidates on reviewed records, by the labels of other records; elsewhere ``proba``.
    right
        Whether a person gave it, for candidates on reviewed records; False elsewhere.
    reviewed
        Which candidates are on reviewed records.
    """

    proba: Reals
    held_out: Reals
    right: NDArray[np.bool_]
    reviewed: NDArray[np.bool_]


def span_proba(
    votes: VoteMatrix, spans: Candidates, weigh: Weigh, gold: Gold | None, *, seed: int = 0
) -> SpanProba:
    """Return how likely each candidate is to be right.

    A logistic model of ``evidence``. Its prior is centred on plain adding up, so that without
    manual labels nothing changes; with some, the weights move as far as these carry. It learns
    from evidence that was weighed without the record in question (cross-fitting), so that its
    probabilities hold on records that nobody has labelled.

    Parameters
    ----------
    weigh
        Returns the log-odds of each vote, given manual labels.
    """
    known = np.zeros(len(spans), dtype=bool)
    right = np.zeros(len(spans), dtype=bool)
    if gold is not None and len(gold.reviewed):
        known = np.isin(votes.records[spans.row], gold.reviewed)
        labels = np.asarray(votes.labels, dtype=np.int64)
        right = known & spans.in_gold(votes.records, labels, gold.votes)
    if gold is None or len(gold.reviewed) < FEW or not known.any():
        plain = apply(evidence(votes, spans, weigh(gold)), BEFORE)
        return SpanProba(plain, plain, right, known)
    fold_of_row = _folds(votes, gold, seed)
    fold = fold_of_row[spans.row]
    apart = np.zeros((len(spans), len(FEATURES)))
    for number in range(FOLDS):
        rest = _without(gold, votes.records[fold_of_row == number])
        here = np.flatnonzero(fold == number)
        part, at = _part(votes, spans, fold_of_row == number)
        apart[here] = evidence(
            part, at, weigh(rest)[fold_of_row[votes.row] == number], silence_of(votes, rest)
        )
    table, truth = apart[known], right[known].astype(np.float64)
    weights = fit(table, truth)
    proba = apply(evidence(votes, spans, weigh(gold), silence_of(votes, gold)), weights)
    held_out = proba.copy()
    for number in range(FOLDS):
        inside = fold[known] == number
        if inside.any():
            others = fit(table[~inside], truth[~inside])
            held_out[np.flatnonzero(known)[inside]] = apply(table[inside], others)
    return SpanProba(proba, held_out, right, known)


def fit(table: Reals, truth: Reals) -> Reals:
    """Return the weights of evidence that are most likely under the prior."""
    return logistic(np.hstack([np.ones((len(table), 1)), table]), truth, BEFORE, STRENGTH)


def logistic(rows: Reals, truth: Reals, before: Reals, strength: Reals) -> Reals:
    """Return the weights of a logistic model under a Gaussian prior, by Newton's method.

    Parameters
    ----------
    rows
        Shape (cases, weights).
    before, strength
        Mean and inverse variance of the prior of each weight.
    """
    weights = before.copy()
    for _ in range(NEWTON):
        proba = 1 / (1 + np.exp(-np.clip(rows @ weights, -LIMIT, LIMIT)))
        slope = rows.T @ (proba - truth) + strength * (weights - before)
        curve = (rows * (proba * (1 - proba))[:, None]).T @ rows + np.diag(strength)
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-8:
            break
    return weights


def apply(table: Reals, weights: Reals) -> Reals:
    """Return the probabilities that go with rows of evidence."""
    score = np.clip(weights[0] + table @ weights[1:], -LIMIT, LIMIT)
    proba: Reals = 1 / (1 + np.exp(-score))
    return proba


def _folds(votes: VoteMatrix, gold: Gold, seed: int) -> Ints:
    """Return the fold of each row, -1 for rows that nobody has reviewed."""
    fold = np.full(len(votes), -1, dtype=np.int64)
    rows = np.flatnonzero(np.isin(votes.records, gold.reviewed))
    fold[np.random.default_rng(seed).permutation(rows)] = np.arange(len(rows)) % FOLDS
    return fold


def _without(gold: Gold, records: Ints) -> Gold:
    reviewed = gold.reviewed[~np.isin(gold.reviewed, records)]
    return Gold(reviewed, gold.votes.without_records(records))


def _part(
    votes: VoteMatrix, spans: Candidates, rows: NDArray[np.bool_]
) -> tuple[VoteMatrix, Candidates]:
    """Return the votes and candidates on some rows only; the rows keep their numbers."""
    assert votes.start is not None
    assert votes.end is not None
    keep, here = rows[votes.row], rows[spans.row]
    part = VoteMatrix(
        votes.records,
        votes.sources,
        votes.labels,
        votes.row[keep],
        votes.source[keep],
        votes.label[keep],
        votes.confidence[keep],
        votes.start[keep],
        votes.end[keep],
    )
    number = np.cumsum(here) - 1
    left = Candidates(
        spans.row[here],
        spans.start[here],
        spans.end[here],
        spans.label[here],
        number[spans.of_vote[keep]],
    )
    return part, left
