"""A conversation in the output of a cell: an anywidget carries it, and a picture stays of it."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import anywidget

from refinery_nb.core.errors import RefineryError
from refinery_nb.widgets.conversation import Conversation, Send


class Inline(anywidget.AnyWidget):
    """A widget that is the place of one conversation, and nothing more.

    Its class makes ``_conversation`` first: where that is refused, nothing is shown.
    """

    _conversation: Any

    @abstractmethod
    def _picture(self) -> str:
        """Return the still picture as HTML."""

    def close(self) -> None:
        """Close the widget: end its work, and stop listening to the project."""
        if hasattr(self, "_conversation"):  # it may have been refused
            self._conversation.close()
        super().close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        try:
            return pictured(bundle, self._picture())
        except RefineryError:
            return bundle


def sender(widget: Any) -> Send:
    """Return how a conversation sends through a widget."""

    def send(message: dict[str, Any]) -> None:
        if widget.comm is not None:
            widget.send(message)

    return send


def carry(widget: Any, conversation: Conversation) -> None:
    """Hand the messages of a widget's front end to a conversation."""
    own_shell(widget.comm)
    widget.on_msg(lambda _widget, message, _buffers: conversation.receive(message))


def own_shell(comm: Any) -> None:
    """Have a comm's messages handled where the front end asked for, not behind a busy cell.

    ipykernel 7.4 sends a message to the shell that last wrote to the comm: after a cell has
    touched it, that is the main one, which waits for the running cell. The front end's choice (a
    subshell) is right.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _message, default: default


def pictured(bundle: Any, html: str) -> Any:
    """Return what a widget shows itself as, with a picture for places where no JavaScript runs."""
    data, *more = bundle if isinstance(bundle, tuple) else (bundle, {})
    return ({**(data or {}), "text/html": html}, *more)
