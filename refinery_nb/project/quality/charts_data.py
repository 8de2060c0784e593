"""The numbers behind the quality charts of a task, as DataFrames and arrays; nothing is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from refinery_nb.core.votes import Gold, Ints, Votes
from refinery_nb.project.quality.confusion import compare
from refinery_nb.project.records import frames
from refinery_nb.project.rules import rules
from refinery_nb.project.weak import trust, weak
from refinery_nb.quality.agreement import alpha, kappa, observed
from refinery_nb.quality.overlap import Meetings
from refinery_nb.quality.overlap import meetings as count_meetings
from refinery_nb.store import heuristics, people
from refinery_nb.store import weak as stored
from refinery_nb.supervision.several import question, without_any

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.task import Task
    from refinery_nb.project.view import View
    from refinery_nb.project.weak.weak import WeakRun

PAIRS = ["one", "other", "records", "agreement", "kappa"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the people of a task agree.

    Attributes
    ----------
    people
        Their names.
    pairs
        ``one, other, records, agreement, kappa`` of each two who judged a record in common.
    alpha
        Krippendorff's alpha of all; for spans None, as it is defined for categories.
    """

    people: tuple[str, ...]
    pairs: pd.DataFrame
    alpha: float | None


def label_counts(task: Task, view: View | None = None) -> pd.DataFrame:
    """Return ``label, manual, weak``: how often each label is given, by hand and by the last run.

    Of all records, or of those of a view. For classification the last row counts the records
    reviewed without a label. ``weak`` is missing where there is no run.
    """
    import pandas as pd

    schema = task.schema
    gold, _ = frames.gold_columns(task)
    runs = weak.runs(task)
    given = runs[-1].votes if runs else None
    if view is not None:
        inside = view.ids()
        reviewed = gold.reviewed[np.isin(gold.reviewed, inside)]
        gold = Gold(reviewed, gold.votes.of_records(inside))
        given = None if given is None else given.of_records(inside)
    ids = [label.id for label in schema.labels]
    manual = _per_label(gold.votes, ids)
    names = [label.name for label in schema.labels]
    weakly: list[int | None] = [None] * len(ids)
    if given is not None:
        weakly = [*_per_label(given, ids)]
    if not schema.is_spans:
        names.append("none")
        manual.append(len(gold.reviewed) - len(np.unique(gold.votes.record)))
        weakly.append(_without_any(runs[-1]) if runs else None)
    return pd.DataFrame({"label": names, "manual": manual, "weak": pd.array(weakly, dtype="Int64")})


def calibration(run: WeakRun, label: str | None = None) -> tuple[pd.DataFrame, float]:
    """Return ``confidence, accuracy, count`` by bins of confidence, and the calibration error.

    Only records that people have judged count, with what the model says when it is fitted without
    their labels. A span is right if its boundaries and its label are. Of one label, or of all.
    """
    frame = trust.calibration(run, label)
    return frame[["confidence", "accuracy", "count"]], float(frame.attrs["ece"])


def meetings(task: Task) -> Meetings:
    """Return how often the heuristics that are switched on meet, and how often they differ.

    Where a record may have several labels, they meet where both answer whether it has one.
    """
    matrix = rules.matrix(task, None)
    if not task.schema.is_multi:
        return count_meetings(matrix)
    votes = task.project.columns.of_task(task.schema)
    place = {name: at for at, name in enumerate(matrix.sources)}
    both, differ = np.zeros((2, len(place), len(place)), np.int64)
    for label in matrix.labels:
        found = count_meetings(question(matrix.records, votes, label))
        at = np.ix_(*[[place[name] for name in found.sources]] * 2)
        both[at] += found.both
        differ[at] += found.differ
    return Meetings(matrix.sources, both, differ)


def coverage(task: Task) -> pd.DataFrame:
    """Return ``at, what, coverage, name``: the share of the records with a vote or a weak label.

    ``what`` is ``heuristics`` (any vote of the versions in force at that time, of the heuristics
    that are switched on now) or ``weak`` (a run). The share is of the records of today.
    """
    import pandas as pd

    total = max(1, len(task.project))
    spans = task.schema.is_spans
    added: list[tuple[str, str, Ints]] = []
    with task.project.database.read() as connection:
        for row in heuristics.heuristics(connection, task.id):
            for version, _, at, *_ in heuristics.versions(connection, row.id):
                votes = heuristics.votes(connection, version, spans=spans)
                if row.enabled and len(votes):
                    added.append((at, row.name, np.unique(votes.record)))
    rows: list[tuple[str, str, float, str]] = []
    in_force: dict[str, Ints] = {}
    for at, name, covered in sorted(added, key=lambda one: one[0]):
        in_force[name] = covered
        either = np.unique(np.concatenate(list(in_force.values())))
        rows.append((at, "heuristics", len(either) / total, name))
    for run in weak.runs(task):
        rows.append((run.at, "weak", len(np.unique(run.votes.record)) / total, run.model))
    return pd.DataFrame(rows, columns=["at", "what", "coverage", "name"])


def agreement(task: Task) -> Agreement:
    """Return how far each two people agree on what both have judged; spans by token.

    Where a record may have several labels, people agree who give it the same set of them.
    """
    import pandas as pd

    schema = task.schema
    with task.project.database.read() as connection:
        names = people.people(connection, schema.id)
        judged = {name: people.said(connection, schema, name) for name in names}
    rows: list[tuple[str, str, int, float, float]] = []
    if schema.is_multi:
        sets = {name: _sets(gold.reviewed, gold.votes) for name, gold in judged.items()}
        codes = {one: at for at, one in enumerate({s for own in sets.values() for s in own})}
        ratings = [
            (judged[name].reviewed, np.array([codes[one] for one in own], np.int64))
            for name, own in sets.items()
        ]
        for (one, (left, ours)), (other, (right, theirs)) in combinations(
            zip(names, ratings, strict=True), 2
        ):
            both, at, with_ = np.intersect1d(left, right, return_indices=True)
            counts = np.zeros((len(codes), len(codes)), np.int64)
            np.add.at(counts, (ours[at], theirs[with_]), 1)
            if len(both):
                rows.append((one, other, len(both), observed(counts), kappa(counts)))
        return Agreement(tuple(names), pd.DataFrame(rows, columns=PAIRS), alpha(ratings))
    for one, other in combinations(names, 2):
        found = compare(task, f"person:{one}", f"person:{other}").confusion
        if len(found.judged):
            counts = found.counts
            rows.append((one, other, len(found.judged), observed(counts), kappa(counts)))
    pairs = pd.DataFrame(rows, columns=PAIRS)
    if schema.is_spans:
        return Agreement(tuple(names), pairs, None)
    ratings = [(gold.reviewed, _categories(gold.reviewed, gold.votes)) for gold in judged.values()]
    return Agreement(tuple(names), pairs, alpha(ratings))


def _without_any(run: WeakRun) -> int:
    if not run.task.schema.is_multi:
        return 0
    with run.task.project.database.read() as connection:
        proba = stored.proba(connection, run.id)
    return 0 if proba is None else len(without_any(proba)[0])


def _per_label(votes: Votes, ids: list[int]) -> list[int]:
    return [int((votes.label == label).sum()) for label in ids]


def _sets(reviewed: Ints, votes: Votes) -> list[frozenset[int]]:
    """Return the set of labels of each reviewed record."""
    first = votes.record.searchsorted(reviewed)
    last = votes.record.searchsorted(reviewed, side="right")
    return [
        frozenset(votes.label[start:end].tolist())
        for start, end in zip(first.tolist(), last.tolist(), strict=True)
    ]


def _categories(reviewed: Ints, votes: Votes) -> Ints:
    """Return the label id of each reviewed record, 0 for none."""
    found = np.zeros(len(reviewed), dtype=np.int64)
    found[np.searchsorted(reviewed, votes.record)] = votes.label
    return found
