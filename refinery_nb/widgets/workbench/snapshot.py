"""A still picture of the Workbench, for places where no JavaScript runs."""

from __future__ import annotations

from typing import Any

from refinery_nb.core.html import block, bold, joined, paragraph, quiet, shortened, table
from refinery_nb.widgets.workbench import sheet
from refinery_nb.widgets.workbench.session import WorkbenchSession

CHARACTERS = 600
COMMENTS = 5


def snapshot(session: WorkbenchSession) -> str:
    """Return the record with its labels, votes and comments as HTML without scripts."""
    record = session.first()
    found = None if record is None else sheet.sheet(session.project, record)
    if found is None:
        return block(paragraph(bold("Workbench"), ": there is no record."))
    values = [
        [one["name"], shortened(one.get("text", one.get("value")), CHARACTERS)]
        for one in found["attributes"]
    ]
    said = [
        [task["name"], *row] for task in found["tasks"] for row in _said(task, _texts(found, task))
    ]
    comments = session.project.comments.of(record=found["key"])[-COMMENTS:]
    return block(
        paragraph(bold(joined("Record ", found["key"]))),
        table([("attribute", "name"), ("value", "text")], values),
        table(
            [("task", "name"), ("who", "name"), ("says", "text")],
            said,
            empty="Nobody has said anything of it.",
        ),
        *(
            paragraph(bold(one.by), " ", quiet(one.at), ": ", shortened(one.text, CHARACTERS))
            for one in comments
        ),
        paragraph(quiet("This is a still picture; run the cell in Jupyter to look closer.")),
    )


def _texts(found: dict[str, Any], task: dict[str, Any]) -> str:
    return next((a.get("text", "") for a in found["attributes"] if a["name"] == task["on"]), "")


def _said(task: dict[str, Any], text: str) -> list[list[object]]:
    """Return who says what: people, heuristics that vote, the label model."""
    names = {label["id"]: label["name"] for label in task["labels"]}
    rows: list[list[object]] = [
        [one["by"], bold(_labels(one["labels"], names, text) or "none")] for one in task["said"]
    ]
    rows += [
        [one["heuristic"], _labels(one["votes"], names, text)]
        for one in task["votes"]
        if one["votes"]
    ]
    if task["weak"] is not None and task["weak"]["labels"]:
        weak = task["weak"]["labels"]
        sure = ", ".join(f"{one['confidence']:.2f}" for one in weak)
        rows.append([task["weak"]["model"], joined(_labels(weak, names, text), quiet(f", {sure}"))])
    return rows


def _labels(labels: list[dict[str, Any]], names: dict[int, str], text: str) -> str:
    return ", ".join(
        names.get(one["label"], "?")
        if one["start"] is None
        else f"{names.get(one['label'], '?')} “{shortened(text[one['start'] : one['end']], 40)}”"
        for one in labels
    )
