"""Filters of refinery's data browser as conditions: all that has a meaning here, or nothing.

Where refinery drops a negation or mixes up tasks (a bug each), what its screen says is meant.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from refinery_nb.core.query import (
    And,
    AttributeField,
    Commented,
    Condition,
    Conflicting,
    Field,
    Labelled,
    Not,
    Or,
    RandomField,
    Selection,
    Voted,
    WeakField,
)
from refinery_nb.core.schema import AttributeType, TaskSchema

NO_LABEL = "NO_LABEL"
ANY = "any attribute"
NUMBERS = (AttributeType.INTEGER, AttributeType.FLOAT)
# What a wildcard of refinery's IN WC stands for.
WILDCARDS = {"*": ".*", "%": ".*", "?": ".", "_": "."}


class Untranslatable(Exception):
    """A part of a filter has no meaning here."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the ids and names in a filter are here.

    Attributes
    ----------
    attributes
        By the name there: the name and type here.
    tasks, heuristics, labels
        By id: a task, the name of a heuristic, the id of a label.
    runs
        By the id of a task: the newest run of weak supervision.
    """

    attributes: Mapping[str, tuple[str, AttributeType]]
    tasks: Mapping[str, TaskSchema]
    heuristics: Mapping[str, str]
    labels: Mapping[str, int]
    runs: Mapping[str, int]


def selection(raw: Any, known: Known) -> Selection:
    """Return the selection that a filter of refinery makes.

    Parameters
    ----------
    raw
        The state of its screen, as it is stored with a slice.

    Raises
    ------
    Untranslatable
        Saying what has no meaning here.
    """
    if not isinstance(raw, dict):
        raise Untranslatable("its filter is not in the snapshot")
    drill = raw.get("DRILL_DOWN")
    every = bool(drill.get("DRILL_DOWN")) if isinstance(drill, dict) else drill is True
    conditions: list[Condition] = []
    order: list[tuple[Field, bool]] = []
    for group, content in raw.items():
        for element in _elements(content):
            if group == "ATTRIBUTES":
                conditions += _attribute(element, known)
            elif group.startswith("LABELING_TASKS"):
                conditions += _task(element, known, every)
            elif group == "USER_FILTER":
                conditions += _people(element, known)
            elif group == "COMMENTS" and _active(element.get("hasComments")):
                said = Commented()
                negate = element["hasComments"].get("negate") is True
                conditions.append(Not(said) if negate else said)
            elif group == "ORDER_STATEMENTS":
                order += _order(element, known, raw)
    return Selection(And(tuple(conditions)), tuple(order))


def _elements(content: Any) -> Iterator[dict[str, Any]]:
    """Yield the elements of a group: older versions have a list of them."""
    found = content.get("groupElements") if isinstance(content, dict) else None
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, dict):
            yield one


def _active(element: Any) -> bool:
    return isinstance(element, dict) and element.get("active") is True


def _attribute(element: dict[str, Any], known: Known) -> Iterator[Condition]:
    if not _active(element):
        return
    name, value = str(element.get("name")), element.get("searchValue")
    if name.lower() == ANY:
        texts = [one for one in known.attributes.values() if one[1].is_string]
        condition: Condition = Or(tuple(_compared(*one, element, value) for one in texts))
    elif name in known.attributes:
        condition = _compared(*known.attributes[name], element, value)
    else:
        raise Untranslatable(f"it asks for the attribute {name!r}")
    yield Not(condition) if element.get("negate") is True else condition


def _compared(name: str, kind: AttributeType, element: dict[str, Any], value: Any) -> Condition:
    field, case = AttributeField(name), element.get("caseSensitive") is True
    operator = str(element.get("operator", "")).upper().replace(" ", "_").removesuffix("_CS")
    if kind is AttributeType.BOOLEAN:
        return field == (str(value).lower() in ("true", "1", "yes"))
    if kind.is_string:
        texts = {
            "CONTAINS": field.contains,
            "BEGINS_WITH": field.startswith,
            "ENDS_WITH": field.endswith,
        }
        if operator in texts:
            found: Condition = texts[operator](str(value), case=case)
            return found
        if operator == "IN_WC":
            flags = "" if case else "(?i)"
            parts = (_pattern(part) for part in _parts(value))
            return field.matches(f"{flags}^(?:{'|'.join(parts)})$")
    if operator in ("EQUAL", "="):
        same: Condition = field == _value(value, kind)
        return same
    if operator == "IN":
        return field.isin([_value(part, kind) for part in _parts(value)])
    if operator == "BETWEEN":
        return field.between(_value(value, kind), _value(element.get("searchValueBetween"), kind))
    compare: dict[str, Callable[[Any], Condition]] = {
        "GREATER": field.__gt__,
        ">": field.__gt__,
        "GREATER_EQUAL": field.__ge__,
        ">=": field.__ge__,
        "LESS": field.__lt__,
        "<": field.__lt__,
        "LESS_EQUAL": field.__le__,
        "<=": field.__le__,
    }
    if operator not in compare:
        raise Untranslatable(f"it compares {name!r} by {operator or 'nothing'}")
    return compare[operator](_value(value, kind))


def _parts(value: Any) -> list[str]:
    return [part.strip() for part in str(value).split(",") if part.strip()]


def _pattern(text: str) -> str:
    return "".join(WILDCARDS.get(char, re.escape(char)) for char in text)


def _value(value: Any, kind: AttributeType) -> Any:
    if kind not in NUMBERS:
        return str(value)
    try:
        return int(value) if kind is AttributeType.INTEGER else float(value)
    except (TypeError, ValueError) as error:
        raise Untranslatable(f"it compares numbers with {value!r:.40}") from error


def _task(element: dict[str, Any], known: Known, every: bool) -> Iterator[Condition]:
    id_ = str(element.get("taskId"))
    used = [_switched(element.get(key)) for key in ("manualLabels", "weakSupervisionLabels")]
    rules = _switched(element.get("informationSources") or element.get("heuristics"))
    sure = element.get("weakSupervisionConfidence") or element.get("confidence")
    sure = sure if isinstance(sure, dict) else {}
    mixed = _active(element.get("isWithDifferentResults"))
    if _switched(element.get("modelCallbackLabels")) or _active(
        element.get("modelCallbackConfidence")
    ):
        raise Untranslatable("it asks for labels of model callbacks")
    if not (any(used) or rules or _active(sure) or mixed):
        return
    if id_ not in known.tasks:
        raise Untranslatable("it asks for a task that is not here")
    task = known.tasks[id_]
    manual, weak = used
    yield from _chosen(manual, lambda one: Labelled(task.name, _label(one, task, known)), every,
                       Not(Labelled(task.name)))  # fmt: skip
    if weak or _active(sure):
        if id_ not in known.runs:
            raise Untranslatable("it asks for weak labels that are not in the snapshot")
        run = known.runs[id_]
        label, confidence = (WeakField(task.name, run, what) for what in ("label", "confidence"))
        none = Not(confidence >= 0.0)
        yield from _chosen(weak, lambda one: label == _label(one, task, known), every, none)
        if _active(sure):
            inside = confidence.between(_share(sure.get("lower")), _share(sure.get("upper")))
            yield And((Not(none), Not(inside))) if sure.get("negate") is True else inside
    yield from _chosen(
        rules, lambda one: Voted(task.name, _rule(one, known)), every, Not(Voted(task.name))
    )
    if mixed:
        yield Conflicting(task.name)


def _switched(switches: Any) -> list[dict[str, Any]]:
    return [one for one in switches if _active(one)] if isinstance(switches, list) else []


def _chosen(
    switches: list[dict[str, Any]], condition: Any, every: bool, none: Condition
) -> Iterator[Condition]:
    """Yield "any of these" (or each of them) and "not that" of switches that are on."""
    wanted: list[Condition] = []
    unwanted: list[Condition] = []
    for one in switches:
        if one.get("id") == NO_LABEL:
            wanted.append(none)
        else:
            (unwanted if one.get("negate") is True else wanted).append(condition(one))
    if wanted:
        yield And(tuple(wanted)) if every else Or(tuple(wanted))
    if unwanted:
        yield Not(Or(tuple(unwanted)))


def _label(switch: dict[str, Any], task: TaskSchema, known: Known) -> str:
    id_ = known.labels.get(str(switch.get("id")))
    names = {label.id: label.name for label in task.labels}
    if id_ is None or id_ not in names:
        raise Untranslatable(f"it asks for the label {switch.get('name')!r:.40}")
    return names[id_]


def _rule(switch: dict[str, Any], known: Known) -> str:
    name = known.heuristics.get(str(switch.get("id")))
    if name is None:
        raise Untranslatable(f"it asks for the heuristic {switch.get('name')!r:.40}")
    return name


def _share(percent: Any) -> float:
    if isinstance(percent, bool) or not isinstance(percent, (int, float)):
        raise Untranslatable("it asks for a confidence that is no number")
    return percent / 100


def _people(element: dict[str, Any], known: Known) -> Iterator[Condition]:
    def labelled(one: dict[str, Any]) -> Condition:
        tasks = known.tasks.values()
        return Or(tuple(Labelled(task.name, actor=str(one.get("id"))) for task in tasks))

    nobody = Not(Or(tuple(Labelled(task.name) for task in known.tasks.values())))
    yield from _chosen(_switched(element.get("users")), labelled, False, nobody)


def _order(
    element: dict[str, Any], known: Known, raw: Mapping[str, Any]
) -> Iterator[tuple[Field, bool]]:
    for one in _switched(element.get("orderBy")):
        key, down = str(one.get("orderByKey")), one.get("direction") != 1
        if one.get("isAttribute") is True and key in known.attributes:
            yield AttributeField(known.attributes[key][0]), down
        elif key == "RANDOM":
            yield RandomField(zlib.crc32(str(one.get("seedString", "")).encode())), False
        elif key in ("CONFIDENCE", "WEAK_SUPERVISION_CONFIDENCE"):
            yield WeakField(*_sorted_task(known, raw), "confidence"), down
        else:
            raise Untranslatable(f"it is sorted by {key!r:.40}")


def _sorted_task(known: Known, raw: Mapping[str, Any]) -> tuple[str, int]:
    """Return the task whose confidence sorts: the one that is asked for, or the only one."""
    asked = [str(one.get("taskId")) for key, group in raw.items()
             if key.startswith("LABELING_TASKS") for one in _elements(group)
             if _active(one)]  # fmt: skip
    for id_ in [*asked, *known.runs]:
        if id_ in known.runs and (id_ in asked or len(known.runs) == 1):
            return known.tasks[id_].name, known.runs[id_]
    raise Untranslatable("it is sorted by the confidence of no one task")
