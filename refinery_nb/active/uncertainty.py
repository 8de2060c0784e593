"""How little is known of records: numbers in [0, 1], the highest to be labelled first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import VoteMatrix

Scores = NDArray[np.float64]
Proba = NDArray[np.float32]


def least_confident(proba: Proba) -> Scores:
    """Return 1 minus the probability of the likeliest label (Lewis and Gale, 1994).

    >>> least_confident(np.array([[0.75, 0.25], [0.5, 0.5]], np.float32)).tolist()
    [0.25, 0.5]
    """
    found: Scores = 1.0 - proba.max(axis=1).astype(np.float64)
    return found


def margin(proba: Proba) -> Scores:
    """Return 1 minus the distance of the two likeliest labels (Scheffer et al., 2001).

    >>> margin(np.array([[0.5, 0.5, 0], [0.75, 0.25, 0]], np.float32)).tolist()
    [1.0, 0.5]
    """
    if proba.shape[1] < 2:
        return least_confident(proba)
    best = np.partition(proba, proba.shape[1] - 2, axis=1)[:, -2:].astype(np.float64)
    return 1.0 - (best[:, 1] - best[:, 0])


def entropy(proba: Proba) -> Scores:
    """Return the entropy, as a share of its maximum.

    >>> entropy(np.array([[0.5, 0.5], [1, 0]], np.float32)).round(3).tolist()
    [1.0, 0.0]
    """
    if proba.shape[1] < 2:
        return np.zeros(len(proba))
    plain = proba.astype(np.float64)
    bits = -(plain * np.log(np.maximum(plain, 1e-12))).sum(axis=1)
    found: Scores = np.abs(np.clip(bits / np.log(proba.shape[1]), 0.0, 1.0))
    return found


def disagreement(votes: VoteMatrix) -> Scores:
    """Return how far the sources of votes disagree on each row, 0 where fewer than two vote.

    For classes the vote entropy (Dagan and Engelson, 1995), as a share of its maximum: votes count
    by their confidence. For spans the share of the pairs of sources, among those that vote, of
    which one gives a span that the other does not give.

    Returns
    -------
    array
        Shape (rows,).
    """
    return _spans_apart(votes) if votes.is_spans else _vote_entropy(votes)


def _vote_entropy(votes: VoteMatrix) -> Scores:
    shape = (len(votes), max(1, len(votes.labels)))
    weight = np.zeros(shape)
    np.add.at(weight, (votes.row, votes.label), votes.confidence.astype(np.float64))
    total = weight.sum(axis=1, keepdims=True)
    return entropy((weight / np.where(total > 0, total, 1.0)).astype(np.float32))


def _spans_apart(votes: VoteMatrix) -> Scores:
    assert votes.start is not None
    assert votes.end is not None
    sources = len(votes.sources)
    # What a source says of a row, as one number: the sum of the hashes of its spans.
    with np.errstate(over="ignore"):
        span = votes.start.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        span = (span ^ votes.end.astype(np.uint64)) * np.uint64(0xBF58476D1CE4E5B9)
        span = (span ^ votes.label.astype(np.uint64)) * np.uint64(0x94D049BB133111EB)
        span ^= span >> np.uint64(31)
        group, at = np.unique(votes.row * sources + votes.source, return_inverse=True)
        said = np.zeros(len(group), np.uint64)
        np.add.at(said, at, span)
    row = group // max(1, sources)
    speakers = np.bincount(row, minlength=len(votes)).astype(np.float64)
    _, alike = np.unique(np.stack([row.astype(np.uint64), said]), axis=1, return_inverse=True)
    size = np.bincount(alike.ravel()).astype(np.float64)
    same = np.zeros(len(votes))
    first = np.unique(alike.ravel(), return_index=True)[1]
    np.add.at(same, row[first], size * (size - 1))
    pairs = speakers * (speakers - 1)
    found: Scores = np.where(pairs > 0, 1.0 - same / np.maximum(pairs, 1.0), 0.0)
    return found
