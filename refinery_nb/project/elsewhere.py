"""What other kernels do to a project is told as if it had been done here, a moment later."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import StoreError
from refinery_nb.store import elsewhere, labels
from refinery_nb.store.identity import DATABASE

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

log = logging.getLogger(__name__)

EVERY = 0.7  # s between two looks at the files
MOST = 1_000  # changes of labels that are told one by one

_watches: weakref.WeakKeyDictionary[Project, Elsewhere] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def follow(project: Project) -> Callable[[], None]:
    """Have a project tell what other kernels do, while somebody listens; return how to stop it.

    Nothing has to be followed in memory: nobody else can write there.
    """
    if project.root is None:
        return lambda: None
    with _lock:
        watch = _watches.get(project)
        if watch is None:
            watch = _watches[project] = Elsewhere(project)
        watch.begin()
    return watch.end


class Elsewhere:
    """Looks whether the files of a project have changed, and tells what other kernels wrote.

    A label that was set here meanwhile may be told once more; it says the same.
    """

    def __init__(self, project: Project) -> None:
        self._project = weakref.ref(project)
        self._listeners = 0
        self._stop = threading.Event()
        self._own: set[str] = set()  # events of this kernel since the last look
        self._own_ops: set[str] = set()
        self._last = 0
        self._marks: dict[str, tuple[Any, ...]] = {}
        self._stops: list[Callable[[], None]] = []

    def begin(self) -> None:
        """Count one more listener; with the first one the watch begins."""
        self._listeners += 1
        project = self._project()
        if self._listeners > 1 or project is None:
            return
        self._stop = threading.Event()
        with project.database.read() as connection:
            self._last = elsewhere.last(connection)
            self._marks = elsewhere.marks(connection)
        events = project.events
        self._stops = [
            events.subscribe("labels", self._labelled),
            *(events.subscribe(name, self._noted(name)) for name in elsewhere.MARKS),
        ]
        threading.Thread(
            target=self._watch, args=(self._stop, self._files()), name="elsewhere", daemon=True
        ).start()

    def end(self) -> None:
        """Count one listener less; with the last one the watch ends."""
        with _lock:
            self._listeners -= 1
            if self._listeners > 0:
                return
            self._stop.set()
            for stop in self._stops:
                stop()
            self._stops = []

    def look(self) -> None:
        """Tell what other kernels have written since the last look."""
        project = self._project()
        if project is None:
            return
        # Taken before the look: what is noted during it is of this kernel too.
        own, self._own = self._own, set()
        with project.database.read() as connection:
            until = elsewhere.last(connection)
            rows = elsewhere.since(connection, self._last, until, MOST)
            foreign = [row for row in rows if row[0] not in self._own_ops]
            changed = list(dict.fromkeys(row[1:] for row in foreign))
            changes = [labels.change(connection, *one) for one in changed]
            marks = elsewhere.marks(connection)
        self._last = until
        self._own_ops.clear()
        before, self._marks = self._marks, marks
        told = {name for name in marks if marks[name] != before[name]} - own - self._own
        for name in sorted(told):
            project.events.emit(name, **({"name": ""} if name == "vectors" else {}))
        if changes:
            op_ids = list(dict.fromkeys(row[0] for row in foreign))
            project.events.emit("labels", changes=changes, op_ids=op_ids)
        # What was told here has been heard by ourselves too.
        self._own -= told
        self._own_ops.clear()

    def _watch(self, stop: threading.Event, seen: object) -> None:
        while not stop.wait(EVERY):
            now = self._files()
            if now == seen:
                continue
            try:
                self.look()
            except StoreError:
                return  # it was closed
            except Exception:
                log.exception("what other kernels did could not be read")
            seen = now

    def _files(self) -> object:
        project = self._project()
        if project is None or project.root is None:
            self._stop.set()
            return None
        found = []
        for name in (DATABASE, f"{DATABASE}-wal"):
            try:
                told = os.stat(project.root / name)
            except OSError:
                continue
            found.append((told.st_mtime_ns, told.st_size))
        return found

    def _labelled(self, event: dict[str, Any]) -> None:
        self._own_ops.update(event["op_ids"])

    def _noted(self, name: str) -> Callable[[dict[str, Any]], None]:
        return lambda _event: self._own.add(name)
