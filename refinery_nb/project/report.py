"""The report on the heuristics of a task: a DataFrame that reads well in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Gold, VoteMatrix
from refinery_nb.quality import statistics

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
STYLE = """
.rn-report{font:13px/1.5 var(--jp-ui-font-family,system-ui,sans-serif);
color:var(--jp-ui-font-color1,inherit);max-width:1100px}
.rn-report{overflow-x:auto}
.rn-report table{border-collapse:collapse;table-layout:auto;margin:0;font-size:13px}
.rn-report th,.rn-report td{padding:4px 12px;text-align:right;white-space:nowrap;
border-bottom:1px solid var(--jp-border-color2,#8884);background:none}
.rn-report th{font-weight:600;color:var(--jp-ui-font-color2,inherit)}
.rn-report table tr .rn-l.rn-l{text-align:left}
.rn-report .rn-name{max-width:22em;overflow:hidden;text-overflow:ellipsis}
.rn-report .rn-b{display:inline-block;position:relative;width:80px;height:6px;margin-left:8px;
border-radius:3px;background:var(--jp-border-color2,#8884);vertical-align:middle}
.rn-report .rn-b i{position:absolute;left:0;top:0;bottom:0;border-radius:3px;
background:var(--jp-ui-font-color2,#777)}
.rn-report .rn-b u{position:absolute;top:2px;height:2px;background:var(--jp-brand-color1,#1565c0)}
.rn-report .rn-b s{position:absolute;top:-2px;width:2px;height:10px;
background:var(--jp-brand-color1,#1565c0)}
.rn-report .rn-q{color:var(--jp-ui-font-color2,#777)}
"""


class Report(pd.DataFrame):
    """Statistics of heuristics; see ``quality.heuristics`` for the definitions.

    Columns: ``heuristic, label, coverage`` (share of the records), ``hits, overlaps, conflicts,
    correct, incorrect, precision, precision_low, precision_high`` and, for spans, ``recall``.
    """

    def __repr__(self) -> str:
        if not set(HEADINGS) - {"recall"} <= set(self.columns):
            return str(super().__repr__())
        if self.empty:
            return "No heuristic has voted yet: add one and call task.run()."
        shown = pd.DataFrame({name: self[name] for name in HEADINGS if name in self.columns})
        for name in ("coverage", "recall"):
            if name in shown:
                shown[name] = [_percent(value) for value in shown[name]]
        shown["precision"] = [
            f"{_percent(p)} ({_percent(low)} to {_percent(high)})" if p == p else "—"
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
        head = "".join(
            f'<th class="{"rn-l" if name in ("heuristic", "label") else ""}">{HEADINGS[name]}</th>'
            for name in names
        )
        body = "".join(
            f"<tr>{''.join(_cell(name, row) for name in names)}</tr>"
            for row in self.to_dict(orient="records")
        )
        if not body:
            body = (
                f'<tr><td class="rn-l" colspan="{len(names)}">No heuristic has voted yet: '
                "add one and call task.run().</td></tr>"
            )
        return (
            f'<div class="rn-report"><style>{STYLE}</style><table><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )


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
    found = statistics(votes, gold, tokens=tokens)
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
    if name in ("heuristic", "label"):
        text = escape(str(value))
        return f'<td class="rn-l rn-name" title="{text}">{text}</td>'
    if name == "coverage":
        bar = f"<span class='rn-b'><i style='width:{_width(value)}'></i></span>"
        return f"<td>{_percent(value)}{bar}</td>"
    if name == "precision":
        return f"<td>{_precision(row)}</td>"
    if name == "recall":
        return f"<td>{_percent(value)}</td>"
    share = f" <span class='rn-q'>{_percent(value / row['hits'])}</span>" if row["hits"] else ""
    return f"<td>{value:,}{share if name in ('overlaps', 'conflicts') else ''}</td>"


def _precision(row: dict[Any, Any]) -> str:
    value = row["precision"]
    if value != value:
        return "<span class='rn-q' title='No labelled record is among its hits'>—</span>"
    low, high = row["precision_low"], row["precision_high"]
    counted = row.get("correct", 0) + row.get("incorrect", 0)
    return (
        f"{_percent(value)} <span class='rn-q'>of {counted:,}</span>"
        f"<span class='rn-b' title='{_percent(low)} to {_percent(high)}'>"
        f"<u style='left:{_width(low)};width:{_width(high - low)}'></u>"
        f"<s style='left:calc({_width(value)} - 1px)'></s></span>"
    )


def _percent(share: float) -> str:
    return "—" if share != share else f"{100 * share:.1f} %"


def _width(share: float) -> str:
    return f"{100 * min(1.0, max(0.0, share)):.1f}%"
