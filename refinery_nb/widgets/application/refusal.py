"""A view that cannot be opened: whatever is asked is answered with the reason."""

from __future__ import annotations

from refinery_nb.core.errors import RefineryError
from refinery_nb.widgets.conversation import Send
from refinery_nb.widgets.messages import refusal


class Refusal:
    """Stands where a conversation would."""

    def __init__(self, error: RefineryError, send: Send) -> None:
        self._error = error
        self._send = send

    def receive(self, message: object) -> None:
        """Answer a message with the reason."""
        if isinstance(message, dict):
            self._send(refusal(message.get("id"), self._error))

    def close(self) -> None:
        """Do nothing: there is nothing to end."""
