"""Several labels a record: weak labels and a learner against scikit-learn and against votes alone.

Protocol. Records with planted labels (frequent and rare ones, some of which come together), vectors
that tell of them with noise, and texts of six words by chance and one for about half of the labels.
Each label has two rules, right in about four of five of their votes, on about a third of the
records that have it. The first ``--labels`` records are labelled by hand; all others are only there
to be judged.

``scikit-learn``: ``OneVsRestClassifier(LogisticRegression(max_iter=1000))`` on the same manual
labels and vectors; ``and words``: beside them TF-IDF of the texts, which ours look at, too.
``learner``: an ActiveLearner's beliefs from the same manual labels. ``supervise()``: rules, vectors
and manual labels together. ``votes alone``: the weighted vote, which has seen no manual label.
``any rule``: every label that any rule gives. Each is measured on the records that nobody labelled.
``margin``: how many of the missing points of micro F1 a line leaves of those that scikit-learn with
words leaves; under 1 is better.

    python -m tests.bench.multilabel [--records 1500] [--labels 100] [--seeds 2]
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

import refinery_nb as rn
from refinery_nb.core.votes import Votes
from refinery_nb.quality.scores import Hits, hits
from refinery_nb.supervision.several import LIKELY

SHARES = (0.5, 0.35, 0.25, 0.15, 0.08)
NAMES = tuple(f"label{at}" for at in range(len(SHARES)))
DIM = 48
HIT, RIGHT = 0.33, 0.8


def planted(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, list[str], np.ndarray]:
    """Return labels (records, labels), vectors, texts and what the rules say."""
    chance = np.random.default_rng(seed)
    common = chance.random((count, 1)) < 0.3  # what comes together
    truth = chance.random((count, len(SHARES))) < np.where(common, 1.5, 0.8) * np.array(SHARES)
    axes = chance.normal(size=(len(SHARES), DIM)) * 0.35
    vectors = (truth @ axes + chance.normal(size=(count, DIM))).astype(np.float32)
    texts = []
    for row in truth:
        own = [f"{NAMES[at]}word{chance.integers(30)}" for at in np.flatnonzero(row)]
        told = [word for word in own if chance.random() < 0.5]
        texts.append(" ".join([*told, *(f"word{chance.integers(400)}" for _ in range(6))]))
    rules = np.zeros((count, len(SHARES), 2), np.bool_)
    for at, share in enumerate(SHARES):
        for number in range(2):
            hit = truth[:, at] & (chance.random(count) < HIT)
            wrong = share * HIT * (1 - RIGHT) / RIGHT / (1 - share)
            rules[:, at, number] = hit | (~truth[:, at] & (chance.random(count) < wrong))
    return truth, vectors, texts, rules


def project_of(
    truth: np.ndarray, vectors: np.ndarray, texts: list[str], rules: np.ndarray, labels: int
) -> tuple[rn.Project, rn.Task]:
    project = rn.open()
    rows = [
        {
            "id": number,
            "text": f"{text} r{number}",
            **{
                f"rule{which}": " ".join(NAMES[at] for at in np.flatnonzero(said[:, which]))
                for which in range(2)
            },
        }
        for number, (text, said) in enumerate(zip(texts, rules, strict=True))
    ]
    project.add(rows, key="id")
    number = {f"{text} r{at}": at for at, text in enumerate(texts)}
    project.embed(
        "text", model=lambda some: vectors[[number[one] for one in some]], name="v", progress=False
    )
    task = project.task("tags", list(NAMES), on="text", kind="multilabel")

    @task.heuristic
    def first(record: Any) -> Any:
        return (record["rule0"] or "").split()

    @task.heuristic
    def second(record: Any) -> Any:
        return (record["rule1"] or "").split()

    task.run(progress=False)
    task.label_many(
        {
            at: [NAMES[one] for one in np.flatnonzero(truth[at]).tolist()]
            for at in range(min(labels, len(truth)))
        }
    )
    return project, task


def measured(truth: np.ndarray, said: np.ndarray, labels: int) -> Hits:
    """Return how well labels are found on the records that nobody labelled."""
    sides = []
    for one in (said[labels:], truth[labels:]):
        row, column = np.nonzero(one)
        sides.append(Votes.of(row, column))
    return hits(np.arange(len(truth) - labels), *sides, list(range(len(NAMES))))


def dense(task: rn.Task, votes: Votes, count: int) -> np.ndarray:
    found = np.zeros((count, len(NAMES)), np.bool_)
    ids = task.project.view().ids()
    column = {label.id: at for at, label in enumerate(task.schema.labels)}
    found[np.searchsorted(ids, votes.record), [column[one] for one in votes.label.tolist()]] = True
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_500)
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=2)
    given = parser.parse_args()
    told: dict[str, list[tuple[float, float, float, float, float]]] = {}
    for seed in range(given.seeds):
        truth, vectors, texts, rules = planted(given.records, seed)
        project, task = project_of(truth, vectors, texts, rules, given.labels)

        def note(name: str, said: np.ndarray, begun: float, truth: np.ndarray = truth) -> None:
            took = time.perf_counter() - begun
            found = measured(truth, said, given.labels)
            row = (found.micro.f1, found.macro.f1, found.exact_match, found.jaccard, took)
            told.setdefault(name, []).append(row)

        begun = time.perf_counter()
        model = OneVsRestClassifier(LogisticRegression(max_iter=1_000))
        model.fit(vectors[: given.labels], truth[: given.labels].astype(int))
        note("scikit-learn", model.predict(vectors).astype(bool), begun)
        begun = time.perf_counter()
        both = np.hstack([vectors, TfidfVectorizer().fit_transform(texts).toarray()])
        model.fit(both[: given.labels], truth[: given.labels].astype(int))
        note("and words", model.predict(both).astype(bool), begun)
        begun = time.perf_counter()
        beliefs = project.learning.lesson(task).beliefs
        note(
            "learner",
            dense(task, beliefs.votes(min_confidence=LIKELY), given.records),  # type: ignore[call-arg]
            begun,
        )
        begun = time.perf_counter()
        note("supervise()", dense(task, task.supervise().votes, given.records), begun)
        task.label_many(dict.fromkeys(range(given.labels)))
        begun = time.perf_counter()
        alone = task.supervise(model="weighted").votes
        note("votes alone", dense(task, alone, given.records), begun)
        note("any rule", rules.any(axis=2), time.perf_counter())
        project.close()
    reference = np.mean([row[0] for row in told["and words"]])
    print(
        f"{given.records:,} records, {len(NAMES)} labels, {given.labels} labelled by hand, mean of "
        f"{given.seeds} planted sets"
    )
    print(f"{'':14}{'micro F1':>9}{'macro F1':>9}{'exact':>8}{'Jaccard':>9}{'s':>7}  margin")
    for name, rows in told.items():
        micro, macro, exact, jaccard, took = np.mean(rows, axis=0)
        line = f"{name:14}{micro:9.3f}{macro:9.3f}{exact:8.3f}{jaccard:9.3f}{took:7.2f}"
        print(f"{line}  {(1 - micro) / (1 - reference):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
