"""What a panel of the application and the kernel say to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refinery_nb.widgets.application.operations import OPERATIONS, SLOW
from refinery_nb.widgets.conversation import Conversation, Event, Send

if TYPE_CHECKING:
    from refinery_nb.widgets.application.application import Application


class PanelConversation(Conversation):
    """Answers for the project as a whole: what it has, and what is done to it."""

    operations = OPERATIONS
    slow = SLOW

    def __init__(self, application: Application, panel: str, send: Send) -> None:
        super().__init__(application.project, send)
        self.application = application
        self.panel = panel
        application.panels[panel] = self
        self.listen(self._changed, "labels", "records", "schema", "votes", "vectors", "lookups")

    def close(self) -> None:
        """End the conversation; jobs go on."""
        super().close()
        if self.application.panels.get(self.panel) is self:
            del self.application.panels[self.panel]

    def _changed(self, event: Event) -> None:
        del event
        self.push("changed")
