"""Fixtures that many tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import refinery_nb as rn

SHARED = Path(__file__).parents[2] / "shared" / "data"


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
