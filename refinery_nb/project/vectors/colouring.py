"""What a map can be coloured by, and the colour of each of its records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.palette import color
from refinery_nb.core.schema import AttributeType
from refinery_nb.core.votes import Votes
from refinery_nb.project.records import frames
from refinery_nb.project.rules import rules
from refinery_nb.store import records, schema

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MOST = 12  # categories of an attribute that get a colour; the others share one
GRID = 64  # cells along each side, for the density of unlabelled records
PAGE = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """Each record in one category.

    Attributes
    ----------
    names, colors
        Of the categories; the last is "nothing", in no colour of its own (an empty string).
    codes
        The category of each record, int64, shape (n,).
    """

    names: tuple[str, ...]
    colors: tuple[str, ...]
    codes: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """A number for each record.

    Attributes
    ----------
    title
        What the numbers are.
    values
        float64, shape (n,); NaN where there is none.
    """

    title: str
    values: Floats


def choices(project: Project, task: Task | None) -> list[tuple[str, str]]:
    """Return what a map can be coloured by: ``(id, title)``."""
    found: list[tuple[str, str]] = []
    if task is not None:
        found.append(("label", "Manual label"))
        if project.columns.last_run(task.schema) is not None:
            found += [("weak", "Weak label"), ("confidence", "Confidence of weak label")]
        found.append(("unlabelled", "Where unlabelled records are dense"))
        found += [(f"heuristic:{row.name}", f"Heuristic {row.name}") for row in rules.rows(task)]
    kinds = (AttributeType.CATEGORY, AttributeType.BOOLEAN, AttributeType.INTEGER)
    for one in project.attributes:
        if not one.is_key and one.type in (*kinds, AttributeType.FLOAT):
            found.append((f"attribute:{one.name}", f"Attribute {one.name}"))
    return found


def colouring(
    project: Project, task: Task | None, by: str, ids: Ints, places: NDArray[np.float32]
) -> Categories | Scale:
    """Return the colours of records.

    Parameters
    ----------
    by
        One of ``choices``.
    ids, places
        Record ids, ascending, shape (n,), and where they stand, shape (n, 2).

    Raises
    ------
    QueryError
        If nothing is called so.
    """
    known = [id_ for id_, _ in choices(project, task)]
    if by not in known:
        raise QueryError(f"a map is not coloured by {by!r}.", hint=did_you_mean(by, known))
    kind, _, name = by.partition(":")
    if kind == "attribute":
        return _attribute(project, name, ids)
    assert task is not None
    if kind == "label":
        reference, _ = frames.gold_columns(task)
        return _labels(task, reference.votes, ids, reviewed=reference.reviewed)
    if kind == "unlabelled":
        reference, _ = frames.gold_columns(task)
        return Scale("Unlabelled records nearby", _density(ids, places, reference.reviewed))
    if kind == "heuristic":
        return _labels(task, project.columns.of_task(task.schema, enabled_only=False)[name], ids)
    run = project.columns.last_run(task.schema)
    assert run is not None
    votes = project.columns.weak(run)
    if kind == "weak":
        return _labels(task, votes, ids)
    values = np.full(len(ids), np.nan)
    at, inside = _rows(ids, votes.record)
    np.fmin.at(values, at, votes.confidence[inside].astype(np.float64))
    return Scale("Confidence", values)


def _labels(task: Task, votes: Votes, ids: Ints, *, reviewed: Ints | None = None) -> Categories:
    """Return the first label of each record (of a spans task: which label it has most)."""
    labels = task.schema.labels
    names, colors = [one.name for one in labels], [one.color for one in labels]
    if reviewed is not None:
        names.append("None of them")
        colors.append(color(9))
    codes = np.full(len(ids), len(names), np.int64)
    if reviewed is not None:
        codes[_rows(ids, reviewed)[0]] = len(labels)
    place = {one.id: position for position, one in enumerate(labels)}
    at, inside = _rows(ids, votes.record)
    found = np.array([place.get(one, -1) for one in votes.label[inside].tolist()], np.int64)
    at, found = at[found >= 0], found[found >= 0]
    if task.schema.is_spans and len(at):
        pair, count = np.unique(at * len(labels) + found, return_counts=True)
        order = np.lexsort((-count, pair // len(labels)))
        at, found = pair[order] // len(labels), pair[order] % len(labels)
    # The first of each record stands: later ones are written before it.
    codes[at[::-1]] = found[::-1]
    names.append("Not labelled" if reviewed is not None else "Nothing")
    return Categories(tuple(names), (*colors, ""), codes)


def _attribute(project: Project, name: str, ids: Ints) -> Categories | Scale:
    attribute = project.attribute(name)
    found: list[object] = []
    with project.database.read() as connection:
        stored = next(one for one in schema.attributes(connection) if one.name == name)
        for first in range(0, len(ids), PAGE):
            page = ids[first : first + PAGE].tolist()
            rows = {row: value for row, _, (value,) in records.values(connection, [stored], page)}
            found += [rows.get(record) for record in page]
    if attribute.type in (AttributeType.INTEGER, AttributeType.FLOAT):
        values = [np.nan if one is None else float(str(one)) for one in found]
        return Scale(name, np.array(values, np.float64))
    if attribute.type is AttributeType.BOOLEAN:
        found = [None if one is None else ("true" if one else "false") for one in found]
    said = [one for one in found if one is not None]
    kinds, count = np.unique(np.array([str(one) for one in said], object), return_counts=True)
    order = np.argsort(-count, kind="stable")
    common = [str(kinds[at]) for at in order[:MOST]]
    place = {one: position for position, one in enumerate(common)}
    names, colors = list(common), [color(position) for position in range(len(common))]
    if len(kinds) > MOST:
        names.append(f"{len(kinds) - MOST:,} others")
        colors.append(color(9))
    missing = len(names)
    others = missing - 1
    codes = [missing if one is None else place.get(str(one), others) for one in found]
    return Categories((*names, "No value"), (*colors, ""), np.array(codes, np.int64))


def _density(ids: Ints, places: NDArray[np.float32], reviewed: Ints) -> Floats:
    """Return how many unlabelled records stand around each unlabelled one; NaN if labelled.

    Counted on a grid, each cell with its eight neighbours, less those that are labelled: where
    much is known, one more label says little.
    """
    values = np.full(len(ids), np.nan)
    if not len(ids):
        return values
    low = places.min(axis=0)
    spread = np.maximum(places.max(axis=0) - low, 1e-9)
    cell = np.minimum(((places - low) / spread * GRID).astype(np.int64), GRID - 1) + 1
    labelled = np.isin(ids, reviewed)
    counts = np.zeros((GRID + 2, GRID + 2))
    np.add.at(counts, (cell[:, 0], cell[:, 1]), np.where(labelled, -1.0, 1.0))
    around = sum(
        np.roll(counts, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)
    )
    open_ = ~labelled
    values[open_] = np.maximum(np.asarray(around)[cell[open_, 0], cell[open_, 1]], 0)
    return values


def _rows(ids: Ints, wanted: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the rows of these records among the ids, and which of them are there."""
    if not len(ids):
        return np.zeros(0, np.int64), np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1).astype(np.int64)
    inside = ids[at] == wanted
    return at[inside], inside
