"""The table of operations of a panel of the application.

How a message is answered stands in ``messages``; the other side is ``js/src/lab/protocol.ts``.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import ProtocolError
from refinery_nb.core.schema import TaskKind
from refinery_nb.project.task import Task
from refinery_nb.widgets.application import script
from refinery_nb.widgets.messages import choice, number, text

if TYPE_CHECKING:
    from refinery_nb.widgets.application.conversation import PanelConversation

Operation = Callable[["PanelConversation", dict[str, Any]], dict[str, Any]]
SLOW = frozenset({"add", "labels", "project", "task"})
MOST_LABELS = 1_000
# Where one of these is set, Binder runs the kernel, and takes its files away in the end.
BINDER = ("BINDER_LAUNCH_HOST", "BINDER_SERVICE_HOST")


def hello(panel: PanelConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the project has, and what is under way."""
    text(args, "client")
    return project(panel, {})


def bye(panel: PanelConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Take leave: a panel was closed."""
    del panel
    text(args, "client")
    return {}


def project(panel: PanelConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return what the project has: records, tasks with how far they are, slices, jobs."""
    del args
    engine = panel.project
    return {
        "project": {"id": engine.id, "name": engine.name, "path": str(engine.root or "")},
        "actor": engine.actor,
        "records": len(engine),
        "attributes": [
            {"name": one.name, "type": one.type.value, "key": one.is_key}
            for one in engine.attributes
        ],
        "tasks": [_task(one) for one in engine.tasks.values()],
        "slices": sorted(engine.slices),
        "embeddings": sorted(engine.embeddings),
        "jobs": panel.application.jobs.rows(),
        "temporary": any(os.environ.get(one) for one in BINDER),
    }


def add(panel: PanelConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Add records from a file of this machine, or those of the sample data."""
    engine = panel.project
    if args.get("sample") is True:
        told: object = script.sample(engine)
        # Somebody can begin to label meanwhile.
        embed(panel, {"on": "text"})
        run(panel, {"task": "topic"})
    else:
        path = Path(text(args, "path")).expanduser()
        key = _optional(args, "key")
        told = engine.add(path, key=key)
        panel.application.deeds.append(script.added(path, key))
    return {"told": str(told), **project(panel, {})}


def task(panel: PanelConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Make a task, or give one more labels."""
    labels = args.get("labels")
    if not isinstance(labels, list) or len(labels) > MOST_LABELS:
        raise ProtocolError(f"labels are a list of at most {MOST_LABELS:,} names.")
    name, on = text(args, "name"), text(args, "on") or None
    kind = choice(args, "kind", tuple(one.value for one in TaskKind))
    names = [str(one) for one in labels]
    panel.project.task(name, names, on=on, kind=kind)
    panel.application.deeds.append(script.made(name, names, on, kind))
    return project(panel, {})


def run(panel: PanelConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Begin to run the heuristics of a task."""
    subject = panel.project.task(text(args, "task"))

    def work(report: Callable[[int, int], None], cancel: threading.Event) -> str:
        found = subject.run(progress=report, cancel=cancel)
        failed = int((found["state"] == "failed").sum())
        votes = int(found["votes"].sum())
        return f"{votes:,} votes of {len(found):,} heuristics" + (
            f"; {failed:,} failed" if failed else ""
        )

    panel.application.deeds.append(f"project.task({subject.name!r}).run()")
    return {"job": panel.application.jobs.start(f"Heuristics of {subject.name}", work)}


def supervise(panel: PanelConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Begin to combine the votes of a task into weak labels."""
    subject = panel.project.task(text(args, "task"))

    def work(report: Callable[[int, int], None], cancel: threading.Event) -> str:
        del report, cancel
        weak = subject.supervise()
        return f"{len(set(weak.votes.record.tolist())):,} records have a weak label"

    panel.application.deeds.append(f"project.task({subject.name!r}).supervise()")
    return {"job": panel.application.jobs.start(f"Weak labels of {subject.name}", work)}


def embed(panel: PanelConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Begin to give each record a vector of one of its texts."""
    engine, on = panel.project, text(args, "on")

    def work(report: Callable[[int, int], None], cancel: threading.Event) -> str:
        made = engine.embed(on, progress=report, cancel=cancel)
        return f"{made.name} covers {made.covered:,} records"

    panel.application.deeds.append(f"project.embed({on!r})")
    return {"job": panel.application.jobs.start(f"Vectors of {on}", work)}


def cancel(panel: PanelConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Ask a job to end soon."""
    panel.application.jobs.cancel(number(args, "job"))
    return {}


def labels(panel: PanelConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return the labels that people gave for a task as a file of CSV."""
    subject = panel.project.task(text(args, "task"))
    gold = subject.gold()
    if subject.schema.is_multi:  # lists, as exports write them
        several = [json.dumps(one, ensure_ascii=False) for one in gold["label"].tolist()]
        gold = gold.assign(label=several)
    return {
        "name": f"{subject.name}-labels.csv",
        "text": gold.to_csv(index=False),
        "count": len(gold),
    }


def code(panel: PanelConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return the Python that shows what a tab shows; without a tab, that does what was done."""
    view = _optional(args, "view")
    if view is None:
        return {"code": script.cell(panel.project, panel.application.deeds)}
    task, slice_ = _optional(args, "task"), _optional(args, "slice")
    return {"code": script.shown(panel.project, view, task=task, slice_=slice_)}


OPERATIONS: dict[str, Operation] = {
    "add": add,
    "bye": bye,
    "cancel": cancel,
    "code": code,
    "embed": embed,
    "hello": hello,
    "labels": labels,
    "project": project,
    "run": run,
    "supervise": supervise,
    "task": task,
}


def _task(one: Task) -> dict[str, Any]:
    schema = one.schema
    labelled, total = one.progress()
    heuristics = one.heuristics()
    return {
        "id": schema.id,
        "name": schema.name,
        "kind": schema.kind.value,
        "on": schema.on,
        "labels": [{"name": label.name, "color": label.color} for label in schema.labels],
        "labelled": labelled,
        "records": total,
        "heuristics": [
            {"name": name, "enabled": enabled, "state": state}
            for name, enabled, state in zip(
                *(heuristics[of].tolist() for of in ("heuristic", "enabled", "state")), strict=True
            )
        ],
        "weak": len(one.runs()) > 0,
    }


def _optional(args: dict[str, Any], name: str) -> str | None:
    return None if args.get(name) is None else text(args, name)
