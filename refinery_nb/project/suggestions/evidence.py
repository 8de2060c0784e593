"""What is known of a task's records, as rules are learnt from it: texts, labels, weak labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError
from refinery_nb.core.votes import Votes
from refinery_nb.project.records import frames
from refinery_nb.store import records, schema
from refinery_nb.suggest import Proposal
from refinery_nb.suggest.spans import Span, marked

if TYPE_CHECKING:
    from refinery_nb.core.schema import Label
    from refinery_nb.project.task import Task

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_MANUAL = 5_000  # records to learn from
MOST_WEAK = 2_000
ENOUGH = 50  # manual labels for each label; with more, weak ones are not asked
WEAK = 0.2  # what a weak label without doubt counts beside a manual one
LEAST = 20.0  # manual labels that weak ones may outweigh all the same


@dataclass(frozen=True, slots=True)
class RecordTexts:
    """The texts that rules of a task look at.

    Attributes
    ----------
    records
        All record ids, ascending.
    texts, position
        The texts, and the position in ``records`` that each belongs to.
    attributes
        The attributes that they stand in.
    """

    records: Ints
    texts: list[str]
    position: Ints
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of some records, by their positions in ``RecordTexts``.

    Attributes
    ----------
    positions
        Ascending, each once; the manual ones and the weak ones.
    weights
        How much each speaks for each label, and in the last column for none; for spans how much
        each counts, one column.
    texts
        All texts.
    truth
        The label's position of the manual ones (-1: none), by position of the record.
    covered
        Which records the heuristics reach, or are not asked for.
    spans, marked
        For spans: those of the records at ``positions``, and what heuristics mark by record.
    """

    positions: Ints
    weights: Floats
    texts: RecordTexts
    truth: dict[int, int]
    covered: NDArray[np.bool_]
    spans: Sequence[Sequence[Span]] = ()
    marked: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def judged(self, one: Proposal) -> tuple[Ints, Ints]:
        """Return the ids of the manual records on which a proposal is right, and wrong."""
        right: list[int] = []
        wrong: list[int] = []
        spans = dict(zip(self.positions.tolist(), self.spans, strict=True)) if self.spans else {}
        for position in one.hits[np.isin(one.hits, list(self.truth))].tolist():
            if not self.spans:
                (right if self.truth[position] == one.label else wrong).append(position)
                continue
            valid = set(spans[position])
            said = {(*span, one.label) for span in marked(one.form, self.texts.texts[position])}
            if said & valid:
                right.append(position)
            if said - valid:
                wrong.append(position)
        ids = self.texts.records
        return ids[np.array(right, dtype=np.int64)], ids[np.array(wrong, dtype=np.int64)]


def texts_of(task: Task) -> RecordTexts:
    """Return the texts of all records that rules of a task look at."""
    on = task.schema.on
    with task.project.database.read() as connection:
        chosen = [
            attribute
            for attribute in schema.attributes(connection)
            if attribute.type.is_string and (on is None or attribute.name == on)
        ]
        if not chosen:
            raise QueryError(f"the task {task.name!r} is about no text; rules look at texts.")
        ids = records.all_ids(connection)
        rows = list(records.values(connection, chosen, ids.tolist()))
    spans = task.schema.is_spans
    texts, position = [], []
    for at, (_, _, values) in enumerate(rows):
        for value in values:
            # For spans each record has its one text, so that positions are those of texts.
            if isinstance(value, str) or spans:
                texts.append(value or "")
                position.append(at)
    names = tuple(attribute.name for attribute in chosen)
    return RecordTexts(ids, texts, np.array(position, dtype=np.int64), names)


def class_evidence(
    task: Task, texts: RecordTexts, wanted: Ints | None, *, seed: int, asked: Label | None = None
) -> Evidence:
    """Return what is known of the labels of records; ``asked``: of one of several, yes or no."""
    reference, _ = frames.gold_columns(task)
    labels = [label.id for label in (task.schema.labels if asked is None else [asked])]
    rng = np.random.default_rng(seed)
    reviewed = np.intersect1d(reference.reviewed, texts.records)
    manual = np.sort(_some(reviewed, MOST_MANUAL, rng))
    truth = dict.fromkeys(np.searchsorted(texts.records, reviewed).tolist(), -1)
    said = reference.votes.take(np.isin(reference.votes.label, labels))
    for record, label in zip(said.record.tolist(), said.label.tolist(), strict=True):
        at = int(np.searchsorted(texts.records, record))
        if at in truth:
            truth[at] = labels.index(label)
    positions = np.searchsorted(texts.records, manual)
    weights = np.zeros((len(manual), len(labels) + 1))
    weights[np.arange(len(manual)), [truth[at] for at in positions.tolist()]] = 1.0
    # That rules do not give a label says little of new ones: people alone answer yes or no.
    weak = _weak(task, reviewed, len(manual), rng) if asked is None else None
    if weak is not None:
        doubt = 1 / len(labels)
        sure = np.maximum(0.0, (weak.confidence.astype(np.float64) - doubt) / (1 - doubt + 1e-9))
        known = np.isin(weak.label, labels)
        weak, sure = weak.take(known), sure[known] * _scale(sure[known], len(manual))
        more = np.zeros((len(weak), len(labels) + 1))
        more[np.arange(len(weak)), [labels.index(one) for one in weak.label.tolist()]] = sure
        positions = np.concatenate([positions, np.searchsorted(texts.records, weak.record)])
        weights = np.concatenate([weights, more])
        order = np.argsort(positions)
        positions, weights = positions[order], weights[order]
    _check(task, positions)
    covered = _outside(texts, wanted)
    for votes in task.project.columns.of_task(task.schema).values():
        own = votes if asked is None else votes.take(votes.label == asked.id)
        covered |= np.isin(texts.records, own.record)
    return Evidence(positions.astype(np.int64), weights, texts, truth, covered)


def span_evidence(task: Task, texts: RecordTexts, wanted: Ints | None, *, seed: int) -> Evidence:
    """Return what is known of the spans of records."""
    reference, _ = frames.gold_columns(task)
    labels = [label.id for label in task.schema.labels]
    rng = np.random.default_rng(seed)
    reviewed = np.intersect1d(reference.reviewed, texts.records)
    manual = np.sort(_some(reviewed, MOST_MANUAL, rng))
    spans = _spans(reference.votes.of_records(manual), labels)
    weights = np.ones(len(manual))
    weak = _weak(task, reviewed, len(manual), rng)
    ids = manual
    if weak is not None:
        spans |= _spans(weak, labels)
        more = np.unique(weak.record)
        sure = np.array(
            [weak.confidence[weak.record == record].min() for record in more.tolist()],
            dtype=np.float64,
        )
        ids = np.concatenate([manual, more])
        weights = np.concatenate([weights, sure * _scale(sure, len(manual))])
        order = np.argsort(ids)
        ids, weights = ids[order], weights[order]
    positions = np.searchsorted(texts.records, ids).astype(np.int64)
    _check(task, positions)
    marks: dict[int, list[tuple[int, int]]] = {}
    for votes in task.project.columns.of_task(task.schema).values():
        for at, of_record in _spans(votes, labels).items():
            place = int(np.searchsorted(texts.records, at))
            marks.setdefault(place, []).extend((start, end) for start, end, _ in of_record)
    outside = _outside(texts, wanted)
    for at in np.flatnonzero(outside).tolist():
        marks[at] = [(0, len(texts.texts[at]) + 1)]
    truth = dict.fromkeys(np.searchsorted(texts.records, manual).tolist(), -1)
    valid = [spans.get(record, []) for record in ids.tolist()]
    return Evidence(positions, weights[:, None], texts, truth, outside, valid, marks)


def _spans(votes: Votes, labels: list[int]) -> dict[int, list[Span]]:
    assert votes.start is not None
    assert votes.end is not None
    place = {label: at for at, label in enumerate(labels)}
    found: dict[int, list[Span]] = {}
    for record, label, start, end in zip(
        votes.record.tolist(),
        votes.label.tolist(),
        votes.start.tolist(),
        votes.end.tolist(),
        strict=True,
    ):
        if label in place:
            found.setdefault(record, []).append((start, end, place[label]))
    return found


def _weak(task: Task, reviewed: Ints, manual: int, rng: np.random.Generator) -> Votes | None:
    """Return some weak labels of the last run, on records that nobody reviewed; or None."""
    run = task.project.columns.last_run(task.schema)
    if run is None or manual >= ENOUGH * len(task.schema.labels):
        return None
    votes = task.project.columns.weak(run).without_records(reviewed)
    with task.project.database.read() as connection:
        votes = votes.of_records(records.all_ids(connection))
    some = _some(np.unique(votes.record), MOST_WEAK, rng)
    return votes.of_records(some) if len(some) else None


def _scale(sure: Floats, manual: int) -> float:
    """Return what to multiply weak labels by, so that they do not outweigh the manual ones."""
    total = float(sure.sum())
    return WEAK if total == 0 else min(WEAK, max(LEAST, float(manual)) / total)


def _some(ids: Ints, most: int, rng: np.random.Generator) -> Ints:
    return ids if len(ids) <= most else np.sort(rng.choice(ids, most, replace=False))


def _outside(texts: RecordTexts, wanted: Ints | None) -> NDArray[np.bool_]:
    """Return which records lie outside the view that is asked for."""
    if wanted is None:
        return np.zeros(len(texts.records), dtype=bool)
    return ~np.isin(texts.records, wanted)


def _check(task: Task, positions: Ints) -> None:
    if len(positions) == 0:
        raise QueryError(
            f"nothing is labelled for {task.name!r} yet, so no rule can be learnt.",
            hint="Label some records, or run task.run() and task.supervise().",
        )
