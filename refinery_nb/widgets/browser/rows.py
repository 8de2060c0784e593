"""Records as a list and a table show them: the part of a text that matters, marks, labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from refinery_nb.core.schema import Attribute, AttributeType, TaskSchema
from refinery_nb.core.votes import Votes
from refinery_nb.project.masks.matches import Matches
from refinery_nb.project.project import Project
from refinery_nb.store import comments, page, records, schema

SHOWN = 420  # characters of a text in the list
CELL = 160  # of one in the table
BEFORE = 60  # that are kept before the first match
MOST_SPANS = 60

Span = tuple[int, int]


def rows(
    project: Project,
    ids: Sequence[int],
    matches: Matches,
    *,
    text: str | None,
    actor: str,
) -> list[dict[str, Any]]:
    """Return the records that exist, in the order of ``ids``, as plain JSON.

    Parameters
    ----------
    text
        The attribute that the list shows as text.
    actor
        Whose labels are ``own``.
    """
    with project.database.read() as connection:
        attributes = [
            a for a in schema.attributes(connection) if "browser" not in a.hidden or a.name == text
        ]
        tasks = schema.tasks(connection)
        found = list(records.values(connection, attributes, [int(one) for one in ids]))
        known = [row[0] for row in found]
        said = page.said(connection, [task.id for task in tasks], known)
        marks = page.marks(connection, [task.id for task in tasks], known)
        commented = comments.on_records(connection, known)
    labels: dict[tuple[int, int], list[page.Said]] = {}
    for one in said:
        labels.setdefault((one.task, one.record), []).append(one)
    marked: dict[tuple[int, int], list[str]] = {}
    for task, record, mark in marks:
        marked.setdefault((task, record), []).append(mark)
    votes = {task.id: list(project.columns.of_task(task).values()) for task in tasks}
    weak: dict[int, Votes] = {}
    for one_task in tasks:
        run = project.columns.last_run(one_task)
        if run is not None:
            weak[one_task.id] = project.columns.weak(run)
    told = []
    for record, key, values in found:
        plain = dict(zip((a.name for a in attributes), values, strict=True))
        spans = [
            span
            for task in tasks
            if task.is_spans and task.on == text
            for span in _spans(labels.get((task.id, record), []), weak.get(task.id), record)
        ]
        told.append(
            {
                "id": record,
                "key": key,
                "comments": commented.get(record, 0),
                "texts": _texts(attributes, plain, matches, text, spans),
                "cells": {
                    a.name: _cell(a, value)
                    for a, value in zip(attributes, values, strict=True)
                    if value is not None
                },
                "tasks": {
                    str(task.id): _task(
                        labels.get((task.id, record), []),
                        marked.get((task.id, record), []),
                        votes[task.id],
                        weak.get(task.id),
                        task,
                        record,
                        actor,
                    )
                    for task in tasks
                },
            }
        )
    return told


def _texts(
    attributes: Sequence[Attribute],
    values: dict[str, Any],
    matches: Matches,
    shown: str | None,
    spans: list[list[Any]],
) -> list[dict[str, Any]]:
    """Return the text of the list, and up to two others in which something matches."""
    found = []
    for attribute in attributes:
        value = values[attribute.name]
        own = attribute.name == shown
        if value is None or not (own or attribute.type.is_string):
            continue
        value = str(value)
        hits = matches.find(attribute.name, value) if matches else []
        if own or (hits and attribute.type is AttributeType.TEXT):
            found.append((not own, _snippet(attribute.name, value, hits, spans if own else [])))
    found.sort(key=lambda one: one[0])
    return [one for _, one in found[:3]]


def _snippet(name: str, text: str, hits: list[Span], spans: list[list[Any]]) -> dict[str, Any]:
    """Return the part of a text around its first match."""
    begin = 0
    if hits and hits[0][1] > SHOWN // 2:
        begin = max(0, hits[0][0] - BEFORE)
        word = text.find(" ", begin, hits[0][0])
        begin = begin if word < 0 else word + 1
    end = begin + SHOWN
    return {
        "name": name,
        "text": text[begin:end],
        "begin": begin,
        "cut": [begin > 0, len(text) > end],
        "marks": [
            [max(start, begin) - begin, min(stop, end) - begin]
            for start, stop in hits
            if start < end and stop > begin
        ],
        "spans": [
            [max(one[0], begin) - begin, min(one[1], end) - begin, *one[2:]]
            for one in spans
            if one[0] < end and one[1] > begin
        ][:MOST_SPANS],
    }


def _spans(said: list[page.Said], weak: Votes | None, record: int) -> list[list[Any]]:
    """Return spans: start, end, label, who says so; those of people, else the suggested ones."""
    found: dict[tuple[int, int, int], list[Any]] = {}
    for one in said:
        if one.label is not None and one.start is not None and one.end is not None:
            found[one.start, one.end, one.label] = [one.start, one.end, one.label, "person"]
    if not said and weak is not None and weak.start is not None and weak.end is not None:
        first, last = weak.record.searchsorted([record, record + 1])
        for at in range(int(first), int(last)):
            place = (int(weak.start[at]), int(weak.end[at]), int(weak.label[at]))
            found[place] = [*place, "machine"]
    return [found[place] for place in sorted(found)]


def _task(
    said: list[page.Said],
    marks: list[str],
    votes: list[Votes],
    weak: Votes | None,
    task: TaskSchema,
    record: int,
    actor: str,
) -> dict[str, Any]:
    people: dict[str, list[int | None]] = {}
    for one in said:
        people.setdefault(one.actor, []).append(one.label)
    by_label: dict[int | None, list[str]] = {}
    for person, labels in people.items():
        for label in dict.fromkeys(labels):
            by_label.setdefault(label, []).append(person)
    voted: set[int] = set()
    count = 0
    for column in votes:
        first, last = column.record.searchsorted([record, record + 1])
        count += int(last > first)
        voted.update(column.label[first:last].tolist())
    return {
        "said": [{"label": label, "by": by} for label, by in by_label.items()],
        "own": actor in people,
        "marks": sorted(set(marks)),
        "weak": None if task.is_spans or task.is_multi else _weak(weak, record),
        "votes": count,
        "conflict": len(voted) > 1 and not task.is_spans and not task.is_multi,
    }


def _weak(weak: Votes | None, record: int) -> dict[str, Any] | None:
    if weak is None:
        return None
    at = int(weak.record.searchsorted(record))
    if at >= len(weak) or weak.record[at] != record:
        return None
    return {"label": int(weak.label[at]), "confidence": round(float(weak.confidence[at]), 4)}


def _cell(attribute: Attribute, value: Any) -> Any:
    found = records.plain(attribute, value)
    if isinstance(found, (bool, int, float)):
        # Beyond 2 ** 53 JavaScript has other numbers; and JSON has no infinity.
        exact = isinstance(found, bool) or abs(found) < 2**53
        return found if exact else str(found)
    text = found if isinstance(found, str) else str(value)
    return text if len(text) <= CELL else text[:CELL] + "…"
