"""Runs of weak supervision: each kept as a version, its labels as one compressed column."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from refinery_nb.core.votes import Votes

ADD = "INSERT INTO weak_run (task, at, model, options, votes) VALUES (?, ?, ?, ?, ?)"
RUNS = "SELECT id, task, at, model, options FROM weak_run WHERE (? IS NULL OR task = ?) ORDER BY id"
VOTES = "SELECT votes FROM weak_run WHERE id = ?"


@dataclass(frozen=True, slots=True)
class WeakRunRow:
    """One run: when, by which label model, with which options and heuristic versions."""

    id: int
    task: int
    at: str
    model: str
    options: dict[str, Any]


def save(
    connection: sqlite3.Connection,
    task: int,
    model: str,
    options: Mapping[str, Any],
    votes: Votes,
    *,
    at: str,
) -> int:
    """Store a run and return its id."""
    cursor = connection.execute(
        ADD, (task, at, model, json.dumps(options, ensure_ascii=False), votes.to_bytes())
    )
    return int(cursor.lastrowid or 0)


def runs(connection: sqlite3.Connection, task: int | None = None) -> list[WeakRunRow]:
    """Return the runs of a task, or of all, oldest first."""
    return [
        WeakRunRow(row[0], row[1], row[2], row[3], json.loads(row[4]))
        for row in connection.execute(RUNS, (task, task))
    ]


def votes(connection: sqlite3.Connection, run: int) -> Votes:
    """Return the weak labels of a run."""
    (column,) = connection.execute(VOTES, (run,)).fetchone()
    return Votes.from_bytes(column)
