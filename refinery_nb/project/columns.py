"""Vote columns in memory: read once per version, shared by views, reports and cards."""

from __future__ import annotations

import threading

from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Votes
from refinery_nb.store import heuristics, weak
from refinery_nb.store.db import Database

KEPT = 4_000  # columns; a rule with 1,000 hits takes about 30 kB


class VoteColumns:
    """The votes of heuristic versions and of weak runs, each decompressed once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._votes: dict[tuple[str, int, int], Votes] = {}

    def of_task(self, task: TaskSchema, *, enabled_only: bool = True) -> dict[str, Votes]:
        """Return the votes of each heuristic of a task, by name, in the order of arrival."""
        with self._database.read() as connection:
            rows = heuristics.heuristics(connection, task.id)
            found = {}
            for row in rows:
                if not row.enabled and enabled_only:
                    continue
                key = ("heuristic", row.version, row.seen)
                if key not in self._votes:
                    self._keep(key, heuristics.votes(connection, row.version, spans=task.is_spans))
                found[row.name] = self._votes[key]
        return found

    def versions(self, task: TaskSchema) -> tuple[object, ...]:
        """Return what changes whenever a vote of the task, or who takes part, does."""
        with self._database.read() as connection:
            rows = heuristics.heuristics(connection, task.id)
        return tuple((row.name, row.version, row.seen, row.enabled) for row in rows)

    def weak(self, run: int) -> Votes:
        """Return the weak labels of a run."""
        key = ("weak", run, 0)
        if key not in self._votes:
            with self._database.read() as connection:
                self._keep(key, weak.votes(connection, run))
        return self._votes[key]

    def last_run(self, task: TaskSchema) -> int | None:
        """Return the id of the newest run of weak supervision of a task."""
        with self._database.read() as connection:
            runs = weak.runs(connection, task.id)
        return runs[-1].id if runs else None

    def _keep(self, key: tuple[str, int, int], votes: Votes) -> None:
        with self._lock:
            if len(self._votes) >= KEPT:
                self._votes.clear()
            self._votes[key] = votes
