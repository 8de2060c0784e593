"""A person's labels as votes: one whose word is weighed like that of a rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics.batch import Batch
from refinery_nb.heuristics.kind import checked, digest


class Annotator:
    """Vote as a person labels (the crowd labeler of Kern AI refinery).

    The votes are that person's current labels of the task, for classes and spans, and follow
    them: nothing needs to be run after a label has changed. "Reviewed, none" and spans whose
    text has changed are no votes.

    Who votes does not judge. While the heuristic is enabled, this person's labels are not gold
    for any heuristic of the task: the precision of the annotator is counted on the records that
    somebody else has labelled, also where the two disagree. An export has them as votes and not
    as manual labels. ``task.enable(name, False)`` makes them gold again.
    ``task.progress(actor, view)`` says how much of a view the person has done.

    Parameters
    ----------
    actor
        Who, as in ``task.label(..., by=actor)``.
    name
        By default ``annotator:`` and the actor.
    confidence
        Of each vote, in (0, 1].
    """

    kind = "annotator"

    def __init__(self, actor: str, name: str | None = None, confidence: float = 1.0) -> None:
        self.actor = checked(actor, "an annotator")
        self.name = checked(f"annotator:{actor}" if name is None else name, "a heuristic")
        number = isinstance(confidence, (int, float)) and not isinstance(confidence, bool)
        if not number or not 0 < confidence <= 1:
            raise HeuristicError(f"the confidence {confidence!r} does not lie in (0, 1].")
        self.confidence = float(confidence)

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Annotator:
        """Make it from its spec."""
        return cls(spec["actor"], spec["name"], spec.get("confidence", 1.0))

    def spec(self) -> dict[str, Any]:
        """Return whose labels are the votes."""
        return {
            "kind": self.kind,
            "name": self.name,
            "actor": self.actor,
            "confidence": self.confidence,
        }

    @property
    def fingerprint(self) -> str:
        """The version: who, and how sure; not what the person says."""
        return digest({"kind": self.kind, "actor": self.actor, "confidence": self.confidence})

    def __repr__(self) -> str:
        return f"Annotator({self.actor!r}, name={self.name!r})"

    def load(self) -> None:
        """Nothing is left to do."""

    def vote(self, batch: Batch) -> NoReturn:
        """Refuse: a batch does not hold what people said."""
        raise HeuristicError(
            f"{self.name!r} is a person; only the project knows what {self.actor!r} says.",
            hint="Add it to a task: its votes are the person's labels.",
        )
