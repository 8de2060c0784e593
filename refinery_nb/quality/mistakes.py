"""Which manual labels are likely mistakes: confident learning on held-out probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.learn.span_choice import Possible

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAST = 0.3  # probability of a span that speaks against what a person gave, at least


@dataclass(frozen=True, slots=True, eq=False)
class Doubted:
    """Labels that a model which has not seen them would not give, the most doubtful first.

    Attributes
    ----------
    at
        Positions of the rows.
    predicted
        The label that it would give.
    confidence
        Its probability.
    sure
        Whether it is as sure of that label as it is on average where people give it: such a row is
        off the diagonal of the confident joint.
    """

    at: Ints
    predicted: Ints
    confidence: Floats
    sure: NDArray[np.bool_]


def doubted(proba: Floats, given: Ints) -> Doubted:
    """Rank labels by how likely they are mistakes.

    Confident learning (Northcutt, Jiang and Chuang, 2021): a label counts as predicted where its
    probability is at least its mean where people gave it. Rows of which another label than the
    given one is predicted so come first, then those with another likeliest label; within both the
    lowest margin of the given label to the best other one leads.

    Parameters
    ----------
    proba
        Held out, shape (rows, labels); a row of 0 says nothing.
    given
        The label that a person gave each row.

    >>> proba = np.array([[.9, .1], [.8, .2], [.1, .9], [.2, .8], [.9, .1]])
    >>> found = doubted(proba, np.array([0, 0, 1, 1, 1]))
    >>> found.at.tolist(), found.predicted.tolist()
    ([4], [0])
    """
    known = proba.any(axis=1)
    rows = np.arange(len(proba))
    count = np.bincount(given[known], minlength=proba.shape[1])
    total = np.bincount(given[known], proba[rows, given][known], minlength=proba.shape[1])
    usual = np.where(count > 0, total / np.maximum(count, 1), np.inf)
    above = np.where(proba >= usual, proba, -1.0)
    own = proba[rows, given] if len(proba) else np.zeros(0)
    others = proba.copy()
    others[rows, given] = -1.0
    margin = own - others.max(axis=1, initial=-1.0)
    sure = known & (above.max(axis=1, initial=-1.0) >= 0) & (above.argmax(axis=1) != given)
    predicted = np.where(sure, above.argmax(axis=1), proba.argmax(axis=1))
    wrong = np.flatnonzero(known & (predicted != given))
    order = wrong[np.lexsort((margin[wrong], ~sure[wrong]))]
    return Doubted(order, predicted[order], proba[order, predicted[order]], sure[order])


@dataclass(frozen=True, slots=True, eq=False)
class DoubtedSpan:
    """A span that a person gave or did not give, and what a model would say instead.

    Attributes
    ----------
    row
        The record, by position.
    given, predicted
        (start, end, label) or None: no span here.
    confidence
        Of what is predicted.
    doubt
        By how much that is likelier than what was given.
    """

    row: int
    given: tuple[int, int, int] | None
    predicted: tuple[int, int, int] | None
    confidence: float
    doubt: float


def doubted_spans(possible: Possible, truth: Possible) -> list[DoubtedSpan]:
    """Rank given and missing spans by how likely they are mistakes.

    A given span is doubted if a model that has not seen it holds another one at the same place
    likelier, or none; a missing one, if the model holds a span likelier than none where nobody
    gave any.

    Parameters
    ----------
    possible
        Held-out spans with their probabilities, by record.
    truth
        The spans that people gave.
    """
    by_row: dict[int, list[tuple[int, int, int, float]]] = {}
    for row, *rest in zip(*(one.tolist() for one in possible), strict=True):
        by_row.setdefault(row, []).append(tuple(rest))
    spans: dict[int, list[tuple[int, int, int]]] = {}
    for row, start, end, label in zip(*(one.tolist() for one in truth[:4]), strict=True):
        spans.setdefault(row, []).append((start, end, label))
    found: list[DoubtedSpan] = []
    for row in sorted(by_row.keys() | spans.keys()):
        found += _of_record(row, by_row.get(row, []), spans.get(row, []))
    return sorted(found, key=lambda one: (-one.doubt, one.row, one.given or (0, 0, 0)))


def _of_record(
    row: int, possible: list[tuple[int, int, int, float]], given: list[tuple[int, int, int]]
) -> list[DoubtedSpan]:
    proba = {(start, end, label): sure for start, end, label, sure in possible}
    found = []
    for span in given:
        own = proba.get(span, 0.0)
        rivals = [
            (sure, one) for one, sure in proba.items() if one not in given and _touch(one, span)
        ]
        best, other = max(rivals, default=(0.0, None))
        nothing = max(0.0, 1.0 - own - sum(sure for sure, _ in rivals))
        if best >= LEAST and best > max(own, nothing):
            found.append(DoubtedSpan(row, span, other, best, best - own))
        elif nothing > max(own, best):
            found.append(DoubtedSpan(row, span, None, nothing, nothing - own))
    taken: list[tuple[int, int, int]] = list(given)
    for sure, one in sorted(((sure, one) for one, sure in proba.items()), reverse=True):
        if sure > 0.5 and not any(_touch(one, other) for other in taken):
            found.append(DoubtedSpan(row, None, one, sure, 2 * sure - 1))
            taken.append(one)
    return found


def _touch(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
