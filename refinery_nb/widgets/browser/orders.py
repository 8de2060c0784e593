"""In which orders a Browser shows records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.query import (
    AttributeField,
    Condition,
    Field,
    LengthField,
    QueueField,
    RandomField,
    WeakField,
)
from refinery_nb.core.schema import AttributeType
from refinery_nb.project.query_text.query import nearness
from refinery_nb.store import schema

if TYPE_CHECKING:
    from refinery_nb.widgets.browser.session import Asked, BrowserSession


def orders(session: BrowserSession) -> list[dict[str, Any]]:
    """Return what records can be sorted by: id, title, and the names of both directions."""
    with session.project.database.read() as connection:
        attributes = schema.attributes(connection)
        tasks = schema.tasks(connection)
    found = [_order("view", "As they came" if session.base is None else "As in the view")]
    if session.words.embeddings:
        found.append(_order("nearest", "Nearest first"))
    for task in tasks:
        words = session.words.tasks.get(task.name)
        if words is not None and words.runs:
            name = f"confidence:{task.name}"
            found.append(_order(name, f"Confidence of {task.name}", "least first", "most first"))
        if words is not None and words.heuristics and not task.is_spans:
            found.append(_order(f"disagreement:{task.name}", f"Disagreement on {task.name}"))
    for attribute in attributes:
        if attribute.type is AttributeType.JSON:
            continue
        text = attribute.type.is_string
        ways = ("A to Z", "Z to A") if text else ("lowest first", "highest first")
        found.append(_order(f"attribute:{attribute.name}", attribute.name, *ways))
        if attribute.type is AttributeType.TEXT and not attribute.is_key:
            name = f"length:{attribute.name}"
            found.append(_order(name, f"Length of {attribute.name}", "short", "long"))
    return [*found, _order("random", "Random")]


def chosen(
    session: BrowserSession, asked: Asked, condition: Condition
) -> tuple[Field, bool] | None:
    """Return the field that a query is sorted by and whether the highest come first; None: none.

    Raises
    ------
    QueryError
        If there is no such order here.
    """
    kind, _, name = asked.order.partition(":")
    if kind == "view":
        near = nearness(condition)
        own = session.base is not None and session.base.selection.order
        return (near, True) if near is not None and not own else None
    if kind == "nearest":
        near = nearness(condition)
        if near is None:
            raise QueryError(
                "there is nothing to be near to.", hint='Ask meaning:"..." or like:KEY.'
            )
        return near, not asked.descending
    if kind == "random":
        return RandomField(asked.seed), False
    if kind == "attribute":
        session.project.attribute(name)
        return AttributeField(name), asked.descending
    if kind == "length":
        session.project.attribute(name)
        return LengthField(name), asked.descending
    if kind == "disagreement":
        return QueueField(session.task(name).name, "disagreement"), False
    if kind == "confidence":
        words = session.words.tasks.get(session.task(name).name)
        if words is None or not words.runs:
            raise QueryError(f"task {name!r} has no weak labels yet.")
        return WeakField(name, words.runs[-1], "confidence"), asked.descending
    raise QueryError(
        f"there is no order {asked.order!r}.",
        hint=did_you_mean(asked.order, [one["id"] for one in orders(session)]),
    )


def _order(id_: str, title: str, up: str = "", down: str = "") -> dict[str, Any]:
    return {"id": id_, "title": title, "up": up, "down": down}
