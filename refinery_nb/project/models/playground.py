"""One text, and what a heuristic that asks a model says of it: confidences, and its words."""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics import build
from refinery_nb.heuristics.llm import LLM
from refinery_nb.heuristics.zero_shot import ZeroShot
from refinery_nb.project.models import asking, llm, zero_shot
from refinery_nb.project.models.question import Answer, Question
from refinery_nb.project.models.spent import Spent
from refinery_nb.project.rules import engine_kinds, rules

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

MOST_LABELS = 200
LONGEST = 100_000  # characters of a text
Asker = ZeroShot | LLM


@dataclass(frozen=True, slots=True)
class Answered:
    """What was said of a text.

    Attributes
    ----------
    shares
        (label, confidence) of each label, in the order in which they were given; empty where the
        model gives none. "No label fits" is one where it was scored.
    vote
        The label that is voted for; None: it abstains.
    confidence
        Of the vote; None where the model gives none.
    threshold
        Below it no vote is cast.
    spans
        (start, end, label) in code points.
    faults
        What was not as it should be.
    prompt
        (role, content) of each message; for zero-shot what each label claims.
    raw
        What was answered, word by word.
    read, wrote, cost
        Tokens and money; of an answer that was known already, what it did cost.
    known
        Whether the answer was there already.
    """

    shares: tuple[tuple[str, float], ...] = ()
    vote: str | None = None
    confidence: float | None = None
    threshold: float = 0.0
    spans: tuple[tuple[int, int, str], ...] = ()
    faults: tuple[str, ...] = ()
    prompt: tuple[tuple[str, str], ...] = ()
    raw: str = ""
    read: int = 0
    wrote: int = 0
    cost: float | None = None
    known: bool = False


def askers(task: Task) -> dict[str, Asker]:
    """Return the heuristics of a task that ask a model, by name."""
    found: dict[str, Asker] = {}
    for row in rules.rows(task):
        made = build(row.spec) if row.spec["kind"] in engine_kinds.ASKED else None
        if isinstance(made, (ZeroShot, LLM)):
            found[row.name] = made
    return found


def changed(
    task: Task, heuristic: Asker, labels: Sequence[str] | None, hypothesis: str | None
) -> Asker:
    """Return a heuristic with other labels, of the task, and another hypothesis.

    Raises
    ------
    HeuristicError
        If it has no hypothesis, or is asked about all labels of the task always.
    SchemaError
        If the task has no such label.
    """
    made = copy.copy(heuristic)
    if isinstance(made, ZeroShot):
        spec = made.spec()
        if labels is not None:
            every = list(task.labels) == list(labels)
            spec["labels"] = None if every else asking.labels_of(task, labels)
        if hypothesis is not None:
            spec["hypothesis"] = hypothesis
        return ZeroShot.from_spec(spec)
    if labels is not None and list(labels) != list(task.labels):
        raise HeuristicError(
            f"{made.name!r} is always asked about all labels of the task.",
            hint="Add the labels to the task, or make a task of its own.",
        )
    return made


def ask(
    task: Task,
    heuristic: Asker,
    text: str,
    *,
    labels: Sequence[str] | None = None,
    hypothesis: str | None = None,
    cancel: threading.Event | None = None,
) -> Answered:
    """Ask about a text, which need not be a record's; what is answered is kept.

    Parameters
    ----------
    labels
        Other names than those of the task.
    hypothesis
        Instead of that of a ``ZeroShot``.

    Raises
    ------
    HeuristicError
        If there is nothing to ask, or nobody to be asked.
    EndpointError, InputError
        If the model cannot answer.
    """
    if not text.strip():
        raise HeuristicError("the text is blank.", hint="Write one, or take a record.")
    if len(text) > LONGEST:
        raise HeuristicError(f"the text has {len(text):,} characters; {LONGEST:,} are allowed.")
    names = None if labels is None else list(dict.fromkeys(one for one in labels if one.strip()))
    if names is not None and not 0 < len(names) <= MOST_LABELS:
        raise HeuristicError(f"{len(names):,} labels are given; 1 to {MOST_LABELS} are allowed.")
    if isinstance(heuristic, ZeroShot):
        return _judged(task, heuristic, text, names, hypothesis, cancel)
    return _told(task, heuristic, text, names, cancel)


def _judged(
    task: Task,
    heuristic: ZeroShot,
    text: str,
    labels: list[str] | None,
    hypothesis: str | None,
    cancel: threading.Event | None,
) -> Answered:
    spec = heuristic.spec()
    if hypothesis is not None:
        spec["hypothesis"] = hypothesis
    made = ZeroShot.from_spec(spec)
    names = asking.labels_of(task, made.labels) if labels is None else labels
    judge = zero_shot.judge_of(task.project, made, names)
    judged = judge([-1], [text], _silent, cancel)
    values = judged.values[0]
    if np.isnan(values).any():
        raise HeuristicError(
            "cancelled."
            if asking.is_set(cancel)
            else f"the embedding {made.model!r} knows no word of this text."
        )
    threshold, best = made.threshold(len(names)), int(values.argmax())
    return Answered(
        tuple(zip(names, map(float, values), strict=True)),
        names[best] if values[best] >= threshold else None,
        float(values[best]),
        threshold,
        prompt=tuple(zip(names, made.claims(names), strict=True)),
        known=not judged.asked,
    )


def _told(
    task: Task,
    heuristic: LLM,
    text: str,
    labels: list[str] | None,
    cancel: threading.Event | None,
) -> Answered:
    made = llm.here(task, heuristic)
    question = llm.question(task, made, labels)
    answer, known = _answer(question, text, cancel)
    said, spent = question.read(text, answer), Spent()
    spent.add(answer)
    sure = said.confidence if said.shares or answer.sure is not None else None
    voted = said.label if (sure is None or sure >= made.min_confidence) else None
    return Answered(
        said.shares,
        voted,
        sure,
        made.min_confidence,
        tuple((start, end, label) for start, end, label in said.spans),
        said.faults,
        tuple((one["role"], one["content"]) for one in question.prompt.messages(text)),
        answer.raw,
        answer.read,
        answer.wrote,
        spent.cost(made.price),
        known,
    )


def _answer(question: Question, text: str, cancel: threading.Event | None) -> tuple[Answer, bool]:
    (mark,) = asking.marks([text])
    kept = question.known([mark])
    if mark in kept:
        return kept[mark], True
    given, faults = question.answers({mark: text}, _silent, cancel)
    if mark in given:
        return given[mark], False
    raise HeuristicError(faults.get(mark, "cancelled."))


def next_record(
    task: Task, on: str, ids: Sequence[int], after: int | None
) -> dict[str, Any] | None:
    """Return the next record of some that has a text: ``id, key, text, gold``; None at the end.

    ``gold`` is what people agree on: a label, a list of (start, end, label), or None where nobody
    has said anything; ``reviewed`` tells that from "no label fits".
    """
    from refinery_nb.project.records import frames

    first = 0 if after is None else _place(ids, after) + 1
    for page in asking.pages(task.project, on, ids[first : first + asking.PAGE]):
        if not page.ids:
            continue
        record = page.ids[0]
        gold, _ = frames.gold_columns(task)
        names = {label.id: label.name for label in task.schema.labels}
        own = gold.votes.of_records(np.array([record]))
        labels = [names[label] for label in own.label.tolist()]
        said: Any = labels[0] if labels else None
        if own.start is not None and own.end is not None:
            said = list(zip(own.start.tolist(), own.end.tolist(), labels, strict=True))
        return {
            "id": record,
            "key": page.keys[0],
            "text": page.texts[0],
            "reviewed": bool((gold.reviewed == record).any()),
            "gold": said,
        }
    return None


def _place(ids: Sequence[int], record: int) -> int:
    return list(ids).index(record) if record in ids else -1


def _silent(done: int, total: int) -> None:
    del done, total
