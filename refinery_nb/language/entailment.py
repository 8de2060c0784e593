"""How far texts entail hypotheses: a model of natural language inference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError
from refinery_nb.embed.runner import batches
from refinery_nb.language.loading import Loaded, find, load, quickened

BUDGET = {"cpu": 2_048, "cuda": 65_536}  # tokens of a batch, padding included


class Entailment:
    """A transformers model that tells entailment from contradiction.

    Which of its answers means entailment is read from its configuration.

    Raises
    ------
    InputError
        If there is no such model here, or its configuration does not say which answer is which.
    """

    def __init__(self, model: str) -> None:
        self._folder = find(model)
        self.identity = self._folder.identity
        self._loaded: tuple[Loaded, int, int] | None = None

    def scores(
        self, pairs: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Judge pairs of a text and a hypothesis, those of like length together.

        Texts that are longer than the model's window are cut; hypotheses are not.

        Yields
        ------
        rows, logits
            Positions in ``pairs``, shape (n,), and for each the logits of contradiction (or of no
            entailment) and entailment, float32 of shape (n, 2). Each pair comes once.
        """
        loaded, contradiction, entailment = self._ready()
        torch, tokenizer = loaded.torch, loaded.tokenizer
        if not pairs:
            return
        tokens = tokenizer(
            [text for text, _ in pairs],
            [hypothesis for _, hypothesis in pairs],
            truncation="only_first",
            max_length=loaded.window,
        )
        lengths = [len(ids) for ids in tokens["input_ids"]]
        with torch.inference_mode():
            for rows in batches(lengths, BUDGET[loaded.device]):
                padded = tokenizer.pad(
                    {name: [column[row] for row in rows] for name, column in tokens.items()}
                )
                inputs = {
                    name: torch.tensor(column, device=loaded.device)
                    for name, column in padded.items()
                }
                logits = loaded.model(**inputs).logits.float().cpu().numpy()
                yield np.array(rows, np.int64), logits[:, [contradiction, entailment]]

    def _ready(self) -> tuple[Loaded, int, int]:
        if self._loaded is None:
            loaded = quickened(self._load(), self._load, _probe)
            self._loaded = loaded, *_answers(loaded.model.config, str(self._folder.weights))
        return self._loaded

    def _load(self) -> Loaded:
        return load(self._folder, "AutoModelForSequenceClassification", "float32")


def _probe(loaded: Loaded) -> Any:
    told = loaded.tokenizer(
        ["a text of some words", "b"], ["c", "d e"], padding=True, return_tensors="pt"
    )
    return loaded.model(**told).logits


def _answers(config: Any, source: str) -> tuple[int, int]:
    """Return which answers mean contradiction and entailment."""
    named = {str(name).casefold(): int(at) for name, at in (config.label2id or {}).items()}
    entailed = [at for name, at in named.items() if name.startswith("entail")]
    against = [at for name, at in named.items() if name.startswith("contra")]
    against += [at for name, at in named.items() if name.startswith(("not_", "not ", "non"))]
    if len(entailed) != 1 or not against:
        raise InputError(
            f"the model answers {', '.join(map(repr, sorted(named)))}; none of these is "
            "entailment and its opposite.",
            source=source,
            hint="Give a model of natural language inference (NLI).",
        )
    return against[0], entailed[0]
