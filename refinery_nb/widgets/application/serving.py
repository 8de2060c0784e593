"""What a kernel does for the application: it opens projects, and answers on comms."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from comm import get_comm_manager
from comm.base_comm import BaseComm

from refinery_nb.compute.job import Job
from refinery_nb.core.errors import ProtocolError, RefineryError, StoreError
from refinery_nb.project import project as projects
from refinery_nb.project.project import Project
from refinery_nb.store.identity import DATABASE
from refinery_nb.widgets.application.application import Application
from refinery_nb.widgets.application.refusal import Refusal
from refinery_nb.widgets.conversation import Conversation
from refinery_nb.widgets.inline import own_shell

TARGET = "refinery_nb"

_served: dict[str, Application] = {}


def serve(path: str | os.PathLike[str], *, make: bool = False) -> None:
    """Open a project for the application in JupyterLab, which calls this in its kernel.

    Parameters
    ----------
    path
        The folder of the project. One that the user of this kernel has open already is shared, so
        that cells and application are in step.
    make
        Whether to make a project that is not there yet.

    Raises
    ------
    StoreError
        If there is no project, or it cannot be opened.
    """
    root = Path(path).expanduser().absolute()
    known = _served.get(str(root))
    if known is None or not _is_open(known.project):
        if not make and not (root / DATABASE).is_file():
            raise StoreError(f"There is no project in {str(root)!r}.")
        _served[str(root)] = Application(_of_user(root) or projects.open(root))
    get_comm_manager().register_target(TARGET, _open)
    # What is asked for next is loaded while the answer to this is under way.
    Job(lambda _job: import_module("refinery_nb.widgets.labeler.conversation"))


def _open(comm: BaseComm, message: dict[str, Any]) -> None:
    """Have a conversation on a comm, about the view that its data names."""
    own_shell(comm)
    data = message["content"]["data"]
    conversation: Conversation | Refusal
    try:
        if not isinstance(data, dict):
            raise ProtocolError("the data of a comm is an object.")
        path = Path(str(data.get("project"))).expanduser().absolute()
        known = _served.get(str(path))
        if known is None:
            raise StoreError(f"{str(path)!r} is not open in this kernel.")
        conversation = known.converse(data, comm.send)
    except RefineryError as error:
        conversation = Refusal(error, comm.send)
    comm.on_msg(lambda told: conversation.receive(told["content"]["data"]))
    comm.on_close(lambda _told: conversation.close())


def _of_user(root: Path) -> Project | None:
    """Return the project in this folder that a cell of this kernel has opened."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    shell = get_ipython()
    names = {} if shell is None else shell.user_ns
    for value in list(names.values()):
        if isinstance(value, Project) and value.root == root and _is_open(value):
            return value
    return None


def _is_open(project: Project) -> bool:
    try:
        with project.database.read():
            return True
    except StoreError:
        return False
