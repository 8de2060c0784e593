"""A still picture of a widget, for places where no JavaScript runs: nbviewer, nbconvert, GitHub."""

from __future__ import annotations

from html import escape
from typing import Any

from refinery_nb.widgets.session import Session

SHOWN = 5
CHARACTERS = 280
CELL = "padding:6px 12px;vertical-align:top;text-align:left;border-top:1px solid #8884"


def snapshot(session: Session) -> str:
    """Return the first records of the queue with their labels, as HTML without scripts."""
    infos = session.infos()
    progress = session.progress()
    cards = session.cards(0, SHOWN)
    names = {label["id"]: label["name"] for info in infos for label in info["labels"]}
    head = "".join(f'<th style="{CELL}">{escape(info["name"])}</th>' for info in infos)
    rows = "".join(_row(card, infos, names) for card in cards)
    counts = ", ".join(
        f"{escape(info['name'])}: {progress[str(info['id'])]['labelled']:,} of "
        f"{progress[str(info['id'])]['total']:,} labelled"
        for info in infos
    )
    more = max(0, len(session.ids) - SHOWN)
    rest = f" {more:,} more records are in the queue." if more else ""
    return (
        '<div class="refinery-nb-snapshot" style="font-size:13px;line-height:1.5;max-width:1100px">'
        f"<p><b>{counts}</b></p>"
        f'<table style="border-collapse:collapse"><thead><tr><th style="{CELL}">record</th>{head}'
        f"</tr></thead><tbody>{rows}</tbody></table>"
        f"<p>{rest} This is a still picture; run the cell in Jupyter to label.</p></div>"
    )


def _row(card: dict[str, Any], infos: list[dict[str, Any]], names: dict[int, str]) -> str:
    texts = " / ".join(text["text"] for text in card["texts"].values())
    short = texts if len(texts) <= CHARACTERS else texts[: CHARACTERS - 1] + "…"
    cells = "".join(
        f'<td style="{CELL}">{_label(card, str(info["id"]), names)}</td>' for info in infos
    )
    return f'<tr><td style="{CELL};max-width:60ch">{escape(short)}</td>{cells}</tr>'


def _label(card: dict[str, Any], task: str, names: dict[int, str]) -> str:
    value = card["tasks"][task]["value"]
    if value is None:
        weak = card["weak"].get(task)
        if weak is None or "label" not in weak:
            return "—"
        return f"<i>{escape(names.get(weak['label'], '?'))}, suggested</i>"
    if "none" in value:
        return "none"
    if "label" in value:
        return f"<b>{escape(names.get(value['label'], '?'))}</b>"
    found = [names.get(label, "?") for _, _, label in value["spans"]]
    return f"<b>{escape(', '.join(found))}</b>"
