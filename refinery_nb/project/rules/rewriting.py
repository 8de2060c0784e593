"""Rules and slices that follow a new name: first as they would be, then stored together."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from refinery_nb.heuristics import build
from refinery_nb.heuristics.relabel import Place, Relabelled
from refinery_nb.project.rules import foreign
from refinery_nb.store import heuristics, rule_history
from refinery_nb.store import slices as stored_slices
from refinery_nb.store.db import Connection
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    import pandas as pd


@dataclass(slots=True)
class Rewriting:
    """What a new name of a label or attribute would change, as the database stands.

    Attributes
    ----------
    rules
        By heuristic id: the row, and its spec as it would be.
    slices
        By name: the selection as it would be.
    diffs
        By the name of whose source changes: the difference.
    unsure
        By the same: places of a source that may mean the name, and are left.
    """

    rules: dict[int, tuple[HeuristicRow, dict[str, Any]]] = field(default_factory=dict)
    slices: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    diffs: dict[str, str] = field(default_factory=dict)
    unsure: dict[str, tuple[Place, ...]] = field(default_factory=dict)

    @property
    def followers(self) -> tuple[str, ...]:
        """The rules that follow without a new version."""
        return tuple(row.name for row, _ in self.rules.values() if row.name not in self.diffs)

    def told(self) -> tuple[Any, ...]:
        """Return what a person was told; that a rule was run since changes nothing of it."""
        rules = {id_: (row.version, row.hash, spec) for id_, (row, spec) in self.rules.items()}
        return rules, self.slices, self.diffs, self.unsure

    def sourced(self, name: str, spec: dict[str, Any], made: Relabelled) -> dict[str, Any]:
        """Return a spec with its source as it would be, and note what that changes or leaves."""
        if made.unsure:
            self.unsure[name] = made.unsure
        if not made.places:
            return spec
        before, after = (one.splitlines(keepends=True) for one in (spec["source"], made.source))
        self.diffs[name] = "".join(difflib.unified_diff(before, after, name, name))
        return {**spec, "source": made.source}

    def places(self) -> pd.DataFrame:
        """Return the places that are left: ``heuristic, line, text``."""
        import pandas as pd

        rows = [
            (name, place.line, place.shown)
            for name, places in self.unsure.items()
            for place in places
        ]
        return pd.DataFrame(rows, columns=["heuristic", "line", "text"])

    def store(self, connection: Connection, at: str) -> None:
        """Store the specs and selections; a changed source is a new version with the old votes."""
        for row, spec in self.rules.values():
            fingerprint = build(spec).fingerprint
            if row.name not in self.diffs:
                heuristics.set_spec(connection, row.version, spec, fingerprint)
                continue
            foreign.inherit(connection, row.spec, spec)
            heuristics.save(connection, row.task, row.name, spec, fingerprint, at=at)
            # It sees and says the same under other names, so the votes stand.
            newest = rule_history.newest(connection, row.id)
            if newest != row.version:
                rule_history.take_over(connection, row.version, newest)
        for id_, selection in self.slices.values():
            stored_slices.change(connection, id_, selection)

    def lines(self, heading: str) -> list[str]:
        """Return the differences and what is left, for people; ``heading`` holds ``{name}``."""
        lines = []
        for name, diff in self.diffs.items():
            lines.append(heading.format(name=name))
            lines += [f"    {line}" for line in diff.splitlines()[2:]]
        for name, places in self.unsure.items():
            lines += [f"  left in {name}, line {place.line}: {place.shown}" for place in places]
        return lines
