"""Votes that nobody computes: those of people who are heuristics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refinery_nb.core.votes import Votes
from refinery_nb.project.columns import annotator_votes as of_annotator
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    from refinery_nb.project.task import Task


def annotator_votes(task: Task, row: HeuristicRow) -> Votes:
    """Return the labels of an annotator as votes, as they are now."""
    with task.project.database.read() as connection:
        return of_annotator(connection, row, task.schema)
