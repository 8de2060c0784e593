"""Tests of jobs on threads."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from refinery_nb.compute.job import Job


def test_a_job_gives_its_result_and_its_progress() -> None:
    go = threading.Event()

    def work(job: Job[str]) -> str:
        job.report(3, 10)
        go.wait(5)
        return "done"

    job = Job(work)
    while job.progress.total == 0:
        time.sleep(0.001)
    assert job.running
    assert (job.progress.done, job.progress.total) == (3, 10)
    assert job.progress.rate > 0
    with pytest.raises(TimeoutError):
        job.result(timeout=0.01)
    go.set()
    assert job.result() == "done"
    assert not job.running


def test_what_the_work_raises_is_raised_where_it_is_awaited() -> None:
    def work(job: Job[None]) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Job(work).result()


@pytest.mark.usefixtures("interrupts")
def test_an_interrupt_of_the_waiting_cell_cancels_the_work() -> None:
    stopped = []

    def work(job: Job[None]) -> None:
        time.sleep(0.2)  # until the main thread waits
        os.kill(os.getpid(), signal.SIGINT)
        stopped.append(job.cancelled.wait(5))

    with pytest.raises(KeyboardInterrupt):
        Job(work).result(timeout=10)
    assert stopped == [True]
