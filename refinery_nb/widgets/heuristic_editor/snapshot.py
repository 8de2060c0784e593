"""A still picture of the HeuristicEditor, for places where no JavaScript runs."""

from __future__ import annotations

from typing import Any

from refinery_nb.core.html import (
    bar,
    block,
    bold,
    joined,
    paragraph,
    percent,
    quiet,
    table,
    whisker,
)
from refinery_nb.widgets.heuristic_editor.session import EditorSession

SHOWN = 50
HEADS = [
    ("Heuristic", "name"),
    ("Kind", "name"),
    ("State", "name"),
    ("Coverage", "number"),
    ("Precision, 95 % interval", "number"),
    ("Conflicts", "number"),
]


def snapshot(session: EditorSession) -> str:
    """Return the heuristics with their statistics as HTML without scripts."""
    rows = session.rows()
    heuristics = rows["heuristics"]
    more = len(heuristics) - SHOWN
    rest = f"{more:,} more heuristics are not shown. " if more > 0 else ""
    return block(
        paragraph(
            bold(joined("Heuristics of ", session.task.name)),
            f": {rows['labelled']:,} of {rows['records']:,} records labelled",
        ),
        table(
            HEADS,
            [_row(one, rows["records"]) for one in heuristics[:SHOWN]],
            empty="No heuristic yet.",
        ),
        paragraph(quiet(f"{rest}This is a still picture; run the cell in Jupyter to edit.")),
    )


def _row(row: dict[str, Any], records: int) -> list[object]:
    measure = row["measure"]
    coverage: object = quiet("—")
    precision: object = quiet("—")
    if measure is not None and records:
        share = measure["covered"] / records
        coverage = joined(percent(share), bar(share))
    if measure is not None and measure["precision"] is not None:
        value, low, high = measure["precision"], measure["low"], measure["high"]
        told = f"{100 * value:.0f} % ({100 * low:.0f} to {100 * high:.0f} %)"
        precision = joined(told, whisker(value, low, high))
    state = row["state"] if row["enabled"] else "off"
    if row["errors"]:
        state = f"{state}, {row['errors']:,} errors"
    conflicts = quiet("—") if row["conflicts"] is None else f"{row['conflicts']:,}"
    return [row["name"], row["kind"], state, coverage, precision, conflicts]
