"""Heuristics that the engine computes itself, from what only the project knows.

A kind in ``KINDS`` names a function ``(task, row) -> Votes`` (or Outcome), and may name in
``CHECKS`` one that refuses a heuristic before it is added: ``(task, heuristic) -> None``. They are
computed after the heuristics that run in child processes, always anew: that is as quick as finding
out whether anything that they depend on has changed.

A kind in ``ASKED`` asks a model, and keeps what it said so that nothing is asked twice: ``(task,
row, report, cancel) -> Outcome``.
"""

from __future__ import annotations

import contextlib
import importlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import RefineryError
from refinery_nb.core.votes import Votes
from refinery_nb.heuristics import Heuristic
from refinery_nb.project.models.asking import Outcome
from refinery_nb.project.rules.run import progress_bar
from refinery_nb.store import heuristics, records
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.task import Task

KINDS = {
    "active": "refinery_nb.project.learning.learning_votes:votes",
    "annotator": "refinery_nb.project.rules.given:annotator_votes",
    "filter": "refinery_nb.project.rules.rule_views:filter_votes",
    "foreign": "refinery_nb.project.rules.imported:imported_votes",
    "imported": "refinery_nb.project.rules.imported:imported_votes",
    "similar": "refinery_nb.project.vectors.similar:similar_votes",
}
ASKED = {
    "llm": "refinery_nb.project.models.llm:asked",
    "zero_shot": "refinery_nb.project.models.zero_shot:asked",
}
CHECKS = {
    "active": "refinery_nb.project.learning.learning_votes:check",
    "filter": "refinery_nb.project.rules.rule_views:check_filter",
    "llm": "refinery_nb.project.models.llm:admit",
}
# What a heuristic becomes in a task, before it is added or tried: (task, heuristic) -> heuristic.
BOUND = {
    "llm": "refinery_nb.project.models.llm:bound",
    "similar": "refinery_nb.project.vectors.similar:bound",
    "zero_shot": "refinery_nb.project.models.zero_shot:bound",
}
# Tries one on some records, by id: (task, heuristic, ids) -> DataFrame.
TRIED = {
    "active": "refinery_nb.project.learning.learning_votes:tried",
    "llm": "refinery_nb.project.models.trying:try_llm",
    "similar": "refinery_nb.project.vectors.similar:tried",
    "zero_shot": "refinery_nb.project.models.trying:try_zero_shot",
}
# Makes a new version if what a heuristic follows has changed: (task, row) -> row.
FOLLOWED = {
    "similar": "refinery_nb.project.vectors.similar:followed",
}
# Which of them must be computed before others: (task, rows) -> rows.
ORDER = "refinery_nb.project.rules.rule_views:in_order"
# Carry a renamed label of the task into a spec: (spec, old, new) -> spec.
RENAME = {
    "active": "refinery_nb.project.learning.learning_votes:renamed",
    "llm": "refinery_nb.project.models.llm:renamed",
    "zero_shot": "refinery_nb.project.models.llm:renamed",
}

# The kinds that can give a record several labels, or vote for one of them alone.
SEVERAL = frozenset(
    {"active", "annotator", "filter", "function", "lookup", "regex", "similar", "zero_shot"}
)

Told = tuple[str, int, int, int, float, str]


def is_computed(spec: Mapping[str, Any]) -> bool:
    """Say whether the engine computes the votes of this heuristic itself."""
    return spec.get("kind") in KINDS or spec.get("kind") in ASKED


def bound(task: Task, heuristic: Heuristic) -> Heuristic:
    """Return the heuristic itself, or what it becomes in this task, as a brick does.

    Raises
    ------
    SchemaError
        If it gives one answer a record, and the task asks for several.
    """
    if heuristic.kind not in SEVERAL:
        task.schema.one_answer(f"a heuristic of the kind {heuristic.kind!r}")
    if heuristic.kind in BOUND:
        found: Heuristic = _named(BOUND[heuristic.kind])(task, heuristic)
        return found
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


def tried(task: Task, heuristic: Heuristic, ids: Sequence[int]) -> pd.DataFrame | None:
    """Return what such a heuristic says of some records; None if it runs like any other."""
    if heuristic.kind not in TRIED:
        return None
    found: pd.DataFrame = _named(TRIED[heuristic.kind])(task, heuristic, ids)
    return found


def run(
    task: Task,
    rows: Sequence[HeuristicRow],
    *,
    now: int,
    progress: bool | Callable[[int, int], None] = False,
    cancel: threading.Event | None = None,
) -> dict[str, Told]:
    """Bring such heuristics up to date.

    Returns
    -------
    dict
        By name: state, records, votes, errors, seconds, message, as ``rules.run`` tells them;
        ``unchanged`` where the votes are those that stand.
    """
    told: dict[str, Told] = {}
    for row in _named(ORDER)(task, _followed(task, rows)) if rows else ():
        begun = time.monotonic()
        with task.project.database.read() as connection:
            total = records.count(connection)
            known = heuristics.votes(connection, row.version, spans=task.schema.is_spans)
        try:
            found = _outcome(task, row, total, progress, cancel)
        except RefineryError as error:
            message = f"{row.name}: {error}"
            with task.project.database.write() as connection:
                heuristics.save_failure(connection, row.version, state="failed", message=message)
            told[row.name] = ("failed", 0, len(known), 0, _since(begun), message)
            continue
        if found.cancelled:
            # Half a run would count as abstentions where it has not looked: older votes stay.
            told[row.name] = (
                *("cancelled", found.asked, len(known), 0, _since(begun), found.message),
            )
            continue
        same = row.state == "finished" and not found.asked and _equal(found.votes, known)
        message = row.message if same else found.message
        # Labels and votes change while no record does: a column is known by its version and
        # by what it has seen, so that grows with every change of the votes.
        seen = now if same else max(now, row.seen + 1)
        failed = 0 < found.texts == len(found.errors) and not len(found.votes)
        if not same or row.seen < now:
            column = found.votes.to_bytes()  # before others are kept from writing
            with task.project.database.write() as connection:
                if row.spec["kind"] in ASKED:
                    ids = records.all_ids(connection).tolist()
                    wrong = ((record, message, "") for record, message in found.errors)
                    heuristics.save_errors(connection, row.version, ids, wrong)
                if failed:
                    heuristics.save_failure(
                        connection, row.version, state="failed", message=message
                    )
                else:
                    heuristics.save_votes(
                        connection,
                        row.version,
                        column,
                        state="finished",
                        message=message,
                        seen=seen,
                    )
        told[row.name] = (
            "unchanged" if same else "failed" if failed else "finished",
            0 if same else found.asked or total,
            len(known if failed else found.votes),
            len(found.errors),
            _since(begun),
            "" if same else message,
        )
    return told


def _followed(task: Task, rows: Sequence[HeuristicRow]) -> list[HeuristicRow]:
    """Return the newest versions of heuristics; what cannot be followed fails when it is run."""
    found = []
    for row in rows:
        if row.spec["kind"] in FOLLOWED:
            with contextlib.suppress(RefineryError):
                row = _named(FOLLOWED[row.spec["kind"]])(task, row)
        found.append(row)
    return found


def _outcome(
    task: Task,
    row: HeuristicRow,
    total: int,
    progress: bool | Callable[[int, int], None],
    cancel: threading.Event | None,
) -> Outcome:
    kind = row.spec["kind"]
    if kind in KINDS:
        said = _named(KINDS[kind])(task, row)
        return said if isinstance(said, Outcome) else Outcome(said)
    bar = progress_bar(total, row.name) if progress is True else None
    try:
        report = bar or (progress if callable(progress) else _silent)
        found: Outcome = _named(ASKED[kind])(task, row, report, cancel)
        return found
    finally:
        if bar is not None:
            bar.close()


def _silent(done: int, total: int) -> None:
    del done, total


def renamed(spec: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return the spec of a heuristic of a task one of whose labels has a new name."""
    made = {**spec, "label": new} if spec.get("label") == old else dict(spec)
    kind = spec.get("kind", "")
    return _named(RENAME[kind])(made, old, new) if kind in RENAME else made


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
