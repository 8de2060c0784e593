"""Asking models about texts: page by page, nothing twice, and what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import HeuristicError, SchemaError, did_you_mean
from refinery_nb.core.schema import Attribute
from refinery_nb.core.votes import Votes
from refinery_nb.project.vectors.embeddings import hashes
from refinery_nb.store import answers, records

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

PAGE = 2_048  # records that are read at once: texts of like length go to a model together
EVERY = 2.0  # seconds between two commits of answers

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Page:
    """Some records that have a text: parallel lists; a mark is 64 bits of the text's hash."""

    ids: list[int]
    keys: list[str]
    texts: list[str]
    marks: list[int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a heuristic that asks a model came to.

    Attributes
    ----------
    votes
        Of all records that have an answer.
    errors
        Record id and message, in order.
    texts
        How many were looked at.
    asked
        About how many of them the model was asked now; the other answers were known.
    message
        For people; also when nothing went wrong.
    cancelled
        Whether it ended early: then the votes are not all.
    """

    votes: Votes
    errors: tuple[tuple[int, str], ...] = ()
    texts: int = 0
    asked: int = 0
    message: str = ""
    cancelled: bool = False


class Kept:
    """The answers of models, kept in the project by question: all that was asked but the text."""

    def __init__(self, project: Project) -> None:
        self._database = project.database
        self._fresh: dict[str, dict[int, bytes]] = {}
        self._since = time.monotonic()

    def known(self, question: str, marks: Iterable[int]) -> dict[int, bytes]:
        """Return the answers about these texts that are known."""
        with self._database.read() as connection:
            return answers.get(connection, question, list(dict.fromkeys(marks)))

    def keep(self, question: str, mark: int, value: bytes) -> None:
        """Keep an answer; it is on disk after ``flush``, or two seconds at most."""
        self._fresh.setdefault(question, {})[mark] = value
        if time.monotonic() - self._since >= EVERY:
            self.flush()

    def flush(self) -> None:
        """Write what is not written yet."""
        fresh, self._fresh = self._fresh, {}
        if fresh:
            with self._database.write() as connection:
                for question, found in fresh.items():
                    answers.put(connection, question, found)
        self._since = time.monotonic()


def pages(project: Project, on: str, ids: Sequence[int]) -> Iterator[Page]:
    """Yield records with their texts, without those whose text is blank or missing.

    Raises
    ------
    SchemaError
        If there is no such attribute, or it holds no texts.
    """
    attribute = attribute_of(project, on)
    for first in range(0, len(ids), PAGE):
        with project.database.read() as connection:
            rows = [
                (record, key, text)
                for record, key, (text,) in records.values(
                    connection, [attribute], ids[first : first + PAGE]
                )
                if text and text.strip()
            ]
        texts = [text for _, _, text in rows]
        yield Page([row[0] for row in rows], [row[1] for row in rows], texts, marks(texts))


def attribute_of(project: Project, on: str) -> Attribute:
    """Return the attribute whose texts are asked about.

    Raises
    ------
    SchemaError
        If there is none, or it holds no texts.
    """
    attribute = project.attribute(on)
    if not attribute.type.is_string:
        raise SchemaError(f"{on!r} is of the type {attribute.type.value}; a model reads texts.")
    return attribute


def check_described(task: Task, descriptions: Iterable[str]) -> None:
    """Refuse a description of what is no label of a task."""
    for name in descriptions:
        if name not in task.labels:
            raise HeuristicError(
                f"a description is given for {name!r}, which is no label of {task.name!r}.",
                hint=did_you_mean(name, task.labels),
            )


def marks(texts: Sequence[str]) -> list[int]:
    """Return what texts are known by among answers: signed 64-bit integers."""
    found: list[int] = hashes(texts).view(np.int64).tolist()
    return found


def all_ids(project: Project) -> list[int]:
    """Return the ids of all records."""
    with project.database.read() as connection:
        found: list[int] = records.all_ids(connection).tolist()
    return found


def labels_of(task: Task, wanted: Sequence[str] | None) -> list[str]:
    """Return which labels of a task are asked for.

    Raises
    ------
    HeuristicError
        If there is none.
    SchemaError
        If one does not exist.
    """
    schema = task.schema
    if wanted is None:
        found = [label.name for label in schema.labels]
    else:
        found = [schema.label(name).name for name in dict.fromkeys(wanted)]
    if not found:
        raise HeuristicError(f"task {task.name!r} has no label.", hint="Call task.add_labels().")
    return found


def loaded(project: Project, kind: Callable[[str], Any], model: str) -> Any:
    """Return a model, kept in memory for this session; one of each kind."""
    key = ("model", kind.__name__)
    known = project.given.get(key)
    if known is None or known[0] != model:
        known = project.given[key] = (model, kind(model))
    return known[1]


def within(report: Report, done: int, total: int) -> Report:
    """Return what reports the progress within a page as that of the whole."""
    size = min(PAGE, total - done)
    return lambda some, of: report(done + size * some // max(of, 1), total)


def is_set(cancel: threading.Event | None) -> bool:
    """Say whether the work is to end."""
    return cancel is not None and cancel.is_set()
