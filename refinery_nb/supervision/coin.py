"""One precision for each label of each source: where it errs, any other label may be true.

The "one coin" of crowd sourcing (Dawid and Skene's model with few parameters), and what data
programming learns (Ratner et al., *Data Programming*, 2016). All steps are sparse: they grow with
votes, not with labels, so that thousands of labels cost no more than four.
"""

from __future__ import annotations

import numpy as np

from refinery_nb.core.votes import Ints, VoteMatrix
from refinery_nb.supervision.majority import tally
from refinery_nb.supervision.sheet import Belief, Floats, Sheet

# No item is taken to stand on more than this share of the records of a label.
MOST = 0.9


def width(labels: int) -> int:
    """Return the columns of counts and shares: right and wrong."""
    del labels
    return 2


def prior(label: Ints, precision: Floats, balance: Floats) -> Floats:
    """Return the shares that a precision stands for, shape (items, 2)."""
    del label, balance
    return np.stack([precision, 1.0 - precision], axis=1)


def right(label: Ints, counts: Floats) -> Floats:
    """Return how many of the counted votes were right, shape (items,)."""
    del label
    column: Floats = counts[:, 0]
    return column


def count_gold(item: Ints, said: Ints, truth: Ints, confidence: Floats, like: Belief) -> Floats:
    """Return how often each item was right and wrong on manually labelled records."""
    same = said == truth
    items = len(like.label)
    return np.stack(
        [
            np.bincount(item[same], confidence[same], minlength=items),
            np.bincount(item[~same], confidence[~same], minlength=items),
        ],
        axis=1,
    ).astype(np.float64)


def evidence(belief: Belief) -> tuple[Floats, Floats]:
    """Return how far a vote of each item speaks for its label, and each label's own score."""
    sure = belief.share[:, 0]
    of_label = belief.balance[belief.label]
    inside, outside = _rates(belief)
    spoken = np.log(sure / (1 - sure)) - np.log(of_label / (1 - of_label))
    silent = np.log1p(-inside) - np.log1p(-outside)
    base = np.log(belief.balance) + belief.abstention * np.bincount(
        belief.label, belief.alone * silent, minlength=len(belief.balance)
    )
    return spoken - belief.abstention * silent, base - base.max()


def posterior(sheet: Sheet, belief: Belief, counts: Floats) -> tuple[Floats, Floats]:
    """Return how likely each cell is, shape (cells,), and the rest of each row by its own score.

    The second, shape (rows,): times exp(a label's own score) it is the probability of a label
    that nobody voted for on that row.
    """
    spoken, base = evidence(belief)
    row, label = sheet.cell_row, sheet.cell_label
    score = np.bincount(sheet.cell, counts * spoken[sheet.item], minlength=len(row))
    begins = np.flatnonzero(np.diff(row, prepend=-1))
    most = np.maximum(np.maximum.reduceat(score, begins) if len(begins) else score, 0.0)
    own = np.exp(base[label])
    proba = own * np.exp(score - most[row])
    # All labels that nobody voted for on a row have their own score: one sum for all of them.
    faded = np.exp(-most)
    rest = np.maximum(np.exp(base).sum() - np.bincount(row, own, minlength=sheet.rows), 0.0)
    total = rest * faded + np.bincount(row, proba, minlength=sheet.rows)
    return proba / total[row], faded / np.maximum(total, 1e-300)


def expect(sheet: Sheet, belief: Belief, counts: Floats, lesson: Floats) -> tuple[Floats, Floats]:
    """Return how often each item is expected to be right and wrong, and each label to be true.

    Parameters
    ----------
    counts
        How much each vote counts, shape (votes,).
    lesson
        How much each row teaches about its votes, shape (rows,).
    """
    proba, rest = posterior(sheet, belief, counts)
    taught = lesson[sheet.row] * sheet.confidence
    agreed = np.bincount(sheet.item, taught * proba[sheet.cell], minlength=len(belief.label))
    voted = np.bincount(sheet.item, taught, minlength=len(belief.label))
    row, label, labels = sheet.cell_row, sheet.cell_label, len(belief.balance)
    own = np.exp(evidence(belief)[1])
    unvoted = sheet.weight * rest
    true = np.bincount(label, sheet.weight[row] * proba, minlength=labels) + own * unvoted.sum()
    true -= np.bincount(label, own[label] * unvoted[row], minlength=labels)
    return np.stack([agreed, voted - agreed], axis=1), np.maximum(true, 0.0)


def scores(votes: VoteMatrix, item: Ints, counts: Floats, belief: Belief) -> Floats:
    """Return the score of each label on each row, shape (rows, labels)."""
    spoken, base = evidence(belief)
    return tally(votes, counts * spoken[item]) + base


def together(one: Ints, other: Ints, belief: Belief) -> Floats:
    """Return the share of records on which two items vote, if the label explains all of it."""
    inside, outside = _rates(belief)
    excess = inside - outside
    more = belief.balance[belief.label] * excess
    share: Floats = outside[one] * outside[other]
    share += more[one] * outside[other] + more[other] * outside[one]
    same = belief.label[one] == belief.label[other]
    return share + np.where(same, more[one] * excess[other], 0.0)


def _rates(belief: Belief) -> tuple[Floats, Floats]:
    """Return the share of records on which each item votes: of its label, and of the others."""
    of_label = belief.balance[belief.label]
    inside = np.minimum(belief.rate * belief.share[:, 0] / of_label, MOST)
    outside = np.minimum(belief.rate * belief.share[:, 1] / (1 - of_label), MOST)
    return inside, outside
