"""The examples that a language model is shown: labelled records, chosen by chance."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import HeuristicError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.heuristics.llm import LLM
from refinery_nb.project.models import asking
from refinery_nb.project.records import frames
from refinery_nb.store import heuristics

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

LONGEST = 2_000  # characters of an example that is chosen
Example = tuple[str, Any]


def chosen(task: Task, heuristic: LLM) -> list[Example]:
    """Return the examples of a heuristic: those that stand, or others chosen by its seed.

    They stand as long as people say the same of them, so that adding a heuristic again after more
    was labelled does not change what it asks, and what its answers cost.

    Raises
    ------
    HeuristicError
        If nobody has labelled a record that could be one.
    """
    return _older(task, heuristic) or _drawn(task, heuristic)


def labels_in(said: Any) -> list[str]:
    """Return the labels that an example names."""
    if isinstance(said, list):
        return [span[2] for span in said]
    return [] if said is None else [said]


def check(schema: TaskSchema, text: str, said: Any) -> None:
    """Refuse an example that does not fit a task.

    Raises
    ------
    HeuristicError
        If it has not the form that the task needs, or a span lies outside of its text.
    SchemaError
        If it names no label of the task.
    """
    if schema.is_spans != isinstance(said, list):
        form = "(text, [(start, end, label)])" if schema.is_spans else "(text, label)"
        raise HeuristicError(f"the example {text[:40]!r} is not {form}.")
    for one in labels_in(said):
        schema.label(one)
    for span in said if isinstance(said, list) else ():
        start, end = span[0], span[1]
        if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)):
            raise HeuristicError(f"the span {span!r} does not lie in the example {text[:40]!r}.")


def _older(task: Task, heuristic: LLM) -> list[Example]:
    """Return the examples that stand, if people still say the same of all of them."""
    with task.project.database.read() as connection:
        rows = heuristics.heuristics(connection, task.id)
    spec = next((row.spec for row in rows if row.name == heuristic.name), {})
    same = ("kind", "on", "wanted", "seed", "none")
    if any(spec.get(name) != getattr(heuristic, name) for name in same):
        return []
    stands = {text: said for _, text, said in _labelled(task, heuristic)}
    old = [(text, said) for text, said in spec["examples"]]
    return old if all(text in stands and stands[text] == said for text, said in old) else []


def _drawn(task: Task, heuristic: LLM) -> list[Example]:
    """Choose examples from what people said: of each label in turn, by chance of a seed."""
    piles: dict[Any, list[Example]] = {}
    found = sorted(
        _labelled(task, heuristic),
        key=lambda one: blake2b(f"{heuristic.seed}:{one[0]}".encode(), digest_size=8).digest(),
    )
    for _, text, said in found:
        if said is None and not heuristic.none:
            continue
        pile = (said[0][2] if said else None) if isinstance(said, list) else said
        piles.setdefault(pile, []).append((text, said))
    chosen: list[Example] = []
    turn = [piles[name] for name in [*task.labels, None] if name in piles]
    while len(chosen) < heuristic.wanted and any(turn):
        for pile in turn:
            if pile and len(chosen) < heuristic.wanted:
                chosen.append(pile.pop(0))
    if not chosen:
        raise HeuristicError(
            f"nobody has labelled a record of {task.name!r} that could be an example.",
            hint="Label some, pass examples=[(text, label)], or examples=0.",
        )
    return chosen


def _labelled(task: Task, heuristic: LLM) -> list[tuple[str, str, Any]]:
    """Return key, text and label (or spans) of the records that people agree on."""
    gold, _ = frames.gold_columns(task)
    schema, votes = task.schema, gold.votes
    names = {label.id: label.name for label in schema.labels}
    found = []
    for page in asking.pages(task.project, heuristic.on, gold.reviewed.tolist()):
        for record, key, text in zip(page.ids, page.keys, page.texts, strict=True):
            if len(text) > LONGEST:
                continue
            first, last = np.searchsorted(votes.record, [record, record + 1]).tolist()
            said: Any = names[int(votes.label[first])] if last > first else None
            if votes.start is not None and votes.end is not None:
                said = [
                    [int(votes.start[at]), int(votes.end[at]), names[int(votes.label[at])]]
                    for at in range(first, last)
                ]
            found.append((key, text, said))
    return found
