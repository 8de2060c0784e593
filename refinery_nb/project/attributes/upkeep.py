"""Calculated attributes kept up to date: few records at once, of many it is said how many."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics.calculated import Calculated
from refinery_nb.project.attributes import calculate
from refinery_nb.project.rules import following, foreign
from refinery_nb.store import attributes as stored
from refinery_nb.store import records
from refinery_nb.store.attributes import CalculatedRow
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

log = logging.getLogger(__name__)

MOST = 10_000  # records of an attribute that are calculated without being asked
SECONDS = 5.0  # after which that is given up, and the rest is told
PASSES = 3  # as one attribute may use another


class Upkeep:
    """Calculates what an attribute lacks as soon as records, its function or its lists change.

    Only one that was calculated before: the first time somebody asks for it. Code of somebody
    else's project waits for trust, one that failed for a change of its function or to be asked, and
    what is more than ``MOST`` records or ``SECONDS`` to be asked, too: ``told`` says so.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._busy = False
        for name in ("records", "lookups"):
            project.events.subscribe(name, self._heard)

    def follow(self, *redefined: str) -> None:
        """Calculate what is out of date; ``redefined``: names whose function has changed."""
        with self._lock:
            if self._busy:  # what it writes is news, of which it is told itself
                return
            self._busy = True
        try:
            for _ in range(PASSES):
                if not self._passed(redefined):
                    break
                redefined = ()
        except Exception:
            log.exception("calculated attributes could not follow; they are out of date")
        finally:
            self._busy = False

    def late(self) -> dict[str, int]:
        """Return how many records each calculated attribute is to be calculated for, if any."""
        return {row.name: count for row, count in self._late()}

    def told(self) -> list[str]:
        """Return a line for each calculated attribute that is out of date, with the remedy."""
        total, late = len(self._project), self._late()
        untrusted = foreign.untrusted(self._project, {row.name: row.spec for row, _ in late})
        lines = []
        for row, count in late:
            what = "not calculated yet" if row.state == "new" else "out of date"
            why = f" ({row.message:.120})" if row.state == "failed" else ""
            verb = "trust" if row.name in untrusted else "calculate"
            lines.append(
                f"  {row.name}: {count:,} of {total:,} records are {what}{why}: "
                f"project.fields.{verb}({row.name!r})"
            )
        return lines

    def _heard(self, event: dict[str, Any]) -> None:
        del event
        self.follow()

    def _late(self) -> list[tuple[CalculatedRow, int]]:
        """Return the calculated attributes that are out of date, and for how many records."""
        found = []
        with self._project.database.read() as connection:
            for row in stored.calculated(connection).values():
                if row.state == "new" or _moved(connection, row):
                    count = records.count(connection)
                else:
                    count = stored.late(connection, row.seen)
                if count:
                    found.append((row, count))
        return found

    def _passed(self, redefined: tuple[str, ...]) -> bool:
        """Calculate once what may be; return whether anything was calculated."""
        due = [
            row
            for row, count in self._late()
            if count <= MOST and (row.state == "finished" or row.name in redefined)
        ]
        untrusted = foreign.untrusted(self._project, {row.name: row.spec for row in due})
        due = [row for row in due if row.name not in untrusted]
        if not due:
            return False
        cancel = threading.Event()
        timer = threading.Timer(SECONDS, cancel.set)
        timer.daemon = True
        timer.start()
        try:
            states = [calculate.brought_up(self._project, row, cancel=cancel)[0] for row in due]
        finally:
            timer.cancel()
        return "finished" in states and not cancel.is_set()


def _moved(connection: Connection, row: CalculatedRow) -> bool:
    """Say whether a lookup list that an attribute uses says something else than it did."""
    if not row.spec.get("lists"):
        return False
    try:
        return following.stamped(connection, Calculated.from_spec(row.spec))[1] != row.hash
    except HeuristicError:
        return False  # its list is gone: who calculates it is told
