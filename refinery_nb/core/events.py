"""Events: how a project tells its views that something changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

Listener = Callable[[dict[str, Any]], None]


class Events:
    """Named events with listeners.

    They are ``records``, ``schema``, ``labels``, ``votes``, ``lookups``, ``vectors``, ``learnt``,
    ``comments``, ``job``.
    Listeners are called on the thread that caused the event, after its commit. One that raises
    is logged and does not disturb the others.
    """

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}
        self._lock = threading.Lock()

    def subscribe(self, name: str, listener: Listener) -> Callable[[], None]:
        """Call ``listener(payload)`` at every event of this name; return how to stop it."""
        with self._lock:
            self._listeners.setdefault(name, []).append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners.get(name, []):
                    self._listeners[name].remove(listener)

        return unsubscribe

    def emit(self, name: str, /, **payload: Any) -> None:
        """Tell all listeners of this name."""
        with self._lock:
            listeners = list(self._listeners.get(name, ()))
        for listener in listeners:
            try:
                listener(payload)
            except Exception:
                log.exception("a listener of %r failed", name)
