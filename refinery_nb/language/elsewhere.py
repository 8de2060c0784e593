"""A model of entailment that runs elsewhere: texts and hypotheses go there, logits come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.executor import Executor, Report
from refinery_nb.core.parcel import Parcel
from refinery_nb.language.entailment import Entailment

HERE = "refinery_nb.language.elsewhere"
PAIRS = 512  # that are sent at once: what is lost when the other end is


class EntailmentElsewhere:
    """What ``Entailment`` does, where an executor runs; the model need not be here.

    Raises
    ------
    InputError
        If there is no such model there.
    """

    def __init__(self, executor: Executor, model: str) -> None:
        self._executor, self._model = executor, model
        said = executor.run(f"{HERE}:describe", Parcel({"model": model})).said
        self.identity = str(said["identity"])

    def scores(
        self, pairs: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Judge pairs of a text and a hypothesis, as ``Entailment.scores`` does."""
        order = np.argsort([-len(text) - len(claim) for text, claim in pairs], kind="stable")
        for first in range(0, len(order), PAIRS):
            rows = order[first : first + PAIRS].astype(np.int64)
            chosen = [pairs[row] for row in rows.tolist()]
            texts = {"text": [text for text, _ in chosen], "claim": [claim for _, claim in chosen]}
            question = Parcel({"model": self._model}, texts)
            yield rows, self._executor.run(f"{HERE}:scores", question).arrays["logits"]


def describe(question: Parcel, report: Report) -> Parcel:
    """Return what tells a model from others."""
    del report
    return Parcel({"identity": _loaded(question.said["model"]).identity})


def scores(question: Parcel, report: Report) -> Parcel:
    """Return the logits of pairs, in their order."""
    pairs = list(zip(question.texts["text"], question.texts["claim"], strict=True))
    logits = np.zeros((len(pairs), 2), np.float32)
    done = 0
    for rows, found in _loaded(question.said["model"]).scores(pairs):
        logits[rows] = found
        done += len(rows)
        report(done, len(pairs))
    return Parcel(arrays={"logits": logits})


@lru_cache(maxsize=1)
def _loaded(model: str) -> Entailment:
    return Entailment(model)
