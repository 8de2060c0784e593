"""Votes that come with records: an export's columns of heuristics, back as imported ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Votes
from refinery_nb.heuristics.imported import Imported
from refinery_nb.project.rules import imported
from refinery_nb.store import heuristics
from refinery_nb.store.db import Connection

Spans = list[tuple[Any, ...]]


class HeuristicColumns:
    """The votes of one heuristic of a task, collected while its records are stored."""

    def __init__(self, task: str, name: str, source: str) -> None:
        self.task = task
        self.name = name
        self.source = source
        self.parts: dict[str, int] = {}
        self._looked_at: list[int] = []
        self._rows: list[tuple[int, int, float, int, int]] = []

    @property
    def position(self) -> int | None:
        """Where the labels or spans stand in a row."""
        return self.parts.get("spans", self.parts.get("label"))

    def look(self, ids: Sequence[int]) -> None:
        """Note which records these columns speak of, also where they abstain."""
        self._looked_at.extend(ids)

    def label(self, task: TaskSchema, record: int, key: str, value: Any, sure: Any) -> None:
        """Take a vote for a class."""
        label = next(one.id for one in task.labels if one.name == value)
        self._rows.append((record, label, self._confidence(key, sure), 0, 0))

    def spans(
        self, task: TaskSchema, record: int, key: str, spans: Spans, sure: Any, length: int
    ) -> None:
        """Take the spans of a record; ``sure`` is a list of as many confidences, or its JSON."""
        ids = {label.name: label.id for label in task.labels}
        confidences = _list(sure)
        if confidences and len(confidences) != len(spans):
            raise self._bad(key, f"{len(confidences)} confidences for {len(spans)} spans.")
        for at, (start, end, label) in enumerate(spans):
            whole = all(type(offset) is int for offset in (start, end))
            if not whole or not 0 <= start < end <= length:
                raise self._bad(
                    key, f"the span [{start!r}, {end!r}) lies outside the text of {length}."
                )
            one = self._confidence(key, confidences[at] if confidences else None)
            self._rows.append((record, ids[label], one, start, end))

    def store(self, connection: Connection, task: TaskSchema) -> str:
        """Store the votes as an imported heuristic; return a warning, or an empty string.

        Votes of the same heuristic on other records, from a file before, stay. A rule of the task
        that has the name already is left as it is.
        """
        spans = task.is_spans
        known = Votes.empty(spans=spans)
        for row in heuristics.heuristics(connection, task.id):
            if row.name == self.name:
                if row.spec["kind"] != Imported.kind:
                    return (
                        f"the votes of {self.name!r} were not taken in: task {task.name!r} has a "
                        "heuristic of this name."
                    )
                known = heuristics.votes(connection, row.version, spans=spans)
        rows = self._rows
        votes = Votes.of(
            [row[0] for row in rows],
            [row[1] for row in rows],
            [row[2] for row in rows],
            [row[3] for row in rows] if spans else None,
            [row[4] for row in rows] if spans else None,
        )
        kept = known.without_records(np.array(self._looked_at, dtype=np.int64))
        imported.keep(connection, task, self.name, Votes.concat([kept, votes]), self.source)
        return ""

    def _confidence(self, key: str, value: Any) -> float:
        if value in (None, ""):
            return 1.0
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = 0.0
        if not 0 < number <= 1:
            raise self._bad(key, f"the confidence {value!r:.40} does not lie in (0, 1].")
        return number

    def _bad(self, key: str, message: str) -> InputError:
        return InputError(message, source=self.source, record=key, field=self.name)


def _list(value: Any) -> list[Any]:
    if isinstance(value, str) and value:
        value = json.loads(value)
    return value if isinstance(value, list) and not isinstance(value, Mapping) else []
