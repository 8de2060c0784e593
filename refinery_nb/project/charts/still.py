"""A chart where nothing draws it (nbviewer, nbconvert, GitHub): its title and its numbers."""

from __future__ import annotations

from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.html import block, bold, paragraph, quiet, shortened, table

if TYPE_CHECKING:
    import plotly.graph_objects as go

PLOTLY = "application/vnd.plotly.v1+json"
MOST = 40  # rows


@cache
def chart_class() -> type[go.Figure]:
    """Return the class of our figures: Plotly's, with words for places that draw nothing."""
    import plotly.graph_objects as go

    class Chart(go.Figure):  # type: ignore[misc]
        """A figure that a notebook keeps with a still picture beside its numbers."""

        def _ipython_display_(self) -> None:
            bundle = self._repr_mimebundle_() or {}
            if PLOTLY not in bundle:
                super()._ipython_display_()
                return
            from IPython.display import display

            shown = {**bundle, "text/html": still(self)}
            display(shown, raw=True)  # type: ignore[no-untyped-call]

    return Chart


def still(figure: go.Figure) -> str:
    """Return the title of a figure, what stands below it, and its numbers, as HTML."""
    title = figure.layout.title
    told = [quiet(_plain(one)) for one in (title.subtitle.text, *_notes(figure)) if one]
    rows = [row for trace in figure.data for row in _rows(trace)]
    heads = [("Of", "name"), ("At", "name"), ("Value", "number")]
    more = len(rows) - MOST
    return block(
        paragraph(bold(_plain(title.text))),
        *(paragraph(one) for one in told),
        table(heads, rows[:MOST]) if rows else "",
        paragraph(quiet(f"{more:,} more numbers.")) if more > 0 else "",
    )


def _notes(figure: go.Figure) -> list[str]:
    return [one.text for one in figure.layout.annotations]


def _rows(trace: Any) -> list[list[str]]:
    """Return the points of a trace; of a matrix the cells that are not empty, the largest first."""
    if trace.hoverinfo == "skip" or trace.x is None or trace.y is None:
        return []
    if trace.type == "heatmap":
        z = np.asarray(trace.z, dtype=np.float64)
        order = np.argsort(-np.nan_to_num(z, nan=-np.inf), axis=None, kind="stable")
        cells = [divmod(int(at), z.shape[1]) for at in order]
        return [
            [_plain(trace.y[row]), _plain(trace.x[column]), f"{z[row, column]:.2f}"]
            for row, column in cells
            if np.isfinite(z[row, column])
        ]
    name = _plain(trace.name or "")
    across = trace.orientation == "h"
    pairs = zip(trace.y, trace.x, strict=True) if across else zip(trace.x, trace.y, strict=True)
    return [[name, _said(one), _said(other)] for one, other in pairs]


def _said(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{value:.3g}"
    return _plain(value)


def _plain(value: Any) -> str:
    """Return a text as it was before it was escaped for Plotly."""
    return shortened(unescape(str(value or "")))
