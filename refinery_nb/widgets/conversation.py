"""What one view and its front end say to each other, whatever carries the messages.

An anywidget carries them in a notebook (``inline``), a comm of its own in the application.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from refinery_nb.compute.job import Job
from refinery_nb.project import elsewhere
from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.view import View
from refinery_nb.widgets.messages import PROTOCOL, reply

Send = Callable[[dict[str, Any]], None]
Event = dict[str, Any]
# Shows records in a Labeler: below the view in a notebook, in its own tab in the application.
Show = Callable[[list[Task], View], None]


class Conversation:
    """Answers messages about a subject, and tells its front end what has changed.

    A view has one class of this: with its table of operations, those of them that are slow, and
    the events of the project that it listens to.

    Parameters
    ----------
    project
        Whose events are listened to.
    send
        Hands a message to the front end; called on any thread.
    """

    operations: ClassVar[Mapping[str, Callable[[Any, dict[str, Any]], dict[str, Any]]]]
    # Done on a thread of their own, so that one of them holds no other view of the kernel up.
    slow: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, project: Project, send: Send) -> None:
        self.project = project
        self.closed = False
        self._send = send
        # What other kernels do is told as well, while somebody sees it.
        self._stops: list[Callable[[], None]] = [elsewhere.follow(project)]

    @property
    def subject(self) -> Any:
        """What the operations are about."""
        return self

    def listen(self, listener: Callable[[Event], None], *names: str) -> None:
        """Call the listener at these events of the project, until this is closed."""
        events = self.project.events
        self._stops.extend(events.subscribe(name, listener) for name in names)

    def receive(self, message: object) -> None:
        """Answer a message, at once or when the work is done; never raises."""
        if self.is_slow(message):
            Job(lambda _job: self.answer(message))
        else:
            self.answer(message)

    def is_slow(self, message: object) -> bool:
        """Say whether a message asks for work that is done on a thread of its own."""
        return isinstance(message, dict) and message.get("op") in self.slow

    def answer(self, message: object) -> None:
        """Answer a message on this thread."""
        self._tell(reply(self.subject, message, self.operations))

    def push(self, kind: str, **told: Any) -> None:
        """Tell the front end something that it did not ask for."""
        self._tell({"v": PROTOCOL, "push": kind, **told})

    def close(self) -> None:
        """Say nothing more, and stop listening to the project; to be called once or more."""
        self.closed = True
        for stop in self._stops:
            stop()
        self._stops = []

    def _tell(self, message: dict[str, Any]) -> None:
        if not self.closed:
            self._send(message)
