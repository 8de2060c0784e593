"""The program of a child process: reads chunks from a pipe, runs steps on them, answers.

It is started by path, imports only the standard library, and knows nothing of its work but a
``"module:function"`` string. That function gets ``(setup, beat)`` and returns a worker:

``worker.load(payload, chunk)``
    Decode a chunk.
``worker.run(step, batch, stop)``
    Run one step on the first ``stop`` items (all if negative); return ``(header, body)``.

``beat`` is memory shared with the parent: where the child is (``CHUNK``, ``STEP``, ``ITEM``),
and whether it is busy with its own work (``OWN``) or with somebody's code. After it stands
which steps are not wanted any more.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import sys
import time
from struct import Struct
from typing import Any

CHUNK, STEP, ITEM, OWN = range(4)
DROPPED = 8  # from this place on, one for each step: its last chunk and 1, set by the parent
FRAME = Struct("<QQ")  # length of the JSON header, length of the body
CUT = "\n[the rest of the output is cut]\n"
BANNED = frozenset(
    {
        *("os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system", "os.spawn"),
        *("pty.spawn", "subprocess.Popen"),
    }
)
NETWORK = frozenset(
    {
        *("socket.bind", "socket.connect", "socket.sendmsg", "socket.sendto"),
        *("socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname"),
    }
)


class Capture(io.TextIOBase):
    """A standard output that keeps the first part of what is written, and counts it."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left = limit
        self.kept = io.StringIO()

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Keep the text as far as there is room."""
        if self.left <= 0:
            return len(text)
        self.kept.write(text[: self.left])
        self.left -= len(text)
        if self.left <= 0:
            self.kept.write(CUT)
        return len(text)

    def take(self) -> str:
        """Return what was kept since the last time."""
        text = self.kept.getvalue()
        if text:
            self.kept = io.StringIO()
        return text


def refuse_processes(event: str, arguments: object) -> None:
    """Refuse to start processes: a fork bomb is one exception."""
    if event in BANNED:
        raise PermissionError(f"code that is run here may not start processes ({event}).")


def refuse_network(event: str, arguments: object) -> None:
    """Refuse connections: what code reads stays on the machine. No barrier to malice."""
    if event in NETWORK:
        raise PermissionError(
            f"code that is run here may not use the network ({event}); "
            "limits=rn.Limits(network=True) allows it where it is run."
        )


def limit_resources(limits: dict[str, Any], steps: int) -> None:
    """Set the limits of the operating system, as far as it has them."""
    import resource

    cpu = int(limits["total_seconds"]) * max(1, steps) + 60
    for name, value in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_AS", int(limits["memory_bytes"])),
        ("RLIMIT_FSIZE", int(limits["file_bytes"])),
        ("RLIMIT_CPU", cpu),
    ):
        try:
            which = getattr(resource, name)
            hard = resource.getrlimit(which)[1]
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)
            resource.setrlimit(which, (value, value))
        except (AttributeError, ValueError, OSError):
            continue


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when the parent is gone, however it went (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)
    if os.getppid() != parent:
        os._exit(0)


def resolve(target: str) -> Any:
    """Return what ``"module:name"`` names."""
    import importlib

    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def read_exactly(source: int, size: int) -> bytearray:
    """Read ``size`` bytes, or fewer at the end of the pipe."""
    buffer = bytearray(size)
    view = memoryview(buffer)
    at = 0
    while at < size:
        got = os.readv(source, [view[at:]])
        if not got:
            return buffer[:at]
        at += got
    return buffer


def read_frame(source: int) -> tuple[dict[str, Any], bytearray] | None:
    """Read one frame; None at the end."""
    head = read_exactly(source, FRAME.size)
    if len(head) < FRAME.size:
        return None
    header, body = FRAME.unpack(head)
    return json.loads(read_exactly(source, header)), read_exactly(source, body)


def frame(header: dict[str, Any], body: bytes = b"") -> bytes:
    """Return the bytes of one frame."""
    text = json.dumps(header).encode("ascii")
    return FRAME.pack(len(text), len(body)) + text + body


def write_all(sink: int, content: bytes) -> None:
    """Write everything."""
    view = memoryview(content)
    while view:
        view = view[os.write(sink, view) :]


def main(source: int, sink: int, shared: int, parent: int) -> None:
    """Answer frames until the pipe ends."""
    die_with_parent(parent)
    first = read_frame(source)
    if first is None:
        return
    opening, _ = first
    limits = opening["limits"]
    sys.path.extend(path for path in opening["path"] if path not in sys.path)
    beat = memoryview(mmap.mmap(shared, 0)).cast("q")
    os.close(shared)
    for descriptor in (source, sink):
        os.set_inheritable(descriptor, False)
    captures = [Capture(limits["output_bytes"]) for _ in range(opening["steps"])]
    worker = resolve(opening["target"])(opening["setup"], beat)
    import faulthandler

    faulthandler.enable(2)
    limit_resources(limits, opening["steps"])
    sys.addaudithook(refuse_processes)
    if not limits["network"]:
        sys.addaudithook(refuse_network)
    write_all(sink, frame({"ready": True}))
    while (message := read_frame(source)) is not None:
        header, payload = message
        beat[STEP] = beat[ITEM] = -1
        beat[OWN] = 1
        beat[CHUNK] = header["chunk"]
        batch = worker.load(payload, header["chunk"])
        for step, stop in header["todo"]:
            answer = {"chunk": header["chunk"], "step": step, "stop": stop}
            if stop < 0 and 0 < beat[DROPPED + step] <= header["chunk"]:
                write_all(sink, frame(answer | {"skipped": True}))
                continue
            beat[ITEM] = -1
            beat[STEP] = step
            capture = sys.stdout = sys.stderr = captures[step]
            began = time.perf_counter()
            said, body = worker.run(step, batch, stop)
            beat[OWN] = 1
            answer |= said
            answer["seconds"] = time.perf_counter() - began
            answer["output"] = capture.take()
            write_all(sink, frame(answer, body))
        del batch


if __name__ == "__main__":
    try:
        main(*(int(argument) for argument in sys.argv[1:5]))
    except BaseException:
        import traceback

        # sys.stderr may be anybody's by now; file descriptor 2 is the parent's.
        os.write(2, traceback.format_exc().encode("utf-8", "replace")[-4000:])
        os._exit(70)
    os._exit(0)
