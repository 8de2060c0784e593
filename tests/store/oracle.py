"""What a selection means, in plain Python: the reference that compiled SQL is held against."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from refinery_nb.core import query
from refinery_nb.project.selector import random_numbers


@dataclass
class Row:
    """One record with all that conditions can ask about it."""

    id: int
    key: str
    values: dict[str, Any]
    labels: dict[str, list[tuple[str, str | None]]] = field(default_factory=dict)  # task: by, label
    marks: dict[str, set[str]] = field(default_factory=dict)
    votes: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # task: heuristic, label
    comments: set[str] = field(default_factory=set)  # by whom
    weak: dict[int, tuple[str, float]] = field(default_factory=dict)  # run: label, confidence


def select(rows: list[Row], selection: query.Selection) -> list[int]:
    """Return the ids of the selected rows, in order."""
    found = [row for row in rows if holds(row, selection.condition, rows)]
    found.sort(key=lambda row: row.id)
    for by, descending in reversed(selection.order):
        present = [row for row in found if value(row, by) is not None]
        missing = [row for row in found if value(row, by) is None]
        present.sort(key=lambda row: value(row, by), reverse=descending)
        if descending:
            # Python's reverse sort keeps the order of equals, as the ids' order does.
            pass
        found = present + missing
    return [row.id for row in found][: selection.limit]


def holds(row: Row, node: query.Condition, rows: list[Row]) -> bool:
    """Return whether a condition is true for a row."""
    if isinstance(node, query.And):
        return all(holds(row, item, rows) for item in node.items)
    if isinstance(node, query.Or):
        return any(holds(row, item, rows) for item in node.items)
    if isinstance(node, query.Not):
        return not holds(row, node.item, rows)
    if isinstance(node, query.Compare):
        return compare(value(row, node.field), node)
    if isinstance(node, query.Labelled):
        said = row.labels.get(node.task, [])
        said = [one for one in said if node.actor is None or one[0] == node.actor]
        if node.none:
            return any(label is None for _, label in said)
        return any(node.label is None or label == node.label for _, label in said)
    if isinstance(node, query.Marked):
        return node.mark in row.marks.get(node.task, set())
    if isinstance(node, query.Voted):
        return any(
            node.heuristic in (None, heuristic) and node.label in (None, label)
            for heuristic, label in row.votes.get(node.task, [])
        )
    if isinstance(node, query.Conflicting):
        return len({label for _, label in row.votes.get(node.task, [])}) > 1
    if isinstance(node, query.Judged):
        return judged(row, node, rows)
    if isinstance(node, query.Paired):
        return paired(row, node.task, node.rows, node.row) and paired(
            row, node.task, node.columns, node.column
        )
    if isinstance(node, query.Commented):
        return bool(row.comments) if node.actor is None else node.actor in row.comments
    if isinstance(node, query.TextSearch):
        words = re.findall(r"\w+", " ".join(v for v in row.values.values() if isinstance(v, str)))
        folded = {word.lower() for word in words}
        return all(word.lower() in folded for word in node.text.split())
    if isinstance(node, query.Keys):
        return row.key in node.keys
    assert isinstance(node, query.Among)
    return row.id in select(rows, node.selection)


def judged(row: Row, node: query.Judged, rows: list[Row]) -> bool:
    """Return whether a heuristic is right, wrong, silent or against others on a row."""
    votes = row.votes.get(node.task, [])
    own = {label for name, label in votes if name == node.heuristic}
    others = {
        label for name, label in votes if name != node.heuristic and node.other in (None, name)
    }
    if node.what == "against":
        return any(label != other for label in own for other in others)
    said = {label for _, label in row.labels.get(node.task, [])}
    if len(said) != 1:
        return False
    (valid,) = said
    if node.what == "missed":
        every = {
            label
            for one in rows
            for name, label in one.votes.get(node.task, [])
            if name == node.heuristic
        }
        return valid in every - own
    return (valid in own) if node.what == "right" else bool(own - {valid})


def paired(row: Row, task: str, source: str, label: str | None) -> bool:
    """Return whether a heuristic or a person gives a label; a person must have judged the row."""
    kind, _, name = source.partition(":")
    said = row.votes.get(task, []) if kind == "heuristic" else row.labels.get(task, [])
    own = [given for by, given in said if by == name]
    return label in own if own or kind == "person" else label is None


def compare(found: Any, node: query.Compare) -> bool:
    """Return whether a value compares; a missing one never does."""
    if node.op == "missing":
        return found is None
    if found is None:
        return False
    wanted = node.value
    if node.op in ("contains", "starts", "ends") and not node.case:
        found, wanted = found.casefold(), wanted.casefold()
    operations = {
        "=": lambda: found == wanted,
        "!=": lambda: found != wanted,
        "<": lambda: found < wanted,
        "<=": lambda: found <= wanted,
        ">": lambda: found > wanted,
        ">=": lambda: found >= wanted,
        "in": lambda: found in wanted,
        "contains": lambda: wanted in found,
        "starts": lambda: found.startswith(wanted),
        "ends": lambda: found.endswith(wanted),
        "matches": lambda: re.search(wanted, found) is not None,
    }
    return bool(operations[node.op]())


def value(row: Row, by: query.Field) -> Any:
    """Return the value of a field for a row."""
    if isinstance(by, query.AttributeField):
        return row.values.get(by.name)
    if isinstance(by, query.LengthField):
        text = row.values.get(by.name)
        return None if text is None else len(text)
    if isinstance(by, query.RandomField):
        return float(random_numbers(np.array([row.id], dtype=np.int64), by.seed)[0])
    if isinstance(by, query.GivenField):
        return dict(zip(by.keys, by.values, strict=True)).get(row.key)
    assert isinstance(by, query.WeakField)
    if by.run not in row.weak:
        return None
    label, confidence = row.weak[by.run]
    return label if by.what == "label" else confidence
