"""Two runs of weak supervision side by side: what went in, and which records flipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import Keys
from refinery_nb.core.votes import Ints, Votes
from refinery_nb.project.records import frames
from refinery_nb.project.weak import weak_html
from refinery_nb.store import records

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.view import View
    from refinery_nb.project.weak.weak import WeakRun


class RunComparison:
    """What differs between two runs; made by ``weak.compare``.

    Attributes
    ----------
    before, after
        The runs.
    changed
        DataFrame ``what, before, after``: label model, options, heuristics by their versions,
        manual labels.
    """

    def __init__(self, before: WeakRun, after: WeakRun) -> None:
        if before.task != after.task:
            raise QueryError("the two runs are of different tasks.")
        self.before = before
        self.after = after
        self.changed = changed(before, after)
        self._flipped = _flipped(before.votes, after.votes)

    @property
    def view(self) -> View:
        """The records that flipped: another label, or labelled in one of the two only."""
        project = self.after.task.project
        with project.database.read() as connection:
            keys = records.keys_of_ids(connection, self._flipped.tolist())
        return project.where(Keys(tuple(keys.values())))

    def frame(self) -> pd.DataFrame:
        """Return ``key, before, after`` of the records that flipped; several as lists."""
        import pandas as pd

        task = self.after.task
        key = frames.keys(task.project, self._flipped.tolist())
        sides = [_said(one, self._flipped) for one in (self.before, self.after)]
        return pd.DataFrame(
            {
                "key": [key[record] for record in self._flipped.tolist()],
                "before": [sides[0].get(record) for record in self._flipped.tolist()],
                "after": [sides[1].get(record) for record in self._flipped.tolist()],
            }
        )

    def __len__(self) -> int:
        return len(self._flipped)

    def __repr__(self) -> str:
        total = len(self.after.task.project)
        lines = [f"{len(self):,} of {total:,} records flipped between the two runs."]
        lines += [f"  {row.what}: {row.before} -> {row.after}" for row in self.changed.itertuples()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return weak_html.comparison(self)


def changed(before: WeakRun, after: WeakRun) -> pd.DataFrame:
    """Return ``what, before, after`` of what went into two runs and differs."""
    import pandas as pd

    sides = [_inputs(run) for run in (before, after)]
    names = list(dict.fromkeys([*sides[0], *sides[1]]))
    rows = [
        (name, sides[0].get(name), sides[1].get(name))
        for name in names
        if sides[0].get(name) != sides[1].get(name)
    ]
    return pd.DataFrame(rows, columns=["what", "before", "after"])


def _inputs(run: WeakRun) -> dict[str, Any]:
    rest = dict(run.options)
    versions = {f"heuristic {name}": v for name, v in rest.pop("heuristics", {}).items()}
    chosen = run.summary.get("chosen")
    model = run.model if chosen in (None, run.model) else f"{run.model} ({chosen})"
    labels = {"manual labels": rest.pop("gold", None)}
    return {"label model": model} | labels | rest | versions


def _flipped(before: Votes, after: Votes) -> Ints:
    sides = [_by_record(votes) for votes in (before, after)]
    every = np.union1d(before.record, after.record)
    changed = [one for one in every.tolist() if sides[0].get(one) != sides[1].get(one)]
    return np.array(changed, dtype=np.int64)


def _by_record(votes: Votes) -> dict[int, tuple[tuple[int, ...], ...]]:
    columns = [votes.label]
    if votes.start is not None and votes.end is not None:
        columns += [votes.start, votes.end]
    found: dict[int, tuple[tuple[int, ...], ...]] = {}
    parts = zip(*(column.tolist() for column in columns), strict=True)
    for record, entry in zip(votes.record.tolist(), parts, strict=True):
        found[record] = (*found.get(record, ()), entry)
    if votes.start is None:
        # The same labels are the same, in whatever order they were found.
        return {record: tuple(sorted(entries)) for record, entries in found.items()}
    return found


def _said(run: WeakRun, wanted: Ints) -> dict[int, Any]:
    names = {label.id: label.name for label in run.task.schema.labels}
    said = _by_record(run.votes.of_records(wanted))
    if run.task.schema.is_multi:
        return {
            record: [name for one, name in names.items() if (one,) in entries]
            for record, entries in said.items()
        }
    if run.votes.start is None:
        return {record: names.get(entries[0][0]) for record, entries in said.items()}
    return {
        record: [(start, end, names.get(label)) for label, start, end in entries]
        for record, entries in said.items()
    }
