"""How far a run of weak supervision is to be trusted: calibration, and thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError
from refinery_nb.core.votes import Votes
from refinery_nb.learn.calibration import cut
from refinery_nb.project.quality.sources import said, source
from refinery_nb.project.records import frames
from refinery_nb.project.weak import weak_html
from refinery_nb.quality.interval import wilson
from refinery_nb.quality.reliability import reliability

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.view import View
    from refinery_nb.project.weak.weak import WeakRun


@dataclass(frozen=True, slots=True, eq=False)
class Threshold:
    """The confidence from which on weak labels are as precise as wanted.

    Attributes
    ----------
    wanted
        The precision that was asked for.
    confidence
        The threshold; infinite if no weak label is known to be that precise.
    precision, low, high
        Measured on manual labels that the model had not seen, with its 95 % interval.
    checked
        On how many of these.
    records, coverage
        How many records have a weak label at or above the threshold, and which share of all.
    view
        These records.
    """

    wanted: float
    confidence: float
    precision: float
    low: float
    high: float
    checked: int
    records: int
    coverage: float
    view: View

    @property
    def lacking(self) -> str:
        """Why no record remains; empty if some do."""
        if not np.isfinite(self.confidence):
            return f"No weak labels are known to have a precision of {self.wanted:.0%}."
        if not self.records:
            return (
                f"Held-out weak labels have a precision of {self.wanted:.0%} from a confidence of "
                f"{self.confidence:.2f} on, which no weak label of the run reaches."
            )
        return ""

    def __repr__(self) -> str:
        return self.lacking or (
            f"From a confidence of {self.confidence:.2f} on the precision is {self.precision:.1%} "
            f"({self.low:.1%} to {self.high:.1%}, {self.checked:,} manual labels); "
            f"{self.records:,} records remain ({self.coverage:.1%})."
        )

    def _repr_html_(self) -> str:
        return weak_html.threshold(self)


def calibration(run: WeakRun) -> pd.DataFrame:
    """Return ``confidence, accuracy, low, high, count`` of held-out predictions, by confidence.

    ``frame.attrs["ece"]`` is the expected calibration error. Only records that people have judged
    count, with what the model says when it is fitted without their labels. A span is right if its
    boundaries and its label are.
    """
    run.task.schema.one_answer("a calibration")
    from refinery_nb.project.weak.calibration import Calibration

    votes, right = unseen(run)
    found = reliability(votes.confidence, right)
    frame = Calibration(
        {
            "confidence": found.confidence,
            "accuracy": found.accuracy,
            "low": found.low,
            "high": found.high,
            "count": found.count,
        }
    )
    frame.attrs["ece"] = found.error
    return frame


def threshold(run: WeakRun, precision: float) -> Threshold:
    """Return the lowest confidence from which on held-out weak labels are that precise.

    Raises
    ------
    QueryError
        If the precision does not lie in (0, 1], or there is no manual label to measure it on.
    """
    run.task.schema.one_answer("a threshold")
    if not 0 < precision <= 1:
        raise QueryError(f"{precision!r} is no precision; it lies above 0 and up to 1.")
    votes, right = unseen(run)
    if not len(votes):
        raise QueryError(
            "no manual label stands beside a weak one, so no precision is known.",
            hint="Label some records and call task.supervise() again.",
        )
    # As views compare confidences: to six digits.
    sure = votes.confidence.astype(np.float64).round(6)
    confidence, hits, count = cut(sure, right, precision)
    low, high = wilson(hits, count) if count else (np.array(np.nan), np.array(np.nan))
    project, total = run.task.project, len(run.task.project)
    view = project.where(run.confidence >= (confidence if count else 2.0))
    records = len(view)
    share = hits / count if count else float("nan")
    return Threshold(
        precision,
        confidence,
        share,
        float(low),
        float(high),
        count,
        records,
        records / total if total else 0.0,
        view,
    )


def unseen(run: WeakRun) -> tuple[Votes, NDArray[np.bool_]]:
    """Return the held-out weak labels of the records that people have judged, and which are right.

    Of a run that was not checked in this way, the weak labels themselves.
    """
    gold, _ = frames.gold_columns(run.task)
    _, votes = said(run.task, source(run.task, run), against=source(run.task, "gold"))
    votes = votes.of_records(gold.reviewed)
    known = set(_entries(gold.votes))
    return votes, np.array([entry in known for entry in _entries(votes)], dtype=np.bool_)


def _entries(votes: Votes) -> list[tuple[int, ...]]:
    columns = [votes.record, votes.label]
    if votes.start is not None and votes.end is not None:
        columns += [votes.start, votes.end]
    return list(zip(*(column.tolist() for column in columns), strict=True))
