"""A learner as a heuristic: a model that manual labels teach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics import atl
from refinery_nb.heuristics.batch import Batch
from refinery_nb.heuristics.kind import checked, digest

CLASSES, SPANS = 0.7, 0.4  # how sure a vote must be where nothing else is said


class ActiveLearner:
    """Vote as a model that has learnt from the manual labels of the task.

    By default a logistic regression on an embedding and the words of the texts; for spans a
    conditional random field on the tokens. It learns from all valid manual labels. What it votes
    on a labelled record comes from a model that has not seen that record's label, so that its
    precision in the report is an honest one. Its confidences are brought to a temperature that
    fits labels held out.

    It learns again in the background while people label (``follow``), so that suggestions and
    queues follow. It needs two labels with two records each.

    Parameters
    ----------
    on
        The attribute whose texts are learnt from; None: that of the task. Or the model.
    model
        None; an estimator with ``fit`` and ``predict_proba`` such as those of scikit-learn, its
        class, or a function that returns one; or a class in the manner of Kern AI refinery, see
        ``heuristics.atl``. All but None learn from the vectors of an embedding, in a process of
        their own, and are kept as the text that makes them.
    embedding
        The name of the embedding; None: the newest of the attribute.
    min_confidence
        Less sure votes are left out; by default 0.7, and 0.4 for spans.
    labels
        Which labels are voted for; None: all.
    name
        By default ``learner`` and the name of the model.
    follow
        Whether it learns again in the background.

    Examples
    --------
    >>> ActiveLearner("headline", min_confidence=0.8)
    ActiveLearner('headline', name='learner')
    """

    kind = "active"

    def __init__(
        self,
        on: Any = None,
        model: Any = None,
        *,
        embedding: str | None = None,
        min_confidence: float | None = None,
        labels: Sequence[str] | None = None,
        name: str | None = None,
        follow: bool = True,
    ) -> None:
        if on is not None and not isinstance(on, str):
            if model is not None:
                raise HeuristicError(f"{on!r:.80} is no name of an attribute.")
            on, model = None, on
        source = entry = ""
        if model is not None:
            from refinery_nb.heuristics.estimator import source_of

            source, entry = source_of(model)
        called = getattr(model, "__name__", type(model).__name__) if model is not None else ""
        chosen = " ".join(["learner", *([called] if called else [])]) if name is None else name
        options = {
            "on": on,
            "embedding": embedding,
            "min_confidence": min_confidence,
            "labels": None if labels is None else _names(labels),
            "follow": bool(follow),
        }
        self._set(checked(chosen, "a heuristic"), source, entry, options)

    @classmethod
    def from_source(cls, source: str, name: str | None = None, **options: Any) -> ActiveLearner:
        """Make it from written text, as an editor does: a class of refinery's, or a function.

        Raises
        ------
        HeuristicError
            With the line, if the text is no Python or defines no model.
        """
        from refinery_nb.heuristics.estimator import check

        made = cls(name=name or "learner", **options)
        made._set(made.name, source, check(source), made._options())
        return made

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> ActiveLearner:
        """Make it from its spec; nothing is run."""
        made = cls.__new__(cls)
        options = {key: spec[key] for key in made._kept}
        made._set(spec["name"], spec.get("source", ""), spec.get("entry", ""), options)
        return made

    _kept = ("on", "embedding", "min_confidence", "labels", "follow")

    def _set(self, name: str, source: str, entry: str, options: Mapping[str, Any]) -> None:
        self.name, self.source, self.entry = name, source, entry
        self.style = "estimator" if source else ""
        self.spans: bool | None = None
        self.on, self.follow = options["on"], options["follow"]
        self.embedding = options["embedding"]
        self.min_confidence = options["min_confidence"]
        self.labels = options["labels"]
        written = atl.read(source) if source else None
        if written is not None and written.entry == entry:
            self.style, self.spans = "refinery", written.spans
            # What is said beside the class counts more than what stands in it.
            if self.embedding is None:
                self.embedding = written.embedding
            if self.min_confidence is None:
                self.min_confidence = written.min_confidence
            if self.labels is None and written.labels is not None:
                self.labels = list(written.labels)
        if self.min_confidence is not None:
            number = self.min_confidence
            if isinstance(number, bool) or not isinstance(number, (int, float)):
                raise HeuristicError(f"min_confidence={number!r} is no number.")
            if not 0 <= number <= 1:
                raise HeuristicError(f"min_confidence={number!r} does not lie in [0, 1].")

    def _options(self) -> dict[str, Any]:
        return {key: getattr(self, key) for key in self._kept}

    def spec(self) -> dict[str, Any]:
        """Return all that is needed to learn again; what was learnt is not kept."""
        own = {"source": self.source, "entry": self.entry} if self.source else {}
        return {"kind": self.kind, "name": self.name, **self._options(), **own}

    @property
    def recipe(self) -> str:
        """What decides what is learnt from the same labels; not which of it is voted."""
        known = {"on": self.on, "embedding": self.embedding}
        return digest({**known, "source": self.source, "entry": self.entry})

    @property
    def fingerprint(self) -> str:
        """The version: what it learns from, and which votes are left out."""
        known = {"recipe": self.recipe, "labels": self.labels}
        return digest({**known, "kind": self.kind, "min_confidence": self.min_confidence})

    def sure(self, *, spans: bool) -> float:
        """Return how sure a vote must be."""
        if self.min_confidence is not None:
            return float(self.min_confidence)
        return SPANS if spans else CLASSES

    def __repr__(self) -> str:
        on = f"{self.on!r}, " if self.on is not None else ""
        return f"ActiveLearner({on}name={self.name!r})"

    def load(self) -> None:
        """Nothing is left to do."""

    def vote(self, batch: Batch) -> NoReturn:
        """Refuse: a batch does not hold the labels that it learns from."""
        raise HeuristicError(
            f"{self.name!r} is a learner; only the project knows the labels that teach it.",
            hint="Add it to a task and run the task.",
        )


def _names(labels: Sequence[str]) -> list[str]:
    found = [labels] if isinstance(labels, str) else list(labels)
    if not found or not all(isinstance(one, str) for one in found):
        raise HeuristicError(f"labels={labels!r:.80} are no names of labels.")
    return found
