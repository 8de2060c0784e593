"""A condition as a heuristic: every record that it holds for gets the label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from refinery_nb.core.condition_json import from_json, to_json
from refinery_nb.core.errors import HeuristicError
from refinery_nb.core.query import Condition
from refinery_nb.heuristics.batch import Batch
from refinery_nb.heuristics.kind import checked, digest


class Filter:
    """Vote a label where a condition on records holds; made by ``task.rule_from``.

    The engine answers it in SQL: a condition may ask what only the project knows, such as the
    votes of other heuristics. For classification only.

    Parameters
    ----------
    label
        Name of the label.
    condition
        Which records get it.
    name
        By default ``filter:`` and the label.
    """

    kind = "filter"

    def __init__(self, label: str, condition: Condition, name: str | None = None) -> None:
        self.label = checked(label, "a label")
        self.name = checked(f"filter:{label}" if name is None else name, "a heuristic")
        self.condition = condition
        self._document = to_json(condition)

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Filter:
        """Make it from its spec."""
        return cls(spec["label"], from_json(spec["condition"]), spec["name"])

    def spec(self) -> dict[str, Any]:
        """Return all that is needed to answer it again."""
        return {
            "kind": self.kind,
            "name": self.name,
            "label": self.label,
            "condition": self._document,
        }

    @property
    def fingerprint(self) -> str:
        """The version."""
        return digest(self.spec())

    def __repr__(self) -> str:
        return f"Filter({self.label!r}, name={self.name!r})"

    def load(self) -> None:
        """Nothing is left to do."""

    def vote(self, batch: Batch) -> NoReturn:
        """Refuse: a batch does not know what the condition asks."""
        raise HeuristicError(
            f"{self.name!r} is a filter; only the project can say where it holds.",
            hint="Add it to a task and run the task.",
        )
