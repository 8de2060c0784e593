"""The choice of a label model by what is known: cross-validated on the manual labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from refinery_nb.core.votes import Gold, VoteMatrix
from refinery_nb.supervision.crossfit import HeldOut, cross_fit
from refinery_nb.supervision.model import LabelModel, label_model
from refinery_nb.supervision.seen import Seen

FEW = 25  # manual labels; with fewer, cross-validation says too little
# "classifier": vectors and manual labels, without rules.
CANDIDATES = ("fused", "generative", "dawid_skene", "weighted", "classifier")
SURE = 2.0  # standard errors by which another model must be better than the usual one


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


def maker(name: str, seen: Seen, options: dict[str, Any]) -> Callable[[], LabelModel]:
    """Return what makes a label model, with the vectors where it looks at them."""
    if name in ("fused", "classifier"):
        return lambda: label_model("fused", vectors=seen, rules=name == "fused", **options)
    return lambda: label_model(name, **options)


def choose(votes: VoteMatrix, gold: Gold, *, seen: Seen, seed: int = 0, **options: Any) -> Choice:
    """Choose the usual label model, unless another one is clearly better on the manual labels.

    The usual one is ``fused`` where there are vectors, which itself learns how far to trust
    rules, vectors and people; else ``generative``, which learns from how the rules agree, or
    ``weighted`` for fewer than three rules. Another one is chosen if its cross-validated log-loss
    is lower by more than ``SURE`` standard errors of the difference. The lowest itself is a bad
    choice with few labels: on 110 runs over 11 sets it cost up to 32 points of accuracy, this
    rule at most 5.
    """
    labelled = len(gold.reviewed)
    usual = "fused" if seen else "generative" if len(votes.sources) >= 3 else "weighted"
    if labelled < FEW:
        have = "vectors" if seen else f"{len(votes.sources)} heuristics and no vectors"
        why = (
            f"{labelled} manual labels are too few to compare label models ({FEW} are needed); "
            f"with {have}, {usual} is the default."
        )
        return Choice(usual, why, {}, None)
    names = [name for name in CANDIDATES if seen or name not in ("fused", "classifier")]
    found = {name: cross_fit(maker(name, seen, options), votes, gold, seed=seed) for name in names}
    tried = {
        name: {"log_loss": one.log_loss, "accuracy": one.accuracy} for name, one in found.items()
    }
    best = min(names, key=lambda name: tried[name]["log_loss"])
    if best != usual:
        apart = found[usual].losses - found[best].losses
        if apart.mean() <= SURE * apart.std() / np.sqrt(max(1, len(apart))):
            best = usual
    lower = [name for name in names if tried[name]["log_loss"] < tried[best]["log_loss"]]
    others = ", ".join(f"{name} {tried[name]['log_loss']:.3f}" for name in names if name != best)
    standing = "with the least" if not lower else "the default, as no other has a clearly lower"
    why = (
        f"{best}, {standing} cross-validated log-loss on {labelled:,} manual labels: "
        f"{tried[best]['log_loss']:.3f} ({others})."
    )
    return Choice(best, why, tried, found[best])
