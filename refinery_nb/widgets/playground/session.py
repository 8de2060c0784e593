"""What one Playground works on: a task, the heuristics that can be asked, and the question."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from refinery_nb.core.errors import HeuristicError, ProtocolError
from refinery_nb.heuristics import Heuristic
from refinery_nb.heuristics.zero_shot import ZeroShot
from refinery_nb.project.models import playground
from refinery_nb.project.models.playground import Asker
from refinery_nb.project.rules import engine_kinds, rules
from refinery_nb.project.task import Task
from refinery_nb.project.view import View

GIVEN = "given"
ADDED = "added:"
Push = Callable[..., None]


class PlaygroundSession:
    """The kernel's side of one Playground; one question is under way at most."""

    def __init__(
        self, task: Task, heuristic: Heuristic | str | None, view: View | None, push: Push
    ) -> None:
        self.task = task
        self.project = task.project
        self.push = push
        self.view = view
        self._given: Asker | None = None
        self._lock = threading.Lock()
        self._asking: threading.Event | None = None
        if isinstance(heuristic, str):
            self.chosen: str | None = ADDED + rules.row(task, heuristic).name
            self.subject(self.chosen)
        elif heuristic is not None:
            self.chosen = self._take(heuristic)
        else:
            first = next(iter(playground.askers(task)), None)
            self.chosen = None if first is None else ADDED + first

    def _take(self, heuristic: Heuristic) -> str:
        """Take a heuristic that need not be in the task; return its id."""
        if heuristic.kind not in engine_kinds.ASKED:
            raise HeuristicError(
                f"{heuristic.name!r} is of the kind {heuristic.kind!r}; it asks no model.",
                hint="A Playground is for rn.ZeroShot and rn.LLM.",
            )
        made: Any = engine_kinds.bound(self.task, heuristic)
        known = playground.askers(self.task).get(made.name)
        if known is not None and known.fingerprint == made.fingerprint:
            engine_kinds.check(self.task, made)  # it may know who is asked
            return f"{ADDED}{made.name}"
        self._given = made
        return GIVEN

    def subjects(self) -> list[dict[str, Any]]:
        """Return what can be asked, as plain JSON."""
        found = [] if self._given is None else [_row(self, GIVEN, self._given)]
        added = playground.askers(self.task).items()
        return [*found, *(_row(self, ADDED + name, one) for name, one in added)]

    def subject(self, id_: str) -> Asker:
        """Return a heuristic by its id.

        Raises
        ------
        ProtocolError, HeuristicError
            If there is none, or it asks no model.
        """
        if id_ == GIVEN and self._given is not None:
            return self._given
        name = id_.removeprefix(ADDED)
        known = playground.askers(self.task)
        if not id_.startswith(ADDED) or name not in known:
            raise ProtocolError(
                f"there is no heuristic {name!r} that asks a model.",
                hint="A Playground is for rn.ZeroShot and rn.LLM.",
            )
        return known[name]

    def keep(self, made: Asker) -> str:
        """Add a heuristic to the task; return its id."""
        self.task.add(made)
        if self._given is not None and self._given.name == made.name:
            self._given = None
        self.chosen = ADDED + made.name
        return self.chosen

    def ids(self) -> list[int]:
        """Return the records that texts are taken from, in order."""
        view = self.view if self.view is not None else self.project.view()
        found: list[int] = view.ids().tolist()
        return found

    def begin(self) -> threading.Event:
        """Return what ends a new question; the one before it is ended, as nobody waits for it."""
        with self._lock:
            if self._asking is not None:
                self._asking.set()
            self._asking = threading.Event()
            return self._asking

    def cancel(self) -> None:
        """End the question that is under way, soon."""
        with self._lock:
            if self._asking is not None:
                self._asking.set()


def _row(session: PlaygroundSession, id_: str, one: Asker) -> dict[str, Any]:
    labels, hypothesis = list(session.task.labels), None
    if isinstance(one, ZeroShot):
        known = set(labels)
        labels = [name for name in one.labels or labels if name in known]
        hypothesis = one.hypothesis or "{}"
        mode = str(one.mode)
    else:
        mode = "remote" if one.remote else "local"
    return {
        "id": id_,
        "name": one.name,
        "kind": one.kind,
        "mode": mode,
        "model": one.model,
        "added": id_ != GIVEN,
        "on": one.on,
        "labels": labels,
        "hypothesis": hypothesis,
    }
