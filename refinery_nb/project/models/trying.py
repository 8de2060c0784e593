"""Heuristics that ask models, tried on a few records: what is said, and what all would cost."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from refinery_nb.heuristics.llm import LLM
from refinery_nb.heuristics.zero_shot import ZeroShot
from refinery_nb.project.models import asking, llm, zero_shot
from refinery_nb.project.models.asking import Page
from refinery_nb.project.models.question import Question, Said
from refinery_nb.project.models.spent import Spent

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

TOLD = "told"


class Tried(pd.DataFrame):
    """A table of a trial with a line under it: what it cost, and what all records would."""

    @property
    def _constructor(self) -> type[Tried]:
        return Tried

    @property
    def told(self) -> str:
        """What it cost, and what all records would."""
        return str(self.attrs.get(TOLD, ""))

    def __repr__(self) -> str:
        return f"{super().__repr__()}\n{self.told}".rstrip()

    def _repr_html_(self) -> str | None:
        shown: str | None = getattr(super(), "_repr_html_")()  # noqa: B009  (no stub knows it)
        return f"{shown}<p>{escape(self.told)}</p>" if shown and self.told else shown


def try_llm(task: Task, heuristic: LLM, ids: Sequence[int]) -> pd.DataFrame:
    """Ask about some records; the answers are kept, so that a run does not pay for them again."""
    heuristic = llm.here(task, heuristic)
    asked = llm.question(task, heuristic)
    page = _page(task, heuristic.on, ids)
    known = llm.about(asked, heuristic, page, _silent, None)
    spent, rows = Spent(), list[tuple[Any, ...]]()
    shown = {text for text, _ in heuristic.examples}
    for key, text, mark in zip(page.keys, page.texts, page.marks, strict=True):
        answer = known.given.get(mark)
        if answer is None:
            why = "it is one of the examples" if text in shown else ""
            error = known.faults.get(mark, why)
            rows.append((key, text, None, None, error, "", 0, 0))
            continue
        spent.add(answer)
        said = asked.read(text, answer)
        vote = _vote(said, text, heuristic, spans=task.schema.is_spans)
        told = (vote, said.confidence, " ".join(said.faults))
        rows.append((key, text, *told, answer.raw, answer.read, answer.wrote))
    columns = ["key", heuristic.on, "vote", "confidence", "error", "answer", "read", "wrote"]
    frame = Tried(pd.DataFrame(rows, columns=columns))
    frame.attrs[TOLD] = _estimate(task, heuristic, asked, spent)
    return frame


def try_zero_shot(task: Task, heuristic: ZeroShot, ids: Sequence[int]) -> pd.DataFrame:
    """Judge some records; what the model says is kept."""
    names = asking.labels_of(task, heuristic.labels)
    judge = zero_shot.judge_of(task.project, heuristic, names)
    page = _page(task, heuristic.on, ids)
    values = judge(page.ids, page.texts, _silent, None).values
    votes = zero_shot.votes_of(task, heuristic, names, page.ids, values)
    schema = task.schema
    voted: dict[int, Any] = {record: [] for record in page.ids} if schema.is_multi else {}
    for record, label in zip(votes.record.tolist(), votes.label.tolist(), strict=True):
        if schema.is_multi:
            voted[record].append(schema.label_name(label))
        else:
            voted[record] = schema.label_name(label)
    found: dict[str, Any] = {
        "key": page.keys,
        heuristic.on: page.texts,
        "vote": [voted.get(record) for record in page.ids],
        "error": [
            "the embedding has no vector of it" if np.isnan(row).all() else "" for row in values
        ],
    }
    shares = {f"p({name})": values[:, at] for at, name in enumerate(names)}
    frame = Tried(pd.DataFrame(found | shares))
    frame.attrs[TOLD] = (
        f"It votes from a confidence of {zero_shot.least(task, heuristic, names):g} on."
    )
    return frame


def _vote(said: Said, text: str, heuristic: LLM, *, spans: bool) -> Any:
    """Return the label that an answer votes for, or its spans as texts."""
    if spans:
        return [(label, text[start:end]) for start, end, label in said.spans]
    return said.label if said.confidence >= heuristic.min_confidence else None


def _estimate(task: Task, heuristic: LLM, asked: Question, spent: Spent) -> str:
    """Say what was spent, and what the texts that are left would cost."""
    left, ids = 0, asking.all_ids(task.project)
    seen: set[int] = set()
    for page in asking.pages(task.project, heuristic.on, ids):
        fresh = set(page.marks) - seen
        left += len(fresh) - len(asked.known(fresh))
        seen |= fresh
    told = f"{spent.answers:,} answers: {spent.told(heuristic.price)}."
    if not spent.answers:
        return f"Nothing was answered; {left:,} texts are left."
    if not left:
        return f"{told} All texts are answered."
    return (
        f"{told} The {left:,} texts that are left: about {spent.times(left).told(heuristic.price)}."
    )


def _silent(done: int, total: int) -> None:
    del done, total


def _page(task: Task, on: str, ids: Sequence[int]) -> Page:
    """Return some records as one page."""
    whole = Page([], [], [], [])
    for page in asking.pages(task.project, on, ids):
        whole.ids.extend(page.ids)
        whole.keys.extend(page.keys)
        whole.texts.extend(page.texts)
        whole.marks.extend(page.marks)
    return whole
