"""What a label model is, and the table of those that are built in."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.votes import Gold, VoteMatrix

MODELS = {
    "majority": "refinery_nb.supervision.majority:Majority",
    "weighted": "refinery_nb.supervision.weighted:Weighted",
    "dawid_skene": "refinery_nb.supervision.dawid_skene:DawidSkene",
    "generative": "refinery_nb.supervision.generative:Generative",
    "fused": "refinery_nb.supervision.fused:Fused",
    "refinery": "refinery_nb.supervision.refinery:Refinery",
}


class LabelModel(Protocol):
    """Combines the votes of many sources."""

    def fit(self, votes: VoteMatrix, gold: Gold | None) -> LabelModel:
        """Learn how far to trust each source, from a few manual labels or none."""

    def predict_proba(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return probabilities, shape (rows, labels): each row sums to 1, or is 0: abstains."""

    def log_odds(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return the weight of each vote, shape (votes,): the log-odds that it is right."""


def label_model(name: str, **options: Any) -> LabelModel:
    """Return a label model by name.

    Raises
    ------
    QueryError
        If there is none of this name.

    >>> type(label_model("majority")).__name__
    'Majority'
    """
    if name not in MODELS:
        raise QueryError(f"there is no label model {name!r}.", hint=did_you_mean(name, MODELS))
    module, _, attribute = MODELS[name].partition(":")
    model: LabelModel = getattr(importlib.import_module(module), attribute)(**options)
    return model
