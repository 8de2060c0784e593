"""A learner as a heuristic of a task: what it may be, and what it votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.active.tagger import SpanBeliefs
from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics.active import ActiveLearner
from refinery_nb.project.learning import learning_spans
from refinery_nb.project.learning.learning_classes import NO_VECTORS
from refinery_nb.project.models.asking import Outcome
from refinery_nb.project.rules import foreign
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.task import Task


def votes(task: Task, row: HeuristicRow) -> Outcome:
    """Return the votes of a learner on all records, learnt from the labels that stand."""
    foreign.refuse(task.project, {row.name: row.spec})
    return learnt(task, ActiveLearner.from_spec(row.spec))


def learnt(task: Task, learner: ActiveLearner) -> Outcome:
    """Return what a learner votes; asked for here, so that its code may run."""
    task.project.learning.admit(learner)
    lesson = task.project.learning.lesson(task, learner)
    schema = task.schema
    wanted = None
    if learner.labels is not None:
        wanted = [schema.label(name).id for name in learner.labels]
    sure = learner.sure(spans=schema.is_spans)
    if isinstance(lesson.beliefs, SpanBeliefs):
        found = lesson.beliefs.votes(min_confidence=sure, labels=wanted, overlap=schema.overlap)
    else:
        found = lesson.beliefs.votes(min_confidence=sure, labels=wanted)
    return Outcome(found, message=lesson.message)


def tried(task: Task, learner: ActiveLearner, ids: Sequence[int]) -> pd.DataFrame:
    """Return what a learner says of some records; nothing is kept."""
    import pandas as pd

    check(task, learner)
    found = learnt(task, learner).votes.of_records(np.array(ids, np.int64))
    schema, frame = task.schema, task.project.frame(ids)
    names = {label.id: label.name for label in schema.labels}
    texts = frame[schema.on].tolist() if schema.on is not None else []
    place = {record: at for at, record in enumerate(ids)}
    said: dict[int, list[tuple[Any, float]]] = {record: [] for record in ids}
    for at, record in enumerate(found.record.tolist()):
        vote: Any = names[int(found.label[at])]
        if found.start is not None and found.end is not None:
            text = str(texts[place[record]])
            vote = (vote, text[int(found.start[at]) : int(found.end[at])])
        said[record].append((vote, round(float(found.confidence[at]), 4)))
    votes = [[vote for vote, _ in one] for one in said.values()]
    sure = [min((confidence for _, confidence in one), default=None) for one in said.values()]
    plain = (
        votes if schema.is_spans or schema.is_multi else [one[0] if one else None for one in votes]
    )
    shown = (frame[[schema.on]] if schema.on is not None else frame).reset_index()
    shown["vote"] = pd.Series(plain, dtype=object)
    shown["confidence"] = pd.Series(sure, dtype=object)
    return shown


def check(task: Task, learner: ActiveLearner) -> None:
    """Refuse a learner of what does not exist, before it is added.

    Raises
    ------
    RefineryError
        If there is no such attribute, embedding or label, or it learns another kind of task.
    """
    project, schema = task.project, task.schema
    if learner.spans is not None and learner.spans != schema.is_spans:
        kind = "spans" if learner.spans else "classes"
        raise HeuristicError(f"{learner.name!r} learns {kind}; {task.name!r} is another task.")
    if learner.on is not None:
        attribute = project.attribute(learner.on)
        if not attribute.type.is_string:
            raise HeuristicError(
                f"{learner.on!r} is of the type {attribute.type.value}; a learner learns from "
                "texts."
            )
        if schema.is_spans and learner.on != schema.on:
            raise HeuristicError(
                f"the spans of {task.name!r} lie in {schema.on!r}; the learner looks at "
                f"{learner.on!r}.",
                hint="Leave out the attribute.",
            )
    for label in learner.labels or ():
        schema.label(label)
    if learner.embedding is not None:
        row = project.embeddings.row(learner.embedding)
        if schema.is_spans:
            learning_spans.token_embedding(task, learner.embedding)
        elif row.level != "record":
            raise HeuristicError(NO_VECTORS.format(name=row.name, level=row.level))
    project.learning.admit(learner)


def renamed(spec: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return a spec with a renamed label in the choice of labels of a learner."""
    if not spec.get("labels"):
        return dict(spec)
    found = [new if one == old else one for one in spec["labels"]]
    return {**spec, "labels": list(dict.fromkeys(found))}
