"""The choice of a label model by what is known: cross-validated on the manual labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from refinery_nb.core.votes import Gold, VoteMatrix
from refinery_nb.supervision.crossfit import HeldOut, cross_fit
from refinery_nb.supervision.model import LabelModel, label_model

FEW = 25  # manual labels; with fewer, cross-validation says too little
# In the order in which they win a tie. "classifier": vectors and manual labels, without rules.
CANDIDATES = ("fused", "generative", "dawid_skene", "weighted", "classifier")


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen label model.

    Attributes
    ----------
    name
        Of the model.
    why
        In a sentence.
    tried
        Cross-validated log-loss and accuracy of each candidate by name.
    held_out
        The held-out predictions of the chosen one.
    """

    name: str
    why: str
    tried: dict[str, dict[str, float]]
    held_out: HeldOut | None


def maker(name: str, vectors: Any, options: dict[str, Any]) -> Callable[[], LabelModel]:
    """Return what makes a label model, with the vectors where it looks at them."""
    if name in ("fused", "classifier"):
        return lambda: label_model("fused", vectors=vectors, rules=name == "fused", **options)
    return lambda: label_model(name, **options)


def choose(votes: VoteMatrix, gold: Gold, *, vectors: Any, seed: int = 0, **options: Any) -> Choice:
    """Choose the label model of the least cross-validated log-loss on the manual labels.

    With few manual labels it is ``fused`` where there are vectors, and else ``generative``,
    which learns from how the rules agree; ``weighted`` for fewer than three rules.
    """
    labelled = len(gold.reviewed)
    if labelled < FEW:
        name = "fused" if vectors else "generative" if len(votes.sources) >= 3 else "weighted"
        have = "vectors" if vectors else f"{len(votes.sources)} heuristics and no vectors"
        why = (
            f"{labelled} manual labels are too few to compare label models ({FEW} are needed); "
            f"with {have}, {name} is the default."
        )
        return Choice(name, why, {}, None)
    names = [name for name in CANDIDATES if vectors or name not in ("fused", "classifier")]
    found = {
        name: cross_fit(maker(name, vectors, options), votes, gold, seed=seed) for name in names
    }
    tried = {
        name: {"log_loss": one.log_loss, "accuracy": one.accuracy} for name, one in found.items()
    }
    best = min(names, key=lambda name: tried[name]["log_loss"])
    others = ", ".join(f"{n} {tried[n]['log_loss']:.3f}" for n in names if n != best)
    why = (
        f"{best} has the least cross-validated log-loss on {labelled:,} manual labels: "
        f"{tried[best]['log_loss']:.3f} ({others})."
    )
    return Choice(best, why, tried, found[best])
