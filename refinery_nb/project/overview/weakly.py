"""What machines say of a task: coverage of the heuristics, labels and confidences of the last run.

All of it changes with a run, not with a label of a person, so that it is counted once a run and
filter.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.query import Conflicting, Selection
from refinery_nb.core.schema import TaskKind, TaskSchema
from refinery_nb.project.masks.dense import Bools, Kept
from refinery_nb.project.masks.masks import Masks
from refinery_nb.store import heuristics, weak

BINS = 20
EDGES = np.round(np.arange(BINS + 1) / BINS, 6)  # as views compare confidences: to six digits


@dataclass(frozen=True, slots=True)
class HeuristicCount:
    """On how many records a heuristic votes."""

    name: str
    kind: str
    enabled: bool
    count: int


@dataclass(frozen=True, slots=True)
class Voted:
    """What the heuristics of a task cover.

    Attributes
    ----------
    rows
        Each heuristic, those that vote on most records first.
    covered, conflicting
        On how many records any that is switched on votes, and where they differ.
    """

    rows: tuple[HeuristicCount, ...]
    covered: int
    conflicting: int


@dataclass(frozen=True, slots=True)
class Weak:
    """The weak labels of a run.

    Attributes
    ----------
    run, model
        Which run it is, by which label model.
    labelled
        How many records have a weak label.
    of_label
        On how many records each label stands, by its id.
    given
        How often each label is given, by its id: spans may stand several times in a record.
    confidence
        Records by the least confidence of their weak labels, shape (BINS,).
    """

    run: int
    model: str
    labelled: int
    of_label: dict[int, int]
    given: dict[int, int]
    confidence: NDArray[np.int64]


class Weakly:
    """Counts votes and weak labels of the records of a filter, once per version of them."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._columns = masks.project.columns
        self._kept = Kept()

    def voted(self, task: TaskSchema, mask: Bools, filtered: Hashable) -> Voted:
        """Return what the heuristics cover of the records in a mask; ``filtered`` names it."""
        version = (self._masks.dense.version(), self._columns.versions(task), filtered)
        return self._kept.get(f"voted {task.id}", version, lambda: self._voted(task, mask))

    def weak(self, task: TaskSchema, run: int, mask: Bools, filtered: Hashable) -> Weak:
        """Return the weak labels of a run on the records in a mask."""
        dense = self._masks.dense
        version = (dense.version(), self._columns.weak_version(run), task.labels, filtered)
        return self._kept.get(f"weak {task.id}", version, lambda: self._weak(task, run, mask))

    def _voted(self, task: TaskSchema, mask: Bools) -> Voted:
        project, dense = self._masks.project, self._masks.dense
        votes = self._columns.of_task(task, enabled_only=False)
        with project.database.read() as connection:
            known = heuristics.heuristics(connection, task.id)
        covered = np.zeros(len(mask), np.bool_)
        rows = []
        for row in known:
            own = np.zeros(len(mask), np.bool_)
            if row.name in votes:
                own[dense.places(votes[row.name].record)] = True
            own &= mask
            if row.enabled:
                covered |= own
            count = int(own.sum())
            rows.append(HeuristicCount(row.name, row.spec["kind"], bool(row.enabled), count))
        rows.sort(key=lambda row: -row.count)
        return Voted(tuple(rows), int(covered.sum()), int((self._conflicting(task) & mask).sum()))

    def _conflicting(self, task: TaskSchema) -> Bools:
        dense = self._masks.dense
        if task.kind is TaskKind.CLASSIFICATION:
            return dense.conflicting(task)
        if task.is_multi:  # labels that may stand together do not differ
            return np.zeros(len(dense.ids()), np.bool_)
        return dense.marked(self._masks.project.select_ids(Selection(Conflicting(task.name))))

    def _weak(self, task: TaskSchema, run: int, mask: Bools) -> Weak:
        dense = self._masks.dense
        votes = self._columns.weak(run)
        inside = np.zeros(len(votes), np.bool_)
        if len(votes):
            ids = dense.ids()
            at = np.minimum(np.searchsorted(ids, votes.record), len(ids) - 1)
            inside = (ids[at] == votes.record) & mask[at]
        record, label = votes.record[inside], votes.label[inside]
        given = {one.id: int((label == one.id).sum()) for one in task.labels}
        of_label = given
        if task.is_spans:
            pairs = np.unique(np.stack([record, label]), axis=1)[1]
            of_label = {one.id: int((pairs == one.id).sum()) for one in task.labels}
        sure = dense.confidence(run)[mask]
        sure = sure[~np.isnan(sure)]
        bins = np.minimum(np.searchsorted(EDGES, sure, side="right") - 1, BINS - 1)
        return Weak(
            run,
            self._model(task, run),
            len(sure),
            of_label,
            given,
            np.bincount(bins, minlength=BINS),
        )

    def _model(self, task: TaskSchema, run: int) -> str:

        with self._masks.project.database.read() as connection:
            row = next(row for row in weak.runs(connection, task.id) if row.id == run)
        return str(row.summary.get("chosen") or row.model)
