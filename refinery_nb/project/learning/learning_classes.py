"""What a learner learns of a classification task from the valid manual labels."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.active.beliefs import NONE, Beliefs
from refinery_nb.active.learner import Logistic, enough, folds, learn, predict
from refinery_nb.core.errors import HeuristicError
from refinery_nb.core.threads import one_thread
from refinery_nb.core.votes import Gold, Ints
from refinery_nb.heuristics.active import ActiveLearner
from refinery_nb.learn.calibration import heated, temperature
from refinery_nb.project.learning.learning_child import Arrays, learnt_apart
from refinery_nb.project.learning.learning_space import Matrix, Placed

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

NO_VECTORS = "{name!r} has a vector for each {level}; classes are learnt from those of records."
BLOCK = 5_000  # rows that a model in a child process is asked about at once


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """The labelled rows of a task: positions of records, and columns of labels."""

    labels: Ints
    known: Ints
    given: Ints

    @staticmethod
    def of(task: Task, gold: Gold, records: Ints) -> Classes:
        """Return them; a record that people left without a label has the label ``NONE``."""
        ids = np.array([label.id for label in task.schema.labels], np.int64)
        label = np.full(len(gold.reviewed), NONE, np.int64)
        label[np.searchsorted(gold.reviewed, gold.votes.record)] = gold.votes.label
        if (label == NONE).any():
            ids = np.append(ids, NONE)
        known, there = _known(gold, records)
        order = np.argsort(ids, kind="stable")
        column = order[np.searchsorted(ids[order], label)]
        return Classes(ids, known, column[there].astype(np.int64))

    @staticmethod
    def asked(label: int, gold: Gold, records: Ints) -> Classes:
        """Return them where it is asked about one label: who has it, and who has ``NONE``."""
        known, there = _known(gold, records)
        having = np.isin(gold.reviewed, gold.votes.record[gold.votes.label == label])
        lacking = (~having[there]).astype(np.int64)
        return Classes(np.array([label, NONE], np.int64), known, lacking)


def _known(gold: Gold, records: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Return where the reviewed records stand, and which of them are there at all."""
    at = np.searchsorted(records, gold.reviewed)
    there = at < len(records)
    there[there] &= records[at[there]] == gold.reviewed[there]
    return at[there].astype(np.int64), there


def believe(
    task: Task,
    learner: ActiveLearner,
    gold: Gold,
    placed: Placed,
    *,
    check: Callable[[], None],
    cancel: threading.Event,
) -> Beliefs:
    """Learn, and return what is believed of all records.

    Raises
    ------
    HeuristicError
        If the labels are too few, nothing tells the records apart, or a model that somebody
        brought fails.
    """
    records, rows, blank = seen_by(task, learner, placed)
    classes = Classes.of(task, gold, records)
    refuse_too_few(task, classes, len(gold.reviewed))
    refuse_alike(classes.known, rows)
    return believed(task, learner, classes, records, rows, blank, check=check, cancel=cancel)


def seen_by(
    task: Task, learner: ActiveLearner, placed: Placed
) -> tuple[Ints, Matrix, NDArray[np.bool_]]:
    """Return the records, what a learner sees of them, and of which it sees nothing."""
    if not learner.source:
        return placed.records, placed.rows, placed.blank
    records, rows = _vectors(task, learner)
    return records, rows, np.asarray(~rows.any(axis=1), np.bool_)


def refuse_alike(known: Ints, rows: Matrix) -> None:
    """Say so where nothing tells the labelled records apart."""
    if not rows.shape[1] or not np.ptp(rows[known], axis=0).any():
        raise HeuristicError(
            f"the {len(known):,} labelled records all look the same to it.",
            hint="Their texts are the same, or blank. Label others, or embed another attribute.",
        )


def believed(
    task: Task,
    learner: ActiveLearner,
    classes: Classes,
    records: Ints,
    rows: Matrix,
    blank: NDArray[np.bool_],
    *,
    check: Callable[[], None],
    cancel: threading.Event,
) -> Beliefs:
    """Return what is believed of all records by what the labelled rows teach."""
    if learner.source:
        proba, apart = _brought(learner, task, classes, records, rows, cancel)
    else:
        proba, apart = _built_in(classes, records, rows, check)
    proba[blank] = 0.0
    proba[classes.known] = apart
    return Beliefs(records, classes.labels, proba, classes.known, classes.given)


def refuse_too_few(task: Task, classes: Classes, reviewed: int) -> None:
    """Say what is missing where it cannot be learnt from the labels."""
    if enough(classes.given):
        return
    names = {label.id: label.name for label in task.schema.labels} | {NONE: "none"}
    count = np.bincount(classes.given, minlength=len(classes.labels))
    told = ", ".join(
        f"{names[label]!r} {times:,}"
        for label, times in zip(classes.labels.tolist(), count.tolist(), strict=True)
        if times
    )
    without = reviewed - len(classes.given)
    missing = f" {without:,} labelled records have no vector." if without else ""
    raise HeuristicError(
        f"there {'is' if reviewed == 1 else 'are'} {reviewed:,} valid manual label"
        f"{'' if reviewed == 1 else 's'}{f' ({told})' if told else ''}.{missing}",
        hint="A learner needs two labels with two records each; it learns once they are there.",
    )


def _built_in(
    classes: Classes, records: Ints, rows: Matrix, check: Callable[[], None]
) -> tuple[Matrix, Matrix]:
    count = len(classes.labels)

    def make() -> Logistic:
        check()
        return Logistic(count)

    with one_thread():
        taught = rows[classes.known]
        learnt = learn(make, taught, classes.given, records[classes.known], count=count)
        check()
        return predict(learnt, rows, count=count), learnt.held_out.astype(np.float32)


def _vectors(task: Task, learner: ActiveLearner) -> tuple[Ints, Matrix]:
    """Return the plain vectors that a brought model learns from."""
    project, on = task.project, learner.on or task.schema.on
    if learner.embedding is not None:
        found = project.embeddings[learner.embedding].value()
    else:
        best = project.embeddings.best(on)
        if best is None:
            of = f" of {on!r}" if on is not None else ""
            raise HeuristicError(
                f"there is no embedding{of}; this model learns from vectors.",
                hint=f"Make one: project.embed({(on or 'an attribute')!r}).",
            )
        found = best
    return found.records, found.values


def _brought(
    learner: ActiveLearner,
    task: Task,
    classes: Classes,
    records: Ints,
    rows: Matrix,
    cancel: threading.Event,
) -> tuple[Matrix, Matrix]:
    names = {label.id: label.name for label in task.schema.labels} | {NONE: "none"}
    lesson: Arrays = {
        "rows": np.asarray(rows[classes.known], np.float32),
        "classes": classes.given,
        "fold": folds(records[classes.known], classes.given),
    }

    def asked() -> Iterator[Arrays]:
        for first in range(0, len(rows), BLOCK):
            yield {"rows": np.asarray(rows[first : first + BLOCK], np.float32)}

    apart, proba = learnt_apart(
        learner,
        [names[label] for label in classes.labels.tolist()],
        lesson,
        asked(),
        width=len(classes.labels),
        spans=False,
        cancel=cancel,
        executor=task.project.executor,
    )
    heat = temperature(apart.astype(np.float64), classes.given)
    return (
        heated(proba.astype(np.float64), heat).astype(np.float32),
        heated(apart.astype(np.float64), heat).astype(np.float32),
    )


def told(beliefs: Beliefs, placed: Placed, learner: ActiveLearner) -> str:
    """Say how good what was learnt is, and what is missing."""
    said = f"learnt from {len(beliefs.known):,} labels"
    apart = beliefs.proba[beliefs.known]
    if apart.any():
        right = float((apart.argmax(axis=1) == beliefs.given).mean())
        said += f"; of labels that it has not seen it finds {100 * right:.0f} %"
    if not learner.source and not placed.meaning:
        said += ". It knows words only: project.embed() adds what they mean"
    return said + "."
