"""The Playground: type a text, and see what a model says of it."""

from __future__ import annotations

from html import escape

import traitlets

from refinery_nb.heuristics import Heuristic
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.inline import Inline, carry, sender
from refinery_nb.widgets.messages import PROTOCOL
from refinery_nb.widgets.playground.conversation import PlaygroundConversation


class Playground(Inline):
    """Ask a zero-shot heuristic or a language model about a text, before it is let loose on all.

    It shows the confidence of each label, or the spans in the text, and what was asked and
    answered word by word, with its tokens and cost. Labels and hypothesis can be changed on the
    spot, and kept as the heuristic.

    Parameters
    ----------
    task
        Whose labels, guideline and examples are used.
    heuristic
        An ``rn.ZeroShot`` or ``rn.LLM``, which need not be in the task, or the name of one that
        is; None: the first one of the task, and the others to choose from.
    view
        Whose records can be taken as texts; None: all.

    Examples
    --------
    ``rn.Playground(topic, rn.ZeroShot("headline"))``
    """

    _esm = STATIC / "playground.js"
    _css = STATIC / "playground.css"
    # Texts and answers travel as messages only: traits are saved into the notebook.
    protocol = traitlets.Int(PROTOCOL).tag(sync=True)

    def __init__(
        self, task: Task, heuristic: Heuristic | str | None = None, view: View | None = None
    ) -> None:
        self._conversation = PlaygroundConversation(task, heuristic, view, sender(self))
        super().__init__()
        carry(self, self._conversation)

    def _picture(self) -> str:
        session = self._conversation.session
        names = ", ".join(one["name"] for one in session.subjects())
        return (
            '<div class="refinery-nb-snapshot"><p><b>Playground of '
            f"{escape(session.task.name)}</b>: {escape(names) or 'no model yet'}."
            " This is a still picture; run the cell in Jupyter to ask.</p></div>"
        )
