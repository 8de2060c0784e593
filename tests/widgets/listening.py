"""Which widgets still listen to a project; the engine has listeners of its own."""

from __future__ import annotations

from typing import Any

import ipywidgets

import refinery_nb as rn
from refinery_nb.widgets.conversation import Conversation

WIDGETS = (ipywidgets.Widget, Conversation)


def listening_widgets(project: rn.Project) -> list[Any]:
    """Return the listeners of a project that are methods of widgets or their conversations."""
    heard = [one for found in project.events._listeners.values() for one in found]
    return [one for one in heard if isinstance(getattr(one, "__self__", None), WIDGETS)]
