"""The ConfusionMatrix: two sources of labels side by side, and the records behind a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from refinery_nb.core.errors import RefineryError
from refinery_nb.project.quality.confusion import Comparison
from refinery_nb.project.quality.sources import Given
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.confusion_matrix.conversation import MatrixConversation
from refinery_nb.widgets.confusion_matrix.snapshot import empty, snapshot
from refinery_nb.widgets.inline import carry, pictured, sender
from refinery_nb.widgets.labeler.widget import Labeler
from refinery_nb.widgets.messages import PROTOCOL

if TYPE_CHECKING:
    import pandas as pd


class Grid(anywidget.AnyWidget):
    """The matrix itself; what it shows travels as messages, so that no notebook keeps it."""

    _esm = STATIC / "confusion_matrix.js"
    _css = STATIC / "confusion_matrix.css"
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)


class ConfusionMatrix(ipywidgets.VBox):  # type: ignore[misc]
    """Show which labels two sources give to the same records, and open the records of a cell.

    Parameters
    ----------
    task
        The task.
    rows, columns
        ``gold`` (manual labels), ``weak`` (the newest run), a run, or the name of a heuristic or
        of a person. Weak labels stand against manual ones as if they had not learnt from them.
    level
        For spans: ``tokens``, ``characters``, ``spans`` or ``touching``. For multilabel the name
        of a label: whether the sources give it, yes or no.
    normalize
        What a share is of: ``rows``, ``columns``, or None to show counts.
    view
        Only these records; None: all that both sources have judged.
    by
        Who labels in the Labeler that a cell opens; by default the project's ``actor``.

    Examples
    --------
    ``matrix = rn.ConfusionMatrix(topic)``, and in the next cell ``matrix.view``
    """

    def __init__(
        self,
        task: Task,
        rows: Given = "gold",
        columns: Given = "weak",
        *,
        level: str | None = None,
        normalize: str | None = "rows",
        view: View | None = None,
        by: str | None = None,
    ) -> None:
        self._by = by
        self._labeler: Labeler | None = None
        self._grid = Grid()
        self._conversation = MatrixConversation(
            task,
            rows,
            columns,
            sender(self._grid),
            self._show,
            level=level,
            normalize=normalize,
            view=view,
        )
        carry(self._grid, self._conversation)
        super().__init__(children=[self._grid])

    @property
    def comparison(self) -> Comparison:
        """The matrix as it stands: counts, agreement, kappa."""
        return self._conversation.comparison

    def frame(self, normalize: str | None = None) -> pd.DataFrame:
        """Return the matrix as a DataFrame: counts, or shares of ``rows`` or ``columns``."""
        return self.comparison.frame(normalize)

    def figure(self, *, theme: str = "auto") -> Any:
        """Return the matrix as a Plotly figure, for export."""
        from refinery_nb.project.charts.matrix import confusion

        return confusion(self.comparison, normalize=self._conversation.normalize, theme=theme)

    @property
    def view(self) -> View | None:
        """The records of the cell that was opened last, in the widget or by ``select``."""
        return self._conversation.view

    def select(self, row: str | None, column: str | None) -> View:
        """Open a cell by its labels, as a click does; None: no label, or outside of spans."""
        return self._conversation.select(row, column)

    def on_select(self, listener: Callable[[View], None]) -> Callable[[], None]:
        """Call ``listener(view)`` whenever a cell is opened; return how to stop it."""
        listeners = self._conversation.listeners
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    def close(self) -> None:
        """Close the widget with its Labeler and stop listening to the project."""
        # Also of one that was never finished, as an argument was refused.
        for one in ("_conversation", "_labeler", "_grid"):
            if getattr(self, one, None) is not None:
                getattr(self, one).close()
        super().close()

    def _show(self, tasks: list[Task], view: View) -> None:
        before, self._labeler = self._labeler, Labeler(tasks, view, by=self._by)
        self.children = [self._grid, self._labeler]
        if before is not None:
            before.close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        try:
            html = snapshot(self.comparison, self._conversation.normalize)
        except RefineryError as error:
            html = empty(str(error))
        return pictured(super()._repr_mimebundle_(**options), html)
