"""Renaming an attribute: first what it would do to rules and slices, then all of it together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from refinery_nb.core.condition_json import with_attribute_renamed
from refinery_nb.core.errors import HeuristicError, SchemaError
from refinery_nb.core.schema import check_name, folded
from refinery_nb.heuristics.calculated import Calculated
from refinery_nb.heuristics.relabel import Relabelled, reattributed
from refinery_nb.project.rules import following, foreign
from refinery_nb.project.rules.rewriting import Rewriting
from refinery_nb.store import attributes as stored
from refinery_nb.store import heuristics, schema
from refinery_nb.store import slices as stored_slices
from refinery_nb.store.attributes import CalculatedRow
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project


@dataclass(slots=True)
class Survey(Rewriting):
    """What would change; ``calculated`` by attribute id: the row, and its spec as it would be."""

    calculated: dict[int, tuple[CalculatedRow, dict[str, Any]]] = field(default_factory=dict)

    def told(self) -> tuple[Any, ...]:
        """Return what a person was told."""
        made = {id_: (row.hash, spec) for id_, (row, spec) in self.calculated.items()}
        return *Rewriting.told(self), made


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
        return (*self._survey.followers, *self._survey.slices)

    @property
    def unsure(self) -> pd.DataFrame:
        """The places in sources that may mean the attribute, or some text: they are left.

        Columns ``heuristic``, ``line``, ``text``.
        """
        return self._survey.places()

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
            self._survey.store(connection, at)
            for made, spec in self._survey.calculated.values():
                foreign.inherit(connection, made.spec, spec)
                fingerprint = Calculated.from_spec(spec).fingerprint
                stored.set_spec(connection, made.attribute, spec, fingerprint)
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
        return "\n".join([*lines, *self._survey.lines("  {name}:")])


def surveyed(connection: Connection, old: str, new: str) -> Survey:
    """Return what an attribute's new name changes in rules, calculations and slices."""
    found = Survey()

    def renamed(spec: dict[str, Any]) -> Relabelled:
        return reattributed(spec["source"], spec["entry"], {old: new})

    for row in heuristics.heuristics(connection):
        spec = dict(row.spec)
        if "condition" in spec:
            spec["condition"] = with_attribute_renamed(spec["condition"], old, new)
        if spec.get("on") == old:
            spec["on"] = new
        if spec.get("texts"):  # of a function in refinery's dialect
            spec["texts"] = [new if one == old else one for one in spec["texts"]]
        if spec.get("kind") == "function":
            spec = found.sourced(row.name, spec, renamed(spec))
        if spec != row.spec:
            found.rules[row.id] = (row, spec)
    for made in stored.calculated(connection).values():
        spec = found.sourced(made.name, made.spec, renamed(made.spec))
        if made.name == old:
            spec = {**spec, "name": new}
        if spec != made.spec:
            found.calculated[made.attribute] = (made, spec)
    for one in stored_slices.slices(connection).values():
        selection = with_attribute_renamed(one.selection, old, new)
        if selection != one.selection:
            found.slices[one.name] = (one.id, selection)
    return found
