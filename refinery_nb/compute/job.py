"""A piece of work on its own thread: its progress, its end, and how to stop it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is; ``rate`` in units a second."""

    done: int
    total: int
    rate: float


class Job(Generic[Result]):
    """Run ``call(job)`` on a thread; the call reports to the job and looks at ``cancelled``.

    >>> Job(lambda job: 6 * 7).result()
    42
    """

    def __init__(self, call: Callable[[Job[Result]], Result]) -> None:
        self.cancelled = threading.Event()
        self._began = time.monotonic()
        self._done = 0
        self._total = 0
        self._value: Result | None = None
        self._error: BaseException | None = None
        # Not Thread.join: interrupted, it takes the thread for ended (Python 3.11).
        self._ended = threading.Event()
        threading.Thread(target=self._run, args=(call,), daemon=True).start()

    def _run(self, call: Callable[[Job[Result]], Result]) -> None:
        try:
            self._value = call(self)
        except BaseException as error:
            self._error = error
        finally:
            self._ended.set()

    def report(self, done: int, total: int) -> None:
        """Say how far the work is; called by the work."""
        self._done, self._total = done, total

    @property
    def progress(self) -> Progress:
        """How far the work is."""
        seconds = max(time.monotonic() - self._began, 1e-9)
        return Progress(self._done, self._total, self._done / seconds)

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return not self._ended.is_set()

    def cancel(self) -> None:
        """Ask the work to stop soon."""
        self.cancelled.set()

    def result(self, timeout: float | None = None) -> Result:
        """Wait for the end and return what the call returned, or raise what it raised.

        An interrupt of the waiting cell cancels the work, waits until it has stopped, and goes on.

        Raises
        ------
        TimeoutError
            If the work is not done after ``timeout`` seconds; it goes on.
        """
        try:
            self._ended.wait(timeout)
        except KeyboardInterrupt:
            self.cancel()
            self._ended.wait()
            raise
        if self.running:
            raise TimeoutError(f"the job is not done after {timeout} s.")
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]
