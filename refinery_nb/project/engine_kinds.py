"""Heuristics that the engine computes itself, from what only the project knows.

A kind in ``KINDS`` names a function ``(task, row) -> Votes``, and may name in ``CHECKS`` one that
refuses a heuristic before it is added: ``(task, heuristic) -> None``. They are computed after the
heuristics that run in child processes, always anew: that is as quick as finding out whether
anything that they depend on has changed.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import RefineryError
from refinery_nb.core.votes import Votes
from refinery_nb.heuristics import Heuristic
from refinery_nb.store import heuristics, records
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

KINDS = {
    "annotator": "refinery_nb.project.given:annotator_votes",
    "filter": "refinery_nb.project.rule_views:filter_votes",
    "foreign": "refinery_nb.project.imported:imported_votes",
    "imported": "refinery_nb.project.imported:imported_votes",
}
CHECKS = {
    "filter": "refinery_nb.project.rule_views:check_filter",
}
# Which of them must be computed before others: (task, rows) -> rows.
ORDER = "refinery_nb.project.rule_views:in_order"
# Carries a renamed label into what they ask for: (task, old, new) -> None.
RENAME = "refinery_nb.project.rule_views:rename_label"

Told = tuple[str, int, int, int, float, str]


def is_computed(spec: Mapping[str, Any]) -> bool:
    """Say whether the engine computes the votes of this heuristic itself."""
    return spec.get("kind") in KINDS


def bound(task: Task, heuristic: Heuristic) -> Heuristic:
    """Return the heuristic itself, or what a brick becomes in this task."""
    if not hasattr(heuristic, "bound_to"):
        return heuristic
    attributes = task.project.attributes
    texts = [one.name for one in attributes if one.type.is_string and not one.is_key]
    made: Heuristic = heuristic.bound_to(task.schema, texts)
    return made


def check(task: Task, heuristic: Heuristic) -> None:
    """Refuse a heuristic that cannot be computed, before it is added."""
    if heuristic.kind in CHECKS:
        _named(CHECKS[heuristic.kind])(task, heuristic)


def votes_of(task: Task, row: HeuristicRow) -> Votes:
    """Return the votes of such a heuristic on all records, computed now."""
    votes: Votes = _named(KINDS[row.spec["kind"]])(task, row)
    return votes


def run(task: Task, rows: Sequence[HeuristicRow], *, now: int) -> dict[str, Told]:
    """Bring such heuristics up to date.

    Returns
    -------
    dict
        By name: state, records, votes, errors, seconds, message, as ``rules.run`` tells them;
        ``unchanged`` where the votes are those that stand.
    """
    told: dict[str, Told] = {}
    for row in _named(ORDER)(task, rows) if rows else ():
        begun = time.monotonic()
        with task.project.database.read() as connection:
            total = records.count(connection)
            known = heuristics.votes(connection, row.version, spans=task.schema.is_spans)
        try:
            votes = votes_of(task, row)
        except RefineryError as error:
            message = f"{row.name}: {error}"
            with task.project.database.write() as connection:
                heuristics.save_failure(connection, row.version, state="failed", message=message)
            told[row.name] = ("failed", 0, len(known), 0, _since(begun), message)
            continue
        same = row.state == "finished" and _equal(votes, known)
        if not same or row.seen < now:
            # Labels and votes change while no record does: a column is known by its version and
            # by what it has seen, so that grows with every change of the votes.
            seen = now if same else max(now, row.seen + 1)
            with task.project.database.write() as connection:
                message = row.message if same else ""
                heuristics.save_votes(
                    connection, row.version, votes, state="finished", message=message, seen=seen
                )
        state = "unchanged" if same else "finished"
        told[row.name] = (state, 0 if same else total, len(votes), 0, _since(begun), "")
    return told


def rename_label(task: Task, old: str, new: str) -> None:
    """Carry a renamed label of a task into what such heuristics of any task ask for."""
    _named(RENAME)(task, old, new)


def _named(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return found


def _equal(one: Votes, other: Votes) -> bool:
    columns = ("record", "label", "confidence", "start", "end")
    return all(
        np.array_equal(left, right)
        if (left := getattr(one, name)) is not None and (right := getattr(other, name)) is not None
        else left is None
        for name in columns
    )


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)
