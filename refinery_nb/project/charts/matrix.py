"""A confusion matrix as a Plotly figure, for export and for places without the widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refinery_nb.project.charts.look import ORANGE, cell_ink, empty, figure, scale, short
from refinery_nb.project.quality.confusion import Comparison
from refinery_nb.quality.confusion import shares

if TYPE_CHECKING:
    import plotly.graph_objects as go


def confusion(
    comparison: Comparison, *, normalize: str | None = "rows", theme: str = "auto"
) -> go.Figure:
    """Draw a confusion matrix as a heatmap, for export: errors coloured, agreement neutral."""
    counts = comparison.confusion.counts
    row_title, column_title = short([comparison.rows.title, comparison.columns.title])
    title = f"{row_title} and {column_title}"
    if not counts.sum():
        return empty(title, "There is nothing to compare yet.", theme)
    share = shares(counts, normalize)
    wrong = np.where(np.eye(len(counts), dtype=bool) | (counts == 0), np.nan, share)
    text = [
        [
            ""
            if not count
            else f"{count:,}"
            if normalize is None
            else f"<b>{part:.0%}</b><br>{count:,}"
            for count, part in zip(row, parts, strict=True)
        ]
        for row, parts in zip(counts.tolist(), share.tolist(), strict=True)
    ]
    names = short(comparison.row_labels)
    columns = short(comparison.column_labels)
    found = figure(
        title,
        theme,
        told=f"{comparison.agreement:.0%} agree",
        height=230 + 46 * len(names),
        width=260 + 76 * len(columns),
    )
    neutral = "#3c3c3c" if theme == "dark" else "#d9dce0"
    found.add_heatmap(
        z=np.where(np.eye(len(counts), dtype=bool) & (counts > 0), 1.0, np.nan),
        x=columns,
        y=names,
        colorscale=[[0, neutral], [1, neutral]],
        showscale=False,
        hoverinfo="skip",
        xgap=2,
        ygap=2,
    )
    found.add_heatmap(
        z=wrong,
        x=columns,
        y=names,
        zmin=0,
        zmax=1,
        colorscale=scale(ORANGE, theme),
        showscale=False,
        hoverinfo="skip",
        xgap=2,
        ygap=2,
    )
    found.add_heatmap(
        z=counts,
        x=columns,
        y=names,
        text=text,
        texttemplate="%{text}",
        textfont={"color": cell_ink(theme)},
        colorscale=[[0, "rgba(0,0,0,0)"], [1, "rgba(0,0,0,0)"]],
        showscale=False,
        hovertemplate="%{y} → %{x}: %{z:,}<extra></extra>",
    )
    found.update_layout(margin={"t": 140})
    found.update_xaxes(side="top", title=column_title, showgrid=False)
    found.update_yaxes(autorange="reversed", title=row_title, showgrid=False)
    return found
