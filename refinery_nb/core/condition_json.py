"""Conditions as plain JSON and back, without loss: how a filter is kept in a database or a file.

Every node is an object whose ``is`` names its kind. Names of tasks, labels and heuristics stand in
it as they are; ``with_label_renamed`` and its like carry a new name in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_args

from refinery_nb.core import query
from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.example import Example

NODES: dict[str, type] = {
    "all": query.And,
    "any": query.Or,
    "not": query.Not,
    "compare": query.Compare,
    "labelled": query.Labelled,
    "marked": query.Marked,
    "voted": query.Voted,
    "judged": query.Judged,
    "paired": query.Paired,
    "conflicting": query.Conflicting,
    "commented": query.Commented,
    "search": query.TextSearch,
    "keys": query.Keys,
    "among": query.Among,
}
FIELDS: dict[str, type] = {
    "attribute": query.AttributeField,
    "length": query.LengthField,
    "weak": query.WeakField,
    "random": query.RandomField,
    "similarity": query.SimilarityField,
    "relevance": query.RelevanceField,
    "fused": query.FusedField,
    "given": query.GivenField,
    "queue": query.QueueField,
    "slice": query.SliceField,
}
NAMES = {kind: name for name, kind in (NODES | FIELDS).items()}
DEEPEST = 200  # parts inside each other; far below what Python and SQLite take


def to_json(condition: query.Condition) -> dict[str, Any]:
    """Return a condition as plain JSON.

    Raises
    ------
    QueryError
        If it holds a kind of node or a value that JSON has no form for.

    >>> to_json(query.AttributeField("stars") > 3)["op"]
    '>'
    """
    if not isinstance(condition, query.Condition):
        raise QueryError(f"{condition!r} is not a condition.")
    return _node(condition, 0)


def from_json(document: Any) -> query.Condition:
    """Return the condition that ``to_json`` wrote.

    Raises
    ------
    QueryError
        If a part is no node, of an unknown kind, lacks something, or has too much.

    >>> from_json({"is": "labelled", "task": "topic"})
    Labelled(task='topic', label=None, actor=None, none=False)
    """
    found = _read(document, NODES, 0)
    assert isinstance(found, query.Condition)
    return found


def selection_to_json(selection: query.Selection) -> dict[str, Any]:
    """Return a selection (condition, order, limit) as plain JSON."""
    return _selection(selection, 0)


def selection_from_json(document: Any) -> query.Selection:
    """Return the selection that ``selection_to_json`` wrote."""
    return _read_selection(document, 0)


def nodes(condition: query.Condition) -> Iterator[query.Condition | query.Field]:
    """Yield a condition and all that is inside it: conditions, and the fields they ask."""
    yield condition
    if isinstance(condition, (query.And, query.Or)):
        for item in condition.items:
            yield from nodes(item)
    elif isinstance(condition, query.Not):
        yield from nodes(condition.item)
    elif isinstance(condition, query.Compare):
        yield from _field_nodes(condition.field)
    elif isinstance(condition, query.Among):
        yield from selection_nodes(condition.selection)


def selection_nodes(selection: query.Selection) -> Iterator[query.Condition | query.Field]:
    """Yield all conditions and fields of a selection."""
    yield from nodes(selection.condition)
    for field, _ in selection.order:
        yield from _field_nodes(field)


def _field_nodes(field: query.Field) -> Iterator[query.Condition | query.Field]:
    yield field
    if isinstance(field, query.FusedField):
        for one in field.fields:
            yield from _field_nodes(one)
        if field.among is not None:
            yield from selection_nodes(field.among)


def with_label_renamed(document: Any, task: str, old: str, new: str) -> Any:
    """Return a document in which a label of a task has its new name."""
    if isinstance(document, list):
        return [with_label_renamed(item, task, old, new) for item in document]
    if not isinstance(document, dict):
        return document
    changed = {key: with_label_renamed(item, task, old, new) for key, item in document.items()}
    named = ("row", "column") if changed.get("is") == "paired" else ("label",)
    if changed.get("task") == task and changed.get("level") == f"label:{old}":
        changed["level"] = f"label:{new}"
    for key in named:
        if changed.get("task") == task and changed.get(key) == old:
            changed[key] = new
    field = changed.get("field")
    if isinstance(field, dict) and field.get("is") == "weak" and field.get("what") == "label":
        value = changed.get("value")
        if field.get("task") == task and value == old:
            changed["value"] = new
        elif field.get("task") == task and isinstance(value, list):
            changed["value"] = [new if item == old else item for item in value]
    return changed


def with_task_renamed(document: Any, old: str, new: str) -> Any:
    """Return a document in which a task has its new name."""
    if isinstance(document, list):
        return [with_task_renamed(item, old, new) for item in document]
    if not isinstance(document, dict):
        return document
    changed = {key: with_task_renamed(item, old, new) for key, item in document.items()}
    if changed.get("is") in NODES | FIELDS and changed.get("task") == old:
        changed["task"] = new
    return changed


def with_attribute_renamed(document: Any, old: str, new: str) -> Any:
    """Return a document in which an attribute has its new name."""
    if isinstance(document, list):
        return [with_attribute_renamed(item, old, new) for item in document]
    if not isinstance(document, dict):
        return document
    changed = {key: with_attribute_renamed(item, old, new) for key, item in document.items()}
    if changed.get("is") in ("attribute", "length") and changed.get("name") == old:
        changed["name"] = new
    return changed


def _node(node: Any, depth: int) -> dict[str, Any]:
    if depth > DEEPEST:
        raise QueryError(f"the condition has parts more than {DEEPEST} deep inside each other.")
    name = NAMES.get(type(node))
    if name is None:
        raise QueryError(f"{node!r:.200} has no form in JSON.", hint=f"Known: {', '.join(NODES)}.")
    found: dict[str, Any] = {"is": name}
    for one in fields(node):
        value = getattr(node, one.name)
        if one.name in ("items", "fields"):
            found[one.name] = [_node(item, depth + 1) for item in value]
        elif isinstance(value, (query.Condition, query.Field)):
            found[one.name] = _node(value, depth + 1)
        elif isinstance(value, query.Selection):
            found[one.name] = _selection(value, depth + 1)
        else:
            found[one.name] = _value(value)
    return found


def _selection(selection: query.Selection, depth: int) -> dict[str, Any]:
    return {
        "condition": _node(selection.condition, depth),
        "order": [[_node(field, depth), bool(down)] for field, down in selection.order],
        "limit": None if selection.limit is None else int(selection.limit),
    }


def _value(value: Any) -> Any:
    if isinstance(value, (tuple, list, set, frozenset)):
        return [_value(item) for item in value]
    if isinstance(value, Example):
        return value.to_json()
    if hasattr(value, "item") and hasattr(value, "dtype"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}  # JSON has no infinity
    if value is None or type(value) in (str, bool, int, float):
        return value
    raise QueryError(
        f"the value {value!r:.100} of type {type(value).__name__} has no form in JSON.",
        hint="Compare with strings, numbers, True, False or None.",
    )


def _read(document: Any, known: Mapping[str, type], depth: int) -> Any:
    if depth > DEEPEST:
        raise QueryError(f"the condition has parts more than {DEEPEST} deep inside each other.")
    if not isinstance(document, dict) or not isinstance(document.get("is"), str):
        raise QueryError(f"{document!r:.100} is no part of a condition: it has no 'is'.")
    name = document["is"]
    if name not in known:
        raise QueryError(f"there is no condition {name!r:.100}.", hint=did_you_mean(name, known))
    kind = known[name]
    assert is_dataclass(kind)
    allowed = {one.name: one for one in fields(kind)}
    extra = sorted(set(map(str, document)) - set(allowed) - {"is"})
    if extra:
        raise QueryError(
            f"{name!r} has the unknown part {extra[0]!r:.100}.",
            hint=did_you_mean(extra[0], allowed),
        )
    parts: dict[str, Any] = {}
    for one in allowed.values():
        if one.name in document:
            parts[one.name] = _part(kind, one.name, document[one.name], depth)
        elif one.default is MISSING:
            raise QueryError(f"{name!r} lacks {one.name!r}.")
    return kind(**parts)


def _part(kind: type, name: str, value: Any, depth: int) -> Any:
    if kind in (query.And, query.Or):
        if not isinstance(value, list):
            raise QueryError(f"the items of {NAMES[kind]!r} are {value!r:.100}, not a list.")
        return tuple(_read(item, NODES, depth + 1) for item in value)
    if kind is query.Not:
        return _read(value, NODES, depth + 1)
    if kind is query.Among:
        return _read_selection(value, depth + 1)
    if kind is query.Compare and name == "field":
        return _read(value, FIELDS, depth + 1)
    if kind is query.Compare and name == "value":
        return _read_value(value)
    if kind is query.SimilarityField and name != "embedding":
        return tuple(map(Example.from_json, _checked(kind, name, value, _is_list)))
    if kind is query.FusedField and name == "fields":
        fields_ = _checked(kind, name, value, _is_list)
        return tuple(_read(field, FIELDS, depth + 1) for field in fields_)
    if kind is query.FusedField and name == "among":
        return None if value is None else _read_selection(value, depth + 1)
    if name == "values":
        return tuple(
            float(_checked(kind, name, one, _is_number))
            for one in _checked(kind, name, value, _is_list)
        )
    if name == "keys":
        keys = _checked(kind, name, value, _is_list)
        return tuple(_checked(kind, name, key, _is_text) for key in keys)
    check = CHECKS.get(f"{NAMES[kind]}.{name}", CHECKS.get(name, _is_text))
    return _checked(kind, name, value, check)


def _read_selection(document: Any, depth: int) -> query.Selection:
    if not isinstance(document, dict) or set(document) != {"condition", "order", "limit"}:
        raise QueryError(
            f"{document!r:.100} is no selection: it has a condition, an order and a limit."
        )
    limit, order = document["limit"], document["order"]
    if not (limit is None or (_is_int(limit) and limit >= 0)):
        raise QueryError(f"the limit of a selection is {limit!r:.100}, not a number of records.")
    if not isinstance(order, list) or not all(
        isinstance(one, list) and len(one) == 2 and isinstance(one[1], bool) for one in order
    ):
        raise QueryError(f"the order of a selection is {order!r:.100}, not pairs of field, down.")
    condition = _read(document["condition"], NODES, depth)
    return query.Selection(
        condition, tuple((_read(field, FIELDS, depth), down) for field, down in order), limit
    )


def _read_value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_read_value, value))
    if isinstance(value, dict):
        if set(value) != {"float"} or value["float"] not in ("inf", "-inf", "nan"):
            raise QueryError(f"{value!r:.100} is no value to compare with.")
        return float(value["float"])
    return value


def _checked(kind: type, name: str, value: Any, check: Callable[[Any], bool]) -> Any:
    if not check(value):
        raise QueryError(f"{name!r} of {NAMES[kind]!r} cannot be {value!r:.100}.")
    return value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _optional(value: Any) -> bool:
    return value is None or isinstance(value, str)


CHECKS: dict[str, Callable[[Any], bool]] = {
    "op": lambda value: value in get_args(query.Comparison),
    "case": lambda value: isinstance(value, bool),
    "none": lambda value: isinstance(value, bool),
    "mark": lambda value: value in ("flag", "skip"),
    "weak.what": lambda value: value in ("label", "confidence"),
    "judged.what": lambda value: value in get_args(query.Judgement),
    "judged.heuristic": _is_text,
    "queue.strategy": lambda value: value in get_args(query.Strategy),
    "run": _is_int,
    "depth": lambda value: _is_int(value) and value >= 0,
    "seed": _is_int,
    "label": _optional,
    "row": _optional,
    "column": _optional,
    "actor": _optional,
    "heuristic": _optional,
    "other": _optional,
}
