"""The table of operations of the Overview: what its front end may ask.

How a message is answered stands in ``messages``; the other side is
``js/src/widgets/overview/protocol.ts``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import ProtocolError
from refinery_nb.core.schema import AttributeType
from refinery_nb.project.overview.overview import Filter, filterable
from refinery_nb.widgets.messages import choice, text
from refinery_nb.widgets.overview import numbers

if TYPE_CHECKING:
    from refinery_nb.widgets.overview.conversation import OverviewConversation

Operation = Callable[["OverviewConversation", dict[str, Any]], dict[str, Any]]
MOST = 100  # values of an attribute that a filter offers


def hello(overview: OverviewConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the widget is about."""
    text(args, "client")
    return menu(overview)


def bye(overview: OverviewConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Take leave: a view was closed."""
    text(args, "client")
    return {}


def counted(overview: OverviewConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return how a task stands; another task, other records or another label if that is asked."""
    overview.asked()
    if "task" in args:
        overview.choose_task(text(args, "task"))
    if "filter" in args:
        overview.numbers.choose(_filter(args["filter"]))
    if "label" in args:
        overview.label = text(args, "label")
    task = overview.task
    found = None
    if task is not None:
        found = numbers.told(overview.numbers.standing(task, overview.label))
    return {
        **menu(overview),
        "records": int(overview.numbers.mask().sum()),
        "numbers": found,
    }


def statistics(overview: OverviewConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Return what the values of an attribute are like; of another one if that is asked."""
    if "attribute" in args:
        overview.attribute = overview.project.attribute(text(args, "attribute")).name
    if "unit" in args:
        overview.unit = choice(args, "unit", ("characters", "tokens"))
    name = overview.shown_attribute()
    if name is None:
        return {"statistics": None}
    unit: Any = "tokens" if overview.unit == "tokens" else None
    return {"statistics": numbers.statistics(overview.numbers.statistics(name, unit))}


def open_mark(overview: OverviewConversation, args: dict[str, Any]) -> dict[str, Any]:
    """Show the records behind a mark in a Labeler."""
    mark = args.get("mark")
    if not isinstance(mark, dict):
        raise ProtocolError(f"mark is {mark!r:.100}, not an object.")
    view = overview.select(mark)
    return {"count": len(view), "title": view.title, "opened": overview.opened}


def menu(overview: OverviewConversation) -> dict[str, Any]:
    """Return what can be chosen, and what is."""
    project, chosen = overview.project, overview.numbers.filter
    task, within = overview.task, overview.numbers.within
    known = project.attributes
    return {
        "project": project.name,
        "base": None if within is None else within.title,
        "total": len(overview.numbers.masks.dense.ids()),
        "tasks": [{"name": one.name, "kind": one.kind.value} for one in project.schemas],
        "task": None if task is None else task.name,
        "slices": list(project.slices),
        "values": [
            {"attribute": one.name, "values": _values(overview, one.name)}
            for one in filterable(known)
        ],
        "attributes": [{"name": one.name, "type": one.type.value} for one in known],
        "filter": asdict(chosen),
        "opened": overview.opened,
    }


OPERATIONS: dict[str, Operation] = {
    "bye": bye,
    "hello": hello,
    "numbers": counted,
    "open": open_mark,
    "statistics": statistics,
}


def _values(overview: OverviewConversation, name: str) -> list[Any]:
    attribute = overview.project.attribute(name)
    if attribute.type is AttributeType.BOOLEAN:
        return [True, False]
    coded = overview.numbers.masks.dense.codes(attribute)
    return [] if coded is None else coded[1][:MOST]


def _filter(value: object) -> Filter:
    if not isinstance(value, dict):
        raise ProtocolError(f"filter is {value!r:.100}, not an object.")
    for name in ("slice", "attribute"):
        if not isinstance(value.get(name), str | None):
            raise ProtocolError(f"{name} is {value.get(name)!r:.100}, not a string.")
    wanted = value.get("value")
    if not isinstance(wanted, str | bool | None):
        raise ProtocolError(f"value is {wanted!r:.100}, not a string, true, false or null.")
    return Filter(value.get("slice"), value.get("attribute"), wanted, text(value, "query"))
