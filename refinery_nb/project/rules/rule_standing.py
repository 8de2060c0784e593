"""How the heuristics of a task stand: coverage, precision, conflicts, and what a change did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import HeuristicError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Gold, Ints, VoteMatrix, Votes
from refinery_nb.project.records import cards, frames
from refinery_nb.project.rules import foreign, rules
from refinery_nb.quality import statistics
from refinery_nb.quality.interval import wilson
from refinery_nb.store import heuristics, records
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

Tokens = Mapping[int, NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class Measure:
    """What votes are worth.

    Attributes
    ----------
    covered
        Records with a vote.
    hits
        Votes; for spans they can be more than the records.
    correct, incorrect
        Votes on labelled records; for spans counted in tokens.
    precision, low, high
        Share of the correct ones with its 95 % interval (Wilson); None where nothing is counted.
    """

    covered: int
    hits: int
    correct: int
    incorrect: int
    precision: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One heuristic as a list of them shows it.

    ``state`` is ``new``, ``finished``, ``failed`` or ``outdated``; ``errors`` counts records;
    ``conflicts`` counts votes that another heuristic in force contradicts (None where it is
    switched off itself); ``labels`` has the number of votes by label id; ``trusted`` is False
    where the code came with somebody else's project and nobody here has let it run.
    """

    id: int
    name: str
    kind: str
    enabled: bool
    version: int
    versions: int
    at: str
    state: str
    message: str
    errors: int
    conflicts: int | None
    labels: dict[int, int]
    measure: Measure | None
    trusted: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What a new version of a heuristic did, both measured against today's labels.

    ``gained`` and ``lost`` count records with a vote in one of them only, ``flipped`` those with
    different votes.
    """

    old: int
    new: int
    before: Measure
    after: Measure
    gained: int
    lost: int
    flipped: int


class Yardstick:
    """What votes of a task are measured against: its records, labels and gold, read once."""

    def __init__(self, task: Task) -> None:
        self.schema: TaskSchema = task.schema
        with task.project.database.read() as connection:
            self.records: Ints = records.all_ids(connection)
        self.gold: Gold = frames.gold_columns(task)[0]
        reviewed = self.gold.reviewed.tolist() if self.schema.is_spans else []
        self.tokens: Tokens | None = (
            cards.token_offsets(task.project, self.schema, reviewed) if reviewed else None
        )

    def matrix(self, votes: Mapping[str, Votes]) -> VoteMatrix:
        """Put votes side by side."""
        labels = [label.id for label in self.schema.labels]
        return VoteMatrix.build(self.records, votes, labels, spans=self.schema.is_spans)

    def measure(self, votes: Votes) -> Measure:
        """Measure votes of one source."""
        return self.measures({"": votes})[0][""]

    def measures(
        self, votes: Mapping[str, Votes]
    ) -> tuple[dict[str, Measure], dict[str, int], dict[str, dict[int, int]]]:
        """Measure votes of several sources; also their conflicts, and their votes by label."""
        matrix = self.matrix(votes)
        found = statistics(matrix, self.gold, tokens=self.tokens, many=self.schema.is_multi)
        cell = np.unique(matrix.row * max(1, len(matrix.sources)) + matrix.source)
        covered = np.bincount(cell % max(1, len(matrix.sources)), minlength=len(matrix.sources))
        correct, incorrect = found.correct.sum(axis=1), found.incorrect.sum(axis=1)
        low, high = wilson(correct, correct + incorrect)
        measured: dict[str, Measure] = {}
        conflicts: dict[str, int] = {}
        by_label: dict[str, dict[int, int]] = {}
        for at, name in enumerate(matrix.sources):
            right, wrong = int(correct[at]), int(incorrect[at])
            known = right + wrong > 0
            measured[name] = Measure(
                int(covered[at]),
                int(found.hits[at].sum()),
                right,
                wrong,
                right / (right + wrong) if known else None,
                float(low[at]) if known else None,
                float(high[at]) if known else None,
            )
            conflicts[name] = int(found.conflicts[at].sum())
            by_label[name] = {
                matrix.labels[label]: int(found.hits[at, label])
                for label in np.flatnonzero(found.hits[at]).tolist()
            }
        return measured, conflicts, by_label


def standings(task: Task) -> tuple[list[Standing], int, int]:
    """Return how each heuristic stands, the number of records, and of labelled ones."""
    yardstick = Yardstick(task)
    columns = task.project.columns
    enabled = columns.of_task(yardstick.schema)
    everything = columns.of_task(yardstick.schema, enabled_only=False)
    measured, conflicts, by_label = yardstick.measures(enabled)
    for name, votes in everything.items():
        if name not in enabled:
            alone, _, labels = yardstick.measures({name: votes})
            measured |= alone
            by_label |= labels
    with task.project.database.read() as connection:
        now = records.version(connection)
        counts = heuristics.counts(connection, task.id)
    found = []
    rows = rules.rows(task)
    untrusted = foreign.untrusted(task.project, {row.name: row.spec for row in rows})
    for row in rows:
        versions, errors = counts.get(row.id, (1, 0))
        state = "outdated" if row.state == "finished" and row.seen < now else row.state
        voted = row.state != "new" or len(everything.get(row.name, ())) > 0
        found.append(
            Standing(
                row.id,
                row.name,
                str(row.spec["kind"]),
                row.enabled,
                row.version,
                versions,
                row.at,
                state,
                row.message,
                errors,
                conflicts.get(row.name),
                by_label.get(row.name, {}),
                measured.get(row.name) if voted else None,
                row.name not in untrusted,
            )
        )
    return found, len(yardstick.records), len(yardstick.gold.reviewed)


def change(task: Task, name: str, old: int | None = None, new: int | None = None) -> Change | None:
    """Return what a version of a heuristic did against an older one.

    Parameters
    ----------
    old, new
        Versions; by default the newest that has votes, and the one with votes before it.

    Returns
    -------
    Change or None
        None if there are not two versions with votes.

    Raises
    ------
    HeuristicError
        If the heuristic has no such version.
    """
    row = rules.row(task, name)
    with task.project.database.read() as connection:
        stored = heuristics.versions(connection, row.id)
    run = [one[0] for one in stored if one[3] != "new"]
    for wanted in (old, new):
        if wanted is not None and wanted not in [one[0] for one in stored]:
            raise HeuristicError(f"{name!r} has no version {wanted}.")
    new = run[-1] if new is None and run else new
    if new is None:
        return None
    before = [version for version in run if version < new]
    old = before[-1] if old is None and before else old
    if old is None:
        return None
    yardstick = Yardstick(task)
    first, second = _votes(task, row, old), _votes(task, row, new)
    one, other = _said(first), _said(second)
    return Change(
        old,
        new,
        yardstick.measure(first),
        yardstick.measure(second),
        len(other.keys() - one.keys()),
        len(one.keys() - other.keys()),
        sum(one[record] != other[record] for record in one.keys() & other.keys()),
    )


def _votes(task: Task, row: HeuristicRow, version: int) -> Votes:
    with task.project.database.read() as connection:
        return heuristics.votes(connection, version, spans=task.schema.is_spans)


def _said(votes: Votes) -> dict[int, Any]:
    """Return what is said of each record, to compare."""
    if votes.start is None or votes.end is None:
        return dict(zip(votes.record.tolist(), votes.label.tolist(), strict=True))
    found: dict[int, list[tuple[int, int, int]]] = {}
    for record, label, start, end in zip(
        votes.record.tolist(),
        votes.label.tolist(),
        votes.start.tolist(),
        votes.end.tolist(),
        strict=True,
    ):
        found.setdefault(record, []).append((start, end, label))
    return {record: sorted(spans) for record, spans in found.items()}
