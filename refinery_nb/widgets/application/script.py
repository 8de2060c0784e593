"""The Python that does what the application does, to be pasted into a notebook; and the sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from refinery_nb import samples
from refinery_nb.core.errors import ProtocolError, did_you_mean
from refinery_nb.heuristics import Lookup
from refinery_nb.project.project import Project

# What shows a tab: with a task, and inside a slice where one is chosen.
TABS = {
    "labeler": "rn.Labeler({task}{view})",
    "browser": "rn.Browser({within})",
    "heuristic_editor": "rn.HeuristicEditor({task})",
    "embedding_map": "rn.EmbeddingMap({task}{view})",
    "confusion_matrix": "rn.ConfusionMatrix({task}{named})",
    "overview": "rn.Overview({within})",
    "workbench": "rn.Workbench({among})",
}
TOPICS = ["Delivery", "Defect", "Refund", "Billing", "Account", "Product question", "Praise"]
ENTITIES = ["PRODUCT", "ORDER", "AMOUNT"]
RULES = {
    "Delivery": ["parcel", "courier", "delivered", "tracking"],
    "Refund": ["refund", "money back"],
    "Account": ["password", "log in", "login"],
}


def shown(project: Project, view: str, *, task: str | None, slice_: str | None) -> str:
    """Return the cell that shows what a tab of the application shows.

    Raises
    ------
    ProtocolError
        If there is no such tab.
    """
    if view not in TABS:
        raise ProtocolError(f"view is {view!r:.100}.", hint=did_you_mean(view, TABS))
    lines = []
    if task is None and project.tasks:
        task = next(iter(project.tasks))
    if task is not None:
        lines.append(f"task = project.task({task!r})")
    if slice_ is not None:
        lines.append(f"view = project.slices[{slice_!r}]")
    last = TABS[view].format(
        task="task",
        view="" if slice_ is None else ", view",
        named="" if slice_ is None else ", view=view",
        among="project" if slice_ is None else "view",
        within="view" if slice_ is not None else "task" if task is not None else "project",
    )
    return cell(project, [*lines, last])


def cell(project: Project, lines: Sequence[str]) -> str:
    """Return these lines behind those that open the project."""
    return "\n".join(
        ["import refinery_nb as rn", "", f"project = rn.open({_place(project)})", *lines, ""]
    )


def added(path: Path, key: str | None) -> str:
    """Return how records of a file are added."""
    return f"project.add({str(path)!r}{'' if key is None else f', key={key!r}'})"


def made(name: str, labels: Sequence[str], on: str | None, kind: str) -> str:
    """Return how a task is made."""
    more = "" if on is None else f", on={on!r}"
    return f"project.task({name!r}, {list(labels)!r}{more}, kind={kind!r})"


def _place(project: Project) -> str:
    return "" if project.root is None else repr(str(project.root))


def sample(project: Project) -> str:
    """Fill a project with the sample data: 600 messages, two tasks and three rules."""
    told = project.add(samples.path("messages.jsonl"), key="id")
    topic = project.task("topic", TOPICS, on="text", guideline="What does the writer mainly want?")
    project.task("entities", ENTITIES, on="text", kind="spans")
    for label, terms in RULES.items():
        topic.add(Lookup(label, terms))
    return str(told)
