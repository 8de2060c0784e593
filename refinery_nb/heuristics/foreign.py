"""A rule of another system that cannot run here: its text, and the votes it cast there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics.batch import Batch
from refinery_nb.heuristics.kind import checked, digest


class Foreign:
    """Vote as a rule of another system has voted there.

    Its source is text and nothing else: it is kept, shown and written back, but never run. The
    votes stand in its version and stay as they are; records that come later have none.

    Parameters
    ----------
    name
        What it is called.
    system, type
        Where it comes from, and what it is there: ``refinery``, ``ACTIVE_LEARNING``.
    source, description
        What it was made of, and what somebody said of it.
    content
        The hash of its votes.
    trained_on
        Ids of the records whose manual labels it has learnt from: they do not count for its
        precision in the label model of refinery.
    """

    kind = "foreign"

    def __init__(
        self,
        name: str,
        *,
        system: str,
        type: str,
        source: str = "",
        description: str = "",
        content: str = "",
        trained_on: Sequence[int] = (),
    ) -> None:
        self.name = checked(name, "a heuristic")
        self.system = system
        self.type = type
        self.source = source
        self.description = description
        self.content = content
        self.trained_on = list(trained_on)

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Foreign:
        """Make it from its spec."""
        return cls(
            spec["name"],
            system=spec["system"],
            type=spec["type"],
            source=spec.get("source", ""),
            description=spec.get("description", ""),
            content=spec.get("content", ""),
            trained_on=spec.get("trained_on", ()),
        )

    def spec(self) -> dict[str, Any]:
        """Return all that is known of it; the votes stand in its version."""
        return {
            "kind": self.kind,
            "name": self.name,
            "system": self.system,
            "type": self.type,
            "source": self.source,
            "description": self.description,
            "content": self.content,
            "trained_on": self.trained_on,
        }

    @property
    def fingerprint(self) -> str:
        """The version: its text and its votes."""
        known = {name: value for name, value in self.spec().items() if name != "name"}
        return digest(known)

    def __repr__(self) -> str:
        return f"Foreign({self.name!r}, a {self.type} of {self.system})"

    def load(self) -> None:
        """Nothing is left to do."""

    def vote(self, batch: Batch) -> NoReturn:
        """Refuse: it does not run here."""
        raise HeuristicError(
            f"{self.name!r} is a {self.type} of {self.system}, which does not run here.",
            hint="Its votes stand as they are; write it anew to have it vote on other records.",
        )
