"""The report on the heuristics of a task: a DataFrame that reads well in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from refinery_nb.core.html import Html, bar, block, joined, percent, quiet, table, whisker
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Gold, VoteMatrix
from refinery_nb.project.records import cards, frames
from refinery_nb.project.rules import rules
from refinery_nb.quality import statistics

if TYPE_CHECKING:
    from refinery_nb.project.task import Task
    from refinery_nb.project.view import View

HEADINGS = {
    "heuristic": "Heuristic",
    "label": "Label",
    "coverage": "Coverage",
    "hits": "Hits",
    "overlaps": "Overlaps",
    "conflicts": "Conflicts",
    "precision": "Precision, 95 % interval",
    "recall": "Recall",
}
NOTHING = "No heuristic has voted yet: add one and call task.run()."
NAMES = ("heuristic", "label")


class Report(pd.DataFrame):
    """Statistics of heuristics; see ``quality.heuristics`` for the definitions.

    Columns: ``heuristic, label, coverage`` (share of the records), ``hits, overlaps, conflicts,
    correct, incorrect, precision, precision_low, precision_high`` and, for spans, ``recall``.
    """

    def __repr__(self) -> str:
        if not set(HEADINGS) - {"recall"} <= set(self.columns):
            return str(super().__repr__())
        if self.empty:
            return NOTHING
        shown = pd.DataFrame({name: self[name] for name in HEADINGS if name in self.columns})
        for name in ("coverage", "recall"):
            if name in shown:
                shown[name] = [percent(value) for value in shown[name]]
        shown["precision"] = [
            f"{percent(p)} ({percent(low)} to {percent(high)})" if p == p else "—"
            for p, low, high in zip(
                self["precision"], self["precision_low"], self["precision_high"], strict=True
            )
        ]
        return str(shown.to_string(index=False))

    @property
    def _constructor(self) -> type[Report]:
        return Report

    def _repr_html_(self) -> str:
        names = [name for name in HEADINGS if name in self.columns]
        heads = [(HEADINGS[name], "name" if name in NAMES else "number") for name in names]
        rows = [[_cell(name, row) for name in names] for row in self.to_dict(orient="records")]
        return block(table(heads, rows, empty=NOTHING))


def report_of(task: Task, view: View | None) -> Report:
    """Return the report on a task's enabled heuristics, on the records of a view or all."""
    known, (reference, _) = task.schema, frames.gold_columns(task)
    reviewed = reference.reviewed.tolist() if known.is_spans else []
    tokens = cards.token_offsets(task.project, known, reviewed) if reviewed else None
    return report(rules.matrix(task, view), reference, known, tokens=tokens)


def report(
    votes: VoteMatrix,
    gold: Gold,
    task: TaskSchema,
    *,
    tokens: Mapping[int, NDArray[np.int32]] | None = None,
) -> Report:
    """Return the report: a row for each heuristic and each label that it voted for.

    Parameters
    ----------
    tokens
        Token offsets of the reviewed records, for spans.
    """
    found = statistics(votes, gold, tokens=tokens, many=task.is_multi)
    source, label = np.nonzero(found.hits)
    columns: dict[str, Any] = {
        "heuristic": [votes.sources[at] for at in source],
        "label": [task.label_name(votes.labels[at]) for at in label],
        "coverage": found.coverage[source, label] / max(1, len(votes)),
    }
    for name in ("hits", "overlaps", "conflicts", "correct", "incorrect"):
        columns[name] = getattr(found, name)[source, label]
    for name in ("precision", "precision_low", "precision_high"):
        columns[name] = getattr(found, name)[source, label]
    if found.recall is not None:
        columns["recall"] = found.recall[source, label]
    return Report(columns)


def _cell(name: str, row: dict[Any, Any]) -> str:
    value = row[name]
    if name in NAMES:
        return str(value)
    if name == "coverage":
        return joined(percent(value), bar(value))
    if name == "precision":
        return _precision(row)
    if name == "recall":
        return percent(value)
    share = name in ("overlaps", "conflicts") and row["hits"]
    return joined(f"{value:,} ", quiet(percent(value / row["hits"])) if share else "")


def _precision(row: dict[Any, Any]) -> Html:
    value = row["precision"]
    if value != value:
        return quiet("—")
    counted = row.get("correct", 0) + row.get("incorrect", 0)
    figure = whisker(value, row["precision_low"], row["precision_high"])
    return joined(f"{percent(value)} ", quiet(f"of {counted:,}"), figure)
