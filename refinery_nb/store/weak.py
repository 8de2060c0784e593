"""Runs of weak supervision: each kept as a version, its labels as compressed columns."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from refinery_nb.core.votes import Votes
from refinery_nb.store.record_history import without_deleted

ADD = (
    "INSERT INTO weak_run (task, at, model, options, votes, proba, held_out, summary) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
RUNS = (
    "SELECT id, task, at, model, options, summary FROM weak_run "
    "WHERE (? IS NULL OR task = ?) ORDER BY id"
)
VOTES = "SELECT votes FROM weak_run WHERE id = ?"
PROBA = "SELECT proba FROM weak_run WHERE id = ?"
HELD_OUT = "SELECT held_out FROM weak_run WHERE id = ?"


@dataclass(frozen=True, slots=True)
class WeakRunRow:
    """One run: when, by which label model, with which options and heuristic versions."""

    id: int
    task: int
    at: str
    model: str
    options: dict[str, Any]
    summary: dict[str, Any]


def save(
    connection: sqlite3.Connection,
    task: int,
    model: str,
    options: Mapping[str, Any],
    votes: Votes,
    *,
    at: str,
    proba: Votes | None = None,
    held_out: Votes | None = None,
    summary: Mapping[str, Any] | None = None,
) -> int:
    """Store a run and return its id."""
    cursor = connection.execute(
        ADD,
        (
            task,
            at,
            model,
            json.dumps(options, ensure_ascii=False),
            votes.to_bytes(),
            None if proba is None else proba.to_bytes(),
            None if held_out is None else held_out.to_bytes(),
            json.dumps(summary or {}, ensure_ascii=False),
        ),
    )
    return int(cursor.lastrowid or 0)


def runs(connection: sqlite3.Connection, task: int | None = None) -> list[WeakRunRow]:
    """Return the runs of a task, or of all, oldest first."""
    return [
        WeakRunRow(row[0], row[1], row[2], row[3], json.loads(row[4]), json.loads(row[5]))
        for row in connection.execute(RUNS, (task, task))
    ]


def votes(connection: sqlite3.Connection, run: int) -> Votes:
    """Return the weak labels of a run."""
    (column,) = connection.execute(VOTES, (run,)).fetchone()
    return without_deleted(connection, Votes.from_bytes(column))


def proba(connection: sqlite3.Connection, run: int) -> Votes | None:
    """Return the probabilities of all likely labels, several rows a record; None for spans."""
    return _column(connection, PROBA, run)


def held_out(connection: sqlite3.Connection, run: int) -> Votes | None:
    """Return what the model says of the reviewed records unseen; None if it was not asked."""
    return _column(connection, HELD_OUT, run)


def _column(connection: sqlite3.Connection, query: str, run: int) -> Votes | None:
    (column,) = connection.execute(query, (run,)).fetchone()
    return None if column is None else without_deleted(connection, Votes.from_bytes(column))
