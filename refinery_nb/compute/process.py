"""One child process, seen from its parent: frames in and out, its heartbeat, its end."""

from __future__ import annotations

import atexit
import contextlib
import json
import mmap
import os
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path
from typing import Any

from refinery_nb.compute import child
from refinery_nb.core.errors import HeuristicError

PROGRAM = str(Path(child.__file__).resolve())
# Nothing else of the environment reaches the child: it may hold secrets.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
TAIL = 4096
PIPE = 1 << 20

_alive: weakref.WeakSet[Process] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    for process in list(_alive):
        process.kill()


def environment(folder: str) -> dict[str, str]:
    """Return the environment of a child: scrubbed, one thread a process, hashes that repeat."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    threads = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")
    return kept | {
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "TMPDIR": folder,
        **{f"{name}_NUM_THREADS": "1" for name in threads},
    }


def import_path() -> list[str]:
    """Return where this process finds its modules, as absolute folders."""
    found = [os.path.abspath(entry or os.getcwd()) for entry in sys.path]
    return [entry for entry in dict.fromkeys(found) if os.path.exists(entry)]


def widen(pipe: int) -> None:
    """Let a pipe hold a whole chunk (Linux), so that the child need not wait for its parent."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)


class Process:
    """A running child.

    Attributes
    ----------
    fresh
        Whether it has not answered anything yet.
    since
        When its heartbeat last moved (monotonic seconds).
    step_since
        When it began the step it is in.
    """

    def __init__(self, opening: dict[str, Any], folder: str) -> None:
        if not sys.executable:
            raise HeuristicError("sys.executable is empty: no Python to start a child process.")
        to_child, self._sink = os.pipe()
        self._source, from_child = os.pipe()
        self._output, output = os.pipe()
        with tempfile.TemporaryFile(dir=folder) as shared:
            shared.truncate(8 * (child.DROPPED + opening["steps"]))
            self._shared = mmap.mmap(shared.fileno(), 0)
            descriptors = (to_child, from_child, shared.fileno())
            try:
                # -P -s and the scrubbed environment isolate as -I does, which would also ignore
                # PYTHONHASHSEED: the order of a set would differ from run to run.
                self._popen = subprocess.Popen(
                    [sys.executable, "-P", "-s", PROGRAM, *map(str, descriptors), str(os.getpid())],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=folder,
                    env=environment(folder),
                    pass_fds=descriptors,
                    start_new_session=True,
                )
            finally:
                for descriptor in (to_child, from_child, output):
                    os.close(descriptor)
        self.pid = self._popen.pid
        self._parent = os.getpid()
        _alive.add(self)
        for descriptor in (self._source, self._sink, self._output):
            os.set_blocking(descriptor, False)
        widen(self._sink)
        self._beat = memoryview(self._shared).cast("q")
        self._beat[child.CHUNK] = self._beat[child.STEP] = self._beat[child.ITEM] = -1
        self._beat[child.OWN] = 1
        self._seen: tuple[int, ...] = ()
        self._incoming = bytearray()
        self._outgoing: list[memoryview] = []
        self._tail = b""
        self.fresh = True
        self.since = self.step_since = time.monotonic()
        self.send(opening)

    @property
    def inputs(self) -> tuple[int, int]:
        """The descriptors to be read from: answers, output."""
        return self._source, self._output

    @property
    def sink(self) -> int | None:
        """The descriptor to be written to, while something waits to be written."""
        return self._sink if self._outgoing else None

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Queue a frame and write what the pipe takes."""
        text = json.dumps(header).encode("ascii")
        head = child.FRAME.pack(len(text), len(body)) + text
        self._outgoing += [memoryview(head), memoryview(body)] if body else [memoryview(head)]
        self.flush()

    def flush(self) -> None:
        """Write what the pipe takes now."""
        while self._outgoing:
            try:
                written = os.write(self._sink, self._outgoing[0])
            except BlockingIOError:
                return
            except BrokenPipeError:  # its end is noticed where it is read from
                self._outgoing.clear()
                return
            rest = self._outgoing[0][written:]
            if rest:
                self._outgoing[0] = rest
            else:
                del self._outgoing[0]

    def read(self) -> tuple[list[tuple[dict[str, Any], bytes]], bool]:
        """Return the frames that have arrived, and whether the child has closed its end."""
        ended = False
        while True:
            try:
                got = os.read(self._source, 1 << 20)
            except BlockingIOError:
                break
            if not got:
                ended = True
                break
            self._incoming += got
        self.read_output()
        frames = []
        size = child.FRAME.size
        while len(self._incoming) >= size:
            header, body = child.FRAME.unpack_from(self._incoming)
            if len(self._incoming) < size + header + body:
                break
            text = bytes(self._incoming[size : size + header])
            frames.append((json.loads(text), bytes(self._incoming[size + header :][:body])))
            del self._incoming[: size + header + body]
        return frames, ended

    def read_output(self) -> bool:
        """Drop what was written past Python's ``sys.stdout``, but its end; False when closed."""
        for _ in range(64):  # a child that never stops writing must not hold its parent here
            try:
                got = os.read(self._output, 1 << 16)
            except BlockingIOError:
                return True
            if not got:
                return False
            self._tail = (self._tail + got)[-TAIL:]
        return True

    def look(self, now: float) -> tuple[int, int, int, bool]:
        """Return chunk, step, item and whether the child does its own work; note movement."""
        beat = tuple(self._beat[:4])
        if beat != self._seen:
            if beat[:2] != self._seen[:2]:
                self.step_since = now
            self._seen, self.since = beat, now
        return beat[0], beat[1], beat[2], bool(beat[3])

    def drop(self, step: int, chunk: int) -> None:
        """Tell the child that this step is not wanted after this chunk."""
        self._beat[child.DROPPED + step] = chunk + 1

    def kill(self) -> None:
        """End the child and whatever it has started in its process group."""
        if os.getpid() != self._parent:
            return  # a fork of its parent ends: the child is not of its making
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self._popen.kill()

    def close(self) -> tuple[int, str]:
        """End it, free what it held; return its exit status and the end of its raw output."""
        # Without answers to write the child has ended, or ends: its own status is the better one.
        try:
            status = self._popen.wait(0.2)
        except subprocess.TimeoutExpired:
            status = None
        self.kill()
        status = self._popen.wait() if status is None else status
        self.read_output()
        _alive.discard(self)
        for descriptor in (self._source, self._sink, self._output):
            os.close(descriptor)
        self._outgoing.clear()
        self._beat.release()
        self._shared.close()
        return status, self._tail.decode("utf-8", "replace")
