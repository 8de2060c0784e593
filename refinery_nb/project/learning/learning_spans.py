"""What a learner learns of a spans task from the reviewed records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.active.learner import FOLDS, folds
from refinery_nb.active.tagger import (
    DOUBTS,
    LENGTH,
    Page,
    SpanBeliefs,
    Tagger,
    among,
    joined,
    placed,
    truth_of,
)
from refinery_nb.core.errors import HeuristicError
from refinery_nb.core.threads import one_thread
from refinery_nb.core.votes import Gold, Ints
from refinery_nb.heuristics.active import ActiveLearner
from refinery_nb.heuristics.learning import OUTSIDE
from refinery_nb.learn.calibration import odds_line, on_line
from refinery_nb.learn.span_choice import Possible
from refinery_nb.learn.token_features import TokenFeatures
from refinery_nb.learn.token_grid import tags_of
from refinery_nb.project.learning.learning_child import Arrays, learnt_apart
from refinery_nb.project.records import cards
from refinery_nb.store import embeddings as stored
from refinery_nb.store import records, schema

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

LEAST = 2  # records with a span
PAGE = 2_000  # records that are looked at once
CLUSTERED = 10_000  # texts that the clusters of words are learnt from


class TaggedTexts:
    """The texts of a spans task: their tokens, and the vectors of these."""

    def __init__(self, task: Task, embedding: str | None) -> None:
        self._task = task
        self.project: Project = task.project
        self.embedding = token_embedding(task, embedding)
        with self.project.database.read() as connection:
            self.records = records.all_ids(connection)

    def page(self, ids: Ints) -> Page:
        """Return some records, which ascend, as a page."""
        project, schema_ = self.project, self._task.schema
        wanted = ids.tolist()
        with project.database.read() as connection:
            attributes = [one for one in schema.attributes(connection) if one.name == schema_.on]
            texts = {
                record: str(values[0] or "")
                for record, _, values in records.values(connection, attributes, wanted)
            }
        tokens = cards.token_offsets(project, schema_, wanted)
        none = np.zeros((0, 2), np.int32)
        vectors: dict[int, NDArray[np.float16]] = {}
        if self.embedding is not None:
            vectors = dict(project.embeddings[self.embedding].tokens(wanted))
        return Page.of(
            [texts.get(record, "") for record in wanted],
            [tokens.get(record, none) for record in wanted],
            [vectors.get(record) for record in wanted],
        )

    def pages(self, ids: Ints, check: Callable[[], None]) -> Iterator[tuple[int, Page]]:
        """Yield where each part of some records begins, and the part."""
        for first in range(0, len(ids), PAGE):
            check()
            yield first, self.page(ids[first : first + PAGE])


def token_embedding(task: Task, name: str | None) -> str | None:
    """Return the embedding of tokens that a task's texts are seen by; None if there is none.

    Raises
    ------
    HeuristicError
        If the one that is asked for is not of the tokens of the task's attribute.
    """
    project, on = task.project, task.schema.on
    if name is not None:
        row = project.embeddings.row(name)
        if row.level != "token" or row.attribute != on:
            raise HeuristicError(
                f"{name!r} has a vector for each {row.level} of {row.attribute!r}; spans of {on!r} "
                "are learnt from those of its tokens.",
                hint=f'Make them: project.embed({on!r}, model=..., level="token").',
            )
        return name
    with project.database.read() as connection:
        rows = stored.embeddings(connection)
    fitting = [one for one in rows.values() if one.attribute == on and one.level == "token"]
    return max(fitting, key=lambda row: row.at).name if fitting else None


def clusters(texts: TaggedTexts, check: Callable[[], None]) -> TokenFeatures:
    """Return features of tokens that know the clusters of words of a sample of all texts."""
    ids = texts.records
    if len(ids) > CLUSTERED:
        chosen = np.random.default_rng(0).choice(len(ids), CLUSTERED, replace=False)
        ids = ids[np.sort(chosen)]
    check()
    page = texts.page(ids)
    check()
    with one_thread():
        return TokenFeatures().fit(page.words, page.ids, page.grid.sizes)


def believe(
    task: Task,
    learner: ActiveLearner,
    gold: Gold,
    texts: TaggedTexts,
    features: Callable[[], TokenFeatures],
    *,
    check: Callable[[], None],
    cancel: threading.Event,
) -> SpanBeliefs:
    """Learn, and return what is believed of the spans of all records.

    Raises
    ------
    HeuristicError
        If too little is labelled, or a model that somebody brought fails.
    """
    labels = np.array([label.id for label in task.schema.labels], np.int64)
    known, truth = truth_of(gold, texts.records, labels)
    having = len(np.unique(truth.row))
    if having < LEAST:
        raise HeuristicError(
            f"there {'is' if len(known) == 1 else 'are'} {len(known):,} reviewed record"
            f"{'' if len(known) == 1 else 's'}, {having:,} of them with a span.",
            hint=f"A learner of spans needs {LEAST} records with a span; it learns once they are "
            "there.",
        )
    if learner.source:
        return _brought(task, learner, texts, labels, known, truth, cancel, check)
    fold = folds(texts.records[known], np.zeros(len(known), np.int64))
    with one_thread():
        taught = texts.page(texts.records[known])
        here = truth._replace(row=np.searchsorted(known, truth.row))
        known_features = features()
        apart: list[Possible] = []
        doubts = {name: np.zeros(len(texts.records)) for name in DOUBTS}
        for number in range(FOLDS):
            inside = np.flatnonzero(fold == number)
            others = np.flatnonzero(fold != number)
            part = here.take(np.isin(here.row, others))
            check()
            if not len(inside) or not len(part.row):
                continue
            part = part._replace(row=np.searchsorted(others, part.row))
            tagger = Tagger(len(labels), known_features).fit(taught.take(others), part)
            spans, unsure = tagger.possible(taught.take(inside))
            apart.append(placed(spans, known[inside]))
            for name, values in unsure.items():
                doubts[name][known[inside]] = values
        held_out = joined(apart)
        line = odds_line(held_out.proba, among(held_out, truth))
        check()
        tagger = Tagger(len(labels), known_features).fit(taught, here)
        rest = np.setdiff1d(np.arange(len(texts.records)), known)
        found = [held_out]
        for first, page in texts.pages(texts.records[rest], check):
            at = rest[first : first + PAGE]
            spans, unsure = tagger.possible(page)
            found.append(placed(spans, at))
            for name, values in unsure.items():
                doubts[name][at] = values
    every = joined(found)
    every = every._replace(proba=on_line(every.proba, line))
    return SpanBeliefs(texts.records, labels, every, doubts, known, truth)


def _brought(
    task: Task,
    learner: ActiveLearner,
    texts: TaggedTexts,
    labels: Ints,
    known: Ints,
    truth: Possible,
    cancel: threading.Event,
    check: Callable[[], None],
) -> SpanBeliefs:
    """Have a model that somebody brought learn and tag, in tags that begin and continue spans."""
    if texts.embedding is None:
        raise HeuristicError(
            f"there is no embedding of the tokens of {task.schema.on!r}, of which this learns.",
            hint=f'Make one: project.embed({task.schema.on!r}, model=..., level="token").',
        )
    names = [OUTSIDE]
    for label in task.schema.labels:
        names += [f"B-{label.name}", f"I-{label.name}"]
    taught = texts.page(texts.records[known])
    here = truth._replace(row=np.searchsorted(known, truth.row))
    first, last = taught.grid.cover(here.row, here.start, here.end)
    tags = tags_of(
        first, last, here.label, here.proba, shape=(len(taught.grid), 1 + 2 * len(labels))
    )
    lesson: Arrays = {
        "rows": taught.vectors / LENGTH,
        "sizes": taught.grid.sizes,
        "tags": tags.argmax(axis=1),
        "fold": folds(texts.records[known], np.zeros(len(known), np.int64)),
    }
    rest = np.setdiff1d(np.arange(len(texts.records)), known)
    asked: list[Page] = []

    def blocks() -> Iterator[Arrays]:
        for _, page in texts.pages(texts.records[rest], check):
            asked.append(Page(page.grid, [], page.ids, page.vectors[:0]))
            yield {"rows": page.vectors / LENGTH, "sizes": page.grid.sizes}

    apart, said = learnt_apart(
        learner,
        names,
        lesson,
        blocks(),
        width=2,
        spans=True,
        cancel=cancel,
        executor=task.project.executor,
    )
    doubts = {name: np.zeros(len(texts.records)) for name in DOUBTS}
    parts = [placed(_decoded(taught, apart), known)]
    at = 0
    for number, page in enumerate(asked):
        rows = rest[number * PAGE : (number + 1) * PAGE]
        parts.append(placed(_decoded(page, said[at : at + len(page.grid)]), rows))
        at += len(page.grid)
    spans = joined(parts)
    for values in doubts.values():
        np.maximum.at(values, spans.row, 1.0 - spans.proba)
    return SpanBeliefs(texts.records, labels, spans, doubts, known, truth)


def _decoded(page: Page, said: NDArray[np.float32]) -> Possible:
    """Return the spans that tags of tokens spell; one is as sure as its least sure token."""
    spans: list[tuple[int, int, int, int, float]] = []
    open_: tuple[int, int, int, int, float] | None = None
    rows, tags = page.grid.row.tolist(), said[:, 0].astype(np.int64).tolist()
    for token, (row, tag, sure) in enumerate(zip(rows, tags, said[:, 1].tolist(), strict=True)):
        label, goes_on = (tag - 1) // 2, tag > 0 and tag % 2 == 0
        if open_ is not None and goes_on and open_[0] == row and open_[3] == label:
            open_ = (row, open_[1], token, label, min(open_[4], sure))
            continue
        if open_ is not None:
            spans.append(open_)
        open_ = (row, token, token, label, sure) if tag > 0 else None
    if open_ is not None:
        spans.append(open_)
    if not spans:
        return joined([])
    row_, first, last, label_ = np.array([one[:4] for one in spans], np.int64).T
    proba = np.array([one[4] for one in spans])
    return Possible(row_, page.grid.start[first], page.grid.end[last], label_, proba)


def told(beliefs: SpanBeliefs, texts: TaggedTexts, learner: ActiveLearner) -> str:
    """Say how good what was learnt is, and what is missing."""
    unseen = beliefs.spans.take(np.isin(beliefs.spans.row, beliefs.known))
    unseen = unseen.take(unseen.proba >= learner.sure(spans=True))
    hits = int(among(unseen, beliefs.truth).sum())
    f1 = 2 * hits / max(1, len(unseen.row) + len(beliefs.truth.row))
    said = (
        f"learnt from {len(beliefs.known):,} records with {len(beliefs.truth.row):,} spans; F1 of "
        f"spans that it has not seen {f1:.2f}"
    )
    if texts.embedding is None:
        said += ". It knows words only: project.embed(level='token') adds what they mean"
    return said + "."
