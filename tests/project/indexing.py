"""What tests of indexes share; run as a program it indexes, and is killed at a chosen point."""

from __future__ import annotations

import os
import signal
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import refinery_nb as rn
from refinery_nb.project.vectors import index_child, index_upkeep

DIM = 16
QUERIES = np.random.default_rng(1).normal(size=(4, DIM)).astype(np.float32)
Hits = tuple[NDArray[np.int64], NDArray[np.float32]]


def directions(texts: list[str]) -> Any:
    """Return a direction for each text, the same for the same text."""
    seeds = [int.from_bytes(blake2b(one.encode(), digest_size=4).digest()) for one in texts]
    return np.stack([np.random.default_rng(one).normal(size=DIM) for one in seeds])


def fill(folder: Path, count: int) -> rn.Project:
    """Return a project with vectors of some records."""
    project = rn.open(folder, by="ann")
    project.add(
        [
            {"id": at, "text": f"text {at}", "topic": "xyz"[at % 3], "stars": at % 5}
            for at in range(count)
        ],
        key="id",
    )
    project.task("kind", ["A", "B"], on="text")
    project.embed("text", model=directions, name="v", progress=False)
    return project


def exactly(project: rn.Project, k: int = 5, among: Any = None) -> Hits:
    """Return what a scan of the present vectors finds."""
    exact = project.embeddings.indexes.exact("v")
    return exact.search(QUERIES, k, among=None if among is None else among.ids())


def same(found: Hits, wanted: Hits) -> bool:
    """Say whether two answers are the same to the last bit."""
    return bool((found[0] == wanted[0]).all() and (found[1] == wanted[1]).all())


def without_engine(setup: dict[str, Any], beat: memoryview) -> Any:
    """Return the worker of an installation without Qdrant Edge."""
    from refinery_nb.vectors.worker import worker

    sys.modules["qdrant_edge"] = None  # type: ignore[assignment]
    return worker(setup, beat)


def crashing(setup: dict[str, Any], beat: memoryview) -> Any:
    """Return no worker: its process ends."""
    os._exit(3)


def main(folder: str, where: str, call: int) -> None:
    """Index, and die instead of a call."""
    index_upkeep.PAGE = 100  # type: ignore[attr-defined]
    real, calls = getattr(index_child.ChildIndex, where), 0

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)

    setattr(index_child.ChildIndex, where, counted)
    with rn.open(Path(folder)) as project:
        project.embeddings["v"].index()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
