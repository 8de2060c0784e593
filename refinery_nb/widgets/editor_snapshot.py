"""A still picture of the HeuristicEditor, for places where no JavaScript runs."""

from __future__ import annotations

from html import escape
from typing import Any

from refinery_nb.widgets.editor_session import EditorSession
from refinery_nb.widgets.snapshot import CELL

SHOWN = 50
HEADINGS = ("heuristic", "kind", "state", "coverage", "precision, 95 % interval", "conflicts")


def snapshot(session: EditorSession) -> str:
    """Return the heuristics with their statistics as HTML without scripts."""
    rows = session.rows()
    heuristics = rows["heuristics"]
    head = "".join(f'<th style="{CELL}">{one}</th>' for one in HEADINGS)
    body = "".join(_row(one, rows["records"]) for one in heuristics[:SHOWN])
    more = len(heuristics) - SHOWN
    rest = f" {more:,} more heuristics are not shown." if more > 0 else ""
    if not heuristics:
        body = f'<tr><td style="{CELL}" colspan="{len(HEADINGS)}">No heuristic yet.</td></tr>'
    return (
        '<div class="refinery-nb-snapshot" style="font-size:13px;line-height:1.5;max-width:1100px">'
        f"<p><b>Heuristics of {escape(session.task.name)}</b>: {rows['labelled']:,} of "
        f"{rows['records']:,} records labelled</p>"
        f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
        f"<p>{rest} This is a still picture; run the cell in Jupyter to edit.</p></div>"
    )


def _row(row: dict[str, Any], records: int) -> str:
    measure = row["measure"]
    coverage = precision = "—"
    if measure is not None and records:
        coverage = f"{100 * measure['covered'] / records:.1f} %"
    if measure is not None and measure["precision"] is not None:
        low, high = 100 * measure["low"], 100 * measure["high"]
        precision = f"{100 * measure['precision']:.0f} % ({low:.0f} to {high:.0f} %)"
    state = row["state"] if row["enabled"] else "off"
    conflicts = "—" if row["conflicts"] is None else f"{row['conflicts']:,}"
    cells = (row["name"], row["kind"], state, coverage, precision, conflicts)
    return (
        "<tr>" + "".join(f'<td style="{CELL}">{escape(str(one))}</td>' for one in cells) + "</tr>"
    )
