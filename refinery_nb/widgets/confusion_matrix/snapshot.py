"""A still picture of a confusion matrix, for places where no JavaScript runs."""

from __future__ import annotations

import numpy as np

from refinery_nb.core.html import block, bold, paragraph, quiet, table, tinted
from refinery_nb.project.quality.confusion import Comparison
from refinery_nb.quality.confusion import shares

MOST = 30  # labels; the largest mistakes come first where there are more


def snapshot(comparison: Comparison, normalize: str | None) -> str:
    """Return the matrix as an HTML table without scripts: shares, counts in brackets."""
    counts = comparison.confusion.counts
    if not counts.sum():
        return empty("There is nothing to compare yet.")
    share = shares(counts, normalize)
    strength = share if normalize else counts / counts.max()
    shown = _shown(counts)
    heads = [
        (comparison.rows.title, "name"),
        *((comparison.column_labels[at], "number") for at in shown),
    ]
    rows = [
        [
            bold(comparison.row_labels[row]),
            *(
                tinted(
                    _cell(counts[row, at], share[row, at], normalize),
                    float(strength[row, at]),
                    wrong=row != at and not _is_silent(comparison, row, at),
                )
                if counts[row, at]
                else ""
                for at in shown
            ),
        ]
        for row in shown
    ]
    rest = comparison.confusion.size - len(shown)
    more = f" {rest} more labels are left out." if rest else ""
    return block(
        paragraph(
            bold(comparison.rows.title),
            " (rows) and ",
            bold(comparison.columns.title),
            f" (columns) of {comparison.task.name}: {comparison.agreement:.1%} agree, "
            f"{len(comparison.confusion.judged):,} records, {_counted(comparison)}.",
        ),
        table(heads, rows),
        paragraph(
            quiet(
                "This is a still picture; run the cell in Jupyter to open the records of a cell."
                f"{more}"
            )
        ),
    )


def _counted(comparison: Comparison) -> str:
    several = comparison.schema.is_multi
    return f"as to {comparison.level}" if several else f"counted in {comparison.level}"


def empty(why: str) -> str:
    """Return a sentence where a matrix would be."""
    return block(paragraph(why))


def _shown(counts: np.ndarray) -> list[int]:
    size = len(counts)
    if size <= MOST:
        return list(range(size))
    wrong = counts.sum(axis=0) + counts.sum(axis=1) - 2 * np.diag(counts)
    return sorted(np.argsort(-wrong, kind="stable")[:MOST].tolist())


def _is_silent(comparison: Comparison, row: int, column: int) -> bool:
    """Say whether a cell holds what one side abstains on: that is not wrong."""
    if comparison.schema.is_multi:
        return False  # to say nothing is to say no
    last = comparison.confusion.size - 1
    sides = ((row, comparison.rows), (column, comparison.columns))
    return any(at == last and side.silence == "abstains" for at, side in sides)


def _cell(count: int, share: float, normalize: str | None) -> str:
    return f"{count:,}" if normalize is None else f"{share:.0%} ({count:,})"
