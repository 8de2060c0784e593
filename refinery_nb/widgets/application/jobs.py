"""Work of the application that takes a while: what runs, how far it is, and how to stop it."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from refinery_nb.compute.job import Job
from refinery_nb.core.errors import QueryError, RefineryError

log = logging.getLogger(__name__)

EVERY = 0.2  # s between two words about progress
KEPT = 20  # jobs that have ended

State = Literal["running", "done", "cancelled", "failed"]
# Does the work, told how to say (done, total) and what is set when it should end; returns what
# came of it in a few words.
Work = Callable[[Callable[[int, int], None], threading.Event], str]


@dataclass(slots=True)
class Entry:
    """One job; ``total`` is 0 while it is not known, ``told`` what came of it."""

    id: int
    title: str
    state: State = "running"
    done: int = 0
    total: int = 0
    told: str = ""


class Jobs:
    """The jobs of one project in this kernel.

    Parameters
    ----------
    changed
        Called on any thread with the entry that has changed.
    """

    def __init__(self, changed: Callable[[Entry], None]) -> None:
        self._changed = changed
        self._ids = itertools.count(1)
        self._entries: dict[int, Entry] = {}
        self._running: dict[int, Job[None]] = {}
        self._lock = threading.Lock()

    def start(self, title: str, work: Work) -> int:
        """Begin a job and return its id.

        Raises
        ------
        QueryError
            If one of the same title is under way.
        """
        with self._lock:
            if any(one.title == title and one.state == "running" for one in self._all()):
                raise QueryError(f"{title!r} is under way.", hint="Wait for its end, or cancel it.")
            entry = Entry(next(self._ids), title)
            self._entries[entry.id] = entry
            for old in [one.id for one in self._all() if one.state != "running"][:-KEPT]:
                del self._entries[old]
            self._running[entry.id] = Job(lambda job: self._run(entry, work, job))
        self._changed(entry)
        return entry.id

    def cancel(self, id_: int) -> None:
        """Ask a job to end soon; nothing happens if it has ended."""
        job = self._running.get(id_)
        if job is not None:
            job.cancel()

    def cancel_all(self) -> None:
        """Ask all jobs to end soon."""
        for id_ in list(self._running):
            self.cancel(id_)

    def rows(self) -> list[dict[str, Any]]:
        """Return all jobs as plain JSON, the newest first."""
        with self._lock:
            return [asdict(one) for one in reversed(self._all())]

    def _all(self) -> list[Entry]:
        return list(self._entries.values())

    def _run(self, entry: Entry, work: Work, job: Job[None]) -> None:
        said = 0.0

        def report(done: int, total: int) -> None:
            nonlocal said
            entry.done, entry.total = done, total
            if time.monotonic() - said >= EVERY:
                said = time.monotonic()
                self._changed(entry)

        try:
            entry.told = work(report, job.cancelled)
            entry.state = "cancelled" if job.cancelled.is_set() else "done"
        except RefineryError as error:
            entry.told = str(error)
            entry.state = "cancelled" if job.cancelled.is_set() else "failed"
        except Exception as error:
            log.exception("the job %r failed", entry.title)
            entry.told, entry.state = f"{type(error).__name__}: {error}", "failed"
        finally:
            self._running.pop(entry.id, None)
            self._changed(entry)
