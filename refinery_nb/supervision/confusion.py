"""For each label of each source a distribution over the true labels: the errors it is prone to.

The confusion matrix of Dawid and Skene (*Maximum Likelihood Estimation of Observer Error-Rates
Using the EM Algorithm*, 1979), read by columns: of the records on which a source says "Sports",
how many are Sports, World, ... Sparse in sources and labels voted, dense in true labels.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from refinery_nb.core.votes import Ints, VoteMatrix
from refinery_nb.supervision.sheet import Belief, Floats, Sheet

# No item is taken to stand on more than this share of the records of a label.
MOST = 0.9
# Pairs of items times labels in memory at once.
CELLS = 4_000_000


def width(labels: int) -> int:
    """Return the columns of counts and shares: one for each label."""
    return labels


def prior(label: Ints, precision: Floats, balance: Floats) -> Floats:
    """Return the shares that a precision stands for, errors as frequent as the labels are."""
    items = np.arange(len(label))
    share = np.repeat(balance[None], len(label), axis=0)
    share[items, label] = 0.0
    share *= ((1.0 - precision) / share.sum(axis=1))[:, None]
    share[items, label] = precision
    return share


def right(label: Ints, counts: Floats) -> Floats:
    """Return how many of the counted votes were right, shape (items,)."""
    column: Floats = counts[np.arange(len(label)), label]
    return column


def count_gold(item: Ints, said: Ints, truth: Ints, confidence: Floats, like: Belief) -> Floats:
    """Return how often each label was true where each item stood on labelled records."""
    items, labels = len(like.label), len(like.balance)
    known = truth >= 0
    cell = item[known] * labels + truth[known]
    counts = np.bincount(cell, confidence[known], minlength=items * labels)
    # "Reviewed, none": wrong, and no label is known that would be right.
    wrong = np.bincount(item[~known], confidence[~known], minlength=items)
    return counts.reshape(items, labels) + wrong[:, None] * prior(
        like.label, np.zeros(items), like.balance
    )


def evidence(belief: Belief) -> tuple[Floats, Floats]:
    """Return how far a vote of each item speaks for each label, and each label's own score."""
    rates = np.minimum(belief.rate[:, None] * belief.share / belief.balance, MOST)
    silent = np.log1p(-rates)
    spoken = np.log(belief.share / belief.balance) - belief.abstention * silent
    base = np.log(belief.balance) + belief.abstention * (belief.alone @ silent)
    return spoken, base - base.max()


def expect(sheet: Sheet, belief: Belief, counts: Floats, lesson: Floats) -> tuple[Floats, Floats]:
    """Return the expected counts of true labels under each item, and over all rows.

    Parameters
    ----------
    counts
        How much each vote counts, shape (votes,).
    lesson
        How much each row teaches about its votes, shape (rows,).
    """
    from scipy.sparse import csr_array

    spoken, base = evidence(belief)
    shape = (sheet.rows, len(belief.label))
    votes = csr_array((counts, (sheet.row, sheet.item)), shape=shape)
    proba = votes @ spoken
    proba += base
    proba -= proba.max(axis=1, keepdims=True, initial=-np.inf)
    np.exp(proba, out=proba)
    proba /= proba.sum(axis=1, keepdims=True)
    true = sheet.weight @ proba
    taught = csr_array((sheet.confidence, (sheet.row, sheet.item)), shape=shape)
    proba *= lesson[:, None]
    return taught.T @ proba, true


def scores(votes: VoteMatrix, item: Ints, counts: Floats, belief: Belief) -> Floats:
    """Return the score of each label on each row, shape (rows, labels)."""
    from scipy.sparse import csr_array

    spoken, base = evidence(belief)
    matrix = csr_array((counts, (votes.row, item)), shape=(len(votes), len(belief.label)))
    return cast(Floats, matrix @ spoken + base)


def together(one: Ints, other: Ints, belief: Belief) -> Floats:
    """Return the share of records on which two items vote, if the label explains all of it."""
    rates = np.minimum(belief.rate[:, None] * belief.share / belief.balance, MOST)
    weighed = rates * belief.balance
    share = np.zeros(len(one))
    step = max(1, CELLS // max(1, len(belief.balance)))
    for first in range(0, len(one), step):
        at = slice(first, first + step)
        share[at] = np.einsum("ij,ij->i", rates[one[at]], weighed[other[at]])
    return share
