"""Marks of an overview - a number, a bar, a cell - and the View of the records behind each.

A mark is plain JSON: ``{"what": "manual", "label": "A"}``. The number that it stands for is the
count of its view; where labels are counted (over time, spans), the view holds their records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.query import (
    Compare,
    Condition,
    Conflicting,
    Keys,
    Labelled,
    Not,
    Paired,
    Voted,
    WeakField,
)
from refinery_nb.core.votes import Ints
from refinery_nb.project.overview import people
from refinery_nb.project.overview.overview import Overview, task_of
from refinery_nb.project.overview.said import Said
from refinery_nb.project.overview.standing import bin_of, holds
from refinery_nb.project.overview.values import Unit
from refinery_nb.project.overview.weakly import BINS, EDGES
from refinery_nb.project.quality.confusion import ASKED
from refinery_nb.store import records

if TYPE_CHECKING:
    from refinery_nb.project.view import View

Mark = Mapping[str, Any]


def view_of(overview: Overview, task: str | None, mark: Mark) -> View:
    """Return the records behind a mark of a task's overview, or of the project's.

    Raises
    ------
    QueryError
        If there is no such mark.
    """
    what = mark.get("what")
    if what == "all":
        return overview.view
    if what == "value":
        return _value(overview, mark)
    if what not in MARKS:
        raise QueryError(f"there is no mark {what!r}.", hint=did_you_mean(str(what), MARKS))
    if task is None:
        raise QueryError("there is no task yet.", hint='Make one: project.task("topic", [...])')
    found = MARKS[what](overview, overview.said(task_of(overview.project, task)), mark)
    return overview.view.where(_keys(overview, found) if isinstance(found, np.ndarray) else found)


def _labelled(_: Overview, said: Said, mark: Mark) -> Condition:
    return Labelled(said.schema.name)


def _unlabelled(_: Overview, said: Said, mark: Mark) -> Condition:
    return Not(Labelled(said.schema.name))


def _weak(overview: Overview, said: Said, mark: Mark) -> Condition:
    field = WeakField(said.schema.name, _run(said), "label")
    name = mark.get("label")
    if name is None:
        return Not(Compare(field, "missing", None))
    return Compare(field, "=", said.schema.label(str(name)).name)


def _manual(_: Overview, said: Said, mark: Mark) -> Condition:
    schema, name = said.schema, mark.get("label")
    label = None if name is None else schema.label(str(name)).name
    if schema.is_multi or (schema.is_spans and label is None):
        return Labelled(schema.name, label, none=label is None)
    # The valid labels, held against themselves: what a person alone says may not be valid.
    level = "spans" if schema.is_spans else "records"
    return Paired(schema.name, "gold", "gold", label, label, level)


def _confidence(_: Overview, said: Said, mark: Mark) -> Condition:
    at = _number(mark, "bin", BINS)
    field = WeakField(said.schema.name, _run(said), "confidence")
    least = Compare(field, ">=", float(EDGES[at]))
    return least if at == BINS - 1 else least & Compare(field, "<", float(EDGES[at + 1]))


def _cell(_: Overview, said: Said, mark: Mark) -> Condition:
    schema = said.schema
    level = "tokens" if schema.is_spans else "records"
    if schema.is_multi:
        level = f"{ASKED}{schema.label(str(mark.get('label'))).name}"
    row, column = (
        None if mark.get(side) is None else schema.label(str(mark[side])).name
        for side in ("row", "column")
    )
    return Paired(schema.name, "gold", f"run:{_run(said)}", row, column, level)


def _calibration(overview: Overview, said: Said, mark: Mark) -> Ints:
    if said.met is None:
        raise QueryError("there are no weak labels.")
    at = _number(mark, "bin", BINS)
    return np.unique(said.met.record[bin_of(said.met.confidence) == at])


def _voted(_: Overview, said: Said, mark: Mark) -> Condition:
    name = mark.get("heuristic")
    return Voted(said.schema.name, None if name is None else str(name))


def _conflicting(_: Overview, said: Said, mark: Mark) -> Condition:
    return Conflicting(said.schema.name)


def _differing(overview: Overview, said: Said, mark: Mark) -> Ints:
    return people.differ(said.answers)


def _several(overview: Overview, said: Said, mark: Mark) -> Ints:
    whole = said.answers.take(said.answers.whole)
    record, count = np.unique(whole.record, return_counts=True)
    found: Ints = record[count > 1]
    return found


def _pair(_: Overview, said: Said, mark: Mark) -> Ints:
    whole = said.answers.take(said.answers.whole)
    judged = []
    for side in ("one", "other"):
        if mark.get(side) not in said.people:
            raise QueryError(f"nobody called {mark.get(side)!r} has labelled.")
        judged.append(whole.record[whole.person == said.people.index(mark[side])])
    found: Ints = np.intersect1d(judged[0], judged[1])
    return found


def _time(_: Overview, said: Said, mark: Mark) -> Ints:
    begin, end = (mark.get(side) for side in ("begin", "end"))
    at = said.answers.at
    if not isinstance(begin, (int, float)) or not isinstance(end, (int, float)):
        raise QueryError(f"{begin!r} to {end!r} is no time.")
    return np.unique(said.answers.record[(at >= begin) & (at < end)])


def _today(overview: Overview, said: Said, mark: Mark) -> Ints:
    return np.unique(said.answers.record[said.answers.at >= overview.midnight()])


MARKS: dict[str, Callable[[Overview, Said, Mark], Condition | Ints]] = {
    "calibration": _calibration,
    "cell": _cell,
    "confidence": _confidence,
    "conflicting": _conflicting,
    "differing": _differing,
    "labelled": _labelled,
    "manual": _manual,
    "pair": _pair,
    "several": _several,
    "time": _time,
    "today": _today,
    "unlabelled": _unlabelled,
    "voted": _voted,
    "weak": _weak,
}


def _value(overview: Overview, mark: Mark) -> View:
    unit: Unit | None = "tokens" if mark.get("unit") == "tokens" else None
    found = overview.statistics(str(mark.get("attribute")), unit)
    bars = {bar.name: bar for bar in found.bars}
    name = mark.get("bar")
    if name is not None and name not in bars:
        raise QueryError(f"no records have {name!r} by now.", hint="Look again.")
    bar = found.missing if name is None else bars[name]
    if bar.condition is not None:
        return overview.view.where(bar.condition)
    return overview.view.where(_keys(overview, np.array(bar.ids, np.int64)))


def _keys(overview: Overview, ids: Ints) -> Keys:
    ids = ids[holds(ids, overview.masks, overview.mask())]
    with overview.project.database.read() as connection:
        return Keys(tuple(records.keys_of_ids(connection, ids.tolist()).values()))


def _run(said: Said) -> int:
    if said.run is None:
        raise QueryError("there are no weak labels.", hint="Run task.run(), then task.supervise().")
    return said.run


def _number(mark: Mark, name: str, below: int) -> int:
    value = mark.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < below:
        raise QueryError(f"{name} is {value!r}, not a whole number below {below}.")
    return value
