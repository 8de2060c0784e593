"""The look of the charts: one Plotly template, in JupyterLab's fonts, on any background."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.palette import COLORS
from refinery_nb.project.charts.still import chart_class

if TYPE_CHECKING:
    import plotly.graph_objects as go

FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
# ``auto`` stands out on white and on JupyterLab's dark paper alike, at 4.5 and 4.2 to 1.
INK = {"auto": "#767676", "light": "#1f2328", "dark": "#e6e6e6"}
# In the Quality view all text has the ink of the notebook's theme, so cells may let it through.
NOTEBOOK = "notebook"
LINE = "rgba(128,128,128,.25)"
BLUE, ORANGE = "#3b82d4", "#e0701e"
NAME = 28  # characters
STEPS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)  # of a colour scale
# One of them would upload the chart to a service; the others select what nobody can use.
REMOVED = ["sendChartToCloud", "select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"]


def ink(theme: str) -> str:
    """Return the colour of text in a theme."""
    if theme == NOTEBOOK:
        return INK["auto"]
    if theme not in INK:
        raise QueryError(f"there is no theme {theme!r}.", hint=did_you_mean(theme, INK))
    return INK[theme]


def cell_ink(theme: str) -> str:
    """Return the colour of text on a cell of a matrix, which has a ground of its own."""
    return INK["dark" if theme == "dark" else "light"]


def scale(color: str, theme: str) -> list[list[Any]]:
    """Return a colour scale of tints that text in ``cell_ink`` is readable on.

    The tints are opaque: so they hold on any background. In the notebook they are not.
    """
    ink(theme)
    ground = 24 if theme == "dark" else 255
    wanted = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    found: list[list[Any]] = []
    for step in STEPS:
        share = 0.06 + 0.6 * step**0.5
        if theme == NOTEBOOK:
            found.append([step, f"rgba({','.join(map(str, wanted))},{share:.2f})"])
            continue
        red, green, blue = (round(share * part + (1 - share) * ground) for part in wanted)
        found.append([step, f"rgb({red},{green},{blue})"])
    return found


def figure(
    title: str, theme: str, *, told: str = "", height: int = 320, width: int | None = None
) -> go.Figure:
    """Return an empty figure in this look, with a title and a line below it."""
    import plotly.graph_objects as go

    color = ink(theme)
    axis = {
        "gridcolor": LINE,
        "zeroline": False,
        "linecolor": LINE,
        "automargin": True,
        "ticks": "",
        "title": {"font": {"size": 12}},
    }
    look = go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 12, "color": color},
            "title": {
                "x": 0,
                "xref": "container",
                "y": 1,
                "yanchor": "top",
                "pad": {"l": 12, "t": 12},
                "font": {"size": 14},
                "subtitle": {"font": {"size": 12}},
            },
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": COLORS,
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 56, "r": 24, "t": 84, "b": 48},
            "legend": {
                "orientation": "h",
                "y": 1.02,
                "yanchor": "bottom",
                "x": 0,
                "xanchor": "left",
            },
            "hoverlabel": {"font": {"family": FONT}},
            "modebar": {
                "bgcolor": "rgba(0,0,0,0)",
                "color": LINE,
                "activecolor": color,
                "remove": REMOVED,
            },
        }
    )
    return chart_class()(
        layout={
            "template": look,
            "title": {"text": title, "subtitle": {"text": told}},
            "height": height,
            "width": width,
        }
    )


def empty(title: str, sentence: str, theme: str) -> go.Figure:
    """Return a figure that says what to do instead of showing empty axes."""
    found = figure(title, theme, height=160)
    found.add_annotation(
        text=sentence, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper", font={"size": 13}
    )
    found.update_xaxes(visible=False)
    found.update_yaxes(visible=False)
    return found


def short(names: Iterable[str]) -> list[str]:
    """Return names for an axis: without their middle where they are long, and each only once.

    Plotly reads tags in texts; these are shown as they are written.

    >>> short(["a" * 20 + "1" * 20, "<b>"])
    ['aaaaaaaaaaaaaa…1111111111111', '&lt;b&gt;']
    """
    found: list[str] = []
    for name in names:
        tail = (NAME - 1) // 2
        kept = name if len(name) <= NAME else f"{name[: NAME - 1 - tail]}…{name[-tail:]}"
        shown = escape(kept, quote=False)
        while shown in found:
            shown += "\u200b"  # not seen, but another category
        found.append(shown)
    return found
