"""Manual labels that are likely mistakes, as a view to be labelled again and as a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.active.beliefs import NONE, Beliefs
from refinery_nb.active.several import SeveralBeliefs
from refinery_nb.active.tagger import SpanBeliefs
from refinery_nb.core.errors import HeuristicError, QueryError
from refinery_nb.core.html import block, paragraph, percent, shortened, table
from refinery_nb.core.query import GivenField, Keys, Selection
from refinery_nb.core.votes import Gold, Ints, VoteMatrix
from refinery_nb.project.records import frames
from refinery_nb.project.rules import rules
from refinery_nb.project.view import View
from refinery_nb.quality.mistakes import DoubtedSpan, doubted, doubted_spans
from refinery_nb.store import records, schema
from refinery_nb.supervision.several import question, reference_of

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

SHOWN = 20  # rows of a table in a notebook
HEADINGS = {
    "key": ("Key", "name"),
    "start": ("Start", "number"),
    "end": ("End", "number"),
    "text": ("Text", "text"),
    "given": ("Given", "name"),
    "predicted": ("Predicted", "name"),
    "confidence": ("Confidence", "number"),
    "reason": ("Reason", "text"),
}
MODEL = "weighted"  # the label model that is asked where nothing can be learnt from the texts


@dataclass(frozen=True, slots=True)
class Mistake:
    """One label or span that is doubted; ``span`` is (start, end) where there is one."""

    record: int
    text: str
    given: str
    predicted: str
    confidence: float
    reason: str
    span: tuple[int, int] | None = None


class Mistakes(View):
    """The records with labels that are likely mistakes, the most likely first.

    A view as any other: ``rn.Labeler(task, mistakes)`` shows them to be looked at again.
    """

    __slots__ = ("_found", "_spans")

    def __init__(
        self, project: Project, selection: Selection, found: list[Mistake], *, spans: bool
    ) -> None:
        super().__init__(project, selection)
        self._found = found
        self._spans = spans

    def frame(self) -> pd.DataFrame:
        """Return what is doubted: ``key, text, given, predicted, confidence, reason``.

        For spans a row for each that is doubted or missing, also with ``start, end``; the text is
        that of the span. ``none`` stands for "no label".
        """
        import pandas as pd

        keys = frames.keys(self.project, {one.record for one in self._found})
        columns: dict[str, list[Any]] = {"key": [keys[one.record] for one in self._found]}
        if self._spans:
            columns["start"] = [one.span[0] if one.span else None for one in self._found]
            columns["end"] = [one.span[1] if one.span else None for one in self._found]
        columns["text"] = [one.text for one in self._found]
        columns["given"] = [one.given for one in self._found]
        columns["predicted"] = [one.predicted for one in self._found]
        columns["confidence"] = [round(one.confidence, 4) for one in self._found]
        columns["reason"] = [one.reason for one in self._found]
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        count = len(self)
        return f"{count:,} record{'' if count == 1 else 's'} with labels that are likely mistakes"

    def _repr_html_(self) -> str:
        frame = self.frame().head(SHOWN)
        heads = [(HEADINGS[name][0], HEADINGS[name][1]) for name in frame.columns]
        rows = [
            [
                percent(value) if name == "confidence" else shortened(value)
                for name, value in row.items()
            ]
            for row in frame.to_dict(orient="records")
        ]
        more = len(self._found) - len(rows)
        told = f"{self!r}{f'; {more:,} more' if more else ''}. rn.Labeler(task, ...) shows them."
        return block(paragraph(told), table(heads, rows, empty="Nothing is doubted."))


def likely_mistakes(task: Task, n: int = 100) -> Mistakes:
    """Return the labelled records whose valid labels a model that has not seen them doubts.

    The model is that of the first learner of the task, or the built-in one; where nothing can be
    learnt from the texts, the votes of the heuristics are asked. Where a record may have several
    labels, each is a question: given or predicted is then a label, or ``not`` and its name.

    Parameters
    ----------
    n
        How many records at most.

    Raises
    ------
    QueryError
        If there is nothing to tell mistakes by: too few labels, and no votes on labelled records.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise QueryError(f"{n!r} is not a number of records.")
    names = {label.id: label.name for label in task.schema.labels} | {NONE: "none"}
    try:
        beliefs = task.project.learning.lesson(task).beliefs
    except HeuristicError as error:
        if task.schema.is_spans:
            raise QueryError(error.message, hint=error.hint) from error
        found = (_several_by_votes if task.schema.is_multi else _by_votes)(task, names, error)
    else:
        if isinstance(beliefs, SpanBeliefs):
            found = _of_spans(beliefs, names)
        elif isinstance(beliefs, SeveralBeliefs):
            found = _of_several(beliefs, names)
        else:
            found = _of_classes(beliefs, names)
    kept: list[Mistake] = []
    order: dict[int, None] = {}
    for one in found:
        if one.record in order or len(order) < n:
            order[one.record] = None
            kept.append(one)
    texts = _texts(task, list(order))
    kept = [replace(one, text=_cut(texts[one.record], one.span)) for one in kept]
    return _view(task, list(order), kept)


def _texts(task: Task, ids: list[int]) -> dict[int, str]:
    """Return what a task's records say, by id."""
    on = task.schema.on
    with task.project.database.read() as connection:
        attributes = [
            one
            for one in schema.attributes(connection)
            if (one.name == on if on is not None else one.type.is_string and not one.is_key)
        ]
        rows = list(records.values(connection, attributes, ids))
    return {
        record: " ".join(str(value) for value in values if value is not None)
        for record, _, values in rows
    }


def _cut(text: str, span: tuple[int, int] | None) -> str:
    return text if span is None else text[span[0] : span[1]]


def _view(task: Task, ids: list[int], found: list[Mistake]) -> Mistakes:
    project = task.project
    with project.database.read() as connection:
        known = records.keys_of_ids(connection, ids)
    keys = tuple(known[one] for one in ids)
    places = tuple(float(-at) for at in range(len(keys)))
    field = GivenField(f"doubt of {task.name}", keys, places)
    selection = Selection(Keys(keys), ((field, True),))
    return Mistakes(project, selection, found, spans=task.schema.is_spans)


def _of_classes(beliefs: Beliefs, names: dict[int, str]) -> list[Mistake]:
    proba = beliefs.proba[beliefs.known].astype(np.float64)
    return _ranked(beliefs.records[beliefs.known], proba, beliefs.given, beliefs.labels, names)


def _of_several(beliefs: SeveralBeliefs, names: dict[int, str]) -> list[Mistake]:
    """Return the doubted answers to all questions, the surest objection first."""
    ids, found = beliefs.records[beliefs.known], []
    for column in np.flatnonzero(beliefs.asked).tolist():
        yes = beliefs.proba[beliefs.known, column].astype(np.float64)
        proba = np.stack([yes, 1 - yes], axis=1) * (yes > 0)[:, None]
        given = (~beliefs.given[:, column]).astype(np.int64)
        found += _asked(ids, proba, given, names[int(beliefs.labels[column])])
    return sorted(found, key=lambda one: (-one.confidence, one.record))


def _asked(ids: Ints, proba: np.ndarray[Any, Any], given: Ints, name: str) -> list[Mistake]:
    """Return the doubted answers to one question: its label is the first column, none the other."""
    said = dict(enumerate((name, f"not {name}")))
    return _ranked(ids, proba, given, np.arange(2), said)


def _ranked(
    ids: Ints, proba: np.ndarray[Any, Any], given: Ints, labels: Ints, names: dict[int, str]
) -> list[Mistake]:
    found = doubted(proba, given)
    mistakes = []
    for at, predicted, sure, strong in zip(
        found.at.tolist(),
        found.predicted.tolist(),
        found.confidence.tolist(),
        found.sure.tolist(),
        strict=True,
    ):
        said, other = names[int(labels[given[at]])], names[int(labels[predicted])]
        how = "says" if strong else "leans to"
        own = float(proba[at, given[at]])
        reason = (
            f"a model without this label {how} {other}, {100 * sure:.0f} %; {said} has "
            f"{100 * own:.0f} %"
        )
        mistakes.append(Mistake(int(ids[at]), "", said, other, sure, reason))
    return mistakes


def _by_votes(task: Task, names: dict[int, str], error: HeuristicError) -> list[Mistake]:
    gold, _ = frames.gold_columns(task)
    matrix = _voted(task, gold, error)
    ids, proba, given = _held_out(matrix, gold)
    return _ranked(ids, proba, given, np.array(matrix.labels, np.int64), names)


def _several_by_votes(task: Task, names: dict[int, str], error: HeuristicError) -> list[Mistake]:
    gold, _ = frames.gold_columns(task)
    records, found = _voted(task, gold, error).records, []
    votes = task.project.columns.of_task(task.schema)
    for label in task.schema.labels:
        asked = question(records, votes, label.id)
        found += _asked(*_held_out(asked, reference_of(gold, label.id)), label.name)
    return sorted(found, key=lambda one: (-one.confidence, one.record))


def _voted(task: Task, gold: Gold, error: HeuristicError) -> VoteMatrix:
    """Return the votes, if any stands on a reviewed record."""
    matrix = rules.matrix(task, None)
    if not len(np.intersect1d(matrix.records[matrix.row], gold.reviewed)):
        raise QueryError(
            f"nothing tells which labels of {task.name!r} are mistakes: {error.message}",
            hint="Label more records, or add heuristics and run them.",
        )
    return matrix


def _held_out(votes: VoteMatrix, gold: Gold) -> tuple[Ints, np.ndarray[Any, Any], Ints]:
    """Return which records have a label, what votes say of them unseen, and the label given."""
    from refinery_nb.supervision.crossfit import cross_fit
    from refinery_nb.supervision.model import label_model

    held = cross_fit(lambda: label_model(MODEL), votes, gold)
    judged = held.label >= 0
    return votes.records[held.rows[judged]], held.proba[judged], held.label[judged]


def _of_spans(beliefs: SpanBeliefs, names: dict[int, str]) -> list[Mistake]:
    unseen = beliefs.spans.take(np.isin(beliefs.spans.row, beliefs.known))
    label = {at: names[int(id_)] for at, id_ in enumerate(beliefs.labels.tolist())}
    return [
        _span_mistake(int(beliefs.records[one.row]), one, label)
        for one in doubted_spans(unseen, beliefs.truth)
    ]


def _span_mistake(record: int, one: DoubtedSpan, label: dict[int, str]) -> Mistake:
    given, other = one.given, one.predicted
    said = "none" if given is None else label[given[2]]
    wanted = "none" if other is None else label[other[2]]
    place = given or other
    assert place is not None
    if given is None:
        reason = "a span seems to be missing"
    elif other is None:
        reason = "nothing seems to be here"
    elif given[:2] == other[:2]:
        reason = "another label seems right"
    else:
        reason = f"it seems to be [{other[0]}, {other[1]})"
    return Mistake(record, "", said, wanted, one.confidence, reason, (place[0], place[1]))
