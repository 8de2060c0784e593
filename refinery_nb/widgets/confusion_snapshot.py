"""A still picture of a confusion matrix, for places where no JavaScript runs."""

from __future__ import annotations

from html import escape

import numpy as np

from refinery_nb.project.confusion import Comparison
from refinery_nb.quality.confusion import shares

MOST = 30  # labels; the largest mistakes come first where there are more
CELL = "padding:4px 10px;text-align:right;border:1px solid #8884"
HEAD = "padding:4px 10px;text-align:left;font-weight:600;border:1px solid #8884"


def snapshot(comparison: Comparison, normalize: str | None) -> str:
    """Return the matrix as an HTML table without scripts: shares, counts in brackets."""
    counts = comparison.confusion.counts
    if not counts.sum():
        return empty("There is nothing to compare yet.")
    share = shares(counts, normalize)
    shown = _shown(counts)
    head = "".join(
        f'<th scope="col" style="{HEAD}">{escape(comparison.column_labels[at])}</th>'
        for at in shown
    )
    rows = "".join(
        f'<tr><th scope="row" style="{HEAD}">{escape(comparison.row_labels[row])}</th>'
        + "".join(
            f'<td style="{CELL}">{_cell(counts[row, at], share[row, at], normalize)}</td>'
            for at in shown
        )
        + "</tr>"
        for row in shown
    )
    rest = comparison.confusion.size - len(shown)
    more = f" {rest} more labels are left out." if rest else ""
    return (
        '<div class="refinery-nb-snapshot" style="font-size:13px;line-height:1.5">'
        f"<p><b>{escape(comparison.rows.title)}</b> (rows) and "
        f"<b>{escape(comparison.columns.title)}</b> (columns) of "
        f"{escape(comparison.task.name)}: {comparison.agreement:.1%} agree, "
        f"{len(comparison.confusion.judged):,} records, counted in {escape(comparison.level)}.</p>"
        f'<table style="border-collapse:collapse"><thead><tr><th style="{HEAD}"></th>{head}</tr>'
        f"</thead><tbody>{rows}</tbody></table>"
        f"<p>This is a still picture; run the cell in Jupyter to open the records of a cell."
        f"{more}</p></div>"
    )


def empty(why: str) -> str:
    """Return a sentence where a matrix would be."""
    return f'<div class="refinery-nb-snapshot"><p>{escape(why)}</p></div>'


def _shown(counts: np.ndarray) -> list[int]:
    size = len(counts)
    if size <= MOST:
        return list(range(size))
    wrong = counts.sum(axis=0) + counts.sum(axis=1) - 2 * np.diag(counts)
    return sorted(np.argsort(-wrong, kind="stable")[:MOST].tolist())


def _cell(count: int, share: float, normalize: str | None) -> str:
    if not count:
        return ""
    return f"{count:,}" if normalize is None else f"{share:.0%} ({count:,})"
