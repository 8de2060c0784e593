"""Which heuristics say otherwise than votes that are not stored yet, record by record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refinery_nb.core.votes import Votes

if TYPE_CHECKING:
    from refinery_nb.project.task import Task


@dataclass(frozen=True, slots=True, order=True)
class Contradiction:
    """Another heuristic with another label for the same record, or for a span that meets."""

    heuristic: str
    label: int


def contradictions(task: Task, name: str, votes: Votes) -> dict[int, list[Contradiction]]:
    """Return by record which heuristics in force contradict the votes of ``name``.

    For spans: which mark with another label what a vote of it touches.
    """
    found: dict[int, set[Contradiction]] = {}
    if task.schema.is_multi:  # labels of one record stand beside each other
        return {}
    records = np.unique(votes.record)
    for other, column in task.project.columns.of_task(task.schema).items():
        if other == name or not len(records):
            continue
        theirs = column.of_records(records)
        # Pairs of votes on the same record: both are sorted by it.
        first, last = (votes.record.searchsorted(theirs.record, side) for side in ("left", "right"))
        for at, (start, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
            label, record = int(theirs.label[at]), int(theirs.record[at])
            if any(
                int(votes.label[own]) != label and _meet(votes, own, theirs, at)
                for own in range(start, end)
            ):
                found.setdefault(record, set()).add(Contradiction(other, label))
    return {record: sorted(said) for record, said in found.items()}


def _meet(one: Votes, at: int, other: Votes, there: int) -> bool:
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return True
    return bool(one.start[at] < other.end[there] and one.end[at] > other.start[there])
