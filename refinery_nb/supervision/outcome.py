"""What a label model makes of the votes: labels, probabilities, and what it says unseen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, Ints, VoteMatrix, Votes
from refinery_nb.supervision.model import LabelModel
from refinery_nb.supervision.patterns import patterns, take_rows

CELLS = 4_000_000  # of probabilities in memory at once
FAINT = 0.005  # a less probable label is not kept


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Weak labels with all that is known about them.

    Attributes
    ----------
    votes
        A label with its confidence for each record that is not abstained on; for spans, the
        spans.
    proba
        The probabilities of all likely labels, several rows a record; None for spans.
    held_out
        What is said of the reviewed records by models that did not see their labels: for
        calibration, and for a fair comparison with the manual labels. None without any.
    summary
        For people: which model was chosen and why, at which temperature.
    """

    votes: Votes
    proba: Votes | None = None
    held_out: Votes | None = None
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Probabilities of rows, those with the same votes computed once.

    Attributes
    ----------
    proba
        Shape (distinct, labels).
    which
        For each row its place in ``proba``, shape (rows,).
    """

    proba: NDArray[np.float64]
    which: Ints


def predict(model: LabelModel, votes: VoteMatrix) -> NDArray[np.float64]:
    """Return the probabilities of all rows, shape (rows, labels); for few rows."""
    distinct, which = (
        (votes, np.arange(len(votes), dtype=np.int64)) if _each(model) else patterns(votes)
    )
    return model.predict_proba(distinct)[which]


def label_all(
    model: LabelModel, votes: VoteMatrix, *, heat: float = 1.0
) -> tuple[Votes, Votes | None]:
    """Return the labels and the likely probabilities of all rows, in parts that fit in memory.

    A model whose confidences are no probabilities gets its labels only.
    """
    from refinery_nb.learn.calibration import heated

    probable = getattr(model, "calibrated", True)
    if not votes.labels:
        return Votes.empty(), Votes.empty() if probable else None
    distinct, which = (votes, None) if _each(model) else patterns(votes)
    rows, labels, values = [], [], []
    best = np.full(len(distinct), -1, dtype=np.int64)
    confidence = np.zeros(len(distinct), dtype=np.float32)
    step = max(1, CELLS // len(votes.labels))
    for first in range(0, len(distinct), step):
        part = np.arange(first, min(first + step, len(distinct)), dtype=np.int64)
        proba = heated(model.predict_proba(take_rows(distinct, part)), heat)
        top = proba.argmax(axis=1)
        sure = proba[np.arange(len(part)), top]
        best[part] = np.where(sure > 0, top, -1)
        confidence[part] = sure
        if not probable:
            continue
        row, label = np.nonzero(proba >= FAINT)
        rows.append(part[row])
        labels.append(label)
        values.append(proba[row, label].astype(np.float32))
    if which is not None:
        best, confidence = best[which], confidence[which]
    names = np.asarray(votes.labels, dtype=np.int64)
    decided = np.flatnonzero(best >= 0)
    said = Votes(votes.records[decided], names[best[decided]], confidence[decided])
    if not probable:
        return said, None
    row, label, value = np.concatenate(rows), np.concatenate(labels), np.concatenate(values)
    if which is not None:
        row, label, value = _spread(row, label, value, which, len(distinct))
    return said, Votes(votes.records[row], names[label], value)


def as_votes(votes: VoteMatrix, rows: Ints, proba: NDArray[np.float64]) -> Votes:
    """Return the best label of each of these rows that is not abstained on."""
    if not len(rows):
        return Votes.empty()
    best = proba.argmax(axis=1)
    sure = proba[np.arange(len(rows)), best]
    said = sure > 0
    names = np.asarray(votes.labels, dtype=np.int64)
    return Votes.of(votes.records[rows[said]], names[best[said]], sure[said].astype(np.float32))


def part_of(votes: VoteMatrix, records: Ints) -> tuple[VoteMatrix, Ints]:
    """Return the rows of these records as a matrix, and their places; others are left out."""
    rows = np.searchsorted(votes.records, records)
    inside = rows < len(votes.records)
    inside[inside] &= votes.records[rows[inside]] == records[inside]
    rows = rows[inside].astype(np.int64)
    return take_rows(votes, rows), rows


def known(gold: Gold | None) -> Gold:
    """Return the manual labels; none are none."""
    return gold if gold is not None else Gold(np.zeros(0, np.int64), Votes.empty())


def _each(model: LabelModel) -> bool:
    """Whether a model looks at the records themselves, not only at their votes."""
    return bool(getattr(model, "by_record", False))


def _spread(
    row: Ints, label: Ints, value: NDArray[np.float32], which: Ints, distinct: int
) -> tuple[Ints, Ints, NDArray[np.float32]]:
    """Repeat the entries of each pattern for all its rows."""
    count = np.bincount(row, minlength=distinct)
    first = np.cumsum(count) - count
    lengths = count[which]
    start = np.repeat(first[which] - (np.cumsum(lengths) - lengths), lengths)
    entry = start + np.arange(int(lengths.sum()))
    rows = np.repeat(np.arange(len(which), dtype=np.int64), lengths)
    return rows, label[entry], value[entry]
