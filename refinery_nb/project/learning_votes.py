"""A learner as a heuristic of a task: what it may be, and what it votes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refinery_nb.active.tagger import SpanBeliefs
from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics.active import ActiveLearner
from refinery_nb.project import foreign, learning_spans
from refinery_nb.project.asking import Outcome
from refinery_nb.project.learning_classes import NO_VECTORS
from refinery_nb.store import heuristics
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    from refinery_nb.project.task import Task


def votes(task: Task, row: HeuristicRow) -> Outcome:
    """Return the votes of a learner on all records, learnt from the labels that stand."""
    learner = ActiveLearner.from_spec(row.spec)
    foreign.refuse(task.project, {row.name: row.spec})
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


def rename_label(task: Task, old: str, new: str) -> None:
    """Carry a renamed label into the label filters of learners."""
    with task.project.database.write() as connection:
        for row in heuristics.heuristics(connection, task.id):
            labels = row.spec.get("labels") if row.spec["kind"] == ActiveLearner.kind else None
            if labels and old in labels:
                spec = {**row.spec, "labels": [new if one == old else one for one in labels]}
                fingerprint = ActiveLearner.from_spec(spec).fingerprint
                heuristics.set_spec(connection, row.version, spec, fingerprint)
