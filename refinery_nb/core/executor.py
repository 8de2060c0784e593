"""Where work is done that need not be done here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from refinery_nb.core.parcel import Parcel

Report = Callable[[int, int], None]
"""Told of progress: how much is done, of how much."""


@runtime_checkable
class Executor(Protocol):
    """Runs functions of this package elsewhere.

    Such a function gets a parcel and a ``Report``, and returns a parcel. It depends on nothing
    else, and keeps nothing but what it has loaded.
    """

    def run(
        self,
        target: str,
        question: Parcel,
        *,
        report: Report | None = None,
        cancel: threading.Event | None = None,
    ) -> Parcel:
        """Run ``"module:function"`` and return its answer, or raise what it raised."""
