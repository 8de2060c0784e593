"""Fixtures that many tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import refinery_nb as rn

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def interrupts() -> Iterator[None]:
    """SIGINT interrupts, whatever others in this process (servers, nbclient) have made of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def project() -> Iterator[rn.Project]:
    """A project in memory."""
    with rn.open(by="ann") as opened:
        yield opened


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data beside the project; skipped, by name, where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED.name} is not beside the project")
    return SHARED
