"""Where imported votes come from: a file, a table, or a function that is asked batch by batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb import io
from refinery_nb.core.errors import HeuristicError, InputError, did_you_mean
from refinery_nb.core.schema import AttributeType, TaskSchema
from refinery_nb.heuristics.imported import Imported
from refinery_nb.heuristics.said import Said, said
from refinery_nb.project.records.keys import key_text
from refinery_nb.project.rules.imported_votes import Rows
from refinery_nb.project.rules.run import progress_bar
from refinery_nb.store import records

if TYPE_CHECKING:
    from refinery_nb.project.project import Project


def rows_said(
    project: Project, task: TaskSchema, heuristic: Imported, rows: Rows
) -> Iterator[Said]:
    """Yield what an ``Imported`` holds, row by row; faults of whole batches go to ``rows``."""
    votes = heuristic.votes
    if isinstance(votes, (str, os.PathLike)):
        yield from _of_file(heuristic, task, rows)
    elif callable(votes) and not hasattr(votes, "iloc"):
        yield from _of_callback(project, task, heuristic, rows)
    else:
        keys = None if heuristic.keys is None else _keys(heuristic.keys)
        yield from said(
            votes, spans=task.is_spans, names=heuristic.names, keys=keys, labels=heuristic.labels
        )


def _keys(keys: Any) -> list[Any]:
    """Return the keys of a view, of a project, or those that were given."""
    if hasattr(keys, "view") and hasattr(keys, "database"):
        keys = keys.view()
    if hasattr(keys, "keys") and hasattr(keys, "selection"):
        found: list[Any] = keys.keys()
        return found
    if isinstance(keys, str) or not hasattr(keys, "__iter__"):
        raise InputError(f"keys={keys!r:.60} is neither a view nor a list of keys.")
    return keys.tolist() if hasattr(keys, "tolist") else list(keys)


def _of_file(heuristic: Imported, task: TaskSchema, rows: Rows) -> Iterator[Said]:
    names = heuristic.names
    known = dict.fromkeys([*names.key, names.label], AttributeType.TEXT)
    known |= {names.confidence: AttributeType.FLOAT}
    known |= dict.fromkeys([names.start, names.end], AttributeType.INTEGER) if task.is_spans else {}
    skip = heuristic.on_error == "skip"
    try:
        reading = io.read(heuristic.votes, known=known, on_error="quarantine" if skip else "raise")
    except InputError as error:
        if "quarantine" in (error.hint or ""):
            error.hint = "Mend it, or pass on_error='skip' to take in the others."
        raise
    for bad in reading.rejected:
        rows.refuse(Said(bad.record, None, line=bad.line), bad.field, f"{bad.message}.")
    at = {column.name: position for position, column in enumerate(reading.columns)}
    wanted = [*names.key, names.label, *([names.start, names.end] if task.is_spans else [])]
    for name in wanted:
        if name not in at:
            raise InputError(
                f"there is no column {name!r}.",
                source=reading.name,
                field=name,
                hint=did_you_mean(name, at),
            )
    keyed = [at[name] for name in names.key]
    for chunk in reading.chunks():
        for number, row in enumerate(chunk.rows):
            parts = tuple(row[position] for position in keyed)
            yield Said(
                chunk.number + number,
                parts[0] if len(parts) == 1 else parts,
                row[at[names.label]],
                row[at[names.confidence]] if names.confidence in at else None,
                row[at[names.start]] if task.is_spans else None,
                row[at[names.end]] if task.is_spans else None,
                None if chunk.lines is None else chunk.lines[number],
            )


def _of_callback(
    project: Project, task: TaskSchema, heuristic: Imported, rows: Rows
) -> Iterator[Said]:
    """Ask a function about the records, batch by batch, and name the batch that it fails on."""
    ids = _ids(project, heuristic.keys)
    bar = progress_bar(len(ids), heuristic.name)
    try:
        for number, first in enumerate(range(0, len(ids), heuristic.batch_size), start=1):
            batch = project.frame(ids[first : first + heuristic.batch_size])
            keys = batch.index.tolist()
            where = f"batch {number} (records {keys[0]!r} to {keys[-1]!r})"
            try:
                found = list(
                    said(
                        _checked(heuristic.votes(batch)),
                        spans=task.is_spans,
                        names=heuristic.names,
                        keys=keys,
                        labels=heuristic.labels,
                    )
                )
                strangers = {key_text(project, one.key) for one in found}
                strangers -= {key_text(project, key) for key in keys}
                if strangers:
                    raise InputError(f"it speaks of the record {min(strangers)!r}.")
            except Exception as error:
                told = error.message if isinstance(error, InputError) else _told(error)
                if heuristic.on_error == "raise":
                    raise HeuristicError(
                        f"{where} failed: {told}",
                        source=heuristic.source,
                        hint="Nothing was taken in; on_error='skip' leaves the batch out.",
                    ) from error
                for at, key in enumerate(keys):
                    rows.refuse(Said(first + at + 1, key), None, f"{where} failed: {told}")
                continue
            for one in found:
                yield Said(first + one.row, *_rest(one))
            bar(first + len(keys), len(ids))
    finally:
        bar.close()


def _rest(one: Said) -> tuple[Any, ...]:
    return (
        *(one.key, one.label, one.confidence, one.start, one.end),
        *(one.line, one.fault, one.field),
    )


def _checked(found: Any) -> Any:
    if found is None:
        raise InputError("it returned None.")
    return found


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _ids(project: Project, keys: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    if keys is None:
        return project.view().ids()
    if hasattr(keys, "ids"):
        ids: np.ndarray[Any, np.dtype[np.int64]] = keys.ids()
        return ids
    texts = [key_text(project, key) for key in _keys(keys)]
    with project.database.read() as connection:
        known = records.ids_of_keys(connection, texts)
    missing = next((text for text in texts if text not in known), None)
    if missing is not None:
        raise InputError("there is no record with this key.", record=missing, field="keys")
    return np.array([known[text] for text in texts], dtype=np.int64)
