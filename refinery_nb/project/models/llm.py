"""Language models as heuristics of a project: examples from what people said, votes, costs."""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import HeuristicError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Votes
from refinery_nb.heuristics import prompt
from refinery_nb.heuristics.llm import LLM
from refinery_nb.heuristics.prompt import Prompt
from refinery_nb.language.causal import Causal
from refinery_nb.project.models import asking, llm_examples
from refinery_nb.project.models.asking import Outcome, Page, Report
from refinery_nb.project.models.question import ENDPOINT, Answer, Question
from refinery_nb.project.models.spent import Spent
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    from refinery_nb.net.endpoint import Endpoint
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

LEAST = 1e-6  # of a confidence, which lies above zero


@dataclass(slots=True)
class Answers:
    """What is known about the texts of a page, by mark."""

    given: dict[int, Answer] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)
    fresh: Spent = field(default_factory=Spent)


def bound(task: Task, heuristic: LLM) -> LLM:
    """Return the heuristic with its examples, and what tells its model from others.

    Raises
    ------
    HeuristicError
        If it does not fit the task.
    InputError
        If there is no such model here.
    """
    schema = task.schema
    asking.labels_of(task, None)
    if schema.is_spans and heuristic.on != schema.on:
        raise HeuristicError(
            f"the spans of {task.name!r} lie in {schema.on!r}; the model would read "
            f"{heuristic.on!r}."
        )
    asking.attribute_of(task.project, heuristic.on)
    asking.check_described(task, heuristic.descriptions)
    made = copy.copy(heuristic)
    if not made.remote:
        made.identity = asking.loaded(task.project, Causal, made.model).identity
    if made.wanted and not made.examples:
        made.examples = llm_examples.chosen(task, made)
    for text, said in made.examples:
        llm_examples.check(schema, text, said)
    return made


def admit(task: Task, heuristic: LLM) -> None:
    """Remember, for this session only, who is asked and what that costs."""
    if heuristic.endpoint is not None or heuristic.price is not None:
        task.project.given[("llm", task.id, heuristic.name)] = heuristic


def here(task: Task, heuristic: LLM) -> LLM:
    """Return a stored heuristic with what this session knows of it."""
    known: LLM | None = task.project.given.get(("llm", task.id, heuristic.name))
    made = copy.copy(heuristic)
    if known is not None and made.endpoint is None and made.price is None:
        made.endpoint, made.parallel, made.price = known.endpoint, known.parallel, known.price
    return made


def asked(task: Task, row: HeuristicRow, report: Report, cancel: threading.Event | None) -> Outcome:
    """Return the votes on all records; the model is asked about new texts only.

    Raises
    ------
    HeuristicError, EndpointError, InputError
        If nobody can be asked; what was answered until then is kept.
    """
    heuristic = here(task, LLM.from_spec(row.spec))
    asked = question(task, heuristic)
    ids = asking.all_ids(task.project)
    parts = [Votes.empty(spans=task.schema.is_spans)]
    errors: list[tuple[int, str]] = []
    fresh, texts, done = Spent(), 0, 0
    for page in asking.pages(task.project, heuristic.on, ids):
        known = about(asked, heuristic, page, asking.within(report, done, len(ids)), cancel)
        fresh.join(known.fresh)
        texts += len(page.ids)
        votes, wrong = votes_of(task.schema, heuristic, asked, page, known)
        parts.append(votes)
        errors += wrong
        done = min(done + asking.PAGE, len(ids))
        report(done, len(ids))
        if asking.is_set(cancel):
            break
    told = []
    if fresh.answers:
        told.append(f"{fresh.answers:,} texts were asked about: {fresh.told(heuristic.price)}.")
    if errors:
        more = f", and {len(errors) - 1:,} more" if len(errors) > 1 else ""
        told.append(f"{len(errors):,} answers are no votes: {errors[0][1]}{more}")
    message = " ".join(told)
    return Outcome(
        Votes.concat(parts), tuple(errors), texts, fresh.answers, message, asking.is_set(cancel)
    )


def about(
    asked: Question,
    heuristic: LLM,
    page: Page,
    report: Report,
    cancel: threading.Event | None,
) -> Answers:
    """Return the answers about a page of texts, asking where there is none.

    Examples of the heuristic are left out: it was told what they are.
    """
    shown = set(asking.marks([text for text, _ in heuristic.examples]))
    texts = {
        mark: text for mark, text in zip(page.marks, page.texts, strict=True) if mark not in shown
    }
    found = Answers(asked.known(texts))
    missing = {mark: text for mark, text in texts.items() if mark not in found.given}
    given, found.faults = asked.answers(missing, report, cancel)
    for answer in given.values():
        found.fresh.add(answer)
    found.given |= given
    return found


def votes_of(
    schema: TaskSchema, heuristic: LLM, asked: Question, page: Page, known: Answers
) -> tuple[Votes, list[tuple[int, str]]]:
    """Return the votes and the errors of a page: record id and message."""
    labels = {label.name: label.id for label in schema.labels}
    rows: list[tuple[int, int, float, int, int]] = []
    errors: list[tuple[int, str]] = []
    for record, text, mark in zip(page.ids, page.texts, page.marks, strict=True):
        if mark in known.faults:
            errors.append((record, known.faults[mark]))
        if mark not in known.given:
            continue
        said = asked.read(text, known.given[mark])
        if said.faults:
            errors.append((record, " ".join(said.faults)))
        sure = max(said.confidence, LEAST)
        if said.confidence < heuristic.min_confidence:
            continue
        if said.label is not None:
            rows.append((record, labels[said.label], sure, 0, 0))
        rows += [(record, labels[name], sure, start, end) for start, end, name in said.spans]
    columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
    spans = columns[3:] if schema.is_spans else (None, None)
    return Votes.of(*columns[:3], *spans), errors


def question(task: Task, heuristic: LLM, labels: Sequence[str] | None = None) -> Question:
    """Return what a heuristic asks in a task, about its labels or others."""
    project = task.project
    endpoint = endpoint_of(project, heuristic) if heuristic.remote else None
    return Question(project, heuristic, prompt_of(task, heuristic, labels), endpoint)


def prompt_of(task: Task, heuristic: LLM, labels: Sequence[str] | None = None) -> Prompt:
    """Return the prompt of a heuristic in a task."""
    schema = task.schema
    form: prompt.Form = "spans" if schema.is_spans else "label" if heuristic.remote else "name"
    names = asking.labels_of(task, None) if labels is None else list(labels)
    shown = [
        one
        for one in heuristic.examples
        if labels is None or all(name in names for name in llm_examples.labels_in(one[1]))
    ]
    return prompt.make(
        form,
        task=schema.name,
        guideline=schema.guideline,
        labels=names,
        descriptions=heuristic.descriptions,
        examples=shown,
        prompt=heuristic.prompt,
        none=heuristic.none,
    )


def endpoint_of(project: Project, heuristic: LLM) -> Endpoint | None:
    """Return who is asked: named with the heuristic or by the environment, never by a project."""
    if heuristic.endpoint is not None:
        return heuristic.endpoint
    url = os.environ.get(ENDPOINT, "").strip()
    if not url:
        return None
    from refinery_nb.net.endpoint import Endpoint

    key = ("endpoint", url)
    if key not in project.given:
        project.given[key] = Endpoint(url)
    found: Endpoint = project.given[key]
    return found


def renamed(spec: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return a spec with a renamed label in its descriptions, examples and choice of labels."""
    made = dict(spec)
    made["descriptions"] = {
        new if name == old else name: text for name, text in spec["descriptions"].items()
    }
    if spec.get("labels") is not None:
        found = [new if name == old else name for name in spec["labels"]]
        made["labels"] = list(dict.fromkeys(found))
    if spec.get("examples"):
        made["examples"] = [
            [text, new if said == old else said]
            if not isinstance(said, list)
            else [text, [[*span[:2], new if span[2] == old else span[2]] for span in said]]
            for text, said in spec["examples"]
        ]
    return made
