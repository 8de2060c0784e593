"""A child process that stays: it is asked one thing at a time, and answers."""

from __future__ import annotations

import math
import os
import selectors
import shutil
import tempfile
import threading
import time
from typing import Any

from refinery_nb.compute.limits import Limits
from refinery_nb.compute.pool import ending
from refinery_nb.compute.process import Process, import_path

LOOK_SECONDS = 0.1
# Processor time in seconds: the kernel counts nanoseconds in 64 bits, and ends at once what has
# more than these hold.
FOREVER = 10**8
UNLIMITED = 2**62  # bytes


class ChildEnded(Exception):
    """The child is gone, for whatever reason the message says."""


class Caller:
    """Ask a worker (see ``compute.child``) in a process of its own; from one thread at a time.

    It is started by spawn, has no limits of time or memory, and ends with this process.

    Parameters
    ----------
    target
        ``"module:function"`` of the worker.
    setup
        What that function gets; plain JSON.
    """

    def __init__(self, target: str, setup: dict[str, Any]) -> None:
        free = {"total_seconds": FOREVER, "memory_bytes": UNLIMITED, "file_bytes": UNLIMITED}
        self._pid = os.getpid()
        self._folder = tempfile.mkdtemp(prefix="refinery_nb-")
        self._asked = 0
        self._process: Process | None = Process(
            {
                "target": target,
                "setup": setup,
                "steps": 1,
                "limits": Limits().spec() | free,
                "path": import_path(),
            },
            self._folder,
        )

    @property
    def usable(self) -> bool:
        """Whether it can be asked: it has not ended, and this is the process that started it."""
        return self._process is not None and os.getpid() == self._pid

    def ask(
        self, question: bytes, *, seconds: float = math.inf, cancel: threading.Event | None = None
    ) -> tuple[dict[str, Any], bytes]:
        """Return what the worker answers.

        Raises
        ------
        ChildEnded
            If the child ended, was cancelled or took longer; it is gone then.
        """
        if not self.usable or self._process is None:
            raise ChildEnded("it is not running")
        process, until = self._process, time.monotonic() + seconds
        self._asked += 1
        try:
            process.send({"chunk": self._asked, "todo": [[0, -1]]}, question)
            while True:
                frames, ended = self._listen(process, until)
                for header, body in frames:
                    if header.get("chunk") == self._asked:
                        return header, body
                if ended:
                    raise ChildEnded(self._end())
                if cancel is not None and cancel.is_set():
                    self.close()
                    raise ChildEnded("it was cancelled")
                if time.monotonic() > until:
                    self.close()
                    raise ChildEnded(f"it took longer than {seconds:g} s")
        except BaseException as error:
            # Whoever interrupts leaves an answer behind that nobody waits for.
            if not isinstance(error, ChildEnded):
                self.close()
            raise

    def close(self) -> None:
        """End the child; closing twice is harmless."""
        if self.usable and self._process is not None:
            self._process.kill()
            self._end()

    @staticmethod
    def _listen(process: Process, until: float) -> tuple[list[tuple[dict[str, Any], bytes]], bool]:
        with selectors.DefaultSelector() as selector:
            for descriptor in process.inputs:
                selector.register(descriptor, selectors.EVENT_READ)
            if process.sink is not None:
                selector.register(process.sink, selectors.EVENT_WRITE)
            selector.select(max(0.0, min(LOOK_SECONDS, until - time.monotonic())))
        process.flush()
        return process.read()

    def _end(self) -> str:
        assert self._process is not None
        status, tail = self._process.close()
        self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)
        return ending(status, tail)
