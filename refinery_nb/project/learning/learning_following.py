"""The thread on which learners follow the labels of people."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import StoreError

if TYPE_CHECKING:
    from refinery_nb.core.events import Events

log = logging.getLogger(__name__)

QUIET = 0.15  # seconds without a label, before it is learnt again
LONGEST = 0.5  # seconds that labels that keep coming can put it off
STOP = 30.0  # seconds that closing waits for the work to notice


class Stopped(Exception):
    """The project is being closed: what was being learnt is given up."""


class Following:
    """Calls ``learn(task id)`` on a thread of its own soon after the labels of a task changed.

    Either what people say, or what the task's labels are called.

    The thread ends when nothing is left to learn, and is started again by the next label: who
    labels does nothing but note that. Labels that come while it works are learnt after it.
    """

    def __init__(
        self, events: Events, learn: Callable[[int], None], tasks: Callable[[], Iterable[int]]
    ) -> None:
        self._learn = learn
        self._tasks = tasks
        self._changed = threading.Condition()
        self._waiting: dict[int, float] = {}  # task to the time of its first new label
        self._last = 0.0
        self._thread: threading.Thread | None = None
        self._paused = self._began = False
        self.stop = threading.Event()
        events.subscribe("labels", self._heard)
        events.subscribe("schema", self._renamed)

    @property
    def paused(self) -> bool:
        """Whether labels are not followed."""
        return self._paused

    def pause(self) -> None:
        """Note no labels any more; what is being learnt is learnt to its end."""
        with self._changed:
            self._paused = True
            self._waiting.clear()
            self._changed.notify_all()

    def resume(self) -> None:
        """Follow labels again; all of them as if they had changed now."""
        with self._changed:
            self._paused = False
        self.note(self._tasks())

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all labels so far have been learnt from; False if time ran out."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._thread is None and not self._waiting, timeout
            )

    def close(self) -> None:
        """Follow no more, and wait until the thread has given up what it does."""
        self.stop.set()
        with self._changed:
            self._waiting.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(STOP)

    def check(self) -> None:
        """Raise if the work is to be given up."""
        if self.stop.is_set():
            raise Stopped

    def note(self, tasks: Iterable[int]) -> None:
        """Note that labels of these tasks changed."""
        with self._changed:
            if self._paused or self.stop.is_set():
                return
            self._last = time.monotonic()
            for task in tasks:
                self._waiting.setdefault(task, self._last)
            if self._waiting and self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="refinery_nb learning", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def _heard(self, event: dict[str, Any]) -> None:
        self._began = True
        self.note({change.task for change in event["changes"]})

    def _renamed(self, event: dict[str, Any]) -> None:
        del event
        if self._began:  # else nothing was learnt that could have another name now
            self.note(self._tasks())

    def _work(self) -> None:
        while (tasks := self._next()) is not None:
            for task in tasks:
                try:
                    self._learn(task)
                except Stopped:
                    break
                except StoreError:
                    if not self.stop.is_set():
                        log.exception("learning failed")
                except Exception:
                    log.exception("learning failed")

    def _next(self) -> list[int] | None:
        """Wait for a pause in the labels; return the tasks to learn, None if there are none."""
        with self._changed:
            while self._waiting and not self.stop.is_set():
                now = time.monotonic()
                due = min(self._last + QUIET, min(self._waiting.values()) + LONGEST)
                if due <= now:
                    tasks = list(self._waiting)
                    self._waiting.clear()
                    return tasks
                self._changed.wait(due - now)
            self._thread = None
            self._changed.notify_all()
            return None
