"""The Python that does what the application does, to be pasted into a notebook; and the sample."""

from __future__ import annotations

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
}
# What the panel's own verbs do.
DEEDS = {
    "run": "{task}.run()",
    "supervise": "weak = {task}.supervise()",
    "settings": "project",
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
    forms = TABS | DEEDS
    if view not in forms:
        raise ProtocolError(f"view is {view!r:.100}.", hint=did_you_mean(view, forms))
    lines = ["import refinery_nb as rn", "", f"project = rn.open({str(project.root)!r})"]
    if task is None and project.tasks:
        task = next(iter(project.tasks))
    if task is not None:
        lines.append(f"task = project.task({task!r})")
    if slice_ is not None:
        lines.append(f"view = project.slices[{slice_!r}]")
    last = forms[view].format(
        task="task",
        view="" if slice_ is None else ", view",
        named="" if slice_ is None else ", view=view",
        within="view" if slice_ is not None else "task" if task is not None else "project",
    )
    return "\n".join([*lines, last, ""])


def sample(project: Project) -> str:
    """Fill a project with the sample data: 600 messages, two tasks and three rules."""
    told = project.add(samples.path("messages.jsonl"), key="id")
    topic = project.task("topic", TOPICS, on="text", guideline="What does the writer mainly want?")
    project.task("entities", ENTITIES, on="text", kind="spans")
    for label, terms in RULES.items():
        topic.add(Lookup(label, terms))
    return str(told)
