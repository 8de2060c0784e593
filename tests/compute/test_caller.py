"""A child that stays: it answers, and its end is told whatever ends it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from refinery_nb.compute.caller import Caller, ChildEnded


class Echo:
    """Answers what it is told to."""

    def load(self, payload: bytearray, chunk: int) -> bytes:
        return bytes(payload)

    def run(self, step: int, batch: bytes, stop: int) -> tuple[dict[str, Any], bytes]:
        if batch == b"exit":
            os._exit(5)
        if batch == b"raise":
            raise KeyError("nothing")
        if batch == b"sleep":
            time.sleep(3600)
        if batch == b"limit":
            import resource

            return {"limit": resource.getrlimit(resource.RLIMIT_CPU)[0]}, b""
        print("noise")
        return {"pid": os.getpid()}, batch[::-1]


def echo(setup: dict[str, Any], beat: memoryview) -> Echo:
    return Echo()


@pytest.fixture
def caller() -> Iterator[Caller]:
    opened = Caller("compute.test_caller:echo", {})
    yield opened
    opened.close()


def test_one_child_answers_every_question(caller: Caller) -> None:
    answers = [caller.ask(bytes([at]) * 3_000_000 + b"!") for at in range(3)]
    assert [body[:2] for _, body in answers] == [b"!" + bytes([at]) for at in range(3)]
    assert len({said["pid"] for said, _ in answers}) == 1
    assert os.getpid() not in {said["pid"] for said, _ in answers}


@pytest.mark.parametrize(("question", "why"), [(b"exit", "status 5"), (b"raise", "KeyError")])
def test_a_child_that_ends_is_told(caller: Caller, question: bytes, why: str) -> None:
    with pytest.raises(ChildEnded, match=why):
        caller.ask(question)
    assert not caller.usable
    with pytest.raises(ChildEnded, match="not running"):
        caller.ask(b"again")


def test_a_question_has_its_time_and_can_be_cancelled() -> None:
    for options, why in (
        ({"seconds": 0.2}, "longer than"),
        ({"cancel": threading.Event()}, "canc"),
    ):
        caller = Caller("compute.test_caller:echo", {})
        pid = caller.ask(b"")[0]["pid"]
        if "cancel" in options:
            options["cancel"].set()
        with pytest.raises(ChildEnded, match=why):
            caller.ask(b"sleep", **options)
        assert not psutil.pid_exists(pid)
        caller.close()


def test_it_may_take_days(caller: Caller) -> None:
    # More seconds than 64 bits hold as nanoseconds would end it after a minute.
    (said, _) = caller.ask(b"limit")
    assert 86_400 < said["limit"] < 2**63 / 1e9
