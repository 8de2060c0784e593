"""A process that fills or builds a shard, to be killed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from refinery_nb.core.vectors import Vectors
from refinery_nb.vectors.edge import EdgeStore

DIM, PAGE = 32, 500


def vectors(count: int) -> Vectors:
    values = np.random.default_rng(0).normal(size=(count, DIM)).astype(np.float32)
    return Vectors(np.arange(1, count + 1), values)


def main(folder: str, what: str, count: int) -> None:
    """Say after each page, or before building, how many vectors are safe."""
    store, everything = EdgeStore(Path(folder), DIM), vectors(count)
    for first in range(0, count, PAGE):
        part = slice(first, first + PAGE)
        store.upsert(Vectors(everything.records[part], everything.values[part]))
        store.flush()
        if what == "fill":
            print(first + PAGE, flush=True)
    if what == "build":
        print(count, flush=True)
        store.build()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
