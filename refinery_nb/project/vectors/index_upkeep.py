"""One index of an embedding, kept in line with its vectors in the background.

While it is written to, nobody waits for it: searches are exact. It is opened, doubted, mended or
made anew here, and what happened is said to whoever searches next.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from refinery_nb.core.errors import StoreBusy, StoreDamaged, StoreError
from refinery_nb.core.vectors import Vectors
from refinery_nb.project.vectors.index_child import ChildGone
from refinery_nb.project.vectors.index_picture import (
    Index,
    Picture,
    as_rows,
    difference,
    made,
    within,
)
from refinery_nb.store import payloads as stored
from refinery_nb.vectors import filters
from refinery_nb.vectors.array import Hashes, Rows
from refinery_nb.vectors.exact import ExactStore
from refinery_nb.vectors.held import Held
from refinery_nb.vectors.store import Filter, Hits, Ints, Values

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

PAGE = 4_096  # vectors that are handed over at once
LATER = 60.0  # seconds: what another process has, or a server that is away, is tried again
CRASHES = 3  # of its process, before it is left alone

_alive: weakref.WeakSet[Upkeep] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    # Before their children are ended: that must not look like damage.
    for one in list(_alive):
        one.end()


class Upkeep:
    """The index of one embedding.

    Parameters
    ----------
    name
        Of the embedding.
    folder
        Of the notes of the index, and of the index unless a server has it.
    start
        Gives the index, not opened yet; what it gets ends its work when it is set.

    Attributes
    ----------
    state
        ``new``; ``working``; ``ready``; ``elsewhere`` (another process has it); ``failed``.
    """

    def __init__(
        self,
        project: Project,
        name: str,
        folder: Path,
        start: Callable[[threading.Event], Index],
    ) -> None:
        self._project = project
        self._name = name
        self._folder = folder
        self._start = start
        self._pid = os.getpid()
        self._picture: Picture | None = None
        self._crashes = 0
        self._again = 0.0
        self._said: list[str] = []
        self._told: set[str] = set()
        self._closed = threading.Event()
        self._turn = threading.Condition()
        self._wanted = self._begun = self._done = 0
        self.state = "new"
        _alive.add(self)
        # One thread for as long as it lives: its child would end with it.
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    @property
    def picture(self) -> Picture | None:
        """What the index holds; None if it cannot be asked now."""
        if self._picture is None and self.state in ("new", "elsewhere", "failed"):
            now = time.monotonic()
            if now > self._again:
                self._again = now + LATER
                self.wake()
        return self._picture if os.getpid() == self._pid else None

    def said(self) -> list[str]:
        """Return what is to be told, each once."""
        said, self._said = self._said, []
        fresh = [one for one in said if one not in self._told]
        self._told.update(fresh)
        return fresh

    def wake(self) -> None:
        """Bring the index in line, in the background."""
        with self._turn:
            # What is being done may have begun before whatever has changed now.
            self._wanted = max(self._wanted, self._begun + 1)
            self._turn.notify_all()

    def wait(self) -> None:
        """Bring the index in line, and return when that has been done or has failed."""
        self.wake()
        with self._turn:
            goal = self._wanted
            # In steps: an interrupt ends the waiting, not the work.
            while self._done < goal and not self._closed.is_set():
                self._turn.wait(0.1)

    def ask(self, picture: Picture, queries: Values, k: int, where: Filter | None) -> Hits | None:
        """Return what the index finds; None if it cannot be asked now."""
        try:
            return picture.index.search(queries, k, where)
        except StoreBusy:
            return None
        except StoreError as error:
            if self._picture is picture and not self._closed.is_set():
                self._picture = None
                self._crashes += isinstance(error, StoreDamaged)
                self._said.append(f"its index has failed: {error.message} The search was exact.")
                self.wake()
            return None

    def end(self) -> None:
        """Begin to let go of it."""
        self._closed.set()
        if os.getpid() == self._pid:
            with self._turn:
                self._turn.notify_all()

    def close(self) -> None:
        """Let go of it; closing twice is harmless."""
        self.end()
        if os.getpid() == self._pid and threading.current_thread() is not self._thread:
            self._thread.join()

    # --- in the background ------------------------------------------------------------------------

    def _live(self) -> None:
        index: Index | None = None
        while True:
            with self._turn:
                while self._done >= self._wanted and not self._closed.is_set():
                    self._turn.wait()
                self._begun = goal = self._wanted
                self.state = "working"
            if self._closed.is_set():
                break
            state = "failed"
            try:
                index = self._work(index)
                state = "ready"
            except StoreBusy:
                index, state = None, "elsewhere"
                self._said.append("another kernel has its index open; here the search is exact.")
            except Exception as error:  # in a thread nobody else would see it
                index = None
                if not self._closed.is_set():
                    self._said.append(f"it is searched without its index: {error}")
            with self._turn:
                self._again = time.monotonic() + LATER
                self._done, self.state = goal, state
                self._turn.notify_all()
        self._picture = None
        _close(index)

    def _work(self, index: Index | None) -> Index:
        """Bring the index in line; if it is damaged, make it anew."""
        while True:
            if self._crashes >= CRASHES:
                _close(index)
                raise StoreError("its process has crashed too often; open the project again.")
            try:
                return self._in_line(index)
            except StoreDamaged as error:
                index = None
                self._crashes += 1
                if self._closed.is_set():
                    raise
                # What its process had finished is still there, unless that is what ended it.
                if self._crashes > 1 or not isinstance(error, ChildGone):
                    self._said.append(_anew(error.message))
                    Held(self._folder).clear()

    def _in_line(self, index: Index | None) -> Index:
        """Open the index unless it is open, and write to it what has changed."""
        project = self._project
        row = project.embeddings.row(self._name)
        vectors, marks = project.embeddings.marked(row)
        picture, self._picture = self._picture, None
        if index is None or picture is None or picture.made != made(row) or index.reading:
            _close(index)
            index, picture = self._start(self._closed), None
        try:
            if picture is None:
                with project.database.read() as connection:
                    begun = stored.now(connection)
                opened = index.open(made(row), row.dim, begun)
                if opened.doubt:
                    self._said.append(_anew(opened.doubt))
                rows, seen, whole = opened.rows, opened.seen, opened.whole
            else:
                rows, seen, whole = picture.rows, picture.seen, True
            if not index.reading:
                seen = self._write(index, rows, seen, vectors, marks, whole=whole)
                rows = as_rows(vectors, marks)
        except BaseException:
            _close(index)
            raise
        self._picture = Picture(index, made(row), rows, seen)
        return index

    def _write(
        self,
        index: Index,
        rows: Rows,
        seen: stored.Seen,
        vectors: Vectors,
        marks: Hashes,
        *,
        whole: bool,
    ) -> stored.Seen:
        """Write what has changed into the index; return up to where its payloads are now."""
        project = self._project
        fresh, stale = difference(rows, vectors, marks)
        with project.database.read() as connection:
            now = stored.now(connection)
            changed = stored.since(connection, seen) if len(rows) else np.zeros(0, np.int64)
        gone = stale[~within(stale, vectors.records)]
        kept = np.setdiff1d(vectors.records, vectors.records[fresh], assume_unique=True)
        relabelled = np.intersect1d(changed, kept, assume_unique=True)
        if whole and not len(fresh) and not len(gone) and not len(relabelled):
            return now
        index.add_fields(filters.fields(project.attributes, project.schemas))
        if len(gone):
            index.delete(gone)
        for first in range(0, len(fresh), PAGE):
            at = fresh[first : first + PAGE]
            part = Vectors(vectors.records[at], np.asarray(vectors.values[at]))
            index.upsert(part, marks[at], self._payloads(part.records))
        for first in range(0, len(relabelled), PAGE):
            ids = relabelled[first : first + PAGE]
            index.set_payloads(ids, self._payloads(ids))
        index.finish(now, ExactStore(vectors).count())
        return now

    def _payloads(self, ids: Ints) -> list[dict[str, object]]:
        project = self._project
        attributes = [one for one in project.attributes if one.type in filters.KINDS]
        with project.database.read() as connection:
            found = stored.payloads(connection, attributes, project.schemas, ids)
        return [{name: filters.payload_value(v) for name, v in one.items()} for one in found]


def _close(index: Index | None) -> None:
    if index is not None:
        with suppress(StoreError):
            index.close()


def _anew(doubt: str) -> str:
    return f"its index is made anew: {doubt} No vector and no label is touched."
