"""A label from its description alone: by a model of entailment, or by the meaning of the text."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from refinery_nb.core.errors import HeuristicError, did_you_mean
from refinery_nb.heuristics.batch import Batch
from refinery_nb.heuristics.kind import checked, digest

MODES = ("nli", "similarity")
ENGLISH = "This text is about {}."
GERMAN = "In diesem geht es um {}."  # as the German models were asked when they were made
TEMPERATURE = 0.05  # what sentence-transformers are trained at: cosines times 20


class ZeroShot:
    """Vote for the label whose description fits the text best; nothing is trained.

    Mode ``nli``: a model of natural language inference says how far the text entails "This text
    is about {label}." (Yin et al., 2019). Mode ``similarity``: how near the vector of the label's
    description is to that of the text; that needs an embedding only, and takes no time.

    What the model said is kept by text, model and hypothesis: a run asks about what is new.

    Parameters
    ----------
    on
        The attribute with the texts.
    model
        For ``nli`` a folder, or the name of an installed or cached transformers model, whose
        weights are safetensors. For ``similarity`` an embedding of the project, or its name;
        None: the newest one of the attribute.
    hypothesis
        What a label claims, with ``{}`` where its description stands. By default "This text is
        about {}.", in German for a German model; for ``similarity`` the description alone.
    labels
        Which labels of the task are looked for; by default all.
    descriptions
        What stands for a label in the hypothesis, by label; by default its name.
    min_confidence
        Below it the heuristic abstains. By default ``min(1 / labels + 0.2, 0.8)``, rounded to one
        digit, as in Kern AI refinery.
    individually
        Each label has a confidence of its own instead of a share of 1: entailment against
        contradiction, or the cosine. Always so where a record may have several labels.
    mode
        ``nli`` or ``similarity``; by default what the model is for.
    temperature
        Of the softmax over cosines: the smaller, the surer.
    name
        By default ``zero_shot:`` and the attribute.
    """

    kind = "zero_shot"

    def __init__(
        self,
        on: str,
        *,
        model: Any = None,
        hypothesis: str | None = None,
        labels: Sequence[str] | None = None,
        descriptions: Mapping[str, str] | None = None,
        min_confidence: float | None = None,
        individually: bool = False,
        mode: str | None = None,
        temperature: float = TEMPERATURE,
        name: str | None = None,
    ) -> None:
        if mode is not None and mode not in MODES:
            raise HeuristicError(f"mode={mode!r}.", hint=did_you_mean(str(mode), MODES))
        if hypothesis is not None and hypothesis.count("{}") != 1:
            raise HeuristicError(
                f"the hypothesis {hypothesis!r} has not one place for the label.",
                hint=f'Write {{}} where it stands: "{ENGLISH}"',
            )
        if min_confidence is not None and not 0 <= min_confidence <= 1:
            raise HeuristicError(f"min_confidence={min_confidence!r} does not lie in [0, 1].")
        if not temperature > 0:
            raise HeuristicError(f"temperature={temperature!r} is not above 0.")
        self.on = checked(on, "an attribute")
        self.name = checked(f"zero_shot:{on}" if name is None else name, "a heuristic")
        self.model = _model(model)
        self.mode = mode
        self.hypothesis = hypothesis
        self.labels = None if labels is None else tuple(checked(one, "a label") for one in labels)
        self.descriptions = {str(k): str(v) for k, v in (descriptions or {}).items()}
        self.min_confidence = None if min_confidence is None else float(min_confidence)
        self.individually = bool(individually)
        self.temperature = float(temperature)
        self.identity = ""

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> ZeroShot:
        """Make it from its spec."""
        made = cls(
            spec["on"],
            model=spec["model"],
            hypothesis=spec["hypothesis"],
            labels=spec["labels"],
            descriptions=spec["descriptions"],
            min_confidence=spec["min_confidence"],
            individually=spec["individually"],
            mode=spec["mode"],
            temperature=spec["temperature"],
            name=spec["name"],
        )
        made.identity = spec["identity"]
        return made

    def spec(self) -> dict[str, Any]:
        """Return what it asks, and of which model; ``identity`` tells its weights from others."""
        return {
            "kind": self.kind,
            "name": self.name,
            "on": self.on,
            "mode": self.mode,
            "model": self.model,
            "identity": self.identity,
            "hypothesis": self.hypothesis,
            "labels": None if self.labels is None else list(self.labels),
            "descriptions": self.descriptions,
            "min_confidence": self.min_confidence,
            "individually": self.individually,
            "temperature": self.temperature,
        }

    @property
    def fingerprint(self) -> str:
        """The version: the model's weights and the question, not where the model lies."""
        spec = self.spec()
        if self.identity:
            del spec["model"]
        return digest(spec)

    def claims(self, labels: Sequence[str]) -> list[str]:
        """Return what each label claims about a text."""
        template = self.hypothesis or ("{}" if self.mode == "similarity" else ENGLISH)
        return [template.replace("{}", self.descriptions.get(one, one)) for one in labels]

    def threshold(self, labels: int) -> float:
        """Return the confidence from which on it votes, among so many labels.

        >>> ZeroShot("text").threshold(4), ZeroShot("text").threshold(0)
        (0.5, 0.5)
        """
        if self.min_confidence is not None:
            return self.min_confidence
        return round(min(1 / labels + 0.2, 0.8), 1) if labels else 0.5

    def __repr__(self) -> str:
        return f"ZeroShot({self.on!r}, model={self.model!r}, name={self.name!r})"

    def load(self) -> None:
        """Nothing is left to do."""

    def vote(self, batch: Batch) -> NoReturn:
        """Refuse: a batch has neither the model nor what it said already."""
        raise HeuristicError(
            f"{self.name!r} asks a model, which the project holds.",
            hint="Add it to a task and run the task.",
        )


def _model(model: Any) -> str | None:
    """Return what a model is found by again."""
    if model is None:
        return None
    if isinstance(model, os.PathLike):
        return str(Path(model).expanduser().absolute())
    name = model if isinstance(model, str) else getattr(model, "name", None)
    if not isinstance(name, str) or not name.strip():
        raise HeuristicError(
            f"{model!r} is no model.", hint="Give a folder, a name, or an embedding of the project."
        )
    return name
