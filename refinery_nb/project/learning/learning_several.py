"""What a learner learns of a task whose records may have several labels: a question for each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from refinery_nb.active.learner import LEAST, enough
from refinery_nb.active.several import SeveralBeliefs
from refinery_nb.core.errors import HeuristicError
from refinery_nb.core.votes import Gold, Votes
from refinery_nb.heuristics.active import ActiveLearner
from refinery_nb.project.learning.learning_classes import Classes, believed, refuse_alike, seen_by
from refinery_nb.project.learning.learning_space import Placed
from refinery_nb.quality.scores import hits
from refinery_nb.supervision.several import LIKELY

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

SHOWN = 3  # labels that are named where something is missing


def believe(
    task: Task,
    learner: ActiveLearner,
    gold: Gold,
    placed: Placed,
    *,
    check: Callable[[], None],
    cancel: threading.Event,
) -> SeveralBeliefs:
    """Learn each label by itself, and return what is believed of all records.

    A label is learnt once two reviewed records have it and two do not.

    Raises
    ------
    HeuristicError
        If no label can be learnt yet, nothing tells the records apart, or a model that somebody
        brought fails.
    """
    records, rows, blank = seen_by(task, learner, placed)
    labels = np.array([label.id for label in task.schema.labels], np.int64)
    questions = [Classes.asked(label, gold, records) for label in labels.tolist()]
    asked = np.array([enough(one.given) for one in questions], np.bool_)
    known = questions[0].known if questions else np.zeros(0, np.int64)
    if not asked.any():
        reviewed = len(gold.reviewed)
        missing = f" {reviewed - len(known):,} of them have no vector." * (len(known) < reviewed)
        raise HeuristicError(
            f"{reviewed:,} record{' is' if reviewed == 1 else 's are'} reviewed for {task.name!r}, "
            f"and no label can be learnt from them yet.{missing}",
            hint=f"A label is learnt once {LEAST} reviewed records have it and {LEAST} do not.",
        )
    refuse_alike(known, rows)
    proba = np.zeros((len(records), len(labels)), np.float32)
    given = np.zeros((len(known), len(labels)), np.bool_)
    for column, one in enumerate(questions):
        given[:, column] = one.given == 0
        if asked[column]:
            found = believed(task, learner, one, records, rows, blank, check=check, cancel=cancel)
            proba[:, column] = found.proba[:, 0]
    return SeveralBeliefs(records, labels, asked, proba, known, given)


def told(task: Task, beliefs: SeveralBeliefs, placed: Placed, learner: ActiveLearner) -> str:
    """Say how good what was learnt is, and what is missing."""
    reviewed = beliefs.records[beliefs.known]
    row, column = np.nonzero(beliefs.given & beliefs.asked)
    truth = Votes.of(reviewed[row], beliefs.labels[column])
    unseen = beliefs.votes(min_confidence=LIKELY).of_records(reviewed)
    found = hits(reviewed, unseen, truth, beliefs.labels[beliefs.asked].tolist()).micro
    said = f"learnt from {len(reviewed):,} reviewed records"
    if found.f1 == found.f1:
        said += f"; on records that it has not seen its F1 is {found.f1:.2f}"
    names = [label.name for label in task.schema.labels]
    missing = [name for name, yes in zip(names, beliefs.asked.tolist(), strict=True) if not yes]
    if missing:
        more = f" and {len(missing) - SHOWN} more" * (len(missing) > SHOWN)
        said += f". Too few records have or lack {', '.join(missing[:SHOWN])}{more}"
    if not learner.source and not placed.meaning:
        said += ". It knows words only: project.embed() adds what they mean"
    return said + "."
