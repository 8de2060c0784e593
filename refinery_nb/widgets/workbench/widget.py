"""The Workbench: one record with all that is known of it, and a cell of Python that looks at it."""

from __future__ import annotations

from typing import Any

import traitlets

from refinery_nb.compute.limits import Limits
from refinery_nb.project.project import Project
from refinery_nb.project.view import View
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.inline import Inline, carry, sender
from refinery_nb.widgets.messages import PROTOCOL
from refinery_nb.widgets.workbench.conversation import WorkbenchConversation
from refinery_nb.widgets.workbench.snapshot import snapshot


class Workbench(Inline):
    """Look at one record closely, and try Python on it.

    It shows the attributes and their tokens, what people, heuristics and the label model say, the
    nearest records by each embedding, the history and the comments. The cell sees the record as
    heuristics do (``record["text"]``), and runs in a child process with their limits.

    Parameters
    ----------
    subject
        A project, or a view: the records to go through, in its order.
    key
        The record to begin with; by default the first.
    by
        Who comments; by default the project's ``actor``.
    limits
        Of the cell; by default those of heuristics.

    Raises
    ------
    QueryError
        If there is no such record.

    Examples
    --------
    ``rn.Workbench(project, "r42")``
    """

    _esm = STATIC / "workbench.js"
    _css = STATIC / "workbench.css"
    # Records and code travel as messages only: traits are saved into the notebook.
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)

    def __init__(
        self,
        subject: Project | View,
        key: Any = None,
        *,
        by: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._conversation = WorkbenchConversation(subject, key, sender(self), by=by, limits=limits)
        super().__init__()
        carry(self, self._conversation)

    def _picture(self) -> str:
        return snapshot(self._conversation.session)
