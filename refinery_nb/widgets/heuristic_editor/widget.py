"""The HeuristicEditor: write, try and compare the rules of a task."""

from __future__ import annotations

import traitlets

from refinery_nb.project.task import Task
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.heuristic_editor.conversation import EditorConversation
from refinery_nb.widgets.heuristic_editor.snapshot import snapshot
from refinery_nb.widgets.inline import Inline, carry, sender
from refinery_nb.widgets.messages import PROTOCOL


class HeuristicEditor(Inline):
    """Write the heuristics of a task, try them on examples, run them and compare versions.

    A rule that is written in a cell appears here, and one that is saved here is in
    ``task.heuristics()``.

    Parameters
    ----------
    task
        Whose heuristics.

    Examples
    --------
    ``rn.HeuristicEditor(topic)``
    """

    _esm = STATIC / "heuristic_editor.js"
    _css = STATIC / "heuristic_editor.css"
    # Sources and records travel as messages only: traits are saved into the notebook.
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)

    def __init__(self, task: Task) -> None:
        self._conversation = EditorConversation(task, sender(self))
        super().__init__()
        carry(self, self._conversation)

    def _picture(self) -> str:
        return snapshot(self._conversation.session)
