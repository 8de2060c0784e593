"""Renaming an attribute: first what it would do to rules and slices, then all of it together."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from refinery_nb.core.condition_json import with_attribute_renamed
from refinery_nb.core.errors import HeuristicError, SchemaError
from refinery_nb.core.schema import check_name, folded
from refinery_nb.heuristics import build
from refinery_nb.heuristics.calculated import Calculated
from refinery_nb.heuristics.relabel import Place, reattributed
from refinery_nb.project.rules import following, foreign
from refinery_nb.store import attributes as stored
from refinery_nb.store import heuristics, rule_history, schema
from refinery_nb.store import slices as stored_slices
from refinery_nb.store.attributes import CalculatedRow
from refinery_nb.store.db import Connection
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project


@dataclass(slots=True)
class Survey:
    """What would change: rows with their specs as they would be, and the same of slices."""

    rules: dict[int, tuple[HeuristicRow, dict[str, Any]]] = field(default_factory=dict)
    calculated: dict[int, tuple[CalculatedRow, dict[str, Any]]] = field(default_factory=dict)
    slices: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    diffs: dict[str, str] = field(default_factory=dict)
    unsure: dict[str, tuple[Place, ...]] = field(default_factory=dict)

    def told(self) -> tuple[Any, ...]:
        """Return what a person was told; that a rule was run since changes nothing of it."""
        rules = {id_: (row.version, row.hash, spec) for id_, (row, spec) in self.rules.items()}
        made = {id_: (row.hash, spec) for id_, (row, spec) in self.calculated.items()}
        return rules, made, self.slices, self.diffs, self.unsure


def users(project: Project, name: str) -> list[str]:
    """Return the rules, calculated attributes and slices that ask for an attribute, in words."""
    with project.database.read() as connection:
        found = surveyed(connection, name, "")
    return [
        *(f"the rule {row.name!r}" for row, _ in found.rules.values()),
        *(
            f"the calculated attribute {row.name!r}"
            for row, _ in found.calculated.values()
            if row.name != name
        ),
        *(f"the slice {one!r}" for one in found.slices),
    ]


class AttributeRenaming:
    """What renaming an attribute would do; ``apply()`` does it.

    Made by ``project.fields[name].rename(new)``. Tasks, embeddings and vectors are bound to the
    attribute, not to its name.
    """

    def __init__(self, project: Project, old: str, new: str) -> None:
        self._project = project
        self.old, self.new = old, new
        check_name(new, "an attribute")
        for other in project.attributes:
            if other.name != old and folded(other.name) == folded(new):
                raise SchemaError(
                    f"the attribute {new!r} differs from {other.name!r} only by case or spaces."
                    if other.name != new
                    else f"there is an attribute {new!r} already."
                )
        with project.database.read() as connection:
            self._survey = surveyed(connection, old, new)

    @property
    def diffs(self) -> dict[str, str]:
        """By rule or calculated attribute: how its source changes."""
        return dict(self._survey.diffs)

    @property
    def followers(self) -> tuple[str, ...]:
        """The rules and slices that name the attribute as a value, and follow."""
        rules = (row.name for row, _ in self._survey.rules.values())
        return (*(name for name in rules if name not in self.diffs), *self._survey.slices)

    @property
    def unsure(self) -> pd.DataFrame:
        """The places in sources that may mean the attribute, or some text: they are left.

        Columns ``heuristic``, ``line``, ``text``.
        """
        import pandas as pd

        rows = [
            (name, place.line, place.shown)
            for name, places in self._survey.unsure.items()
            for place in places
        ]
        return pd.DataFrame(rows, columns=["heuristic", "line", "text"])

    def apply(self) -> None:
        """Do all of it in one transaction.

        Raises
        ------
        HeuristicError
            If a rule or slice has changed since this was made.
        """
        project, at = self._project, following.now()
        with project.database.write() as connection:
            known = {one.name: one for one in schema.attributes(connection)}
            if (
                self.old not in known
                or surveyed(connection, self.old, self.new).told() != self._survey.told()
            ):
                raise HeuristicError(
                    "an attribute, rule or slice has changed since this was made.",
                    hint="Make it anew and look at it again; nothing was changed.",
                )
            stored.rename(connection, known[self.old].id, self.new)
            for row, spec in self._survey.rules.values():
                fingerprint = build(spec).fingerprint
                if row.name not in self.diffs:
                    heuristics.set_spec(connection, row.version, spec, fingerprint)
                    continue
                foreign.inherit(connection, row.spec, spec)
                heuristics.save(connection, row.task, row.name, spec, fingerprint, at=at)
                newest = rule_history.newest(connection, row.id)
                if newest != row.version:  # it sees the same, so it votes the same
                    rule_history.take_over(connection, row.version, newest)
            for made, spec in self._survey.calculated.values():
                foreign.inherit(connection, made.spec, spec)
                fingerprint = Calculated.from_spec(spec).fingerprint
                stored.set_spec(connection, made.attribute, spec, fingerprint)
            for id_, selection in self._survey.slices.values():
                stored_slices.change(connection, id_, selection)
        project.events.emit("schema")
        project.events.emit("records")
        for task in {row.task for row, _ in self._survey.rules.values()}:
            project.events.emit("votes", task=task)

    def __repr__(self) -> str:
        lines = [
            f"rename the attribute {self.old!r} to {self.new!r}; nothing is changed before .apply()"
        ]
        if self.followers:
            lines.append(f"  what follows: {', '.join(self.followers)}")
        for name, diff in self.diffs.items():
            lines.append(f"  {name}:")
            lines += [f"    {line}" for line in diff.splitlines()[2:]]
        for name, places in self._survey.unsure.items():
            lines += [f"  left in {name}, line {one.line}: {one.shown}" for one in places]
        return "\n".join(lines)


def surveyed(connection: Connection, old: str, new: str) -> Survey:
    """Return what an attribute's new name changes in rules, calculations and slices."""
    found = Survey()
    for row in heuristics.heuristics(connection):
        spec = dict(row.spec)
        if "condition" in spec:
            spec["condition"] = with_attribute_renamed(spec["condition"], old, new)
        if spec.get("on") == old:
            spec["on"] = new
        if spec.get("texts"):  # of a function in refinery's dialect
            spec["texts"] = [new if one == old else one for one in spec["texts"]]
        if spec.get("kind") == "function":
            spec = _in_source(found, row.name, spec, old, new)
        if spec != row.spec:
            found.rules[row.id] = (row, spec)
    for made in stored.calculated(connection).values():
        spec = _in_source(found, made.name, made.spec, old, new)
        if made.name == old:
            spec = {**spec, "name": new}
        if spec != made.spec:
            found.calculated[made.attribute] = (made, spec)
    for one in stored_slices.slices(connection).values():
        selection = with_attribute_renamed(one.selection, old, new)
        if selection != one.selection:
            found.slices[one.name] = (one.id, selection)
    return found


def _in_source(
    found: Survey, name: str, spec: dict[str, Any], old: str, new: str
) -> dict[str, Any]:
    made = reattributed(spec["source"], spec["entry"], {old: new})
    if made.unsure:
        found.unsure[name] = made.unsure
    if not made.places:
        return spec
    found.diffs[name] = "".join(
        difflib.unified_diff(
            spec["source"].splitlines(keepends=True),
            made.source.splitlines(keepends=True),
            name,
            name,
        )
    )
    return {**spec, "source": made.source}
