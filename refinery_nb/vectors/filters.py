"""Payloads of an index, and conditions on records as filters on them.

A payload has the fields ``a<id>`` with the value of an attribute and ``t<id>`` with the ids of the
labels that people gave for a task, 0 for "reviewed, none". A field without a value is missing.
Filters are said as JSON, the way Qdrant's REST interface does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from refinery_nb.core.query import And, AttributeField, Compare, Condition, Labelled, Not, Or
from refinery_nb.core.schema import Attribute, AttributeType, TaskSchema

KINDS = {
    AttributeType.CATEGORY: "keyword",
    AttributeType.INTEGER: "integer",
    AttributeType.FLOAT: "float",
    AttributeType.BOOLEAN: "integer",  # a match with true finds no true: booleans are 0 and 1
}
RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
NONE = 0  # the label of "reviewed, none"
EXACT = 2**53  # up to here a float tells whole numbers apart: ranges are of floats
LARGEST = 1.7976931348623157e308

Said = dict[str, Any]
NOTHING: Said = {"has_id": []}


class Beyond(Exception):
    """A condition that a filter cannot say."""


def fields(attributes: Iterable[Attribute], tasks: Iterable[TaskSchema]) -> dict[str, str]:
    """Return the fields of payloads and the kind of each."""
    found = {f"a{one.id}": KINDS[one.type] for one in attributes if one.type in KINDS}
    return found | {f"t{task.id}": "integer" for task in tasks}


def payload_value(value: Any) -> Any:
    """Return a stored value as JSON takes it: infinity as the largest number."""
    return (
        math.copysign(LARGEST, value) if isinstance(value, float) and math.isinf(value) else value
    )


def translate(
    condition: Condition, attributes: Mapping[str, Attribute], tasks: Mapping[str, TaskSchema]
) -> Said | None:
    """Return a condition as a filter that passes exactly its records; None if it cannot be said.

    What is wrong with a condition (an unknown name, a value of another type) is left to whoever
    answers it instead.

    Parameters
    ----------
    attributes, tasks
        What exists, by name.
    """
    try:
        return _filter(condition, attributes, tasks)
    except Beyond:
        return None


def _filter(
    node: Condition, attributes: Mapping[str, Attribute], tasks: Mapping[str, TaskSchema]
) -> Said:
    if isinstance(node, And):
        return {"must": [_filter(one, attributes, tasks) for one in node.items]}
    if isinstance(node, Or):
        either = [_filter(one, attributes, tasks) for one in node.items]
        return {"should": either} if either else {"must": [NOTHING]}
    if isinstance(node, Not):
        return {"must_not": [_filter(node.item, attributes, tasks)]}
    if isinstance(node, Labelled) and node.task in tasks and node.actor is None:
        return {"must": [_labelled(node, tasks[node.task])]}
    if isinstance(node, Compare) and isinstance(node.field, AttributeField):
        attribute = attributes.get(node.field.name)
        if attribute is not None and attribute.type in KINDS:
            return _compare(f"a{attribute.id}", attribute.type, node)
    raise Beyond


def _labelled(node: Labelled, task: TaskSchema) -> Said:
    key = f"t{task.id}"
    if node.none:
        return {"key": key, "match": {"value": NONE}}
    if node.label is None:
        return {"must_not": [{"is_empty": {"key": key}}]}
    for label in task.labels:
        if label.name == node.label:
            return {"key": key, "match": {"value": label.id}}
    raise Beyond


def _compare(key: str, kind: AttributeType, node: Compare) -> Said:
    empty = {"is_empty": {"key": key}}
    if node.op == "missing":
        return {"must": [empty]}
    if node.op == "=":
        return {"must": [_equal(key, kind, node.value)]}
    if node.op == "!=":
        return {"must_not": [_equal(key, kind, node.value), empty]}
    if node.op == "in":
        either = [_equal(key, kind, one) for one in node.value]
        return {"should": either} if either else {"must": [NOTHING]}
    if node.op in RANGES and kind in (AttributeType.INTEGER, AttributeType.FLOAT):
        return {"must": [{"key": key, "range": {RANGES[node.op]: _bound(kind, node.value)}}]}
    raise Beyond


def _equal(key: str, kind: AttributeType, value: Any) -> Said:
    value = _plain(value)
    if kind is AttributeType.CATEGORY:
        if not isinstance(value, str) or any("\ud800" <= char <= "\udfff" for char in value):
            raise Beyond
        return {"key": key, "match": {"value": value}}
    if kind is AttributeType.BOOLEAN:
        if not isinstance(value, bool):
            raise Beyond
        return {"key": key, "match": {"value": int(value)}}
    bound = _bound(kind, value)
    if kind is AttributeType.FLOAT:
        return {"key": key, "range": {"gte": bound, "lte": bound}}
    return {"key": key, "match": {"value": int(bound)}} if bound == int(bound) else NOTHING


def _bound(kind: AttributeType, value: Any) -> float:
    value = _plain(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Beyond
    # Exactly as far as SQLite and the engine compare whole numbers alike.
    if not math.isfinite(value) or (kind is AttributeType.INTEGER and abs(value) > EXACT):
        raise Beyond
    if kind is AttributeType.FLOAT and isinstance(value, int) and abs(value) > EXACT:
        raise Beyond
    return float(value)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
