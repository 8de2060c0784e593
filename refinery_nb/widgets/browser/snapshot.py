"""A still picture of a Browser, for places where no JavaScript runs."""

from __future__ import annotations

from typing import Any

from refinery_nb.core.html import block, bold, joined, paragraph, quiet, shortened, table
from refinery_nb.widgets.browser import rows as drawn
from refinery_nb.widgets.browser.session import BrowserSession

SHOWN = 8
CHARACTERS = 280


def snapshot(session: BrowserSession) -> str:
    """Return the first records with their labels, as HTML without scripts."""
    shown = session.snapshot
    name = session.text_attribute()
    rows = drawn.rows(
        session.project, shown.ids[:SHOWN].tolist(), shown.matches, text=name, actor=session.actor
    )
    tasks = session.schemas()
    names = {label.id: label.name for task in tasks for label in task.labels}
    heads = [("key", "name"), (name or "record", "text"), *((task.name, "name") for task in tasks)]
    body = [
        [
            row["key"],
            _text(row),
            *(_said(row["tasks"][str(task.id)], names) for task in tasks),
        ]
        for row in rows
    ]
    total = f"{len(session.all_ids(shown)):,}"
    asked = shown.asked.text or "all records"
    return block(
        paragraph(bold(f"{total} records"), ": ", asked),
        table(heads, body, empty="No record matches."),
        paragraph(quiet("This is a still picture; run the cell in Jupyter to look through them.")),
    )


def _text(row: dict[str, Any]) -> str:
    return shortened(" / ".join(one["text"] for one in row["texts"]), CHARACTERS)


def _said(task: dict[str, Any], names: dict[int, str]) -> object:
    if task["said"]:
        said = [
            "none" if one["label"] is None else names.get(one["label"], "?") for one in task["said"]
        ]
        return bold(", ".join(said))
    if task["weak"] is not None:
        return joined(names.get(task["weak"]["label"], "?"), quiet(", suggested"))
    return "—"
