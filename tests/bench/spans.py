"""Span quality on MIT Restaurant: weak rules, 0 to 500 manual labels, several models.

Protocol. The 4,052 queries of the training split are the project; the 40 rules of
``tests/bench/mitr_rules.py`` vote on all of them. For each seed 0 to 4, n queries are drawn
(``default_rng(seed).permutation``) and their gold spans given as manual labels; every model then
labels all the queries. F1 is micro-averaged over all the queries, those without a span included,
and once more over those that were not drawn ("unseen"): exact (start, end and label) and by token.
The mean over the seeds is printed. Where a model has no use for manual labels, its figure is the
same in every column. "ECE" is the expected calibration error of exact spans, ten bins, on unseen
queries. Texts are cut into tokens by the project's tokenizer.

Snorkel runs in an interpreter of its own, named by the environment variable
``REFINERY_NB_SNORKEL``; without it its rows say "not measured". Its LabelModel sees tokens as
items, the rules' labels as classes and no vote as abstention; a token without votes is outside.

    python -m tests.bench.spans [--seeds 5] [--labels 0,50,100,500] [--models weighted,fused]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision import supervise
from refinery_nb.supervision.model import MODELS
from refinery_nb.supervision.span_tagger import tag
from refinery_nb.text.tokens import tokens as cut
from tests.bench import mitr_rules

SHARED = Path(__file__).parents[3] / "shared" / "data"
SNORKEL = """
import sys, numpy as np
from snorkel.labeling.model import LabelModel
votes = np.load(sys.argv[1])
model = LabelModel(cardinality=int(sys.argv[3]), verbose=False)
model.fit(votes, n_epochs=200, seed=int(sys.argv[4]), progress_bar=False)
np.save(sys.argv[2], model.predict_proba(votes))
"""
Model = Callable[[VoteMatrix, Gold, "Queries"], Votes]


@dataclass(frozen=True)
class Queries:
    """The texts, their tokens, the true spans and the rules' votes."""

    texts: Mapping[int, str]
    tokens: Mapping[int, np.ndarray]
    truth: Votes
    votes: VoteMatrix
    labels: tuple[str, ...]

    def gold(self, chosen: np.ndarray) -> Gold:
        """Return the manual labels of these queries."""
        reviewed = np.sort(chosen).astype(np.int64)
        return Gold(reviewed, self.truth.of_records(reviewed))


def load(folder: Path, *, split: str = "train") -> Queries:
    """Return the queries of a split with their votes."""
    lines = (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()
    found = [one for one in map(json.loads, lines) if one["split"] == split]
    labels = tuple(sorted({span["label"] for one in found for span in one["spans"]}))
    texts = {number: one["text"] for number, one in enumerate(found)}
    rows = [
        (number, labels.index(span["label"]), span["start"], span["end"])
        for number, one in enumerate(found)
        for span in one["spans"]
    ]
    said: list[list[tuple[int, int, int, int]]] = [[] for _ in mitr_rules.rules()]
    for number, text in texts.items():
        for rule, (start, end, label) in mitr_rules.votes(text):
            said[rule].append((number, labels.index(label), start, end))
    votes = {name: _votes(rows) for name, rows in zip(mitr_rules.rules(), said, strict=True)}
    matrix = VoteMatrix.build(range(len(texts)), votes, range(len(labels)), spans=True)
    offsets = {number: cut(text) for number, text in texts.items()}
    return Queries(texts, offsets, _votes(rows), matrix, labels)


def _votes(rows: list[tuple[int, int, int, int]]) -> Votes:
    columns = np.array(sorted(set(rows)), dtype=np.int64).reshape(-1, 4).T
    return Votes.of(columns[0], columns[1], None, columns[2], columns[3])


# ---------------------------------------------------------------- scores


def keys(votes: Votes) -> set[tuple[int, int, int, int]]:
    """Return the spans as a set of (record, start, end, label)."""
    assert votes.start is not None
    assert votes.end is not None
    columns = (votes.record, votes.start, votes.end, votes.label)
    return set(zip(*(column.tolist() for column in columns), strict=True))


def token_keys(votes: Votes, queries: Queries) -> set[tuple[int, int, int]]:
    """Return the labelled tokens as a set of (record, token, label)."""
    found = set()
    for record, start, end, label in keys(votes):
        offsets = queries.tokens[record]
        for token in np.flatnonzero((offsets[:, 0] < end) & (offsets[:, 1] > start)).tolist():
            found.add((record, token, label))
    return found


def f1(found: set, truth: set) -> float:
    """Return the F1 of two sets."""
    return 2 * len(found & truth) / max(1, len(found) + len(truth))


def ece(votes: Votes, truth: Votes) -> float:
    """Return the expected calibration error of exact spans in ten bins."""
    true = keys(truth)
    columns = (votes.record, votes.start, votes.end, votes.label)
    right = np.array([key in true for key in zip(*(c.tolist() for c in columns), strict=True)])
    if not len(right):
        return float("nan")
    bins = np.minimum((votes.confidence * 10).astype(int), 9)
    return float(
        sum(
            abs(right[bins == b].mean() - votes.confidence[bins == b].mean()) * (bins == b).mean()
            for b in np.unique(bins)
        )
    )


def scores(votes: Votes, queries: Queries, gold: Gold) -> tuple[float, float, float, float]:
    """Return exact F1 over all queries, exact over unseen ones, by token over all, and ECE."""
    unseen, truth = votes.without_records(gold.reviewed), queries.truth
    hidden = truth.without_records(gold.reviewed)
    return (
        f1(keys(votes), keys(truth)),
        f1(keys(unseen), keys(hidden)),
        f1(token_keys(votes, queries), token_keys(truth, queries)),
        ece(unseen, hidden),
    )


# ---------------------------------------------------------------- what it is held against


def token_votes(votes: VoteMatrix, queries: Queries) -> tuple[np.ndarray, np.ndarray]:
    """Return the label that each rule gives each token (-1: none), and each query's first token."""
    sizes = np.array([len(queries.tokens[record]) for record in votes.records.tolist()])
    first = np.concatenate([[0], np.cumsum(sizes)])
    table = np.full((int(first[-1]), len(votes.sources)), -1)
    assert votes.start is not None
    assert votes.end is not None
    for row, source, label, start, end in zip(
        votes.row, votes.source, votes.label, votes.start, votes.end, strict=True
    ):
        offsets = queries.tokens[int(votes.records[row])]
        inside = np.flatnonzero((offsets[:, 0] < end) & (offsets[:, 1] > start))
        table[first[row] + inside, source] = label
    return table, first


def joined(labels: np.ndarray, proba: np.ndarray, first: np.ndarray, queries: Queries) -> Votes:
    """Return runs of tokens of one label (-1: outside) as spans, with their mean probability."""
    rows: list[tuple[int, int, float, int, int]] = []
    for record, offsets in queries.tokens.items():
        said = labels[first[record] : first[record + 1]]
        sure = proba[first[record] : first[record + 1]]
        begin = 0
        for at in range(1, len(said) + 1):
            if at == len(said) or said[at] != said[begin]:
                if said[begin] >= 0:
                    span = int(offsets[begin, 0]), int(offsets[at - 1, 1])
                    rows.append((record, int(said[begin]), float(sure[begin:at].mean()), *span))
                begin = at
    columns = list(zip(*rows, strict=True)) or [[], [], [], [], []]
    return Votes.of(*(np.array(column) for column in columns))


def majority(votes: VoteMatrix, gold: Gold, queries: Queries) -> Votes:
    """Each token gets the label of most rules; a tie gets none."""
    table, first = token_votes(votes, queries)
    counts = np.stack([(table == label).sum(axis=1) for label in range(len(votes.labels))], axis=1)
    best, total = counts.max(axis=1), np.maximum(1, counts.sum(axis=1))
    clear = (best > 0) & ((counts == best[:, None]).sum(axis=1) == 1)
    return joined(np.where(clear, counts.argmax(axis=1), -1), best / total, first, queries)


def snorkel(votes: VoteMatrix, gold: Gold, queries: Queries) -> Votes:
    """Snorkel's LabelModel on the tokens that have a vote."""
    import tempfile

    table, first = token_votes(votes, queries)
    voted = np.flatnonzero((table >= 0).any(axis=1))
    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/votes.npy", f"{folder}/proba.npy"
        np.save(source, table[voted])
        count = str(len(votes.labels))
        command = [os.environ["REFINERY_NB_SNORKEL"], "-c", SNORKEL, source, target, count, "0"]
        single = {**os.environ, "OMP_NUM_THREADS": "1"}  # many threads only wait for each other
        subprocess.run(command, check=True, capture_output=True, env=single)
        found = np.load(target)
    labels, proba = np.full(len(table), -1), np.zeros(len(table))
    labels[voted], proba[voted] = found.argmax(axis=1), found.max(axis=1)
    return joined(labels, proba, first, queries)


def logistic(votes: VoteMatrix, gold: Gold, queries: Queries) -> Votes:
    """A logistic regression of tokens on the words around them, from the manual labels alone."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    if not len(gold.reviewed):
        return Votes.empty(spans=True)
    labels = np.full(sum(map(len, queries.tokens.values())), -1)
    first = np.concatenate([[0], np.cumsum([len(one) for one in queries.tokens.values()])])
    for record, token, label in token_keys(gold.votes, queries):
        labels[first[record] + token] = label
    features = []
    for record, offsets in queries.tokens.items():
        words = [queries.texts[record][start:end].lower() for start, end in offsets.tolist()]
        padded = ["", "", *words, "", ""]
        for at in range(len(words)):
            window = {f"{shift}:{padded[at + 2 + shift]}": 1 for shift in range(-2, 3)}
            word = words[at]
            shape = {f"s{word[-3:]}": 1, f"p{word[:3]}": 1, "digit": int(word[:1].isdigit())}
            features.append({**window, **shape})
    known = np.concatenate([np.arange(first[r], first[r + 1]) for r in gold.reviewed.tolist()])
    table = DictVectorizer().fit_transform(features)
    model = LogisticRegression(C=5.0, max_iter=500).fit(table[known], labels[known])
    proba = model.predict_proba(table)
    return joined(model.classes_[proba.argmax(axis=1)], proba.max(axis=1), first, queries)


def refinery(votes: VoteMatrix, gold: Gold, queries: Queries) -> Votes:
    """Refinery's algorithm, by the label model of that name or as reference/refinery.md has it."""
    try:
        from refinery_nb.supervision.refinery import Refinery
    except ImportError:
        return merged_chains(votes, gold, queries)
    model = Refinery().fit(votes, gold if len(gold.reviewed) else None)
    found: Votes = model.spans(votes, Overlap.FLAT)
    return found


def merged_chains(votes: VoteMatrix, gold: Gold, queries: Queries) -> Votes:
    """Chains of spans of a label become one, of the highest confidence; the surest wins."""
    table, first = token_votes(votes, queries)
    true = np.full(len(table), -1)
    known = np.zeros(len(table), dtype=bool)
    for record in gold.reviewed.tolist():
        known[first[record] : first[record + 1]] = (
            len(gold.votes.of_records(np.array([record]))) > 0
        )
    for record, token, label in token_keys(gold.votes, queries):
        true[first[record] + token] = label
    weight = np.full((len(votes.sources), len(votes.labels)), 0.8 if not known.any() else 0.0)
    for source, label in itertools.product(*map(range, weight.shape)) if known.any() else ():
        said = known & (table[:, source] == label)
        weight[source, label] = (true[said] == label).mean() if said.any() else 0.0
    assert votes.start is not None
    assert votes.end is not None
    rows: list[tuple[int, int, float, int, int]] = []
    order = np.lexsort((votes.end, votes.start, votes.label, votes.row))
    chunks: dict[int, list[list[float]]] = {}
    for at in order.tolist():
        row, label = int(votes.row[at]), int(votes.label[at])
        start, end = int(votes.start[at]), int(votes.end[at])
        sure = float(weight[votes.source[at], label])
        of_row = chunks.setdefault(row, [])
        if of_row and of_row[-1][0] == label and start <= of_row[-1][2]:
            of_row[-1][2] = max(of_row[-1][2], end)
            of_row[-1][3] = max(of_row[-1][3], sure)
        else:
            of_row.append([label, start, end, sure])
    for row, of_row in chunks.items():
        of_row.sort(key=lambda chunk: -chunk[3])
        for n, (label, start, end, sure) in enumerate(of_row):
            if sure > 0 and all(end <= one[1] or start >= one[2] for one in of_row[:n]):
                proba = 1 / (1 + np.exp(-7 * sure + 3))
                rows.append((int(votes.records[row]), int(label), proba, int(start), int(end)))
    columns = list(zip(*rows, strict=True)) or [[], [], [], [], []]
    return Votes.of(*(np.array(column) for column in columns))


def by_text(votes: VoteMatrix, gold: Gold, queries: Queries) -> Votes:
    """Our sequence model from the manual labels alone, without any rule."""
    none = VoteMatrix.build(votes.records, {}, votes.labels, spans=True)
    return tag(none, gold, queries.texts, queries.tokens).votes


def fused(votes: VoteMatrix, gold: Gold, queries: Queries) -> Votes:
    """Votes and text together."""
    return tag(votes, gold, queries.texts, queries.tokens).votes


def ours(name: str) -> Model:
    """Return a label model of the package, by name."""

    def model(votes: VoteMatrix, gold: Gold, queries: Queries) -> Votes:
        return supervise(votes, gold, model=name)

    return model


def models() -> dict[str, Model | None]:
    """Return what is measured, in order of the table; None where it cannot be."""
    own = {name: ours(name) for name in MODELS if name in ("weighted", "dawid_skene", "generative")}
    return {
        "majority of tokens": majority,
        "Snorkel LabelModel": snorkel if os.environ.get("REFINERY_NB_SNORKEL") else None,
        "refinery": refinery,
        "logistic regression, no rules": logistic,
        "text model, no rules": by_text,
        **own,
        "fused": fused,
    }


def speed(count: int = 1_000_000, *, seed: int = 0) -> float:
    """Return span votes combined per second: 20 sources, 3 labels, 4 votes a record."""
    random = np.random.default_rng(seed)
    records = count // 4
    columns = {}
    for source in range(20):
        chosen = np.sort(random.integers(0, records, count // 20))
        start = random.integers(0, 20, len(chosen)) * 5
        end = start + random.integers(1, 4, len(chosen)) * 5
        label = random.integers(0, 3, len(chosen))
        columns[f"source {source}"] = Votes.of(chosen, label, None, start, end)
    votes = VoteMatrix.build(range(records), columns, range(3), spans=True)
    begin = time.perf_counter()
    supervise(votes, None)
    return count / (time.perf_counter() - begin)


def main() -> int:
    parser = argparse.ArgumentParser(description="Span F1 on MIT Restaurant")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--labels", default="0,50,100,500")
    parser.add_argument("--models", default="")
    arguments = parser.parse_args()
    if not SHARED.is_dir():
        print("skipped: the folder of real data is not beside the project")
        return 0
    queries = load(SHARED / "mitr")
    counts = [int(one) for one in arguments.labels.split(",")]
    wanted = [one for one in arguments.models.split(",") if one]
    print(f"{len(queries.texts):,} queries, {len(queries.truth):,} gold spans,", end=" ")
    print(f"{len(mitr_rules.rules())} rules, {len(queries.votes.row):,} votes")
    print(f"{'model':30} {'labels':>6} {'exact':>7} {'unseen':>7} {'token':>7} {'ECE':>6} {'s':>6}")
    for name, model in models().items():
        if wanted and name not in wanted:
            continue
        if model is None:
            print(f"{name:30} not measured")
            continue
        blind = name in ("majority of tokens", "Snorkel LabelModel")
        for count in counts[:1] if blind else counts:
            rows, begin = [], time.perf_counter()
            seeds = 1 if count == 0 or blind else arguments.seeds
            for seed in range(seeds):
                order = np.random.default_rng(seed).permutation(len(queries.texts))
                gold = queries.gold(order[:count])
                rows.append(scores(model(queries.votes, gold, queries), queries, gold))
            mean, took = np.mean(rows, axis=0), (time.perf_counter() - begin) / seeds
            figures = " ".join(f"{figure:7.3f}" for figure in mean[:3])
            label = "any" if blind else str(count)
            print(f"{name:30} {label:>6} {figures} {mean[3]:6.3f} {took:6.1f}", flush=True)
    if not wanted:
        print(f"{speed():,.0f} span votes/s combined (refinery: 600 spans/s on its own machine)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
