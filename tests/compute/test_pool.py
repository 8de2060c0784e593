"""Tests of steps in child processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from refinery_nb.compute.limits import Limits
from refinery_nb.compute.pool import Crash, Pool, Reply

TARGET = "echo:Worker"
CHUNKS = [["a", "b"], ["c", "bad", "d"], ["e"], ["f"]]
ITEMS = [item for chunk in CHUNKS for item in chunk]


@pytest.fixture(autouse=True)
def _no_orphans(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Find the worker of these tests; afterwards no child of this process is left."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    yield
    assert psutil.Process().children(recursive=True) == []


def pool(
    *steps: str, chunks: list[list[str]] = CHUNKS, limits: Limits | None = None, **o: Any
) -> Pool:
    payloads = (json.dumps(chunk).encode() for chunk in chunks)
    limits = limits or Limits(record_seconds=0.3)
    setup = {"steps": steps, "start": o.pop("start", "")}
    return Pool(TARGET, setup, payloads, steps=len(steps), limits=limits, **o)


def seen(events: list[Reply | Crash], step: int) -> list[str]:
    replies = [event for event in events if isinstance(event, Reply) and event.step == step]
    return [
        item for reply in sorted(replies, key=lambda r: r.chunk) for item in reply.header["seen"]
    ]


def crashes(events: list[Reply | Crash]) -> list[Crash]:
    return [event for event in events if isinstance(event, Crash)]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_step_sees_every_chunk_once(workers: int) -> None:
    events = list(pool("one", "two", workers=workers))
    assert seen(events, 0) == seen(events, 1) == ITEMS
    assert len(events) == 8
    assert all(event.body == b"body" for event in events if isinstance(event, Reply))


@pytest.mark.parametrize(
    ("what", "reason", "said"),
    [
        ("exit", "exit", "exit status 0"),
        ("segfault", "signal", "SIGSEGV; Fatal Python error: Segmentation fault"),
        ("loop", "time", "took more than 0.3 s"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_step_that_ends_its_process_ends_alone(
    what: str, reason: str, said: str, workers: int
) -> None:
    """G1, G8: the others go on from where they were; what it did until then is known."""
    events = list(pool("one", what, "three", workers=workers))
    assert seen(events, 0) == seen(events, 2) == ITEMS
    [crash] = crashes(events)
    assert (crash.step, crash.chunk, crash.item, crash.reason) == (1, 1, 1, reason)
    assert said in crash.detail
    assert seen(events, 1)[:3] == ["a", "b", "c"]


def test_the_limit_in_all_counts_over_the_chunks() -> None:
    limits = Limits(record_seconds=5, total_seconds=0.5)
    events = list(pool("one", "sleep", chunks=[["bad"]] * 10, limits=limits))
    [crash] = crashes(events)
    assert (crash.step, crash.reason) == (1, "total")
    assert len(seen(events, 0)) == 10
    assert 1 <= len(seen(events, 1)) <= 4


def test_a_child_that_does_not_start_is_given_up() -> None:
    """Not tried again for ever."""
    [crash] = list(pool("one", start="exit"))
    assert isinstance(crash, Crash)
    assert crash.step == -1
    assert "exit status 3" in crash.detail


def test_a_broken_worker_says_why() -> None:
    [crash] = crashes(list(pool("raise")))
    assert "RuntimeError: the worker itself is broken" in crash.detail


def test_output_is_cut_not_collected() -> None:
    """G3: a step that prints without end costs what is kept of it."""
    limits = Limits(output_bytes=1000)
    events = list(pool("print", "write", limits=limits))
    outputs = [event.header["output"] for event in events if isinstance(event, Reply)]
    assert sum(map(len, outputs)) < 1100
    assert any("the rest of the output is cut" in output for output in outputs)
    assert crashes(events) == []


def test_a_child_gets_no_secrets_and_no_open_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its environment is scrubbed, its folder a temporary one that is gone afterwards."""
    monkeypatch.setenv("API_TOKEN", "secret")
    with (tmp_path / "project.db").open("w") as opened:
        os.set_inheritable(opened.fileno(), True)
        events = list(pool("environment", "descriptors"))
    printed = [e.header["output"] for e in events if isinstance(e, Reply) and e.header["output"]]
    environment, descriptors = map(json.loads, printed)
    assert "API_TOKEN" not in environment
    assert "PATH" in environment
    assert len(descriptors) <= 7  # 0 to 2, two pipes, and the listing itself
    folders = {event.header["cwd"] for event in events if isinstance(event, Reply)}
    assert len(folders) == 1
    assert not Path(folders.pop()).exists()


def test_cancel_ends_the_run_soon() -> None:
    cancel = threading.Event()
    chunks = [["bad"]] * 100
    began = time.monotonic()
    events = []
    for event in pool("sleep", chunks=chunks, cancel=cancel, limits=Limits()):
        events.append(event)
        cancel.set()
    assert len(events) == 1
    assert time.monotonic() - began < 2


def test_leaving_the_loop_ends_the_children() -> None:
    """The fixture looks for them."""

    def interrupted() -> None:
        for _ in pool("one", "loop", workers=2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()


@pytest.mark.parametrize("how", ["sys.exit()", "os.kill(os.getpid(), 9)"])
def test_no_child_outlives_its_parent(how: str, tmp_path: Path) -> None:
    """Also where the parent is killed while a child is in an endless loop."""
    program = f"""
        import json, os, sys, threading, time
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from refinery_nb.compute.pool import Pool
        setup = {{"steps": ["loop"]}}
        def work():
            pool = Pool("echo:Worker", setup, [b'["a"]', b'["bad"]'], steps=1)
            for event in pool:
                print(event.header["pid"], flush=True)
        threading.Thread(target=work, daemon=True).start()
        time.sleep(1)
        {how}
    """
    answer = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True
    )
    pid = int(answer.stdout)
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the child is still there"
        time.sleep(0.02)


def test_a_child_starts_light() -> None:
    """It imports neither numpy nor pandas nor spaCy by itself."""
    [reply] = list(pool("modules", chunks=[["bad"]]))
    assert isinstance(reply, Reply)
    loaded = {name.partition(".")[0] for name in json.loads(reply.header["output"])}
    assert not loaded & {"numpy", "pandas", "spacy", "dataclasses", "refinery_nb"}


def test_a_signal_to_the_notebook_does_not_reach_the_children() -> None:
    """They have a process group of their own: an interrupt of the cell is handled by the parent."""
    for event in pool("one", chunks=[["a"]]):
        assert isinstance(event, Reply)
        assert os.getpgid(event.header["pid"]) == event.header["pid"] != os.getpgid(0)
