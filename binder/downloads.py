"""A link that downloads the labels of a task as they stand, for sessions that do not last."""

from __future__ import annotations

import base64
from html import escape

from IPython.display import HTML, display

from refinery_nb.project.task import Task


def link(task: Task) -> HTML:
    """Return the link: the labels are in it, so that one click is enough and no file is written."""
    gold = task.gold()
    content = base64.b64encode(gold.to_csv(index=False).encode("utf-8")).decode("ascii")
    name = escape(f"{task.name}-labels.csv")
    return HTML(
        f'<a download="{name}" href="data:text/csv;charset=utf-8;base64,{content}">'
        f"Download {name}</a> ({len(gold):,} rows: key, label, by)"
    )


def offer(task: Task) -> None:
    """Show the link, and renew it whenever a label is set."""
    shown = display(link(task), display_id=True)
    task.project.events.subscribe("labels", lambda _: shown.update(link(task)))
