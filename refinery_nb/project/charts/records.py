"""Figures of the records and of the work on them: values, lengths, labels over time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.palette import COLORS
from refinery_nb.core.schema import AttributeType
from refinery_nb.project.charts.look import BLUE, empty, figure, short
from refinery_nb.project.overview.overview import Overview
from refinery_nb.project.overview.people import paced
from refinery_nb.project.overview.standing import inside
from refinery_nb.project.overview.values import Statistics, Unit

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task
    from refinery_nb.project.view import View

UNITS = ("characters", "tokens")
EACH = {"hour": "labels an hour", "day": "labels a day", "days": "labels, several days a bar"}


def labels_over_time(task: Task, view: View | None = None, *, theme: str = "auto") -> go.Figure:
    """Show how many records each person has labelled when: of the labels that stand."""
    title = "Labels over time"
    overview = Overview(task.project, view)
    said = overview.said(task)
    answers = inside(said.answers, overview.masks, overview.mask())
    pace = paced(answers, datetime.now())
    if not pace.spans:
        return empty(title, "Nobody has labelled yet: begin with rn.Labeler(task).", theme)
    found = figure(title, theme, told=f"{pace.total:,} in all; {EACH[pace.unit]}")
    edges = np.array([*(span.begin for span in pace.spans), pace.spans[-1].end])
    for at in np.unique(answers.person).tolist():
        own = answers.at[answers.person == at]
        found.add_bar(
            x=[datetime.fromtimestamp(span.begin) for span in pace.spans],
            y=np.histogram(own, bins=edges)[0],
            width=(np.diff(edges) * 1_000).tolist(),
            offset=0,
            name=f"{short([said.people[at]])[0]} ({len(own):,})",
            marker={"color": COLORS[at % len(COLORS)], "cornerradius": 2},
            customdata=[span.name for span in pace.spans],
            hovertemplate="%{customdata}: %{y:,}<extra>%{fullData.name}</extra>",
        )
    found.update_layout(barmode="stack", bargap=0.08, showlegend=True)
    found.update_xaxes(type="date", showgrid=False)
    return found


def lengths(
    task: Task, unit: str = "characters", view: View | None = None, *, theme: str = "auto"
) -> go.Figure:
    """Show how long the texts are that a task is about; tokens are those of a sample.

    Raises
    ------
    QueryError
        If the unit is neither ``characters`` nor ``tokens``, or there is no text.
    """
    if unit not in UNITS:
        raise QueryError(f"there is no unit {unit!r}.", hint=did_you_mean(unit, UNITS))
    texts = [one.name for one in task.project.attributes if one.type is AttributeType.TEXT]
    name = task.schema.on or next(iter(texts), None)
    if name not in texts:
        raise QueryError("there is no text whose length could be shown.")
    return values(
        task.project, name, view, unit="tokens" if unit == "tokens" else None, theme=theme
    )


def values(
    project: Project,
    attribute: str,
    view: View | None = None,
    *,
    unit: Unit | None = None,
    theme: str = "auto",
) -> go.Figure:
    """Show how often an attribute has which values: each, numbers in ranges, or lengths."""
    found = Overview(project, view).statistics(attribute, unit)
    name = short([attribute])[0]
    lengths_of = found.unit in UNITS
    title = f"How long {name} is" if lengths_of else f"Values of {name}"
    if not found.bars:
        return empty(title, "There are no values that can be counted here.", theme)
    across = found.unit == "values"
    names, counts = short(bar.name for bar in found.bars), [bar.count for bar in found.bars]
    height = 140 + 28 * len(names) if across else 320
    drawn = figure(title, theme, told=_told(found), height=height)
    drawn.add_bar(
        x=counts if across else names,
        y=names if across else counts,
        orientation="h" if across else "v",
        marker={"color": BLUE, "cornerradius": 2},
        hovertemplate="%{y}: %{x:,}<extra></extra>" if across else "%{x}: %{y:,}<extra></extra>",
    )
    drawn.update_layout(showlegend=False, bargap=0.2 if across else 0.08)
    if across:
        drawn.update_yaxes(autorange="reversed", showgrid=False, type="category")
        drawn.update_xaxes(title="records")
    else:
        drawn.update_xaxes(
            title=found.unit if lengths_of else name, showgrid=False, type="category"
        )
        drawn.update_yaxes(title="records")
    return drawn


def _told(found: Statistics) -> str:
    told = []
    if found.median is not None and found.mean is not None:
        told.append(f"median {found.median:,.4g}, mean {found.mean:,.4g}")
    if found.distinct is not None:
        told.append(f"{found.distinct:,} different values")
    if found.missing.count:
        told.append(f"{found.missing.count:,} records without one")
    if found.looked_at is not None:
        told.append(f"a sample of {found.looked_at:,}")
    return "; ".join(told)
