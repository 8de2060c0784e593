"""From rows that somebody said to votes on records, with every fault named."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import did_you_mean
from refinery_nb.core.schema import AttributeType, TaskSchema
from refinery_nb.core.votes import Votes
from refinery_nb.heuristics.imported import Imported
from refinery_nb.heuristics.said import Said, is_missing
from refinery_nb.project.records.keys import key_text
from refinery_nb.store import records, schema
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

LEAST = 1e-30  # of a confidence: the columns hold float32


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that was said and cannot be taken in."""

    row: int
    line: int | None
    key: Any
    field: str | None
    message: str
    hint: str = ""


@dataclass(slots=True)
class Rows:
    """Rows on their way to votes, and their faults."""

    project: Project
    task: TaskSchema
    faults: list[Fault] = field(default_factory=list)
    rows: list[Said] = field(default_factory=list)

    def refuse(self, one: Said, field: str | None, message: str, hint: str = "") -> None:
        """Note a fault."""
        self.faults.append(Fault(one.row, one.line, one.key, field, message, hint))


def votes_of(rows: Rows, heuristic: Imported) -> Votes:
    """Turn rows into votes; what does not fit is noted as a fault."""
    task, names = rows.task, heuristic.names
    spans, key_field = task.is_spans, ", ".join(names.key)
    check_key = _key_check(rows)
    labels = {label.name: label.id for label in task.labels}
    texts = [check_key(one) for one in rows.rows]
    with rows.project.database.read() as connection:
        ids = records.ids_of_keys(connection, [text for text in texts if text is not None])
        lengths = lengths_of(connection, task, list(ids.values())) if spans else {}
    seen: dict[Any, int] = {}
    found: list[tuple[int, int, float, int, int]] = []
    for one, text in zip(rows.rows, texts, strict=True):
        if text is None:
            rows.refuse(one, key_field, "the key is missing.")
            continue
        if text not in ids:
            rows.refuse(one, key_field, "there is no record with this key.")
            continue
        label = _label(rows, one, labels, names.label)
        sure = _confidence(rows, one, names.confidence)
        place = _offsets(rows, one, lengths.get(ids[text], 0), names.start) if spans else (0, 0)
        if label is None or sure is None or place is None:
            continue
        known = (text, label, *place) if spans else text
        first = seen.setdefault(known, one.line or one.row)
        if first != (one.line or one.row):
            what = "the span" if spans else "the key"
            unit = "row" if one.line is None else "line"
            rows.refuse(one, key_field, f"{what} stands in {unit} {first} already.")
            continue
        if sure >= heuristic.min_confidence:
            found.append((ids[text], label, max(sure, LEAST), *place))
    return Votes.of(
        [row[0] for row in found],
        [row[1] for row in found],
        [row[2] for row in found],
        [row[3] for row in found] if spans else None,
        [row[4] for row in found] if spans else None,
    )


def _key_check(rows: Rows) -> Callable[[Said], str | None]:
    """Return what gives the stored text of a key, or None where it is missing."""
    keyed = [attribute for attribute in rows.project.attributes if attribute.is_key]
    whole = len(keyed) == 1 and keyed[0].type is AttributeType.INTEGER

    def text(one: Said) -> str | None:
        key = one.key
        if is_missing(key) or key == "":
            return None
        if whole and isinstance(key, float) and key.is_integer():
            key = int(key)  # pandas makes floats of whole numbers where one is missing
        return key_text(rows.project, key)

    return text


def _label(rows: Rows, one: Said, labels: dict[str, int], name: str) -> int | None:
    value = one.label
    if is_missing(value) or value == "":
        rows.refuse(one, name, "there is no label.", "To abstain, leave the row out.")
    elif not isinstance(value, str):
        kind = type(value).__name__
        rows.refuse(one, name, f"{value!r:.60} is of type {kind}; a label is a string.")
    elif value not in labels:
        message = f"task {rows.task.name!r} has no label {value!r:.60}."
        rows.refuse(one, name, message, did_you_mean(value, labels))
    else:
        return labels[value]
    return None


def _confidence(rows: Rows, one: Said, name: str) -> float | None:
    value = one.confidence
    if value is None:
        return 1.0
    if is_missing(value):
        rows.refuse(one, name, "the confidence is NaN.")
    elif isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
        rows.refuse(one, name, f"the confidence {value!r:.60} is no number.")
    elif not 0 < float(value) <= 1:
        rows.refuse(one, name, f"the confidence {value!r:.60} does not lie in (0, 1].")
    else:
        return float(value)
    return None


def _offsets(rows: Rows, one: Said, length: int, name: str) -> tuple[int, int] | None:
    places = []
    for value in (one.start, one.end):
        numeric = hasattr(value, "__index__") or isinstance(value, float)
        number = float(value) if numeric else math.nan
        if isinstance(value, bool) or not number.is_integer():
            rows.refuse(one, name, f"the offset {value!r:.60} is no whole number.")
            return None
        places.append(int(number))
    start, end = places
    if not 0 <= start < end <= length:
        what = "is empty" if start == end else f"lies outside the text of {length} characters"
        rows.refuse(one, name, f"the span [{start}, {end}) {what}.", "Offsets are code points.")
        return None
    return start, end


def lengths_of(connection: Connection, task: TaskSchema, ids: Sequence[int]) -> dict[int, int]:
    """Return the length in characters of the texts that a spans task is about."""
    if not len(ids):
        return {}
    on = next(one for one in schema.attributes(connection) if one.name == task.on)
    found = records.values(connection, [on], ids)
    return {record: len(values[0] or "") for record, _, values in found}
