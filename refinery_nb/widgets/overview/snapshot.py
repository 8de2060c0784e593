"""A still picture of an overview, for places where no JavaScript runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refinery_nb.core.errors import RefineryError
from refinery_nb.core.html import bar, block, bold, joined, paragraph, quiet, table
from refinery_nb.project.overview.standing import Standing

if TYPE_CHECKING:
    from refinery_nb.widgets.overview.conversation import OverviewConversation

MOST = 30  # labels


def snapshot(overview: OverviewConversation) -> str:
    """Return the numbers of a task, and how often each label is given, as HTML without scripts."""
    project, task = overview.project, overview.task
    if task is None:
        return block(
            paragraph(bold(project.name), f": {len(project):,} records, no task yet."),
            paragraph(quiet('Make one: project.task("topic", ["A", "B"], on="text").')),
        )
    try:
        found = overview.numbers.standing(task)
    except RefineryError as error:
        return block(paragraph(str(error)))
    heads = [("Label", "name"), ("By hand", "number"), ("Weak", "number")]
    manual, weak = (sum(getattr(one, side) or 0 for one in found.labels) for side in SIDES)
    rows = [
        [
            "none" if one.label is None else one.label.name,
            _count(one.manual, manual),
            quiet("—") if one.weak is None else _count(one.weak, weak),
        ]
        for one in found.labels[:MOST]
    ]
    rest = len(found.labels) - MOST
    return block(
        paragraph(bold(f"{project.name}, {found.schema.name}"), f": {', '.join(_words(found))}."),
        table(heads, rows),
        paragraph(quiet(f"{rest:,} more labels.")) if rest > 0 else "",
        paragraph(
            quiet("This is a still picture; run the cell in Jupyter to open what is behind it.")
        ),
    )


SIDES = ("manual", "weak")


def _words(found: Standing) -> list[str]:
    share = f" ({found.labelled / found.records:.0%})" if found.records else ""
    told = [f"{found.labelled:,} of {found.records:,} records labelled{share}"]
    if found.weak is not None:
        told.append(f"{found.weak.labelled:,} weakly by {found.weak.model}")
    if found.voted.rows:
        told.append(f"{len(found.voted.rows):,} heuristics on {found.voted.covered:,} records")
    both = found.agreement
    if both.several:
        told.append(f"people agree on {both.agree:,} of {both.several:,}")
    return told


def _count(value: int, whole: int) -> object:
    return joined(f"{value:,}", bar(value / max(1, whole)))
