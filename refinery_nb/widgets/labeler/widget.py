"""The Labeler: labels in the notebook, by keyboard."""

from __future__ import annotations

from collections.abc import Sequence

import traitlets

from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.inline import Inline, carry, sender
from refinery_nb.widgets.labeler.conversation import LabelerConversation
from refinery_nb.widgets.labeler.snapshot import snapshot
from refinery_nb.widgets.messages import PROTOCOL


class Labeler(Inline):
    """Label the records of a view, one at a time, for one or several tasks.

    Parameters
    ----------
    tasks
        A task, or several of one project.
    view
        Which records, in which order; None: all.
    by
        Who labels; by default the project's ``actor``.

    Examples
    --------
    ``rn.Labeler(topic)``, ``rn.Labeler([topic, names], project.where(topic.unlabeled))``
    """

    _esm = STATIC / "labeler.js"
    _css = STATIC / "labeler.css"
    # Record texts and labels travel as messages only: traits are saved into the notebook.
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)

    def __init__(
        self, tasks: Task | Sequence[Task], view: View | None = None, *, by: str | None = None
    ) -> None:
        chosen = [tasks] if isinstance(tasks, Task) else list(tasks)
        self._conversation = LabelerConversation(chosen, view, sender(self), by=by)
        super().__init__()
        carry(self, self._conversation)

    def _picture(self) -> str:
        return snapshot(self._conversation.session)
