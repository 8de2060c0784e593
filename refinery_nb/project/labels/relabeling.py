"""Renaming and merging labels: first what it would do, then all of it together, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from refinery_nb.core.condition_json import with_label_renamed
from refinery_nb.core.errors import HeuristicError, SchemaError
from refinery_nb.core.schema import check_name, folded
from refinery_nb.heuristics.relabel import relabelled
from refinery_nb.project.labels import dress
from refinery_nb.project.projects import backups
from refinery_nb.project.rules import engine_kinds, following
from refinery_nb.project.rules.rewriting import Rewriting
from refinery_nb.store import heuristics, labels, lookups, relabel, schema, stale
from refinery_nb.store import slices as stored_slices
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.task import Task

TOLD = 1_000  # changes of labels that an event carries; whoever listens then asks again


@dataclass(slots=True)
class Survey(Rewriting):
    """What would change, as the database stands.

    Attributes
    ----------
    lists
        By name: a lookup list that goes with its label, and its new name.
    """

    lists: dict[str, tuple[int, str]] = field(default_factory=dict)

    def told(self) -> tuple[Any, ...]:
        """Return what a person was told."""
        return *Rewriting.told(self), self.lists


def renaming(task: Task, old: str, new: str, *, below: bool) -> Relabeling:
    """Return what renaming a label, and those below it, would do."""
    names = {old: new}
    if below:
        names = {one: new + one[len(old) :] for one in dress.under(task.schema, old)}
    return Relabeling(task, names, merge=False)


class Relabeling:
    """What renaming or merging labels would do; ``apply()`` does it.

    Made by ``task.rename_label`` and ``task.merge``.

    Attributes
    ----------
    names
        The labels, and what they will be called.
    labels, records
        How many manual labels carry them, on how many records.
    votes, weak
        How many votes and weak labels are for them.
    heuristics
        Rules that name the label as a value and follow without a new version.
    diffs
        By heuristic: how its source changes, as a unified diff. It gets a new version, with the
        votes that stand.
    slices, lists
        Slices that follow; lookup lists that are renamed with their label.
    """

    def __init__(self, task: Task, names: Mapping[str, str], *, merge: bool) -> None:
        self._task = task
        self.merge = merge
        self.names = dict(names)
        self._check()
        with task.project.database.read() as connection:
            ids = [task.schema.label(old).id for old in self.names]
            self.labels, self.records = relabel.uses(connection, task.id, ids)
            self.votes, self.weak = relabel.votes_for(connection, task.id, ids)
            self._survey = self._surveyed(connection)
        self.applied = False

    @property
    def diffs(self) -> dict[str, str]:
        """By heuristic: how its source changes."""
        return dict(self._survey.diffs)

    @property
    def heuristics(self) -> tuple[str, ...]:
        """The rules that follow without a new version."""
        return self._survey.followers

    @property
    def slices(self) -> tuple[str, ...]:
        """The slices that ask for these labels."""
        return tuple(self._survey.slices)

    @property
    def lists(self) -> dict[str, str]:
        """The lookup lists that are renamed with their label, by name."""
        return {old: new for old, (_, new) in self._survey.lists.items()}

    @property
    def unsure(self) -> pd.DataFrame:
        """The places in sources that may mean the label, or some text; they are left as they are.

        Columns ``heuristic``, ``line``, ``text``.
        """
        return self._survey.places()

    def apply(self) -> None:
        """Do all of it in one transaction.

        Raises
        ------
        SchemaError
            If the labels have changed since this was made.
        HeuristicError
            If a heuristic has: what was shown is not what would happen.
        """
        if self.applied:
            raise SchemaError("this was applied already.", hint="Make it anew for another change.")
        task = self._task
        at = following.now()
        backups.before(task.project, "merge" if self.merge else "renaming", self.labels)
        moved: list[tuple[str, int]] = []
        with task.project.database.write() as connection:
            known = next(one for one in schema.tasks(connection) if one.id == task.id)
            ids = {old: known.label(old).id for old in self.names}
            now = self._surveyed(connection)
            if now.told() != self._survey.told():
                raise HeuristicError(
                    "a heuristic, slice or lookup list has changed since this was made.",
                    hint="Make it anew and look at it again; nothing was changed.",
                )
            if self.merge:
                into = {ids[old]: known.label(new).id for old, new in self.names.items()}
                moved = relabel.places(connection, task.id, into)
                relabel.rewrite(connection, task.id, moved, relabel.mapped(into), at=at)
                relabel.merge_votes(connection, task.id, into)
                for row in lookups.lists(connection).values():
                    if row.grows_from in into:
                        lookups.set_growth(connection, row.id, into[row.grows_from])
                stale.mark_stale(connection, [known], schema.attributes(connection))
                for old in self.names:
                    schema.remove_label(connection, ids[old])
            else:
                schema.rename_labels(
                    connection, task.id, {ids[old]: new for old, new in self.names.items()}
                )
            self._store(connection, at)
            changes = [
                labels.change(connection, task.id, record, actor)
                for actor, record in moved[: TOLD + 1]
            ]
        self.applied = True
        self._tell(changes)

    def _store(self, connection: Connection, at: str) -> None:
        """Store new specs, selections and names of lists."""
        self._survey.store(connection, at)
        for id_, name in self._survey.lists.values():
            lookups.rename(connection, id_, name)

    def _tell(self, changes: Sequence[Any]) -> None:
        project = self._task.project
        project.events.emit("schema")
        if changes:
            project.events.emit("labels", changes=list(changes), op_ids=[])
        for id_ in sorted({self._task.id, *(row.task for row, _ in self._survey.rules.values())}):
            project.events.emit("votes", task=id_)
        for old, new in self.lists.items():
            following.tell(project, [old, new], [])

    def _check(self) -> None:
        known = self._task.schema
        if not self.names:
            raise SchemaError("there is no label to merge into another one.")
        for old in self.names:
            known.label(old)
        if self.merge:
            for old, new in self.names.items():
                if known.label(new).name in self.names:
                    raise SchemaError(f"{old!r} is not merged into {new!r}, which is merged too.")
            return
        others = [one.name for one in known.labels if one.name not in self.names]
        for old, new in self.names.items():
            check_name(new, "a label")
            for other in others:
                if folded(other) == folded(new):
                    raise SchemaError(
                        f"the label {new!r} differs from {other!r} only by case, spaces or "
                        "composition."
                        if other != new
                        else f"there is a label {new!r} already.",
                        hint=f"task.merge({old!r}, into={other!r}) makes one of them.",
                    )
            others.append(new)

    def _surveyed(self, connection: Connection) -> Survey:
        found = Survey()
        task = self._task.schema
        for row in heuristics.heuristics(connection):
            spec = dict(row.spec)
            if spec.get("kind") == "filter":
                spec["condition"] = self._in_document(spec["condition"])
            if row.task == task.id:
                for old, new in self._steps():
                    spec = engine_kinds.renamed(spec, old, new)
                if spec.get("kind") == "function":
                    made = relabelled(spec["source"], spec["entry"], self.names)
                    spec = found.sourced(row.name, spec, made)
            if spec != row.spec:
                found.rules[row.id] = (row, spec)
        for one in stored_slices.slices(connection).values():
            selection = self._in_document(one.selection)
            if selection != one.selection:
                found.slices[one.name] = (one.id, selection)
        lists = lookups.lists(connection)
        by_name = {label.name: label.id for label in task.labels}
        for old, new in self.names.items():
            row_ = lists.get(old)
            free = all(folded(name) != folded(new) for name in lists if name != old)
            grows = row_ is not None and row_.grows_from == by_name[old]
            if row_ is not None and free and grows and not following.users(connection, old):
                found.lists[old] = (row_.id, new)
        return found

    def _in_document(self, document: Any) -> Any:
        for old, new in self._steps():
            document = with_label_renamed(document, self._task.name, old, new)
        return document

    def _steps(self) -> list[tuple[str, str]]:
        """Return renames one after the other; two labels may take each other's names."""
        if len(self.names) == 1:
            return list(self.names.items())
        marks = {old: f"\x1f{at}" for at, old in enumerate(self.names)}
        return [*marks.items(), *((marks[old], new) for old, new in self.names.items())]

    def __repr__(self) -> str:
        verb = "merge" if self.merge else "rename"
        pairs = ", ".join(f"{old!r} -> {new!r}" for old, new in self.names.items())
        lines = [
            f"{verb} {pairs} in {self._task.name!r}"
            + (" (applied)" if self.applied else "; nothing is changed before .apply()"),
            f"  {self.labels:,} manual labels on {self.records:,} records, {self.votes:,} votes, "
            f"{self.weak:,} weak labels"
            + (f" become {next(iter(self.names.values()))!r}" if self.merge else " keep theirs"),
        ]
        for what, names in (
            ("rules that follow", self.heuristics),
            ("slices that follow", self.slices),
            ("lookup lists renamed", tuple(self.lists)),
        ):
            if names:
                lines.append(f"  {what}: {', '.join(names)}")
        return "\n".join([*lines, *self._survey.lines("  a new version of {name}:")])
