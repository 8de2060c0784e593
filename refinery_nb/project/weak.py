"""Weak labels: what a label model makes of the votes, each run kept as a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refinery_nb.core.query import WeakField
from refinery_nb.core.votes import Votes
from refinery_nb.project import frames, labeling, rules
from refinery_nb.store import weak as stored
from refinery_nb.store.weak import WeakRunRow

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.task import Task


class WeakRun:
    """One run of weak supervision.

    Attributes
    ----------
    label, confidence
        Fields for views: ``project.where(weak.confidence < 0.6)``.
    model, at, options
        The label model, when it ran, and with what.
    """

    def __init__(self, task: Task, row: WeakRunRow) -> None:
        self.task = task
        self.id = row.id
        self.model = row.model
        self.at = row.at
        self.options = row.options
        self.label = WeakField(task.name, row.id, "label")
        self.confidence = WeakField(task.name, row.id, "confidence")

    @property
    def votes(self) -> Votes:
        """The weak labels as columns."""
        return self.task.project.columns.weak(self.id)

    def frame(self) -> pd.DataFrame:
        """Return ``key, label, confidence`` of all records, the label missing on abstention.

        For spans: ``key, start, end, label, confidence`` of the spans.
        """
        frame = frames.votes_frame(self.task, self.votes)
        if self.task.schema.is_spans:
            return frame
        project = self.task.project
        keys = frames.keys(project, project.view().ids().tolist())
        # Ids ascend in both, so a plain reindex keeps the order of the records.
        frame = frame.set_index(self.votes.record).reindex(list(keys))
        frame["key"] = list(keys.values())
        frame["label"] = frame["label"].astype(object).where(frame["label"].notna(), None)
        return frame.reset_index(drop=True)

    def __len__(self) -> int:
        return len(self.votes)

    def __repr__(self) -> str:
        votes, total = self.votes, len(self.task.project)
        records = len(set(votes.record.tolist()))
        share = f" ({records / total:.1%})" if total else ""
        sure = f", mean confidence {votes.confidence.mean():.2f}" if len(votes) else ""
        what = f"{len(votes):,} spans in " if votes.start is not None else ""
        return (
            f"Weak labels of {self.task.name!r} by {self.model}: "
            f"{what}{records:,} of {total:,} records{share}{sure}"
        )


def supervise(task: Task, *, model: str, **options: Any) -> WeakRun:
    """Combine the votes of the enabled heuristics, store the result and return it."""
    from refinery_nb.supervision import supervise as combine

    project, schema = task.project, task.schema
    matrix = rules.matrix(task, None)
    reference, _ = frames.gold_columns(task)
    overlap = options.pop("overlap", schema.overlap)
    votes = combine(matrix, reference, model=model, overlap=overlap, **options)
    used = {row.name: row.version for row in rules.rows(task) if row.enabled}
    kept = {"heuristics": used, "gold": len(reference.reviewed), **options}
    with project.database.write() as connection:
        stored.save(connection, task.id, model, kept, votes, at=labeling.now())
    project.events.emit("votes", task=task.id)
    return runs(task)[-1]


def runs(task: Task) -> list[WeakRun]:
    """Return all runs of a task, oldest first."""
    with task.project.database.read() as connection:
        return [WeakRun(task, row) for row in stored.runs(connection, task.id)]
