"""Zero-shot classification in a project: models of entailment, and meanings of labels."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import HeuristicError, InputError
from refinery_nb.core.votes import Votes
from refinery_nb.heuristics.kind import digest
from refinery_nb.heuristics.zero_shot import ENGLISH, GERMAN, ZeroShot
from refinery_nb.language.elsewhere import EntailmentElsewhere
from refinery_nb.language.entailment import Entailment
from refinery_nb.project.models import asking
from refinery_nb.project.models.asking import Kept, Outcome, Report
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

Floats = NDArray[np.float32]
LIKELY = 0.5  # more likely than not
LEAST = 1e-6  # of a confidence, which lies above zero


@dataclass(frozen=True, slots=True)
class Judged:
    """Confidences of some texts.

    Attributes
    ----------
    values
        Shape (texts, labels); a row of NaN where there is none: cancelled, or no vector.
    asked
        How many texts the model had to be asked about.
    """

    values: Floats
    asked: int


def bound(task: Task, heuristic: ZeroShot) -> ZeroShot:
    """Return the heuristic with its mode, its hypothesis and what tells its model from others.

    Raises
    ------
    HeuristicError
        If the task labels spans, or there is no model or embedding for the mode.
    InputError
        If there is no such model here.
    """
    if task.schema.is_spans:
        raise HeuristicError(
            f"{task.name!r} labels spans; zero-shot classification says nothing of places.",
            hint="rn.LLM marks spans.",
        )
    project = task.project
    asking.labels_of(task, heuristic.labels)
    asking.attribute_of(project, heuristic.on)
    asking.check_described(task, heuristic.descriptions)
    spec = heuristic.spec()
    # Where a record may have several labels, none is judged against the others.
    spec["individually"] = heuristic.individually or task.schema.is_multi
    known = heuristic.model in project.embeddings if heuristic.model else False
    spec["mode"] = heuristic.mode or ("similarity" if known or not heuristic.model else "nli")
    if spec["mode"] == "similarity":
        spec["model"] = _embedding(project, heuristic)
        spec["identity"] = ""
    else:
        if heuristic.model is None:
            raise HeuristicError(
                "no model is named.", hint="Give model=: a folder, or a name of the Hub."
            )
        spec["identity"] = _entailment(project, heuristic.model).identity
        spec["hypothesis"] = heuristic.hypothesis or hypothesis(heuristic.model)
    return ZeroShot.from_spec(spec)


def _entailment(project: Project, model: str) -> Entailment | EntailmentElsewhere:
    """Return a model of entailment, kept for this session where models run."""
    found: Entailment | EntailmentElsewhere
    if project.executor is None:
        found = asking.loaded(project, Entailment, model)
        return found
    key = ("model elsewhere", id(project.executor), model)
    if key not in project.given:
        project.given[key] = EntailmentElsewhere(project.executor, model)
    found = project.given[key]
    return found


def hypothesis(model: str) -> str:
    """Return what a label claims unless told otherwise, in the language of a model.

    >>> hypothesis("Sahajtomar/German_Zeroshot")
    'In diesem geht es um {}.'
    """
    named = model.casefold()
    german = any(word in named for word in ("german", "deutsch", "gbert", "gelectra"))
    return GERMAN if german else ENGLISH


def asked(task: Task, row: HeuristicRow, report: Report, cancel: threading.Event | None) -> Outcome:
    """Return the votes on all records; a model of entailment is asked about new texts only.

    Raises
    ------
    HeuristicError, InputError
        If the model or the embedding cannot be had; what was asked until then is kept.
    """
    heuristic, project = ZeroShot.from_spec(row.spec), task.project
    names = asking.labels_of(task, heuristic.labels)
    ids = asking.all_ids(project)
    if heuristic.mode == "similarity":
        _brought_up_to_date(project, heuristic, report, cancel)
    judge = judge_of(project, heuristic, names)
    parts, count, texts, done = [Votes.empty()], 0, 0, 0
    for page in asking.pages(project, heuristic.on, ids):
        judged = judge(page.ids, page.texts, asking.within(report, done, len(ids)), cancel)
        count += judged.asked
        texts += len(page.ids)
        parts.append(votes_of(task, heuristic, names, page.ids, judged.values))
        done = min(done + asking.PAGE, len(ids))
        report(done, len(ids))
        if asking.is_set(cancel):
            break
    told = f"{count:,} texts were judged." if count else ""
    return Outcome(Votes.concat(parts), (), texts, count, told, asking.is_set(cancel))


def votes_of(
    task: Task, heuristic: ZeroShot, names: Sequence[str], ids: Sequence[int], values: Floats
) -> Votes:
    """Return votes for the best labels that reach the threshold; all where several may stand."""
    if not len(values):
        return Votes.empty()
    schema = task.schema
    labels = np.array([schema.label(name).id for name in names], dtype=np.int64)
    sure = np.nan_to_num(values, nan=-1.0)
    enough = sure >= max(least(task, heuristic, names), LEAST)
    if not schema.is_multi:
        enough &= np.arange(len(names)) == sure.argmax(axis=1)[:, None]
    row, column = np.nonzero(enough)
    confidence = np.minimum(sure[row, column], 1.0)
    return Votes.of(np.asarray(ids, np.int64)[row], labels[column], confidence)


def least(task: Task, heuristic: ZeroShot, names: Sequence[str]) -> float:
    """Return the confidence from which on it votes."""
    if task.schema.is_multi and heuristic.min_confidence is None:
        return LIKELY  # each label is a question by itself, however many there are
    return heuristic.threshold(len(names))


Judge = Callable[[Sequence[int], Sequence[str], Report, threading.Event | None], Judged]


def judge_of(project: Project, heuristic: ZeroShot, names: Sequence[str]) -> Judge:
    """Return what gives confidences of labels: ``(record ids, texts, report, cancel)``.

    For texts that belong to no record the id is -1.
    """
    if heuristic.mode == "similarity":
        return _Meaning(project, heuristic, names)
    return _Entailed(project, heuristic, names)


class _Entailed:
    """Confidences by a model of entailment; what it said stays."""

    def __init__(self, project: Project, heuristic: ZeroShot, names: Sequence[str]) -> None:
        self._project = project
        self._heuristic = heuristic
        self._claims = heuristic.claims(names)
        self._kept = Kept(project)
        self._questions = [
            digest({"nli": heuristic.identity, "claim": claim}) for claim in self._claims
        ]
        self._alone = heuristic.individually or len(names) == 1

    def __call__(
        self,
        ids: Sequence[int],
        texts: Sequence[str],
        report: Report,
        cancel: threading.Event | None,
    ) -> Judged:
        del ids
        marks = asking.marks(texts)
        known = [
            {
                mark: np.frombuffer(value, "<f4")
                for mark, value in self._kept.known(question, marks).items()
            }
            for question in self._questions
        ]
        # The same text twice is asked about once.
        text_of = dict(zip(marks, texts, strict=True))
        todo = [
            (mark, column)
            for mark in text_of
            for column in range(len(self._claims))
            if mark not in known[column]
        ]
        pairs = [(text_of[mark], self._claims[column]) for mark, column in todo]
        done = 0
        try:
            for rows, logits in self._model().scores(pairs) if pairs else ():
                for row, value in zip(rows.tolist(), logits, strict=True):
                    mark, column = todo[row]
                    known[column][mark] = value
                    self._kept.keep(self._questions[column], mark, value.astype("<f4").tobytes())
                done += len(rows)
                report(done, len(pairs))
                if asking.is_set(cancel):
                    break
        finally:
            self._kept.flush()
        missing = np.full(2, np.nan, np.float32)
        found = np.array(
            [[column.get(mark, missing) for column in known] for mark in marks], np.float32
        ).reshape(len(texts), len(self._claims), 2)
        return Judged(self._confidences(found), len({mark for mark, _ in todo[:done]}))

    def _model(self) -> Entailment | EntailmentElsewhere:
        heuristic = self._heuristic
        model = _entailment(self._project, heuristic.model or "")
        if model.identity != heuristic.identity:
            raise InputError(
                f"{heuristic.model} is another model than the one that {heuristic.name!r} was "
                "made with.",
                hint="Add the heuristic again.",
            )
        return model

    def _confidences(self, logits: Floats) -> Floats:
        if self._alone:  # entailment against contradiction, label by label
            return np.asarray(1 / (1 + np.exp(logits[..., 0] - logits[..., 1])), np.float32)
        return _softmax(logits[..., 1])


class _Meaning:
    """Confidences by how near the vector of a text is to those of the labels' descriptions."""

    def __init__(self, project: Project, heuristic: ZeroShot, names: Sequence[str]) -> None:
        self._project = project
        self._row = project.embeddings.row(heuristic.model or "")
        self._alone = heuristic.individually or len(names) == 1
        self._temperature = heuristic.temperature
        self._labels = _unit(self._encoded(heuristic.claims(names)))
        if not self._labels.any(axis=1).all():
            raise HeuristicError(
                f"the model of {self._row.name!r} knows no word of the description "
                f"{heuristic.claims(names)[int(np.argmin(self._labels.any(axis=1)))]!r}.",
                hint="Give descriptions=, or another embedding.",
            )

    def __call__(
        self,
        ids: Sequence[int],
        texts: Sequence[str],
        report: Report,
        cancel: threading.Event | None,
    ) -> Judged:
        del report, cancel
        values = np.full((len(texts), self._row.dim), np.nan, np.float32)
        record = np.asarray(ids, np.int64)
        if (record >= 0).any():
            found, known = self._project.embeddings.value(self._row.name).of_records(record)
            values[known] = found
        free = np.flatnonzero(record < 0).tolist()
        if free:
            values[free] = self._project.similarities.encode(self._row, [texts[at] for at in free])
        cosine = _unit(values) @ self._labels.T
        blank = ~np.nan_to_num(values).any(axis=1)
        if self._alone:
            sure = np.clip(cosine, 0, 1)
        else:
            sure = _softmax(cosine / np.float32(self._temperature))
        sure[blank] = np.nan
        return Judged(sure.astype(np.float32), len(free))

    def _encoded(self, claims: Sequence[str]) -> Floats:
        """Return the vectors of claims; kept, as not every model is there in the next session."""
        row, kept = self._row, Kept(self._project)
        key = digest({"embedding": row.id, "generation": row.generation, **row.spec})
        marks = asking.marks(claims)
        known = kept.known(key, marks)
        fresh = [claim for claim, mark in zip(claims, marks, strict=True) if mark not in known]
        vectors = self._project.similarities.encode(row, fresh)
        for mark, vector in zip(asking.marks(fresh), vectors, strict=True):
            known[mark] = vector.astype("<f4").tobytes()
            kept.keep(key, mark, known[mark])
        kept.flush()
        return np.stack([np.frombuffer(known[mark], "<f4") for mark in marks])


def _embedding(project: Project, heuristic: ZeroShot) -> str:
    """Return the embedding whose vectors are compared with those of labels."""
    if heuristic.model is not None:
        row = project.embeddings.row(heuristic.model)
        if row.attribute != heuristic.on:
            raise HeuristicError(
                f"the embedding {row.name!r} is of {row.attribute!r}, not of {heuristic.on!r}."
            )
        rows = [row]
    else:
        rows = [project.embeddings.row(name) for name in project.embeddings]
        rows = [row for row in rows if row.attribute == heuristic.on and row.level == "record"]
    if not rows or rows[-1].level != "record":
        raise HeuristicError(
            f"there are no vectors of {heuristic.on!r}.",
            hint=f"Call project.embed({heuristic.on!r}) first, or give model=: a model of NLI.",
        )
    return max(rows, key=lambda row: row.at).name


def _brought_up_to_date(
    project: Project, heuristic: ZeroShot, report: Report, cancel: threading.Event | None
) -> None:
    """Embed the records that have no vector of their present text."""
    name = heuristic.model or ""
    if project.embeddings[name].covered < len(project):
        project.embed(heuristic.on, name=name, progress=report, cancel=cancel)


def _softmax(values: Floats) -> Floats:
    shifted = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)


def _unit(values: Floats) -> Floats:
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.where(lengths > 0, lengths, 1), np.float32)
