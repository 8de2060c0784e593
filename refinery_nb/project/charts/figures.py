"""Quality charts as Plotly figures: one look, titled in words, on any background.

Each takes ``theme``: ``auto`` (ink that is readable on white and on dark), ``light`` or ``dark``.
Where there is nothing to draw, the figure says what to do.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.project.charts.look import BLUE, ORANGE, cell_ink, empty, figure, ink, scale, short
from refinery_nb.project.quality import charts_data
from refinery_nb.project.task import Task
from refinery_nb.project.weak import weak
from refinery_nb.project.weak.weak import WeakRun
from refinery_nb.quality.interval import wilson

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from refinery_nb.project.view import View

__all__ = [
    "agreement",
    "calibration",
    "confidence",
    "conflict",
    "coverage",
    "label_distribution",
    "overlap",
]

NO_RUN = "There are no weak labels yet: run task.run() and then task.supervise()."
NO_GOLD = "No record has been reviewed by hand yet: label some with rn.Labeler(task)."
NO_VOTES = "No heuristic has voted yet: add one and call task.run()."
BINS = 20
MOST = 40  # labels or heuristics in one chart
WIDTHS = {1: 420, 2: 440, 3: 460}  # of small matrices, by size; a larger one fills its place


def label_distribution(task: Task, *, theme: str = "auto", view: View | None = None) -> go.Figure:
    """Show how often each label is given, by hand and by the last run, as shares of either."""
    table = charts_data.label_counts(task, view)
    title = f"How often each label of {short([task.name])[0]} is given"
    sources = [("manual", "by hand", BLUE), ("weak", "weak", ORANGE)]
    sources = [one for one in sources if table[one[0]].fillna(0).sum() > 0]
    if not sources:
        return empty(title, "There are no labels yet: label some with rn.Labeler(task).", theme)
    table = table[table[[name for name, *_ in sources]].sum(axis=1) > 0]
    names = short(table["label"].iloc[:MOST])
    found = figure(title, theme, told="share of the labels", height=140 + 34 * len(names))
    for name, said, color in sources:
        counts = table[name].to_numpy(dtype=np.int64)
        share = (counts / max(1, counts.sum()))[:MOST]
        found.add_bar(
            y=names,
            x=share,
            name=f"{said} ({counts.sum():,})",
            orientation="h",
            marker={"color": color, "cornerradius": 3},
            text=[f"{part:.0%}" if part else "" for part in share],
            textposition="outside",
            cliponaxis=False,
            customdata=counts[:MOST],
            hovertemplate="%{y}: %{customdata:,} (%{x:.1%})<extra></extra>",
        )
    found.update_layout(showlegend=True)  # of one source too: it says which
    found.update_xaxes(tickformat=".0%")
    found.update_yaxes(autorange="reversed", showgrid=False)
    return found


def confidence(run: WeakRun | Task, *, theme: str = "auto", view: View | None = None) -> go.Figure:
    """Show how sure the weak labels of a run (or of the last run of a task) are."""
    one = _run(run)
    votes = None if one is None else one.votes
    if votes is not None and view is not None:
        votes = votes.of_records(view.ids())
    if one is None or votes is None or not len(votes):
        return empty("How sure the weak labels are", NO_RUN, theme)
    what = "spans" if votes.start is not None else "weak labels"
    told = f"{len(votes):,} {what} by {short([one.summary.get('chosen') or one.model])[0]}"
    found = figure("How sure the weak labels are", theme, told=told)
    counts, edges = np.histogram(votes.confidence, bins=BINS, range=(0, 1))
    ranges = [f"{low:.2f} to {high:.2f}" for low, high in pairwise(edges)]
    found.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        marker={"color": BLUE, "cornerradius": 2},
        customdata=ranges,
        hovertemplate="%{customdata}: %{y:,}<extra></extra>",
    )
    found.update_layout(bargap=0.08, showlegend=False)
    found.update_xaxes(range=[0, 1], title="confidence", showgrid=False)
    found.update_yaxes(title=what)
    return found


def calibration(run: WeakRun | Task, label: str | None = None, *, theme: str = "auto") -> go.Figure:
    """Show whether confidence means what it says: a reliability diagram with 95 % intervals.

    Parameters
    ----------
    label
        Only what is said of this label; None: of all.

    Raises
    ------
    SchemaError
        If the task has no such label.
    """
    title, one = "Whether confidence means what it says", _run(run)
    if label is not None:
        label = (run if isinstance(run, Task) else run.task).schema.label(label).name
        title = f"{title} for {short([label])[0]}"
    if one is None:
        return empty(title, NO_RUN, theme)
    table, error = charts_data.calibration(one, label)
    table = table[table["count"] > 0]
    if table.empty:
        return empty(title, NO_GOLD, theme)
    count = table["count"].to_numpy(dtype=np.float64)
    share = table["accuracy"].to_numpy(dtype=np.float64)
    low, high = wilson(share * count, count)
    total = f"{int(count.sum()):,} reviewed, whiskers are 95 % intervals"
    told = total if error != error else f"calibration error {error:.3f}, {total}"
    found = figure(title, theme, told=told, height=380)
    found.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": ink(theme), "dash": "dot", "width": 1},
        hoverinfo="skip",
    )
    found.add_scatter(
        x=table["confidence"],
        y=share,
        mode="lines+markers",
        line={"color": BLUE, "width": 1.5},
        marker={"size": 9, "color": BLUE},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": high - share,
            "arrayminus": share - low,
            "color": BLUE,
            "thickness": 1,
            "width": 3,
        },
        customdata=count,
        hovertemplate="confidence %{x:.2f}: %{y:.0%} of %{customdata:,} right<extra></extra>",
    )
    found.add_bar(
        x=table["confidence"],
        y=count,
        yaxis="y2",
        width=0.05,
        marker={"color": BLUE, "opacity": 0.5},
        text=[f"{int(one):,}" for one in count],
        textposition="outside",
        textfont={"size": 11},
        constraintext="none",
        cliponaxis=False,
        hoverinfo="skip",
    )
    found.update_layout(
        showlegend=False,
        yaxis={
            "domain": [0.3, 1],
            "range": [-0.03, 1.03],
            "tickformat": ".0%",
            "title": "share that is right",
        },
        yaxis2={
            "domain": [0, 0.18],
            "range": [0, 1.4 * float(count.max())],
            "showgrid": False,
            "showticklabels": False,
            "title": "count",
        },
    )
    found.update_xaxes(range=[0, 1.03], title="confidence", anchor="y2")
    return found


def overlap(task: Task, *, theme: str = "auto") -> go.Figure:
    """Show of each heuristic (row) the share of its votes on which another (column) votes too."""
    title, found = "Where heuristics vote together", charts_data.meetings(task)
    own = np.diag(found.both)
    voting, which = _most(found.both, np.flatnonzero(own))
    if not len(voting):
        return empty(title, NO_VOTES, theme)
    both = found.both[np.ix_(voting, voting)].astype(np.float64)
    # Two spans of one rule may meet the same span of another: a share is at most all.
    share = np.minimum(both / own[voting][:, None], 1.0)
    share[np.eye(len(both), dtype=bool) | (both == 0)] = np.nan
    names = short(found.sources[at] for at in voting)
    told = f"share of the row's votes{which}"
    return _matrix(title, told, names, share, both, theme, color=BLUE, hover="shared")


def conflict(task: Task, *, theme: str = "auto") -> go.Figure:
    """Show of each two heuristics how often they differ where both vote."""
    title, found = "Where heuristics contradict each other", charts_data.meetings(task)
    voting, which = _most(found.differ, np.flatnonzero(np.diag(found.both)))
    if not len(voting):
        return empty(title, NO_VOTES, theme)
    both = found.both[np.ix_(voting, voting)].astype(np.float64)
    differ = found.differ[np.ix_(voting, voting)].astype(np.float64)
    np.fill_diagonal(both, 0)
    if not both.sum():
        return empty(title, "No two heuristics vote on the same record.", theme)
    share = differ / np.where(both > 0, both, np.nan)
    names = short(found.sources[at] for at in voting)
    told = f"share of what both vote on{which}"
    return _matrix(title, told, names, share, differ, theme, color=ORANGE, hover="different")


def coverage(task: Task, *, theme: str = "auto") -> go.Figure:
    """Show the share of the records with a vote, and with a weak label, over time."""
    title, table = "How much of the records is covered", charts_data.coverage(task)
    if table.empty:
        return empty(title, NO_VOTES, theme)
    found = figure(f"{title} over time", theme, told="share of the records of today")
    for what, name, color, mode in (
        ("heuristics", "heuristics", BLUE, "lines+markers"),
        ("weak", "weak labels", ORANGE, "markers"),
    ):
        part = table[table["what"] == what]
        if len(part):
            found.add_scatter(
                x=part["at"],
                y=part["coverage"],
                mode=mode,
                name=name,
                line={"shape": "hv", "color": color, "width": 2},
                marker={"size": 8, "color": color, "symbol": "circle" if color == BLUE else "star"},
                customdata=[short([name])[0] for name in part["name"]],
                hovertemplate="%{customdata}: %{y:.1%}<extra></extra>",
            )
    found.update_xaxes(type="date", showgrid=False)
    found.update_yaxes(range=[0, 1.03], tickformat=".0%")
    return found


def agreement(task: Task, *, theme: str = "auto") -> go.Figure:
    """Show how far each two people agree: Cohen's kappa, with the raw share on hover."""
    title, found = "How far people agree", charts_data.agreement(task)
    if found.pairs.empty:
        return empty(title, "No two people have judged the same record yet.", theme)
    at = {name: position for position, name in enumerate(found.people[:MOST])}
    value, count = np.full((len(at), len(at)), np.nan), np.zeros((len(at), len(at)))
    columns = (found.pairs[name].tolist() for name in ("one", "other", "kappa", "records"))
    for one, other, kappa, records in zip(*columns, strict=True):
        if one in at and other in at:
            for cell in ((at[one], at[other]), (at[other], at[one])):
                value[cell], count[cell] = kappa, records
    told = "Cohen's kappa of each two"
    if found.alpha is not None and found.alpha == found.alpha:
        told += f"; Krippendorff's alpha of all {found.alpha:.2f}"
    names = short(at)
    return _matrix(
        title,
        told,
        names,
        value,
        count,
        theme,
        color=BLUE,
        hover="in common",
        share=False,
    )


def _run(run: WeakRun | Task) -> WeakRun | None:
    if isinstance(run, Task):
        runs = weak.runs(run)
        return runs[-1] if runs else None
    return run


def _most(meetings: NDArray[np.int64], among: NDArray[np.intp]) -> tuple[NDArray[np.intp], str]:
    """Return the sources that meet others most, in their order, and words if others are left."""
    if len(among) <= MOST:
        return among, ""
    others = meetings.sum(axis=1) - np.diag(meetings)
    kept = among[np.argsort(-others[among], kind="stable")[:MOST]]
    return np.sort(kept), f"; the {MOST} of {len(among):,} heuristics with most of it"


def _matrix(
    title: str,
    told: str,
    names: list[str],
    value: Any,
    count: Any,
    theme: str,
    *,
    color: str,
    hover: str,
    share: bool = True,
) -> go.Figure:
    size = len(names)
    small = size <= 12
    found = figure(
        title, theme, told=told, height=220 + size * (34 if small else 14), width=WIDTHS.get(size)
    )
    found.add_heatmap(
        z=value,
        x=names,
        y=names,
        zmin=0,
        zmax=1,
        colorscale=scale(color, theme),
        showscale=False,
        customdata=count,
        texttemplate=("%{z:.0%}" if share else "%{z:.2f}") if small else None,
        textfont={"color": cell_ink(theme)},
        hoverongaps=False,
        hovertemplate=(
            f"%{{y}}, %{{x}}: %{{z:{'.0%' if share else '.2f'}}}, %{{customdata:,}} {hover}"
            "<extra></extra>"
        ),
        xgap=2 if small else 1,
        ygap=2 if small else 1,
    )
    tick = {"tickfont": {"size": 12 if small else 10}, "showgrid": False, "dtick": 1}
    found.update_xaxes(tickangle=-45 if small else -90, **tick)
    if size <= len(WIDTHS):
        found.update_xaxes(tickangle=0)
    found.update_yaxes(autorange="reversed", **tick)
    return found
