"""A still picture of a widget, for places where no JavaScript runs: nbviewer, nbconvert, GitHub."""

from __future__ import annotations

from typing import Any

from refinery_nb.core.html import block, bold, joined, paragraph, quiet, shortened, table
from refinery_nb.widgets.labeler.session import Session

SHOWN = 5
CHARACTERS = 280


def snapshot(session: Session) -> str:
    """Return the first records of the queue with their labels, as HTML without scripts."""
    infos = session.infos()
    progress = session.progress()
    names = {label["id"]: label["name"] for info in infos for label in info["labels"]}
    counts = ", ".join(
        f"{info['name']}: {progress[str(info['id'])]['labelled']:,} of "
        f"{progress[str(info['id'])]['total']:,} labelled"
        for info in infos
    )
    more = max(0, len(session.ids) - SHOWN)
    rest = f"{more:,} more records are in the queue. " if more else ""
    heads = [("record", "text"), *((info["name"], "name") for info in infos)]
    rows = [
        [_text(card), *(_label(card, str(info["id"]), names) for info in infos)]
        for card in session.cards(0, SHOWN)
    ]
    return block(
        paragraph(bold(counts)),
        table(heads, rows, empty="No record is in the queue."),
        paragraph(quiet(f"{rest}This is a still picture; run the cell in Jupyter to label.")),
    )


def _text(card: dict[str, Any]) -> str:
    return shortened(" / ".join(text["text"] for text in card["texts"].values()), CHARACTERS)


def _label(card: dict[str, Any], task: str, names: dict[int, str]) -> object:
    value = card["tasks"][task]["value"]
    if value is None:
        weak = card["weak"].get(task)
        if weak is not None and "labels" in weak:
            told = ", ".join(names.get(label, "?") for label, _ in weak["labels"])
            return joined(told, quiet(", suggested"))
        if weak is None or "label" not in weak:
            return "—"
        return joined(names.get(weak["label"], "?"), quiet(", suggested"))
    if "none" in value:
        return "none"
    if "label" in value:
        return bold(names.get(value["label"], "?"))
    if "labels" in value:
        return bold(", ".join(names.get(label, "?") for label in value["labels"]))
    return bold(", ".join(names.get(label, "?") for _, _, label in value["spans"]))
