"""Tasks from a labeling configuration of Label Studio."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from refinery_nb.core import palette
from refinery_nb.core.errors import InputError, RefineryError
from refinery_nb.io.annotations.label_studio_config import Control, read_config
from refinery_nb.project import tasks

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

SHOWN = 12


def add_configuration(project: Project, path: Path) -> list[str]:
    """Make the tasks that a labeling configuration asks about, all or none; tell which are new.

    Raises
    ------
    InputError
        If it is no configuration, or does not say which text a task is about.
    SchemaError
        If the project lacks an attribute, or has such a task that is another one.
    """
    told = []
    controls = read_config(path)
    known = set(project.tasks)
    with project.database.write():
        for control in controls:
            try:
                _make(project, control)
            except RefineryError as error:
                error.source = path.name
                raise
            if control.name not in known:
                shown = ", ".join(list(control.labels)[:SHOWN])
                told.append(f"the {_kind(control)} task {control.name!r} is new: {shown}")
    return told


def _make(project: Project, control: Control) -> None:
    if control.on is None:
        raise InputError(
            f"nothing says which text {control.name!r} is about.",
            field=control.name,
            hint="Its toName should name a Text with value='$...'.",
        )
    labels = {
        label: color or palette.color(at)
        for at, (label, color) in enumerate(control.labels.items())
    }
    tasks.task(project, control.name, labels, on=control.on, kind=_kind(control))


def _kind(control: Control) -> str:
    return "spans" if control.spans else "multilabel" if control.several else "classification"
