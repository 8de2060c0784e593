"""Planted sets of many shapes: votes, vectors and true labels, made from nothing but a seed.

What real data may look like: skewed classes, many classes, rules that are hardly better than
chance, copies of a bad rule, few rules that are nearly always right, people as sources, texts that
are empty, vectors that know nothing or all, a label without a rule. For each shape and number of
manual labels: what share of the records ``auto`` labels rightly, the best of its parts, and by how
much it falls short of that.

    python tests/bench/shapes.py [--seeds 2] [--labels 0,30,100,500]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from refinery_nb.core.vectors import Vectors
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision.supervise import run
from tests.supervision import planted


@dataclass(frozen=True)
class Shape:
    """Votes, vectors and true labels of some records."""

    votes: VoteMatrix
    vectors: list[Vectors]
    true: np.ndarray

    def gold(self, count: int, seed: int) -> Gold | None:
        """Return so many manual labels, drawn at random."""
        if not count:
            return None
        rng = np.random.default_rng(seed)
        return planted.gold(self.true, rng.choice(len(self.true), count, replace=False))


def vectors(
    rng: np.random.Generator, true: np.ndarray, apart: float, *, dim: int = 64, words: int = 100
) -> list[Vectors]:
    """Return an embedding and words: clouds of several topics to a label, so far apart.

    Topics matter more than labels, as they do in texts: much of what vectors tell is of no use.
    """
    labels = int(true.max()) + 1
    topic = rng.integers(0, 4, len(true))
    centres = rng.normal(size=(labels, dim)) * apart
    themes = rng.normal(size=(4, dim)) * 1.5
    close = centres[true] + themes[topic] + rng.normal(size=(len(true), dim)) * 2.5
    rates = rng.gamma(0.3, size=(labels, words)) * apart + rng.gamma(0.5, size=words)
    said = rng.poisson(rates[true] * 0.15).astype(float)
    ids = np.arange(len(true))
    return [Vectors(ids, _unit(close)), Vectors(ids, _unit(said))]


def _unit(rows: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(length > 0, length, 1)).astype(np.float32)


def keyword_rules(
    rng: np.random.Generator,
    true: np.ndarray,
    each: int,
    precision: tuple[float, float],
    recall: tuple[float, float],
    labels: Sequence[int] | None = None,
) -> dict[str, Votes]:
    """Return so many rules of one label for each label."""
    wanted = range(int(true.max()) + 1) if labels is None else labels
    return {
        f"rule {label}.{number}": planted.rule(
            rng, true, label, rng.uniform(*precision), rng.uniform(*recall)
        )
        for label in wanted
        for number in range(each)
    }


def _shape(true: np.ndarray, votes: dict[str, Votes], seen: list[Vectors]) -> Shape:
    return Shape(planted.matrix(votes, len(true), int(true.max()) + 1), seen, true)


def rare_label(seed: int) -> Shape:
    """One record in twelve is of the label that matters, as with spam."""
    rng, true = np.random.default_rng(seed), planted.truth(seed, 4_000, [0.92, 0.08])
    votes = keyword_rules(rng, true, 8, (0.6, 0.98), (0.02, 0.15))
    return _shape(true, votes, vectors(rng, true, 0.9))


def many_labels(seed: int) -> Shape:
    """24 labels, few of them frequent."""
    share = 1 / np.arange(1, 25) ** 0.8
    rng, true = np.random.default_rng(seed), planted.truth(seed, 5_000, share / share.sum())
    votes = keyword_rules(rng, true, 2, (0.4, 0.95), (0.05, 0.5))
    return _shape(true, votes, vectors(rng, true, 0.8))


def poor_rules(seed: int) -> Shape:
    """Rules that are right in a third to a half of their hits."""
    rng, true = np.random.default_rng(seed), planted.truth(seed, 4_000, [0.3, 0.25, 0.25, 0.2])
    votes = keyword_rules(rng, true, 5, (0.33, 0.55), (0.05, 0.3))
    return _shape(true, votes, vectors(rng, true, 0.7))


def copies(seed: int) -> Shape:
    """Ten copies of a bad rule beside good ones."""
    rng, true = np.random.default_rng(seed), planted.truth(seed, 4_000, [0.4, 0.3, 0.2, 0.1])
    votes = keyword_rules(rng, true, 4, (0.6, 0.9), (0.05, 0.3))
    bad = planted.rule(rng, true, 2, 0.25, 0.6)
    votes |= {f"copy {number}": bad for number in range(10)}
    return _shape(true, votes, vectors(rng, true, 0.7))


def few_precise(seed: int) -> Shape:
    """One rule a label, nearly always right, on few records."""
    rng, true = np.random.default_rng(seed), planted.truth(seed, 4_000, [0.3, 0.25, 0.25, 0.2])
    votes = keyword_rules(rng, true, 1, (0.93, 0.99), (0.03, 0.08))
    return _shape(true, votes, vectors(rng, true, 0.7))


def people(seed: int) -> Shape:
    """Five people of different skill; the vectors know nothing."""
    rng, true = np.random.default_rng(seed), planted.truth(seed, 3_000, [0.4, 0.35, 0.25])
    votes = {
        f"person {number}": planted.source(rng, true, skill, 0.6, 3)
        for number, skill in enumerate((0.9, 0.85, 0.8, 0.75, 0.7))
    }
    return _shape(true, votes, vectors(rng, rng.permutation(true), 0.7))


def knowing_rules(seed: int) -> Shape:
    """Rules that look at what is not in the text, such as the sender, and good ones."""
    rng, true = np.random.default_rng(seed), planted.truth(seed, 4_000, [0.3, 0.25, 0.25, 0.2])
    votes = {f"field {number}": planted.source(rng, true, 0.85, 0.7, 4) for number in range(4)}
    return _shape(true, votes, vectors(rng, true, 0.6))


def empty_texts(seed: int) -> Shape:
    """Two records in five have no text; rules vote on them too."""
    rng, true = np.random.default_rng(seed), planted.truth(seed, 4_000, [0.3, 0.25, 0.25, 0.2])
    votes = keyword_rules(rng, true, 4, (0.6, 0.9), (0.05, 0.3))
    votes |= {f"field {number}": planted.source(rng, true, 0.75, 0.5, 4) for number in range(3)}
    seen = vectors(rng, true, 0.8)
    blank = rng.random(len(true)) < 0.4
    for block in seen:
        block.values[blank] = 0.0
    return _shape(true, votes, seen)


def two_opinions(seed: int) -> Shape:
    """Two labels that the vectors hardly tell apart, as with sentiment."""
    rng, true = np.random.default_rng(seed), planted.truth(seed, 4_000, [0.5, 0.5])
    votes = keyword_rules(rng, true, 5, (0.55, 0.85), (0.1, 0.4))
    return _shape(true, votes, vectors(rng, true, 0.25))


def label_without_rule(seed: int) -> Shape:
    """One record in five is of a label that no rule gives."""
    rng, true = np.random.default_rng(seed), planted.truth(seed, 4_000, [0.3, 0.25, 0.25, 0.2])
    votes = keyword_rules(rng, true, 4, (0.6, 0.9), (0.1, 0.4), labels=[0, 1, 2])
    return _shape(true, votes, vectors(rng, true, 0.8))


SHAPES: dict[str, Callable[[int], Shape]] = {
    "rare label": rare_label,
    "24 labels": many_labels,
    "poor rules": poor_rules,
    "ten copies": copies,
    "few precise rules": few_precise,
    "people and blind vectors": people,
    "rules know more": knowing_rules,
    "empty texts": empty_texts,
    "two opinions": two_opinions,
    "label without rule": label_without_rule,
}

PARTS = ("weighted", "dawid_skene", "generative", "classifier")


def right(shape: Shape, gold: Gold | None, model: str) -> float:
    """Return the share of the records that a model labels rightly."""
    looks = {"vectors": shape.vectors} if model in ("auto", "fused", "classifier") else {}
    if model == "classifier" and gold is None:
        return 0.0
    weak = run(shape.votes, gold, model=model, check=False, **looks).votes
    return float((shape.true[weak.record] == weak.label).sum() / len(shape.true))


def main() -> int:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--labels", default="0,30,100,500")
    options.add_argument("--shapes", default=",".join(SHAPES))
    asked = options.parse_args()
    counts = [int(one) for one in asked.labels.split(",")]
    print("auto / best of its parts, and how far below that it is in points")
    print(f"{'manual labels':24}" + "".join(f"{count:>20}" for count in counts))
    worst = 0.0
    for name in asked.shapes.split(","):
        cells = []
        for count in counts:
            scores = np.zeros((len(PARTS) + 1, asked.seeds))
            for seed in range(asked.seeds):
                shape = SHAPES[name](seed)
                gold = shape.gold(count, seed)
                scores[:, seed] = [right(shape, gold, model) for model in ("auto", *PARTS)]
            auto, *parts = scores.mean(axis=1).tolist()
            short = 100 * (max(parts) - auto)
            worst = max(worst, short)
            cells.append(f"{auto:8.3f} /{max(parts):.3f} {max(short, 0):5.1f}")
        print(f"{name:24}" + "".join(cells), flush=True)
    print(f"at most {worst:.1f} points below the best of its parts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
