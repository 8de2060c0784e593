"""How a task stands on the records of a filter: every number and bar of its overview."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import Label, TaskSchema
from refinery_nb.core.votes import Ints, Votes
from refinery_nb.project.masks.dense import Bools
from refinery_nb.project.masks.masks import Masks
from refinery_nb.project.overview.people import Agreement, Pace, compared, paced
from refinery_nb.project.overview.said import Answers, Said
from refinery_nb.project.overview.weakly import Voted, Weak, Weakly
from refinery_nb.quality.confusion import Confusion
from refinery_nb.quality.reliability import Reliability, reliability

BINS = 10  # of calibration


@dataclass(frozen=True, slots=True)
class LabelCount:
    """On how many records a label stands; ``label`` None: reviewed, none.

    ``weak`` is None without a run; ``spans``: how many spans there are, by hand and weak.
    """

    label: Label | None
    manual: int
    weak: int | None
    spans: tuple[int, int | None] | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether confidences mean what they say; ``bins`` are the numbers of those that hold any."""

    bins: tuple[int, ...]
    found: Reliability


@dataclass(frozen=True, slots=True)
class Standing:
    """How a task stands.

    Attributes
    ----------
    records
        How many records there are in the filter.
    labelled, differing
        How many of them a person has labelled, and on how many people differ.
    labels
        Each label of the task, then "none".
    asked
        The label that the matrix asks about, yes or no, where a record may have several; else None.
    confusion, calibration
        Manual against weak labels; None without a run.
    """

    schema: TaskSchema
    records: int
    labelled: int
    differing: int
    labels: tuple[LabelCount, ...]
    agreement: Agreement
    pace: Pace
    voted: Voted
    weak: Weak | None
    asked: Label | None
    confusion: Confusion | None
    calibration: Calibration | None


def standing(
    said: Said,
    weakly: Weakly,
    masks: Masks,
    mask: Bools,
    filtered: Hashable,
    now: datetime,
    asked: Label | None = None,
) -> Standing:
    """Count everything of a task on the records in a mask.

    ``filtered`` names the mask, ``asked`` is the label of the matrix of a multilabel task.
    """
    schema = said.schema
    answers = inside(said.answers, masks, mask)
    agreement = compared(answers, said.people, spans=schema.is_spans)
    weak = None if said.run is None else weakly.weak(schema, said.run, mask, filtered)
    confusion = None
    if asked is not None or not schema.is_multi:
        whole = said.confusion(None if asked is None else asked.id)
        confusion = whole and _confusion(whole, masks, mask)
    calibration = None
    if said.met is not None:
        here = holds(said.met.record, masks, mask)
        calibration = _calibration(said.met.confidence[here], said.met.right[here])
    return Standing(
        schema,
        int(mask.sum()),
        distinct(answers.record),
        agreement.several - agreement.agree,
        tuple(_labels(said, answers, masks, mask, weak)),
        agreement,
        paced(answers, now),
        weakly.voted(schema, mask, filtered),
        weak,
        asked,
        confusion,
        calibration,
    )


def inside(answers: Answers, masks: Masks, mask: Bools) -> Answers:
    """Return the answers on the records in a mask."""
    return answers.take(holds(answers.record, masks, mask))


def holds(record: Ints, masks: Masks, mask: Bools) -> NDArray[np.bool_]:
    """Return which of some records a mask holds."""
    ids = masks.dense.ids()
    if not len(ids):
        return np.zeros(len(record), np.bool_)
    if int(ids[-1]) - int(ids[0]) + 1 == len(ids):  # no gaps: no search
        at = record - ids[0]
        known = (at >= 0) & (at < len(ids))
        at[~known] = 0
    else:
        at = np.minimum(np.searchsorted(ids, record), len(ids) - 1)
        known = ids[at] == record
    found: NDArray[np.bool_] = known & mask[at]
    return found


def distinct(ascending: Ints) -> int:
    """Return how many different records there are; sorted as they are, no sorting is needed.

    >>> distinct(np.array([1, 1, 4]))
    2
    """
    return int(np.count_nonzero(np.diff(ascending, prepend=-1)))


def bin_of(confidence: NDArray[np.float32]) -> Ints:
    """Return the bin of each confidence, as ``quality.reliability`` makes them."""
    at = (confidence.astype(np.float64) * BINS).astype(np.int64)
    found: Ints = np.clip(at, 0, BINS - 1)
    return found


def _labels(
    said: Said, answers: Answers, masks: Masks, mask: Bools, weak: Weak | None
) -> list[LabelCount]:
    schema, gold = said.schema, said.gold
    votes: Votes = gold.votes.take(holds(gold.votes.record, masks, mask))
    reviewed = gold.reviewed[holds(gold.reviewed, masks, mask)]
    found = []
    for label in schema.labels:
        if schema.is_multi:  # as views ask it: whatever others say
            own = np.isin(answers.answer, said.codes_of(label.id))
            manual = distinct(answers.record[own])
        else:
            manual = distinct(votes.record[votes.label == label.id])
        given = None
        if schema.is_spans:
            weakly = None if weak is None else weak.given[label.id]
            given = (int((votes.label == label.id).sum()), weakly)
        found.append(
            LabelCount(label, manual, None if weak is None else weak.of_label[label.id], given)
        )
    if schema.is_multi:
        none = distinct(answers.record[answers.answer == 0])
    else:
        none = len(reviewed) - distinct(votes.record)
    return [*found, LabelCount(None, none, None, None)]


def _confusion(whole: Confusion, masks: Masks, mask: Bools) -> Confusion:
    here = holds(whole.record, masks, mask)
    judged = whole.judged[holds(whole.judged, masks, mask)]
    return Confusion(whole.labels, judged, whole.record[here], whole.cell[here], whole.count[here])


def _calibration(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> Calibration:
    bins = np.unique(bin_of(confidence))
    return Calibration(tuple(bins.tolist()), reliability(confidence, right, bins=BINS))
