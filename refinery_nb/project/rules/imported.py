"""Taking in votes that were said elsewhere: from rows to a column of votes, all or none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import HeuristicError, InputError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Votes
from refinery_nb.heuristics.imported import Imported, fingerprint
from refinery_nb.heuristics.said import is_missing
from refinery_nb.project import labeling
from refinery_nb.project.rules.imported_rows import rows_said
from refinery_nb.project.rules.imported_votes import Fault, Rows, lengths_of, votes_of
from refinery_nb.store import heuristics, records
from refinery_nb.store.db import Connection
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

SHOWN = 3  # faults in a message


def add(task: Task, heuristic: Imported) -> None:
    """Take in the votes of an ``Imported`` as a version of its own.

    Raises
    ------
    InputError
        Naming source, line or row, record and field; then nothing is stored.
    """
    project, task_schema = task.project, task.schema
    if heuristic.votes is None:
        _restore(task, heuristic)
        return
    rows = Rows(project, task_schema)
    try:
        for one in rows_said(project, task_schema, heuristic, rows):
            if one.fault:
                rows.refuse(one, one.field, one.fault)
            else:
                rows.rows.append(one)
    except InputError as error:
        error.source = error.source or heuristic.source
        raise
    votes = votes_of(rows, heuristic)
    rejected = sorted(rows.faults, key=lambda fault: fault.row)
    message = ""
    if rejected:
        if heuristic.on_error == "raise":
            raise _error(heuristic.source, rejected)
        message = f"{len(rejected):,} of what {heuristic.source} says was left out."
    heuristic.rejected = _frame(heuristic.source, rejected)
    with project.database.write() as connection:
        heuristic.content, new = keep(
            connection, task_schema, heuristic.name, votes, heuristic.source, message=message
        )
    if new:
        project.columns.forget(new)
        project.events.emit("votes", task=task.id)


def keep(
    connection: Connection,
    task: TaskSchema,
    name: str,
    votes: Votes,
    source: str,
    *,
    message: str = "",
) -> tuple[str, int]:
    """Store votes as an imported heuristic inside an open transaction.

    Returns
    -------
    content, version
        The hash of the votes, and the id of the version that got them; 0 if they stand already.
    """
    content = content_of(votes)
    spec = {"kind": Imported.kind, "name": name, "origin": source, "content": content}
    new = heuristics.save(connection, task.id, name, spec, fingerprint(content), at=labeling.now())
    row = next(one for one in heuristics.heuristics(connection, task.id) if one.name == name)
    if not new and row.state == "finished":
        stands = heuristics.votes(connection, row.version, spans=task.is_spans)
        if content_of(stands) == content:
            return content, 0
    seen = max(records.version(connection), row.seen + (0 if new else 1))
    heuristics.save_votes(
        connection, row.version, votes, state="finished", message=message, seen=seen
    )
    return content, row.version


def content_of(votes: Votes) -> str:
    """Return the hash of votes, the same for the same votes.

    >>> content_of(Votes.of([2, 1], [7, 8])) == content_of(Votes.of([1, 2], [8, 7]))
    True
    """
    hashed = blake2b(digest_size=16)
    for column in (votes.record, votes.label, votes.confidence, votes.start, votes.end):
        hashed.update(b"" if column is None else column.tobytes())
    return hashed.hexdigest()


def imported_votes(task: Task, row: HeuristicRow) -> Votes:
    """Return the votes that were taken in, without spans that a changed text has no room for.

    Raises
    ------
    HeuristicError
        If the version has no votes, and no older one holds the same.
    """
    task_schema = task.schema
    with task.project.database.read() as connection:
        votes = heuristics.votes(connection, row.version, spans=task_schema.is_spans)
        if row.state != "finished" and not len(votes):
            votes = _older(connection, task_schema, row, row.spec.get("content", ""))
        if votes.end is None or not len(votes):
            return votes
        changed = np.intersect1d(votes.record, records.changed_since(connection, row.seen))
        lengths = lengths_of(connection, task_schema, changed.tolist())
    if not lengths:
        return votes
    room = np.array([lengths.get(record, math.inf) for record in votes.record.tolist()])
    return votes.take(votes.end <= room)


def _restore(task: Task, heuristic: Imported) -> None:
    """Make an older version of imported votes the one in force again."""
    task_schema = task.schema
    with task.project.database.write() as connection:
        row = next(
            (
                one
                for one in heuristics.heuristics(connection, task.id)
                if one.name == heuristic.name
            ),
            None,
        )
        votes = _older(connection, task_schema, row, heuristic.content)
        _, new = keep(connection, task_schema, heuristic.name, votes, heuristic.source)
    if new:
        task.project.events.emit("votes", task=task.id)


def _older(
    connection: Connection, task: TaskSchema, row: HeuristicRow | None, content: str
) -> Votes:
    for id_, spec, _, state, _ in heuristics.versions(connection, row.id) if row else ():
        if spec.get("content") == content and state == "finished":
            return heuristics.votes(connection, id_, spans=task.is_spans)
    raise HeuristicError(
        "the votes that this version was imported with are not here.", hint="Import them again."
    )


def _error(source: str, faults: Sequence[Fault]) -> InputError:
    first = faults[0]
    more = "; ".join(
        f"{'row' if one.line is None else 'line'} {one.line or one.row}: {one.message}"
        for one in faults[1:SHOWN]
    )
    message = first.message
    if len(faults) > 1:
        message += f" And {len(faults) - 1:,} more: {more}"
    place = None if is_missing(first.key) else str(first.key)
    if first.line is None:
        place = f"row {first.row}" if place is None else f"{place} (row {first.row})"
    hint = f"{first.hint} Nothing was taken in; on_error='skip' takes in the others.".strip()
    return InputError(
        message, source=source, line=first.line, record=place, field=first.field, hint=hint
    )


def _frame(source: str, faults: Sequence[Fault]) -> Any:
    import pandas as pd

    return pd.DataFrame(
        [(source, one.line, one.row, one.key, one.field, one.message) for one in faults],
        columns=["source", "line", "row", "key", "field", "message"],
    )
