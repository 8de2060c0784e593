"""Weak labels: what a label model makes of the votes, each run kept as a version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import WeakField
from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import Votes
from refinery_nb.project import labeling
from refinery_nb.project.records import frames
from refinery_nb.project.rules import rules
from refinery_nb.project.weak import as_refinery, features, weak_html
from refinery_nb.store import weak as stored
from refinery_nb.store.weak import WeakRunRow
from refinery_nb.supervision.outcome import Outcome
from refinery_nb.supervision.several import supervise_several

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.core.executor import Executor
    from refinery_nb.project.quality.scoring import Scores
    from refinery_nb.project.task import Task
    from refinery_nb.project.view import View
    from refinery_nb.project.weak.run_comparison import RunComparison
    from refinery_nb.project.weak.trust import Threshold

NO_EMBEDDING = "project.embed() would let the texts take part, beyond what the rules hit."


class WeakRun:
    """One run of weak supervision.

    Attributes
    ----------
    label, confidence
        Fields for views: ``project.where(weak.confidence < 0.6)``.
    model, at, options
        The label model, when it ran, and with what.
    summary
        What was chosen and why, the temperature, how held-out labels were met.
    """

    def __init__(self, task: Task, row: WeakRunRow) -> None:
        self.task = task
        self.id = row.id
        self.model = row.model
        self.at = row.at
        self.options = row.options
        self.summary = row.summary
        self.label = WeakField(task.name, row.id, "label")
        self.confidence = WeakField(task.name, row.id, "confidence")

    @property
    def votes(self) -> Votes:
        """The weak labels as columns."""
        return self.task.project.columns.weak(self.id)

    @property
    def held_out(self) -> Votes | None:
        """What the model says of the reviewed records when fitted without their labels.

        For multilabel tasks how likely each label is, the unlikely ones too.
        """
        return self._column(stored.held_out)

    def proba(self) -> pd.DataFrame:
        """Return the probabilities: keys as index, labels as columns; rows of 0 abstain.

        Raises
        ------
        QueryError
            For spans, whose probabilities stand in ``frame()``.
        """
        import pandas as pd

        found = self._column(stored.proba)
        if found is None:
            raise QueryError(
                "this run has no probabilities of all labels.",
                hint="weak.frame() has the label, or the spans, with their confidence.",
            )
        ids = self.task.project.view().ids()
        labels = self.task.schema.labels
        rows = np.searchsorted(ids, found.record)
        kept = (rows < len(ids)) & np.isin(found.record, ids)
        at = {label.id: position for position, label in enumerate(labels)}
        known = np.array([at.get(label, -1) for label in found.label.tolist()], np.int64)
        kept &= known >= 0
        values = np.zeros((len(ids), len(labels)))
        values[rows[kept], known[kept]] = found.confidence[kept]
        keys = frames.keys(self.task.project, ids.tolist())
        index = pd.Index(list(keys.values()), name="key", tupleize_cols=False)
        return pd.DataFrame(values, index=index, columns=[label.name for label in labels])

    def calibration(self, label: str | None = None) -> pd.DataFrame:
        """Return ``confidence, accuracy, low, high, count`` on held-out manual labels.

        Of one label, or of all. ``attrs["ece"]`` holds the expected calibration error.
        """
        from refinery_nb.project.weak import trust

        return trust.calibration(self, label)

    def threshold(self, precision: float = 0.95, label: str | None = None) -> Threshold:
        """Return from which confidence on weak labels are that precise, and what remains.

        Of one label, or of all.
        """
        from refinery_nb.project.weak import trust

        return trust.threshold(self, precision, label)

    def scores(self, view: View | None = None) -> Scores:
        """Return precision, recall and F1 of each label, measured by the manual labels.

        What the run says of records that it learnt from is what it says without their labels.
        """
        from refinery_nb.project.quality.scoring import scores

        return scores(self.task, self, view=view)

    def compare(self, other: WeakRun) -> RunComparison:
        """Return what differs from an earlier run, and which records flipped since."""
        from refinery_nb.project.weak.run_comparison import RunComparison

        return RunComparison(other, self)

    def restore(self) -> WeakRun:
        """Make these weak labels the current ones again, as a new run; nothing is lost."""
        return restore(self)

    def _column(self, read: Callable[[Connection, int], Votes | None]) -> Votes | None:
        with self.task.project.database.read() as connection:
            return read(connection, self.id)

    def frame(self) -> pd.DataFrame:
        """Return ``key, label, confidence`` of all records, the label missing on abstention.

        For spans: ``key, start, end, label, confidence`` of the spans. For multilabel tasks a
        list of labels and one of confidences; missing where nothing is known of any label.
        """
        if self.task.schema.is_multi:
            return self._lists()
        frame = frames.votes_frame(self.task, self.votes)
        if self.task.schema.is_spans:
            return frame
        project = self.task.project
        keys = frames.keys(project, project.view().ids().tolist())
        # Ids ascend in both, so a plain reindex keeps the order of the records.
        frame = frame.set_index(self.votes.record).reindex(list(keys))
        frame["key"] = list(keys.values())
        frame["label"] = frame["label"].astype(object).where(frame["label"].notna(), None)
        return frame.reset_index(drop=True)

    def _lists(self) -> pd.DataFrame:
        import pandas as pd

        project = self.task.project
        names = {label.id: label.name for label in self.task.schema.labels}
        said = frames.several(self.votes, names)
        proba = self._column(stored.proba)
        known = set() if proba is None else set(proba.record.tolist())
        rows = [
            (
                key,
                *(
                    said.get(record) or ([], [])
                    if record in known or record in said
                    else (None, None)
                ),
            )
            for record, key in frames.keys(project, project.view().ids().tolist()).items()
        ]
        return pd.DataFrame(rows, columns=["key", "label", "confidence"])

    def __len__(self) -> int:
        return len(self.votes)

    def __repr__(self) -> str:
        votes, total = self.votes, len(self.task.project)
        records = len(set(votes.record.tolist()))
        share = f" ({records / total:.1%})" if total else ""
        sure = f", mean confidence {votes.confidence.mean():.2f}" if len(votes) else ""
        what = f"{len(votes):,} spans in " if votes.start is not None else ""
        chosen = self.summary.get("chosen", self.model)
        told = [
            f"Weak labels of {self.task.name!r} by {chosen}: "
            f"{what}{records:,} of {total:,} records{share}{sure}"
        ]
        told += [str(self.summary[name]) for name in ("why", "note") if self.summary.get(name)]
        return "\n  ".join(told)

    def _repr_html_(self) -> str:
        return weak_html.weak_run(self)


def supervise(
    task: Task,
    *,
    model: str,
    vectors: Any = None,
    executor: Executor | None = None,
    **options: Any,
) -> WeakRun:
    """Combine the votes of the enabled heuristics, store the result and return it.

    Parameters
    ----------
    model
        ``auto`` chooses; or ``majority``, ``weighted``, ``dawid_skene``, ``generative``,
        ``fused``, ``refinery``.
    vectors
        What ``fused`` looks at, see ``features.vectors_of``; by default the newest embedding.
    executor
        Where it is computed; None: ``project.executor``. Multilabel tasks and the model of
        refinery are computed here.
    **options
        ``calibrate``, ``overlap``, ``seed``, and those of the label model, such as ``prior``: the
        share of each label by name (multilabel: of the records that have it); for ``refinery``
        ``c``, ``k``, ``default_precision``, ``precision`` and, by heuristic, keys as
        ``exclusions``.

    Raises
    ------
    QueryError
        If there is no such model, or there is nothing to combine.
    """
    from refinery_nb.supervision.elsewhere import run_elsewhere
    from refinery_nb.supervision.supervise import run

    schema = task.schema
    looks = model in ("auto", "fused")
    matrix = rules.matrix(task, None)
    reference, _ = frames.gold_columns(task)
    given: dict[str, Any] = {}
    if looks and schema.is_spans and len(matrix.row):
        given["text"] = features.text_of(task)
    elif looks and not schema.is_spans:
        given["vectors"] = features.vectors_of(task, vectors)
    if model == "refinery":
        given = as_refinery.looked_at(task, matrix, reference, options.get("exclusions"))
    kept = {"gold": len(reference.reviewed), **options}
    overlap = options.pop("overlap", schema.overlap)
    if isinstance(options.get("prior"), Mapping):
        options["prior"] = _positions(task, options["prior"])
    settings = {**options, **given}
    if schema.is_multi:
        if model == "refinery":
            schema.one_answer("the model of refinery")
        outcome = supervise_several(
            matrix.records,
            task.project.columns.of_task(schema),
            {label.id: label.name for label in schema.labels},
            reference,
            model=model,
            **settings,
        )
        used = {row.name: row.version for row in rules.rows(task) if row.enabled}
        options = {"heuristics": used, **kept}
        summary = _noted(outcome.summary, looks and not given["vectors"])
        return _keep(task, model, options, outcome.votes, outcome, summary)
    executor = None if model == "refinery" else executor or task.project.executor
    combine = run if executor is None else partial(run_elsewhere, executor)
    outcome = combine(matrix, reference, model=model, overlap=Overlap(overlap), **settings)
    summary = _noted(outcome.summary, looks and not schema.is_spans and not given["vectors"])
    used = {row.name: row.version for row in rules.rows(task) if row.enabled}
    return _keep(task, model, {"heuristics": used, **kept}, outcome.votes, outcome, summary)


def _noted(summary: Mapping[str, Any], without: bool) -> dict[str, Any]:
    """Return a summary, with a word where vectors were looked for and there are none."""
    noted = {"note": f"There is no embedding: {NO_EMBEDDING}"} if without else {}
    return {**summary, **noted}


def restore(run: WeakRun) -> WeakRun:
    """Make the weak labels of an earlier run the current ones again, as a new run."""
    options = {**run.options, "restored": run.id}
    outcome = Outcome(run.votes, run._column(stored.proba), run.held_out)
    return _keep(run.task, run.model, options, run.votes, outcome, run.summary)


def runs(task: Task) -> list[WeakRun]:
    """Return all runs of a task, oldest first."""
    with task.project.database.read() as connection:
        return [WeakRun(task, row) for row in stored.runs(connection, task.id)]


def _keep(
    task: Task,
    model: str,
    options: dict[str, Any],
    votes: Votes,
    outcome: Outcome,
    summary: dict[str, Any],
) -> WeakRun:
    with task.project.database.write() as connection:
        stored.save(
            connection,
            task.id,
            model,
            _plain(options),
            votes,
            at=labeling.now(),
            proba=outcome.proba,
            held_out=outcome.held_out,
            summary=summary,
        )
    task.project.events.emit("votes", task=task.id)
    return runs(task)[-1]


def _positions(task: Task, prior: Mapping[Any, float]) -> dict[int, float]:
    """Return shares of labels by position, given by name or by position."""
    position = {label.name: at for at, label in enumerate(task.schema.labels)}
    for name in prior:
        if isinstance(name, str):
            task.schema.label(name)
    return {position.get(name, name): float(share) for name, share in prior.items()}


def _plain(value: Any) -> Any:
    """Return an option as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)
