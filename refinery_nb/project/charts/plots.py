"""``task.plot``: every chart of a task as a Plotly figure that a notebook can have alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refinery_nb.project.charts import figures, records
from refinery_nb.project.charts import figures as charts
from refinery_nb.project.charts.matrix import confusion
from refinery_nb.project.quality.confusion import compare

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from refinery_nb.project.quality.sources import Given
    from refinery_nb.project.task import Task
    from refinery_nb.project.view import View
    from refinery_nb.project.weak.weak import WeakRun

__all__ = ["Plots", "charts"]


class Plots:
    """The charts of a task: ``task.plot.distribution()``.

    Each takes ``theme``: ``auto`` (readable on white and on dark), ``light`` or ``dark``. Where
    there is nothing to draw, the figure says what to do.
    """

    def __init__(self, task: Task) -> None:
        self._task = task

    def distribution(self, view: View | None = None, *, theme: str = "auto") -> go.Figure:
        """Show how often each label is given, by hand and by the last run."""
        return figures.label_distribution(self._task, theme=theme, view=view)

    def confidence(
        self, run: WeakRun | None = None, view: View | None = None, *, theme: str = "auto"
    ) -> go.Figure:
        """Show how sure the weak labels of a run are; of the last one by default."""
        return figures.confidence(run or self._task, theme=theme, view=view)

    def calibration(
        self, run: WeakRun | None = None, label: str | None = None, *, theme: str = "auto"
    ) -> go.Figure:
        """Show whether the confidence of a run means what it says; of the last one by default.

        Of one label, or of all.
        """
        return figures.calibration(run or self._task, label, theme=theme)

    def confusion(
        self,
        rows: Given = "gold",
        columns: Given = "weak",
        *,
        level: str | None = None,
        normalize: str | None = "rows",
        view: View | None = None,
        theme: str = "auto",
    ) -> go.Figure:
        """Show which labels two sources give to the same records; see ``confusion.compare``."""
        found = compare(self._task, rows, columns, level=level, view=view)
        return confusion(found, normalize=normalize, theme=theme)

    def coverage(self, *, theme: str = "auto") -> go.Figure:
        """Show the share of the records with a vote, and with a weak label, over time."""
        return figures.coverage(self._task, theme=theme)

    def overlap(self, *, theme: str = "auto") -> go.Figure:
        """Show of each heuristic on which share of its votes another votes too."""
        return figures.overlap(self._task, theme=theme)

    def conflict(self, *, theme: str = "auto") -> go.Figure:
        """Show of each two heuristics how often they differ where both vote."""
        return figures.conflict(self._task, theme=theme)

    def agreement(self, *, theme: str = "auto") -> go.Figure:
        """Show how far each two people agree."""
        return figures.agreement(self._task, theme=theme)

    def labels_over_time(self, view: View | None = None, *, theme: str = "auto") -> go.Figure:
        """Show how many records each person has labelled when."""
        return records.labels_over_time(self._task, view, theme=theme)

    def lengths(
        self, unit: str = "characters", view: View | None = None, *, theme: str = "auto"
    ) -> go.Figure:
        """Show how long the texts of the task are, in ``characters`` or ``tokens``."""
        return records.lengths(self._task, unit, view, theme=theme)

    def attribute(self, name: str, view: View | None = None, *, theme: str = "auto") -> go.Figure:
        """Show how often an attribute has which values; of a text how long it is."""
        return records.values(self._task.project, name, view, theme=theme)
