"""Chunks through steps in child processes: what hangs or crashes ends that step alone."""

from __future__ import annotations

import math
import selectors
import shutil
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from refinery_nb.compute.limits import Limits
from refinery_nb.compute.process import Process, import_path

AHEAD = 2  # chunks that a child has at most: one that it works on, one that waits
LOOK_SECONDS = 0.05
STRAYS = 3  # ends of a child that no step explains, before giving up


@dataclass(frozen=True, slots=True)
class Reply:
    """What a step said of a chunk; ``stop`` is how many items it was to look at, or -1."""

    step: int
    chunk: int
    stop: int
    header: dict[str, Any]
    body: bytes


@dataclass(frozen=True, slots=True)
class Crash:
    """The end of a step; it gets no more chunks.

    ``step`` is -1 if no step explains the end; then all work ends. ``item`` is the position in
    the chunk, or -1 while the step was being loaded. ``detail`` says what happened.
    """

    step: int
    chunk: int
    item: int
    reason: Literal["time", "total", "exit", "signal"]
    detail: str


@dataclass(slots=True, eq=False)
class _Work:
    """A chunk and what is still to be done with it: step and stop."""

    number: int
    payload: bytes
    todo: dict[int, int]


@dataclass(slots=True, eq=False)
class _Seat:
    """A place for a child, and the chunks that it has."""

    process: Process | None = None
    queue: deque[_Work] = field(default_factory=deque)


class Pool:
    """Run steps over chunks; iterate for what happens.

    Parameters
    ----------
    target
        ``"module:function"`` of the worker, see ``compute.child``.
    setup
        What that function gets; plain JSON.
    payloads
        One a chunk; taken as they are needed.
    steps
        How many steps there are.
    cancel
        Ends the iteration soon after it is set.

    Notes
    -----
    After a crash of a step at an item, the items before it are run once more in a fresh child,
    so that what was done until then is known, and the other steps go on from where they were.
    Leaving the iteration in whatever way ends all children.
    """

    def __init__(
        self,
        target: str,
        setup: dict[str, Any],
        payloads: Iterable[bytes],
        *,
        steps: int,
        limits: Limits | None = None,
        workers: int = 1,
        cancel: threading.Event | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._opening = {
            "target": target,
            "setup": setup,
            "steps": steps,
            "limits": self._limits.spec(),
            "path": import_path(),
        }
        self._payloads = enumerate(payloads)
        # The last chunk of each step that is wanted.
        self._last: list[float] = [math.inf] * steps
        self._again: deque[_Work] = deque()
        self._seats = [_Seat() for _ in range(max(1, workers))]
        self._used = [0.0] * steps
        self._strays = 0
        self._cancel = cancel or threading.Event()

    def drop(self, step: int, chunk: int) -> None:
        """Give this step no more chunks after this one; those before it are still answered."""
        self._last[step] = min(self._last[step], chunk)
        for seat in self._seats:
            if seat.process is not None:
                seat.process.drop(step, chunk)

    def __iter__(self) -> Generator[Reply | Crash, None, None]:
        folder = tempfile.mkdtemp(prefix="refinery_nb-")
        try:
            while not self._cancel.is_set():
                self._feed(folder)
                if not any(seat.queue for seat in self._seats):
                    return
                yield from self._listen()
        finally:
            for seat in self._seats:
                if seat.process is not None:
                    seat.process.kill()
                    seat.process.close()
                    seat.process = None
            shutil.rmtree(folder, ignore_errors=True)

    def _feed(self, folder: str) -> None:
        """Give work to the children, breadth first; start those that are needed."""
        for depth in range(AHEAD):
            for seat in self._seats:
                if len(seat.queue) > depth:
                    continue
                work = self._next()
                if work is None:
                    return
                if seat.process is None:
                    seat.process = Process(self._opening, folder)
                if not seat.queue:
                    seat.process.since = seat.process.step_since = time.monotonic()
                seat.queue.append(work)
                todo = list(work.todo.items())
                seat.process.send({"chunk": work.number, "todo": todo}, work.payload)

    def _next(self) -> _Work | None:
        while self._again:
            work = self._again.popleft()
            # What is left of a crashed step (stop >= 0) is still wanted.
            number = work.number
            work.todo = {s: k for s, k in work.todo.items() if k >= 0 or number <= self._last[s]}
            if work.todo:
                return work
        steps = [step for step, last in enumerate(self._last) if last == math.inf]
        if steps:
            for number, payload in self._payloads:
                return _Work(number, payload, dict.fromkeys(steps, -1))
        return None

    def _listen(self) -> Iterator[Reply | Crash]:
        """Wait a moment for the children; say what they answered and which of them ended."""
        with selectors.DefaultSelector() as selector:
            for seat in self._seats:
                if seat.process is not None and seat.queue:
                    for descriptor in seat.process.inputs:
                        selector.register(descriptor, selectors.EVENT_READ, seat)
                    if (sink := seat.process.sink) is not None:
                        selector.register(sink, selectors.EVENT_WRITE, seat)
            ready = {id(key.data): key.data for key, _ in selector.select(LOOK_SECONDS)}
        for seat in ready.values():
            seat.process.flush()
            frames, ended = seat.process.read()
            for header, body in frames:
                yield from self._answer(seat, header, body)
            if ended and seat.process is not None:
                yield from self._end(seat, None)
        now = time.monotonic()
        for seat in self._seats:
            if seat.process is not None and seat.queue:
                reason = self._over(seat, now)
                if reason is not None:
                    yield from self._end(seat, reason)

    def _over(self, seat: _Seat, now: float) -> Literal["time", "total"] | None:
        """Say which time limit the child of this seat has passed."""
        assert seat.process is not None
        _, step, _, own = seat.process.look(now)
        limits = self._limits
        if now - seat.process.since > (limits.start_seconds if own else limits.record_seconds):
            return "time"
        running = self._used[step] + now - seat.process.step_since if step >= 0 else 0.0
        return "total" if running > limits.total_seconds and not own else None

    def _answer(self, seat: _Seat, header: dict[str, Any], body: bytes) -> Iterator[Reply | Crash]:
        process = seat.process
        if process is None or "step" not in header:
            return
        work, step = seat.queue[0], header["step"]
        if header.get("memory") and not process.fresh:
            # Others may have filled the memory: it is this step's fault only in a fresh child.
            process.kill()
            self._retire(seat)
            return
        process.fresh = False
        work.todo.pop(step, None)
        if not work.todo:
            seat.queue.popleft()
            process.since = time.monotonic()
        if header.get("skipped"):
            return
        self._used[step] += header["seconds"]
        if header.get("restart"):
            process.kill()
            self._retire(seat)
        yield Reply(step, work.number, header["stop"], header, body)
        if self._last[step] == math.inf and self._used[step] > self._limits.total_seconds:
            self.drop(step, work.number)
            yield Crash(step, work.number, -1, "total", self._total())

    def _retire(self, seat: _Seat) -> tuple[int, str]:
        """End the child of a seat and take back its chunks, in their order."""
        assert seat.process is not None
        ending = seat.process.close()
        seat.process = None
        self._again.extendleft(reversed(seat.queue))
        seat.queue.clear()
        return ending

    def _end(self, seat: _Seat, over: Literal["time", "total"] | None) -> Iterator[Reply | Crash]:
        """Explain the end of a child, or bring it about."""
        process = seat.process
        assert process is not None
        if over is not None:
            process.kill()
            while True:
                frames, ended = process.read()
                for header, body in frames:
                    yield from self._answer(seat, header, body)
                if ended or seat.process is None:
                    break
                time.sleep(0.001)
        if seat.process is None:
            return
        chunk, step, item, _ = process.look(time.monotonic())
        work = seat.queue[0] if seat.queue else None
        status, tail = self._retire(seat)
        if work is None and over is None:
            return  # it had nothing to do: the next chunk gets a fresh one
        if work is None or work.number != chunk or step not in work.todo:
            self._strays += 1
            if self._strays >= STRAYS:
                self._last = [-1] * len(self._last)
                self._again.clear()
                yield Crash(-1, chunk, -1, "exit", ending(status, tail))
            return
        first = self._last[step] == math.inf
        if work.todo.pop(step) < 0 and item > 0:
            # The items before the one that it ended at, now first: then the others go on.
            work.todo = {step: item} | work.todo
        self.drop(step, chunk)
        if not first:
            return
        if over == "time":
            # Loading has a limit of its own.
            seconds = self._limits.record_seconds if item >= 0 else self._limits.start_seconds
            yield Crash(step, chunk, item, "time", f"took more than {seconds:g} s")
        elif over == "total":
            yield Crash(step, chunk, item, "total", self._total())
        else:
            reason: Literal["exit", "signal"] = "exit" if status >= 0 else "signal"
            yield Crash(step, chunk, item, reason, ending(status, tail))

    def _total(self) -> str:
        return f"took more than {self._limits.total_seconds:g} s in all"


def ending(status: int, tail: str) -> str:
    """Say how a process ended."""
    fatal = [line for line in tail.splitlines() if line.startswith("Fatal Python error")]
    if status >= 0:
        said = f": {tail.strip().splitlines()[-1]}" if status == 70 and tail.strip() else ""
        return f"ended its process with exit status {status}{said}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = str(-status)
    if name == "SIGKILL":
        return "was killed by the system (SIGKILL; perhaps out of memory)"
    return f"crashed its process ({name}{'; ' + fatal[-1] if fatal else ''})"
