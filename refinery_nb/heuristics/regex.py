"""A regular expression as a heuristic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics.batch import ITEM, Ballot, Batch
from refinery_nb.heuristics.kind import checked, digest


class Regex:
    """Vote a label where a regular expression matches.

    Parameters
    ----------
    label
        Name of the label.
    pattern
        In the language of ``re``; searched for anywhere in the text.
    name
        By default ``regex:`` and the label.
    case
        Whether upper and lower case differ.
    group
        Which group of a match is the span; for classification, which must take part.
    on
        The attribute to look at; by default that of the task, or all strings of the record.
    """

    kind = "regex"

    def __init__(
        self,
        label: str,
        pattern: str,
        name: str | None = None,
        *,
        case: bool = True,
        group: int | str = 0,
        on: str | None = None,
    ) -> None:
        if not isinstance(pattern, str):
            raise HeuristicError(
                f"the pattern is of type {type(pattern).__name__}; it must be a string."
            )
        try:
            self._compiled = re.compile(pattern, 0 if case else re.IGNORECASE)
        except (re.error, OverflowError, RecursionError) as error:
            raise HeuristicError(f"{pattern!r} is not a regular expression: {error}.") from error
        known = range(self._compiled.groups + 1)
        if group not in known and group not in self._compiled.groupindex:
            raise HeuristicError(
                f"{pattern!r} has no group {group!r}; it has {self._compiled.groups} groups."
            )
        self.label = checked(label, "a label")
        self.name = checked(f"regex:{label}" if name is None else name, "a heuristic")
        self.pattern = pattern
        self.case = case
        self.group = group
        self.on = on

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Regex:
        """Make it from its spec."""
        options = {key: spec[key] for key in ("case", "group", "on") if key in spec}
        return cls(spec["label"], spec["pattern"], spec["name"], **options)

    def spec(self) -> dict[str, Any]:
        """Return all that is needed to run it elsewhere."""
        return {
            "kind": self.kind,
            "name": self.name,
            "label": self.label,
            "pattern": self.pattern,
            "case": self.case,
            "group": self.group,
            "on": self.on,
        }

    @property
    def fingerprint(self) -> str:
        """The version."""
        return digest(self.spec())

    def __repr__(self) -> str:
        return f"Regex({self.label!r}, {self.pattern!r}, name={self.name!r})"

    def load(self) -> None:
        """Nothing is left to do: the pattern is compiled."""

    def vote(self, batch: Batch) -> Ballot:
        """Vote on the records of the batch."""
        label = batch.label(self.label)
        ballot = Ballot()
        hits: set[int] = set()
        beat, group, search = batch.beat, self.group, self._compiled.search
        for column in batch.columns(self.on):
            for at, text in enumerate(batch.texts(column)):
                beat[ITEM] = at
                if text is None:
                    continue
                if batch.spans:
                    for match in self._compiled.finditer(text):
                        start, end = match.span(group)
                        if start < end:
                            ballot.add_span(at, label, start, end)
                elif (hit := search(text)) and hit.start(group) >= 0:
                    hits.add(at)
        for at in sorted(hits):
            ballot.add(at, label)
        ballot.done = len(batch)
        return ballot
