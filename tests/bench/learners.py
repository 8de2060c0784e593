"""A learner on 100,000 records of 384 numbers: learning again after one more label.

Protocol. Records of six classes with planted vectors and short texts in a project on disk, 500 of
them labelled. ``first``: the first run, which makes the space of words and vectors. ``after one
more label``: from the return of ``task.label`` to the votes of all records being stored (without
the 0.15 s that a pause in labeling is waited for), best of five. Beside it plain scikit-learn in
the same process: ``LogisticRegression(max_iter=1000)`` fitted to the labelled vectors and asked
for the probabilities of all, best of three. Latency: ``task.label`` while nothing is learnt, and
while the learner works all the time.

    python -m tests.bench.learners [--records 100000] [--labels 500]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil

import refinery_nb as rn
from refinery_nb.project.learning.learning_following import QUIET

DIM, CLASSES = 384, 6
WORDS = [f"word{number}" for number in range(3_000)]


def planted(count: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return vectors, classes and texts; a word in four tells of the class."""
    chance = np.random.default_rng(0)
    truth = chance.integers(CLASSES, size=count)
    centers = chance.normal(size=(CLASSES, DIM)) * 0.12
    vectors = (centers[truth] + chance.normal(size=(count, DIM))).astype(np.float32)
    drawn = chance.integers(len(WORDS), size=(count, 8))
    own = chance.random((count, 8)) < 0.25
    drawn[own] = (drawn[own] // CLASSES) * CLASSES + np.repeat(truth, 8).reshape(count, 8)[own]
    texts = [" ".join(WORDS[min(at, 2_999)] for at in row) for row in drawn.tolist()]
    return vectors, truth, texts


def timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def memory() -> float:
    return psutil.Process().memory_info().rss / 2**20


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--labels", type=int, default=500)
    given = parser.parse_args()
    from sklearn.linear_model import LogisticRegression

    vectors, truth, texts = planted(given.records)
    place = {text: at for at, text in enumerate(texts)}
    with tempfile.TemporaryDirectory() as folder, rn.open(folder) as project:
        project.add([{"id": str(at), "text": text} for at, text in enumerate(texts)], key="id")
        project.embed(
            "text", model=lambda some: vectors[[place[one] for one in some]], progress=False
        )
        names = [f"class {number}" for number in range(CLASSES)]
        topic = project.task("topic", names, on="text")
        topic.label_many({str(at): names[truth[at]] for at in range(given.labels)})
        topic.add(rn.ActiveLearner("text"))
        before = memory()
        seconds = timed(lambda: topic.run(progress=False))
        print(f"{given.records:,} records x {DIM}, {given.labels:,} labels, {CLASSES} classes")
        print(f"first run                  {seconds:7.2f} s   {memory() - before:+7.0f} MB")
        print(f"  {topic.heuristics()['message'].iloc[0]}")
        project.learning.wait()
        spent = []
        for step in range(5):
            at = given.labels + step
            begun = time.perf_counter()
            topic.label(str(at), names[truth[at]])
            project.learning.wait()
            spent.append(time.perf_counter() - begun - QUIET)
        ours = min(spent)
        print(f"after one more label       {ours:7.2f} s   {memory() - before:+7.0f} MB in all")
        ids = project.view().ids()
        rows = project.embeddings[next(iter(project.embeddings))].value()
        taught = slice(0, given.labels)

        def plain() -> None:
            model = LogisticRegression(max_iter=1_000).fit(rows.values[taught], truth[taught])
            model.predict_proba(np.asarray(rows.values))

        assert len(ids) == len(rows)
        theirs = min(timed(plain) for _ in range(3))
        print(f"scikit-learn               {theirs:7.2f} s   ratio {ours / theirs:.2f}")
        seconds = min(timed(lambda: topic.queue("mixed").ids()) for _ in range(2))
        print(f"queue, as asked again      {seconds:7.2f} s")
        project.learning.pause()
        still = latencies(topic, names, truth, given.labels + 10)
        project.learning.resume()
        busy = latencies(topic, names, truth, given.labels + 110)
        project.learning.wait()
        for name, found in (("nothing learns", still), ("it learns", busy)):
            p50, p95, worst = np.percentile(found, [50, 95, 100]) * 1e3
            told = f"p50 {p50:.1f}   p95 {p95:.1f}   worst {worst:.1f} ms"
            print(f"a label, {name:<16} {told}")
    return 0


def latencies(topic: rn.Task, names: list[str], truth: np.ndarray, first: int) -> list[float]:
    """Return how long 100 labels took, 20 a second."""
    found = []
    for at in range(first, first + 100):
        found.append(timed(lambda at=at: topic.label(str(at), names[truth[at]])))
        time.sleep(0.05)
    return found


if __name__ == "__main__":
    sys.exit(main())
