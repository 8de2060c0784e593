"""Sources of labels that can be compared: manual labels, a person, a run, a heuristic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.votes import Ints, Votes
from refinery_nb.project.records import frames
from refinery_nb.project.rules import rules
from refinery_nb.project.weak import weak
from refinery_nb.project.weak.weak import WeakRun
from refinery_nb.store import people
from refinery_nb.supervision.several import likely

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

Kind = Literal["gold", "person", "run", "heuristic"]
Given = str | WeakRun


@dataclass(frozen=True, slots=True)
class Source:
    """One source of labels on a task.

    Attributes
    ----------
    id
        How it is named in conditions and messages: ``gold``, ``person:ann``, ``run:3``,
        ``heuristic:scoreline``.
    title
        How it is named to people.
    """

    id: str
    kind: Kind
    name: str
    title: str

    @property
    def is_manual(self) -> bool:
        """Whether people speak: then a record counts only if they have judged it."""
        return self.kind in ("gold", "person")

    @property
    def silence(self) -> str:
        """What it means for the classification of a record that the source gives no label."""
        return "none" if self.is_manual else "abstains"


def sources(task: Task) -> list[Source]:
    """Return all sources of a task: manual labels, runs (newest first), heuristics, people."""
    with task.project.database.read() as connection:
        actors = people.people(connection, task.id)
    votes = task.project.columns.of_task(task.schema, enabled_only=False)
    found = [Source("gold", "gold", "gold", "Manual labels")]
    for at, run in enumerate(reversed(weak.runs(task))):
        title = f"Weak labels ({run.model})" if at == 0 else f"Run {run.id} ({run.model})"
        found.append(Source(f"run:{run.id}", "run", str(run.id), title))
    found += [
        Source(f"heuristic:{row.name}", "heuristic", row.name, row.name)
        for row in rules.rows(task)
        if row.seen or len(votes.get(row.name, ()))
    ]
    return found + [Source(f"person:{name}", "person", name, name) for name in actors]


def source(task: Task, given: Given) -> Source:
    """Return the source that is meant by a name, an id or a run; ``weak`` is the newest run.

    Raises
    ------
    QueryError
        If there is none, or a heuristic and a person share the name.
    """
    known = {one.id: one for one in sources(task)}
    wanted = f"run:{given.id}" if isinstance(given, WeakRun) else given
    if wanted in known:
        return known[wanted]
    kind, _, name = wanted.partition(":")
    if kind == "person" and name:
        return Source(wanted, "person", name, name)  # who has not said anything yet
    if wanted == "weak":
        for one in known.values():
            if one.kind == "run":
                return one
        raise QueryError(
            f"task {task.name!r} has no weak labels yet.",
            hint="Run task.run() and then task.supervise().",
        )
    named = [one for one in known.values() if one.name == wanted and one.kind != "run"]
    if len(named) == 1:
        return named[0]
    if named:
        raise QueryError(
            f"{wanted!r} is a heuristic and a person.",
            hint=f"Say {' or '.join(repr(one.id) for one in named)}.",
        )
    if any(row.name == wanted for row in rules.rows(task)):
        raise QueryError(f"the heuristic {wanted!r} has not voted yet.", hint="Run task.run().")
    names = ["gold", "weak", *(one.name for one in known.values() if one.kind != "run")]
    raise QueryError(
        f"task {task.name!r} has no heuristic, person or run {wanted!r}.",
        hint=did_you_mean(str(wanted), names),
    )


def said(task: Task, one: Source, *, against: Source) -> tuple[Ints | None, Votes]:
    """Return the records that a source has judged (None: all), and what it says of them.

    A run that is held against people speaks of the records that it learnt from as it does when
    it is fitted without their labels: otherwise the manual labels would confirm themselves.
    """
    project, schema = task.project, task.schema
    if one.kind == "gold":
        gold, _ = frames.gold_columns(task)
        return gold.reviewed, gold.votes
    if one.kind == "person":
        with project.database.read() as connection:
            judged = people.said(connection, schema, one.name)
        return judged.reviewed, judged.votes
    if one.kind == "heuristic":
        return None, project.columns.of_task(schema, enabled_only=False)[one.name]
    run = next(run for run in weak.runs(task) if run.id == int(one.name))
    held_out: Votes | None = getattr(run, "held_out", None)
    if not against.is_manual or held_out is None:
        return None, run.votes
    unseen = likely(held_out) if schema.is_multi else held_out
    return None, Votes.concat([run.votes.without_records(held_out.record), unseen])
