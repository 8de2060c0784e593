"""A concept by examples: what is like one of them gets the label."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics.batch import Batch
from refinery_nb.heuristics.kind import checked, digest

THRESHOLD = 0.5
FORMS = (
    {"said"},
    {"said", "start", "end"},
    {"text"},
    {"key", "text"},
    {"key", "start", "end", "text"},
    {"vector"},
)


class Similar:
    """Vote a label where a record, or a part of its text, is like one of the examples.

    How alike two texts are is the cosine similarity of their vectors by an embedding of the
    project. For classification the vectors of records are compared; for a spans task those of
    runs of tokens, by an embedding of ``level="token"``. ``task.neighbours(rule)`` shows what
    different thresholds would give, and how right that is.

    Parameters
    ----------
    label
        Name of the label.
    examples
        Keys of records, texts, spans ``(key, start, end)`` or vectors (lists of numbers). A
        string that is the key of a record stands for that record. For a spans task: spans or
        texts.
    name
        By default ``similar:`` and the label.
    threshold
        The least similarity to the nearest example, in (0, 1].
    on, embedding
        The attribute, or the name of the embedding; by default the newest of the task's
        attribute.

    Notes
    -----
    The confidence of a vote is the similarity. Records that are examples get no vote: it would
    prove nothing, and make the precision look better than it is.
    The version holds the texts of the examples: it follows a record that is an example when its
    text changes, and keeps the text of one that is deleted.
    """

    kind = "similar"

    def __init__(
        self,
        label: str,
        examples: Iterable[Any],
        name: str | None = None,
        *,
        threshold: float = THRESHOLD,
        on: str | None = None,
        embedding: str | None = None,
    ) -> None:
        self.label = checked(label, "a label")
        self.name = checked(f"similar:{label}" if name is None else name, "a heuristic")
        if isinstance(examples, (str, Mapping)) or not isinstance(examples, Iterable):
            raise HeuristicError(
                f"examples is {examples!r:.100}, which is no list.", hint="Give a list: [...]."
            )
        self.examples: tuple[dict[str, Any], ...] = tuple(_example(one) for one in examples)
        if not self.examples:
            raise HeuristicError(f"there is no example of {label!r}.")
        number = isinstance(threshold, (int, float)) and not isinstance(threshold, bool)
        if not number or not 0 < threshold <= 1:
            raise HeuristicError(f"threshold={threshold!r} does not lie in (0, 1].")
        self.threshold = float(threshold)
        self.on = on
        self.embedding = embedding
        self.generation = 0  # of the embedding; 0: not known yet

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Similar:
        """Make it from its spec."""
        made = cls(
            spec["label"],
            spec["examples"],
            spec["name"],
            threshold=spec["threshold"],
            on=spec.get("on"),
            embedding=spec.get("embedding"),
        )
        made.generation = int(spec.get("generation", 0))
        return made

    def spec(self) -> dict[str, Any]:
        """Return all that is needed to compare again."""
        return {
            "kind": self.kind,
            "name": self.name,
            "label": self.label,
            "examples": list(self.examples),
            "threshold": self.threshold,
            "on": self.on,
            "embedding": self.embedding,
            "generation": self.generation,
        }

    @property
    def fingerprint(self) -> str:
        """The version: the texts of the examples, the threshold and the embedding."""
        return digest(self.spec())

    def at(self, threshold: float) -> Similar:
        """Return the same rule with another threshold."""
        return Similar.from_spec(self.spec() | {"threshold": threshold})

    def __repr__(self) -> str:
        few = f"{len(self.examples)} example{'' if len(self.examples) == 1 else 's'}"
        return f"Similar({self.label!r}, {few}, threshold={self.threshold:g}, name={self.name!r})"

    def load(self) -> None:
        """Nothing is left to do."""

    def vote(self, batch: Batch) -> NoReturn:
        """Refuse: a batch holds no vectors."""
        raise HeuristicError(
            f"{self.name!r} compares vectors, which only the project has.",
            hint="Add it to a task and run the task.",
        )


def _example(one: Any) -> dict[str, Any]:
    """Return an example as plain JSON: ``said`` is a key or a text, which only the project knows.

    >>> _example(("r1", 0, 4))
    {'said': 'r1', 'start': 0, 'end': 4}
    """
    if isinstance(one, Mapping):
        if set(one) not in FORMS:
            raise HeuristicError(f"{one!r:.100} is no example.")
        return dict(one)
    if hasattr(one, "tolist"):
        one = one.tolist()
    if isinstance(one, list) and one and all(_is_number(number) for number in one):
        return {"vector": [float(number) for number in one]}
    if isinstance(one, tuple) and len(one) == 3 and all(_is_offset(at) for at in one[1:]):
        return _example(one[0]) | {"start": int(one[1]), "end": int(one[2])}
    if isinstance(one, str) or (_is_number(one) and not isinstance(one, list)):
        return {"said": one}
    if isinstance(one, tuple) and all(isinstance(part, (str, int, float)) for part in one):
        return {"said": list(one)}
    raise HeuristicError(
        f"{one!r:.100} is no example.",
        hint="An example is a key, a text, a span (key, start, end), or a list of numbers.",
    )


def _is_number(value: Any) -> bool:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return plain and math.isfinite(value)


def _is_offset(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)
