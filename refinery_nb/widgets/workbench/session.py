"""What one Workbench shows: a record, its place among the others, and the cell that runs on it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.compute.limits import Limits
from refinery_nb.core.errors import QueryError
from refinery_nb.project.project import Project
from refinery_nb.project.records.cell import Ran, run_cell
from refinery_nb.project.records.keys import key_text
from refinery_nb.project.view import View
from refinery_nb.widgets.workbench import sheet

Ints = NDArray[np.int64]


class WorkbenchSession:
    """The kernel's side of one Workbench; one cell runs at most."""

    def __init__(
        self,
        project: Project,
        view: View | None,
        key: Any,
        *,
        by: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.project = project
        self.view = view if view is not None else project.view()
        self.actor = by or project.actor
        self.limits = limits
        self._ids: Ints | None = None
        self._lock = threading.Lock()
        self._running: threading.Event | None = None
        self.record: int | None = None
        if key is not None:
            self.record = sheet.record_of(project, key_text(project, key))

    @property
    def ids(self) -> Ints:
        """The records to go through, in order, as they were when they were first asked for."""
        if self._ids is None:
            self._ids = self.view.ids()
        return self._ids

    def renew(self) -> None:
        """Ask for the records anew: some came or went."""
        self._ids = None

    def first(self) -> int | None:
        """Return the record that is shown first; None if there is none."""
        if self.record is None and len(self.ids):
            self.record = int(self.ids[0])
        return self.record

    def at(self, place: int) -> int:
        """Return the record at a place among those to go through.

        Raises
        ------
        QueryError
            If there is none.
        """
        if not 0 <= place < len(self.ids):
            raise QueryError(f"there are {len(self.ids):,} records here; none is number {place:,}.")
        return int(self.ids[place])

    def place(self, record: int) -> int | None:
        """Return the place of a record; None if it is not among those to go through."""
        found = np.flatnonzero(self.ids == record)
        return int(found[0]) if len(found) else None

    def told(self, record: int | None) -> dict[str, Any]:
        """Show a record, and return it with its place; without one if it is gone."""
        found = None if record is None else sheet.sheet(self.project, record)
        if found is not None:
            self.record = record
        return {
            "record": found,
            "at": None if record is None or found is None else self.place(record),
            "count": len(self.ids),
        }

    def run(self, record: int, source: str) -> Ran:
        """Run a cell on a record; the one before it is ended, as nobody waits for it."""
        with self._lock:
            if self._running is not None:
                self._running.set()
            cancel = self._running = threading.Event()
        return run_cell(self.project, record, source, limits=self.limits, cancel=cancel)

    def stop(self) -> None:
        """End the cell that runs, soon."""
        with self._lock:
            if self._running is not None:
                self._running.set()
