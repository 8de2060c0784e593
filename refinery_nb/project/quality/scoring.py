"""Precision, recall and F1 of what a source says, by what another one holds to be true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refinery_nb.core.errors import QueryError
from refinery_nb.core.html import block, bold, joined, paragraph, percent, quiet, table, whisker
from refinery_nb.project.quality.confusion import universe
from refinery_nb.project.quality.sources import Given, Source, said, source
from refinery_nb.quality.interval import wilson
from refinery_nb.quality.scores import Hits, Score, hits

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.task import Task
    from refinery_nb.project.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How well a source finds the labels that another one gives.

    Attributes
    ----------
    said, truth
        The sources.
    labels
        Names, in the order of the task.
    hits
        The counts behind all of it.
    """

    task: str
    said: Source
    truth: Source
    labels: tuple[str, ...]
    hits: Hits

    @property
    def micro(self) -> Score:
        """Precision, recall and F1 of all labels counted together."""
        return self.hits.micro

    @property
    def macro(self) -> Score:
        """Their mean over the labels that occur; what is undefined of one counts 0."""
        return self.hits.macro

    @property
    def exact_match(self) -> float:
        """The share of the records of which everything is right; of classes, the accuracy."""
        return self.hits.exact_match

    @property
    def jaccard(self) -> float:
        """The mean share, a record, of the labels that either source gives that both give."""
        return self.hits.jaccard

    def frame(self) -> pd.DataFrame:
        """Return ``label, precision, recall, f1, right, said, given``: one row a label."""
        import pandas as pd

        found = self.hits
        return pd.DataFrame(
            {
                "label": list(self.labels),
                "precision": found.precision,
                "recall": found.recall,
                "f1": found.f1,
                "right": found.right,
                "said": found.said,
                "given": found.given,
            }
        )

    def __repr__(self) -> str:
        return "\n".join([self._told(), self.frame().round(3).to_string(index=False)])

    def _repr_html_(self) -> str:
        found = self.hits
        rows: list[list[object]] = [
            [name, _counted(right, given_), _counted(right, wanted), _plain(f1), f"{wanted:,}"]
            for name, right, given_, wanted, f1 in zip(
                self.labels,
                found.right.tolist(),
                found.said.tolist(),
                found.given.tolist(),
                found.f1.tolist(),
                strict=True,
            )
        ]
        for name, score in (("micro", self.micro), ("macro", self.macro)):
            rows.append([bold(name), *(_plain(one) for one in score), ""])
        heads = [("Label", "name"), ("Precision, 95 % interval", "number")]
        heads += [("Recall, 95 % interval", "number"), ("F1", "number"), ("Given", "number")]
        return block(paragraph(self._told()), table(heads, rows))

    def _told(self) -> str:
        return (
            f"{self.said.title} of {self.task!r} by {self.truth.title.lower()}, on "
            f"{self.hits.records:,} records: F1 {_figure(self.micro.f1)} micro, "
            f"{_figure(self.macro.f1)} macro; {_figure(self.exact_match)} exactly right, "
            f"Jaccard {_figure(self.jaccard)}."
        )


def scores(
    task: Task, said_by: Given = "weak", truth: Given = "gold", *, view: View | None = None
) -> Scores:
    """Return how well one source of labels finds what another one gives.

    Parameters
    ----------
    said_by, truth
        As in a confusion matrix: ``gold``, ``weak``, a run, the name of a heuristic or a person.
        Weak labels stand against manual ones as if they had not learnt from them.
    view
        Only these records; None: all that both have judged.

    Returns
    -------
    Scores
        Of each label, of all, and of records as wholes. A span is found if its boundaries and its
        label are right.

    Raises
    ------
    QueryError
        If there is no such source, or no record to measure on.
    """
    one, other = source(task, said_by), source(task, truth)
    judged, found = said(task, one, against=other)
    also, true = said(task, other, against=one)
    records = universe(task.project, judged, also, view)
    if not len(records):
        raise QueryError(
            f"{one.title} and {other.title} of {task.name!r} have no record in common.",
            hint="Label some records, or choose another view.",
        )
    schema = task.schema
    counted = hits(records, found, true, [label.id for label in schema.labels])
    names = tuple(label.name for label in schema.labels)
    return Scores(schema.name, one, other, names, counted)


def _counted(part: int, whole: int) -> object:
    if not whole:
        return quiet("—")
    low, high = wilson(np.array(part), np.array(whole))
    share = part / whole
    return joined(
        f"{percent(share)} ", quiet(f"of {whole:,}"), whisker(share, float(low), float(high))
    )


def _plain(share: float) -> object:
    return percent(share) if share == share else quiet("—")


def _figure(share: float) -> str:
    return f"{share:.3f}" if share == share else "—"
