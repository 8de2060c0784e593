"""The Quality view: the charts of a task, a few at a time, drawn when they are looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ipywidgets

from refinery_nb.core.html import bar, block, bold, html, joined, paragraph, quiet, table
from refinery_nb.project.charts import figures as charts
from refinery_nb.project.charts.look import NOTEBOOK
from refinery_nb.project.charts.still import PLOTLY
from refinery_nb.project.quality import charts_data
from refinery_nb.project.task import Task
from refinery_nb.project.weak import weak

TABS: dict[str, tuple[Callable[..., Any], ...]] = {
    "Labels": (charts.label_distribution,),
    "Confidence": (charts.confidence, charts.calibration),
    "Heuristics": (charts.overlap, charts.conflict),
    "Coverage": (charts.coverage,),
    "People": (charts.agreement,),
}
BUSY = "rn-quality-busy"
# Figures know no variables of the theme; what is drawn of them in the notebook does.
STYLE = """<style>
.rn-quality { font: 13px / 1.5 var(--jp-ui-font-family, system-ui, sans-serif);
  --rn-ink: var(--jp-ui-font-color1, #1f2328); --rn-paper: var(--jp-layout-color1, #fff);
  --rn-edge: color-mix(in srgb, var(--rn-ink) 17%, var(--rn-paper));
  --rn-quiet: color-mix(in srgb, var(--rn-ink) 68%, var(--rn-paper));
  --rn-accent: var(--jp-brand-color1, #1565c0);
  max-width: 1280px; border: 1px solid var(--rn-edge); border-radius: 6px;
  background: var(--rn-paper); color: var(--rn-ink); }
.rn-quality:focus-within { border-color: var(--rn-accent); }
.rn-quality .rn-quality-style { display: none; }
.rn-quality .rn-quality-head { padding: 6px 16px; gap: 16px; }
.rn-quality .widget-html, .rn-quality .widget-html-content { height: auto; margin: 0;
  line-height: 1.5; color: var(--rn-ink); font-size: 13px; overflow: visible; }
.rn-quality .rn-quality-told { color: var(--rn-quiet); margin-left: 12px; }
.rn-quality .widget-button { width: auto; flex: none; height: 28px; margin: 0; padding: 2px 10px;
  border: 1px solid var(--rn-edge); border-radius: 6px; background: none; color: var(--rn-ink);
  line-height: 1.5; box-shadow: none; }
.rn-quality .widget-button:hover, .rn-quality .widget-button.mod-info {
  border-color: var(--rn-accent); box-shadow: none; }
.rn-quality .widget-button.mod-info { background: none; color: var(--rn-accent);
  font-weight: 600; }
.rn-quality .widget-toggle-buttons { margin: 0; border-bottom: 1px solid var(--rn-edge); }
.rn-quality .widget-toggle-buttons > div { padding: 0 12px; }
.rn-quality .widget-toggle-button { width: auto; height: 30px; margin: 0 0 -1px; padding: 4px 12px;
  border: 0; border-bottom: 2px solid transparent; border-radius: 6px 6px 0 0; background: none;
  color: var(--rn-quiet); line-height: 1.5; box-shadow: none; }
.rn-quality .widget-toggle-button:hover { color: var(--rn-ink); }
.rn-quality .widget-toggle-button.mod-active { border-bottom-color: var(--rn-accent);
  background: none; color: var(--rn-ink); font-weight: 600; }
.rn-quality button:focus-visible { outline: 2px solid var(--rn-accent); outline-offset: 1px; }
.rn-quality .js-plotly-plot text { fill: var(--rn-ink) !important; }
.rn-quality .js-plotly-plot .hoverlayer text { fill: #fff !important; }
.rn-quality .widget-output { flex: 1 1 400px; min-width: 280px; }
.rn-quality .rn-quality-row { flex-wrap: wrap; overflow: visible; min-height: 240px; margin: 0;
  transition: opacity 0.1s; }
/* What is counted anew takes a while where there is much; it is not seen before 0.3 s. */
.rn-quality .rn-quality-busy { opacity: 0.5; transition-delay: 0.3s; }
</style>"""


class Quality(ipywidgets.VBox):  # type: ignore[misc]
    """Show the quality of a task: labels, confidence, calibration, heuristics, coverage, people.

    Parameters
    ----------
    task
        The task; weak labels are those of its newest run.

    Notes
    -----
    The figures are drawn by JupyterLab's own Plotly renderer, which comes with ``plotly``: a
    saved notebook holds their numbers only, and nothing is loaded from a network. For one chart
    alone, or for export, see ``rn.charts``.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self._drawn: dict[str, tuple[dict[str, Any], ...]] = {}
        self._head = ipywidgets.HTML()
        self._refresh = ipywidgets.Button(
            description="Refresh", tooltip="Count and draw everything anew"
        )
        self._refresh.on_click(lambda _: self.refresh())
        # One row of figures, filled anew: Plotly loses its size in a tab that is hidden.
        self._row = ipywidgets.HBox()
        self._row.add_class("rn-quality-row")
        self._choice = ipywidgets.ToggleButtons(options=list(TABS))
        head = ipywidgets.HBox(
            [self._head, self._refresh],
            layout=ipywidgets.Layout(justify_content="space-between", align_items="center"),
        )
        head.add_class("rn-quality-head")
        style = ipywidgets.HTML(STYLE)
        style.add_class("rn-quality-style")
        super().__init__(children=[style, head, self._choice, self._row])
        self.add_class("rn-quality")
        self._choice.observe(lambda _: self._draw(), names="value")
        events = task.project.events
        self._unsubscribe: list[Callable[[], None]] = [
            events.subscribe(name, self._changed)
            for name in ("labels", "votes", "schema", "records")
        ]
        self.refresh()

    def refresh(self) -> None:
        """Count and draw everything anew."""
        self._drawn.clear()
        self._refresh.description = "Refresh"
        self._refresh.button_style = ""
        self._head.value = (
            f"<b>{html(self.task.name)}</b>"
            f'<span class="rn-quality-told">{html(" · ".join(summary(self.task)))}</span>'
        )
        self._draw()

    def close(self) -> None:
        """Close the widget and stop listening to the project."""
        for stop in getattr(self, "_unsubscribe", []):
            stop()
        self._unsubscribe = []
        super().close()

    def _draw(self) -> None:
        name = self._choice.value
        if name not in self._drawn:
            self._row.add_class(BUSY)
            self._drawn[name] = tuple(
                _display(made(self.task, theme=NOTEBOOK)) for made in TABS[name]
            )
            self._row.remove_class(BUSY)
        before = self._row.children
        self._row.children = tuple(
            ipywidgets.Output(outputs=(figure,)) for figure in self._drawn[name]
        )
        for output in before:
            output.close()

    def _changed(self, event: dict[str, Any]) -> None:
        del event
        self._refresh.description = "Refresh: changed"
        self._refresh.button_style = "info"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        parts = bundle if isinstance(bundle, tuple) else (bundle, {})
        return ({**(parts[0] or {}), "text/html": snapshot(self.task)}, *parts[1:])


def summary(task: Task) -> list[str]:
    """Return what is known of the quality of a task, each in a few words."""
    labelled, total = task.progress()
    told = [f"{labelled:,} of {total:,} records reviewed"]
    runs = weak.runs(task)
    if runs:
        covered = len(set(runs[-1].votes.record.tolist())) / max(1, total)
        told.append(f"{covered:.0%} with a weak label")
        _, error = charts_data.calibration(runs[-1])
        if error == error:
            told.append(f"calibration error {error:.3f}")
    return told


def snapshot(task: Task) -> str:
    """Return the counts of the labels as an HTML table without scripts."""
    counts = charts_data.label_counts(task)
    columns = [counts[name].tolist() for name in ("label", "manual", "weak")]
    rows = [
        [label, _count(manual, columns[1]), _count(weakly, columns[2])]
        for label, manual, weakly in zip(*columns, strict=True)
    ]
    heads = [("Label", "name"), ("By hand", "number"), ("Weak", "number")]
    return block(
        paragraph(bold(task.name), f": {', '.join(summary(task))}."),
        table(heads, rows),
        paragraph(quiet("This is a still picture; run the cell in Jupyter to see the charts.")),
    )


def _count(value: Any, of: list[Any]) -> object:
    if not isinstance(value, int):
        return quiet("—")
    whole = sum(one for one in of if isinstance(one, int))
    return joined(f"{value:,}", bar(value / max(1, whole)))


def _display(figure: Any) -> dict[str, Any]:
    """Return a figure as the output of a cell: its numbers, and words where nothing draws them."""
    body = json.loads(figure.to_json())
    body["config"] = {"displayModeBar": False, "responsive": True}
    return {
        "output_type": "display_data",
        "data": {PLOTLY: body, "text/plain": str(figure.layout.title.text)},
        "metadata": {},
    }
