"""How far a run of weak supervision is to be trusted: calibration, and thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import Keys
from refinery_nb.core.votes import Votes
from refinery_nb.learn.calibration import cut
from refinery_nb.project.quality.sources import said, source
from refinery_nb.project.records import frames
from refinery_nb.project.weak import weak_html
from refinery_nb.quality.interval import wilson
from refinery_nb.quality.reliability import reliability
from refinery_nb.store import records

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


def calibration(run: WeakRun, label: str | None = None) -> pd.DataFrame:
    """Return ``confidence, accuracy, low, high, count`` of held-out predictions, by confidence.

    ``frame.attrs["ece"]`` is the expected calibration error. Only records that people have judged
    count, with what the model says when it is fitted without their labels. A span is right if its
    boundaries and its label are; where a record may have several labels, each counts by itself.

    Parameters
    ----------
    label
        Only what is said of this label; None: of all.
    """
    from refinery_nb.project.weak.calibration import Calibration

    votes, right = unseen(run, label)
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


def threshold(run: WeakRun, precision: float, label: str | None = None) -> Threshold:
    """Return the lowest confidence from which on held-out weak labels are that precise.

    Parameters
    ----------
    label
        Only weak labels of this name count and remain; None: all, and a record remains whose
        least certain label is certain enough.

    Raises
    ------
    QueryError
        If the precision does not lie in (0, 1], or there is no manual label to measure it on.
    """
    if not 0 < precision <= 1:
        raise QueryError(f"{precision!r} is no precision; it lies above 0 and up to 1.")
    votes, right = unseen(run, label)
    if not len(votes):
        of = f" {label!r}" if label is not None else ""
        raise QueryError(
            f"no manual label of {run.task.name!r} stands beside a weak one{of}, so no precision "
            "is known.",
            hint="Label some records and call task.supervise() again.",
        )
    # As views compare confidences: to six digits.
    sure = votes.confidence.astype(np.float64).round(6)
    confidence, hits, count = cut(sure, right, precision)
    low, high = wilson(hits, count) if count else (np.array(np.nan), np.array(np.nan))
    project, total = run.task.project, len(run.task.project)
    least = confidence if count else 2.0
    if label is None:
        view = project.where(run.confidence >= least)
    else:
        view = project.where(_having(run, label, least))
    remain = len(view)
    share = hits / count if count else float("nan")
    return Threshold(
        precision,
        confidence,
        share,
        float(low),
        float(high),
        count,
        remain,
        remain / total if total else 0.0,
        view,
    )


def _having(run: WeakRun, label: str, least: float) -> Keys:
    """Return the records with a weak label that is certain enough: of a run they never change."""
    votes = run.votes
    wanted = run.task.schema.label(label).id
    kept = (votes.label == wanted) & (votes.confidence.astype(np.float64).round(6) >= least)
    with run.task.project.database.read() as connection:
        keys = records.keys_of_ids(connection, np.unique(votes.record[kept]).tolist())
    return Keys(tuple(keys.values()))


def unseen(run: WeakRun, label: str | None = None) -> tuple[Votes, NDArray[np.bool_]]:
    """Return the held-out weak labels of the records that people have judged, and which are right.

    Of a run that was not checked in this way, the weak labels themselves.
    """
    wanted = None if label is None else run.task.schema.label(label).id
    gold, _ = frames.gold_columns(run.task)
    _, votes = said(run.task, source(run.task, run), against=source(run.task, "gold"))
    votes = votes.of_records(gold.reviewed)
    if wanted is not None:
        votes = votes.take(votes.label == wanted)
    known = set(_entries(gold.votes))
    return votes, np.array([entry in known for entry in _entries(votes)], dtype=np.bool_)


def _entries(votes: Votes) -> list[tuple[int, ...]]:
    columns = [votes.record, votes.label]
    if votes.start is not None and votes.end is not None:
        columns += [votes.start, votes.end]
    return list(zip(*(column.tolist() for column in columns), strict=True))
