"""Vote columns in memory: read once per version, shared by views, reports and cards."""

from __future__ import annotations

import threading
from collections.abc import Hashable

import numpy as np

from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Votes
from refinery_nb.store import gold, heuristics, relabel, weak
from refinery_nb.store.db import Connection, Database
from refinery_nb.store.heuristics import HeuristicRow

KEPT = 4_000  # columns; a rule with 1,000 hits takes about 30 kB


class VoteColumns:
    """The votes of heuristic versions and of weak runs, each decompressed once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._votes: dict[tuple[str, int, Hashable], Votes] = {}

    def of_task(self, task: TaskSchema, *, enabled_only: bool = True) -> dict[str, Votes]:
        """Return the votes of each heuristic of a task, by name, in the order of arrival."""
        with self._database.read() as connection:
            rows = heuristics.heuristics(connection, task.id)
            epoch = relabel.epoch(connection)
            found = {}
            for row in rows:
                if not row.enabled and enabled_only:
                    continue
                key = ("heuristic", row.version, _seen(connection, row, epoch))
                votes = self._votes.get(key)
                if votes is None:
                    votes = _votes(connection, row, task)
                    self.forget(row.version)
                    self._keep(key, votes)
                found[row.name] = votes
        return found

    def versions(self, task: TaskSchema) -> tuple[object, ...]:
        """Return what changes whenever a vote of the task, or who takes part, does."""
        with self._database.read() as connection:
            rows = heuristics.heuristics(connection, task.id)
            epoch = relabel.epoch(connection)
            return tuple(
                (row.name, row.version, _seen(connection, row, epoch), row.enabled) for row in rows
            )

    def forget(self, version: int) -> None:
        """Read the votes of a heuristic version anew: they were replaced in place."""
        with self._lock:
            for key in [key for key in self._votes if key[:2] == ("heuristic", version)]:
                del self._votes[key]

    def weak(self, run: int) -> Votes:
        """Return the weak labels of a run."""
        with self._database.read() as connection:
            key = ("weak", run, relabel.epoch(connection))
            votes = self._votes.get(key)
            if votes is None:
                votes = weak.votes(connection, run)
                self._keep(key, votes)
        return votes

    def weak_version(self, run: int) -> Hashable:
        """Return what changes whenever the weak labels of a run do."""
        with self._database.read() as connection:
            return (run, relabel.epoch(connection))

    def last_run(self, task: TaskSchema) -> int | None:
        """Return the id of the newest run of weak supervision of a task."""
        with self._database.read() as connection:
            runs = weak.runs(connection, task.id)
        return runs[-1].id if runs else None

    def _keep(self, key: tuple[str, int, Hashable], votes: Votes) -> None:
        with self._lock:
            if len(self._votes) >= KEPT:
                self._votes.clear()
            self._votes[key] = votes


def _seen(connection: Connection, row: HeuristicRow, epoch: int) -> Hashable:
    """Return up to what a column holds votes; people label without that anything is run."""
    if row.spec["kind"] == "annotator":
        return gold.actor_version(connection, row.spec["actor"])
    # Ids are given again after a heuristic was removed; the time is not.
    return (row.at, row.seen, epoch)


def _votes(connection: Connection, row: HeuristicRow, task: TaskSchema) -> Votes:
    if row.spec["kind"] == "annotator":
        return annotator_votes(connection, row, task)
    return heuristics.votes(connection, row.version, spans=task.is_spans)


def annotator_votes(connection: Connection, row: HeuristicRow, task: TaskSchema) -> Votes:
    """Return the labels of the person that a heuristic stands for, as they are now."""
    votes = gold.of_actor(connection, task, row.spec["actor"])
    sure = np.full(len(votes), row.spec.get("confidence", 1.0), dtype=np.float32)
    return Votes(votes.record, votes.label, sure, votes.start, votes.end)
