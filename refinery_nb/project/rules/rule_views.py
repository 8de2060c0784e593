"""A rule from a view, and a rule's faults as views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from refinery_nb.core.condition_json import from_json, nodes
from refinery_nb.core.errors import HeuristicError, QueryError
from refinery_nb.core.query import (
    Among,
    Condition,
    Conflicting,
    Judged,
    Judgement,
    Labelled,
    Paired,
    Selection,
    Voted,
    WeakField,
)
from refinery_nb.core.votes import Votes
from refinery_nb.heuristics.filter import Filter
from refinery_nb.project.rules import rules
from refinery_nb.project.view import View
from refinery_nb.store import heuristics
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

Rule = tuple[int, str]  # the id of a task, and the name of a heuristic of it


def rule_from(task: Task, view: View | Condition, label: str, name: str | None) -> Filter:
    """Add a heuristic that votes a label on the records of a view, and compute its votes.

    Raises
    ------
    HeuristicError
        If the task labels spans, or the view asks for what the rule itself would change.
    QueryError
        If the view is of another project, or its condition makes no sense for this one.
    """
    if isinstance(view, View):
        if view.project is not task.project:
            raise QueryError("the view is of another project.")
        limited = view.selection.limit is not None
        condition = Among(view.selection) if limited else view.selection.condition
    elif isinstance(view, Condition):
        condition = view
    else:
        raise QueryError(f"{view!r} is neither a view nor a condition.")
    rule = Filter(task.schema.label(label).name, condition, name)
    rules.add(task, rule)
    rules.run(task, [rule.name], progress=False)
    return rule


def judged(task: Task, name: str, what: Judgement, other: str | None = None) -> View:
    """Return the records on which a heuristic is right, wrong, silent or against others."""
    for one in (name, other):
        if one is not None:
            rules.row(task, one)
    if other is not None and other == name:
        raise QueryError(f"{name!r} is asked for its conflicts with itself.")
    return task.project.where(Judged(task.name, name, what, other))


def hits(task: Task, name: str) -> View:
    """Return the records on which a heuristic votes."""
    rules.row(task, name)
    return task.project.where(Voted(task.name, name))


def filter_votes(task: Task, row: HeuristicRow) -> Votes:
    """Return the votes of a filter: its label, where its condition holds."""
    label = task.schema.label(row.spec["label"]).id
    ids = np.sort(task.project.select_ids(Selection(from_json(row.spec["condition"]))))
    return Votes.of(ids, np.full(len(ids), label, dtype=np.int64))


def check_filter(task: Task, rule: Filter) -> None:
    """Refuse a filter that asks for what it changes itself, or that nobody could judge."""
    if task.schema.is_spans:
        raise HeuristicError(
            f"{task.name!r} labels spans; a view holds records and says nothing of spans.",
            hint="Add a Regex or a Lookup instead.",
        )
    for node in nodes(rule.condition):
        if isinstance(node, WeakField) and node.task == task.name:
            raise HeuristicError(
                f"{rule.name!r} would ask for weak labels of {task.name!r}, which are made of its "
                "own votes.",
                hint="Leave the weak label or confidence out of the view.",
            )
        if isinstance(node, Paired) and node.task == task.name:
            raise HeuristicError(
                f"{rule.name!r} would ask for a cell of a confusion matrix of {task.name!r}, which "
                "its own votes change.",
                hint="Make a rule from what these records have in common.",
            )
        valid = isinstance(node, Judged) and node.what != "against"
        named = isinstance(node, Labelled) and (node.label is not None or node.none)
        if (valid or named) and node.task == task.name:  # type: ignore[union-attr]
            raise HeuristicError(
                f"{rule.name!r} would ask for manual labels of {task.name!r}, by which its "
                "precision is measured: it would always look perfect.",
                hint="Leave them out of the view; a person's labels are votes by rn.Annotator.",
            )
    own = (task.id, rule.name)
    known = _rules(task)
    uses = {
        (row.task, row.name): _condition_of(row) for row in known if row.spec["kind"] == "filter"
    }
    uses[own] = rule.condition
    every = {(row.task, row.name) for row in known} | {own}
    names = {other.name: other.id for other in task.project.schemas}
    enabled = {(row.task, row.name) for row in known if row.enabled} | {own}
    todo, seen = list(depends_on(rule.condition, names, enabled)), set[Rule]()
    while todo:
        one = todo.pop()
        if one == own:
            raise HeuristicError(
                f"{rule.name!r} would depend on its own votes.",
                hint="Ask for the votes of one other heuristic by its name: "
                "task.voted(heuristic='...').",
            )
        if one in seen or one not in every:
            continue
        seen.add(one)
        if one in uses:
            todo.extend(depends_on(uses[one], names, enabled))
    # Answered once here, so that what does not exist is said before the rule is stored.
    task.project.count(Selection(rule.condition))


def depends_on(
    condition: Condition, tasks: dict[str, int], enabled: Iterable[Rule]
) -> Iterator[Rule]:
    """Yield the heuristics whose votes a condition asks for."""
    for node in nodes(condition):
        if isinstance(node, Paired) and node.task in tasks:
            sides = [side.partition(":") for side in (node.rows, node.columns)]
            yield from ((tasks[node.task], name) for kind, _, name in sides if kind == "heuristic")
        if not isinstance(node, (Voted, Conflicting, Judged)) or node.task not in tasks:
            continue
        task = tasks[node.task]
        named = [] if isinstance(node, Conflicting) else [node.heuristic]
        if isinstance(node, Judged) and node.what == "against":
            named.append(node.other)
        yield from ((task, name) for name in named if name is not None)
        if not named or None in named:
            yield from (one for one in enabled if one[0] == task)


def in_order(task: Task, rows: Sequence[HeuristicRow]) -> list[HeuristicRow]:
    """Return heuristics so that each comes after those whose votes it asks for."""
    names = {other.name: other.id for other in task.project.schemas}
    waiting = {(row.task, row.name): row for row in rows}
    enabled = list(waiting)
    found: list[HeuristicRow] = []

    def take(rule: Rule) -> None:
        row = waiting.pop(rule, None)
        if row is None:
            return
        if row.spec["kind"] == "filter":
            for other in depends_on(_condition_of(row), names, enabled):
                take(other)
        found.append(row)

    for rule in enabled:
        take(rule)
    return found


def _rules(task: Task) -> list[HeuristicRow]:
    with task.project.database.read() as connection:
        return heuristics.heuristics(connection)


def _condition_of(row: HeuristicRow) -> Condition:
    return from_json(row.spec["condition"])
