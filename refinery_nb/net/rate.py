"""How often something may be asked: requests and tokens in any minute."""

from __future__ import annotations

import threading
import time
from collections import deque

from refinery_nb.core.errors import InputError

MINUTE = 60.0
SOON = 1e-3  # seconds: not waited for, nor are rounding errors


class Clock:
    """The time that passes; a test has one of its own."""

    def now(self) -> float:
        """Return seconds since whenever."""
        return time.monotonic()

    def wait(self, seconds: float, cancel: threading.Event | None = None) -> None:
        """Wait, at most until ``cancel`` is set."""
        if cancel is None:
            time.sleep(seconds)
        else:
            cancel.wait(seconds)


class Rate:
    """Let through at most so many requests and tokens in any 60 seconds; for many threads.

    What a request costs in tokens is known when it is answered, so a minute may run over by
    those that are out when the limit is reached; the next ones wait for it.
    """

    def __init__(self, requests: float | None, tokens: float | None, clock: Clock) -> None:
        for value, what in ((requests, "rate"), (tokens, "token_rate")):
            if value is not None and not value > 0:
                raise InputError(f"{what}={value!r}; a rate is a number above 0, each minute.")
        self._requests, self._tokens = requests, tokens
        self._clock = clock
        self._lock = threading.Lock()
        self._begun: deque[float] = deque()
        self._spent: deque[tuple[float, int]] = deque()

    def enter(self, cancel: threading.Event | None = None) -> None:
        """Wait until a request may begin, and count it; return at once when cancelled."""
        while cancel is None or not cancel.is_set():
            with self._lock:
                seconds = self._left()
                if seconds <= SOON:
                    self._begun.append(self._clock.now())
                    return
            self._clock.wait(seconds, cancel)

    def spend(self, tokens: int) -> None:
        """Count the tokens of an answer."""
        if self._tokens is not None and tokens > 0:
            with self._lock:
                self._spent.append((self._clock.now(), tokens))

    def _left(self) -> float:
        """Return the seconds until the next request may begin."""
        now = self._clock.now()
        while self._begun and self._begun[0] + MINUTE - now <= SOON:
            self._begun.popleft()
        while self._spent and self._spent[0][0] + MINUTE - now <= SOON:
            self._spent.popleft()
        waits = [0.0]
        if self._requests is not None and len(self._begun) + 1 > max(1.0, self._requests):
            waits.append(self._begun[0] + MINUTE - now)
        if self._tokens is not None and sum(spent for _, spent in self._spent) >= self._tokens:
            waits.append(self._spent[0][0] + MINUTE - now)
        # Below one a minute the minute itself is longer.
        if self._requests is not None and self._requests < 1 and self._begun:
            waits.append(self._begun[-1] + MINUTE / self._requests - now)
        return max(waits)
