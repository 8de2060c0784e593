"""Examining a project: whether all of it is whole, and says the same everywhere."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from refinery_nb.core.errors import RefineryError, StoreError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.project.vectors.embeddings import FOLDER as VECTORS
from refinery_nb.project.vectors.embeddings import LOCK, file_name
from refinery_nb.project.vectors.index import FOLDER as INDEX
from refinery_nb.store import embeddings, health, heuristics, records, schema, slices, weak
from refinery_nb.store.db import Connection
from refinery_nb.store.migrations import SCHEMA_VERSION

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project

State = Literal["ok", "note", "fault", "repaired"]
SIGNS: dict[State, str] = {"ok": "✓", "note": "i", "fault": "✗", "repaired": "+"}
SHOWN = 3
NAMED = 5  # names in a message


@dataclass(frozen=True, slots=True)
class Check:
    """What one look at a project found.

    Attributes
    ----------
    name
        What was looked at.
    state
        ``ok``; ``note``: it works, and somebody may want to do something; ``fault``: something is
        wrong; ``repaired``: it was.
    count
        Of what was found.
    message
        What it is, and what to do.
    """

    name: str
    state: State
    count: int
    message: str


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """What ``project.doctor()`` found."""

    project: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return all(check.state != "fault" for check in self.checks)

    def frame(self) -> pd.DataFrame:
        """Return ``name, state, count, message``, a row for each look."""
        import pandas as pd

        names = [field.name for field in fields(Check)]
        return pd.DataFrame([asdict(check) for check in self.checks], columns=names)

    def __repr__(self) -> str:
        faults = sum(check.state == "fault" for check in self.checks)
        told = "nothing is wrong" if not faults else f"{faults} of {len(self.checks)} looks: faults"
        lines = [f"Project {self.project!r}: {told} (SQLite {sqlite3.sqlite_version})"]
        width = max((len(check.name) for check in self.checks), default=0)
        lines += [
            f"  {SIGNS[check.state]} {check.name:<{width}}  {check.message}"
            for check in self.checks
        ]
        return "\n".join(lines)


def doctor(project: Project, *, repair: bool = False) -> DoctorReport:
    """Look at the database, the history of labels, spans, votes, vectors, runs and backups.

    Parameters
    ----------
    repair
        Mend what can be mended without losing anything that somebody did: labels are set to what
        their history says, marks of spans to what the texts say, and files and comments that
        belong to nothing are deleted.

    Returns
    -------
    DoctorReport
        With ``ok``, ``frame()``, and all of it in words.
    """
    return DoctorReport(project.name, tuple(_Doctor(project, repair).examined()))


class _Doctor:
    def __init__(self, project: Project, repair: bool) -> None:
        self.project = project
        self.repair = repair

    def examined(self) -> Iterator[Check]:
        with self.project.database.write() as connection:
            tasks, attributes = schema.tasks(connection), schema.attributes(connection)
            problems = health.integrity(connection)
            yield self._said(
                "database", len(problems), "whole", f"damaged: {'; '.join(problems[:SHOWN])}"
            )
            if problems:
                return  # what else is read from it may be wrong
            yield self._schema(connection)
            yield self._mended(
                "history",
                health.differing(connection, tasks, attributes, keep=self.repair),
                "the labels are what the history of operations says",
                "labels and marks differ from what the history of operations says",
            )
            yield self._mended(
                "spans",
                health.misjudged(connection, tasks, attributes, keep=self.repair),
                "every span is known to fit its text, or not to",
                "spans are wrongly taken to fit their text, or not to",
            )
            yield self._mended(
                "comments",
                health.lost_comments(connection, remove=self.repair),
                "all are on something",
                "comments are on records that are gone",
            )
            yield self._votes(connection, tasks)
            yield self._slices(connection)
            yield self._runs(connection, tasks)
        yield from self._vectors()
        if self.project.root is not None:
            yield self._backups(self.project.root)

    def _said(
        self, name: str, count: int, fine: str, wrong: str, *, state: State = "fault"
    ) -> Check:
        return Check(name, state if count else "ok", count, wrong if count else fine)

    def _mended(self, name: str, count: int, fine: str, wrong: str) -> Check:
        state: State = "repaired" if self.repair else "fault"
        hint = " (mended)" if self.repair else "; repair=True mends it"
        return self._said(name, count, fine, f"{count:,} {wrong}{hint}", state=state)

    def _schema(self, connection: Connection) -> Check:
        found = health.version(connection)
        wrong = [] if found == SCHEMA_VERSION else [f"it has the version {found}"]
        unmet = health.unmet(connection)
        wrong += [f"{unmet:,} rows ask for others that are not there"] if unmet else []
        strange = health.strangers(connection)
        if strange:
            wrong.append(f"not of our making, and ignored: {', '.join(strange[:NAMED])}")
        return self._said("schema", len(wrong), f"version {found}", "; ".join(wrong))

    def _votes(self, connection: Connection, tasks: tuple[TaskSchema, ...]) -> Check:
        known, lost, names = records.all_ids(connection), 0, []
        for task in tasks:
            of_task = [
                (row.name, heuristics.votes(connection, row.version, spans=task.is_spans))
                for row in heuristics.heuristics(connection, task.id)
            ]
            of_task += [
                (f"run {run.id}", weak.votes(connection, run.id))
                for run in weak.runs(connection, task.id)[-1:]
            ]
            for name, votes in of_task:
                count = int((~np.isin(votes.record, known)).sum())
                lost += count
                names += [f"{task.name}: {name}"] if count else []
        return self._said(
            "votes",
            lost,
            "all are on records",
            f"{lost:,} votes are on records that are gone, and do not count "
            f"({', '.join(names[:NAMED])})",
            state="note",
        )

    def _slices(self, connection: Connection) -> Check:
        known, wrong = records.all_ids(connection), []
        for row in slices.slices(connection).values():
            if row.static:
                gone = (~np.isin(slices.records_of(connection, row.id), known)).sum()
                wrong += [f"{row.name!r} lacks {gone:,} records"] if gone else []
                continue
            try:
                len(self.project.slices[row.name])
            except RefineryError as error:
                wrong.append(f"{row.name!r}: {error.message}")
        told = "; ".join(wrong[:SHOWN])
        return self._said("slices", len(wrong), "all can be looked up", told, state="note")

    def _runs(self, connection: Connection, tasks: tuple[TaskSchema, ...]) -> Check:
        newest, old = records.version(connection), []
        for task in tasks:
            rows = heuristics.heuristics(connection, task.id)
            for row in rows:
                if row.state == "failed":
                    old.append(f"{row.name!r} of {task.name!r} failed")
                elif row.spec.get("kind") not in ("foreign", "imported") and row.seen < newest:
                    old.append(f"{row.name!r} of {task.name!r} has not seen the newest records")
            for run in weak.runs(connection, task.id)[-1:]:
                used = run.options.get("heuristics", {})
                now = {row.name: row.version for row in rows if row.enabled}
                if run.model != "imported" and used != now:
                    old.append(f"the weak labels of {task.name!r} are of other rules")
        told = f"{'; '.join(old[:SHOWN])}{' ...' if len(old) > SHOWN else ''}"
        return self._said("runs", len(old), "all are up to date", told, state="note")

    def _vectors(self) -> Iterator[Check]:
        store = self.project.embeddings
        with self.project.database.read() as connection:
            rows = list(embeddings.embeddings(connection).values())
        wrong = []
        for row in rows:
            try:
                store.array(row).rows(row.count)
                store.array(row).values(row.count)
            except RefineryError as error:
                wrong.append(f"{row.name!r}: {error.message}")
        told = f"{'; '.join(wrong[:SHOWN])} Embed again."
        fine = f"of {len(rows)} embeddings, whole" if rows else "there are none"
        yield self._said("vectors", len(wrong), fine, told)
        root = self.project.root
        if root is None or not (root / VECTORS).is_dir():
            return
        try:
            with store.busy():  # nobody writes a file now that the database does not know of yet
                left = self._left(root)
        except StoreError as error:
            yield Check("files", "note", 0, f"not looked at: {error.message}")
            return
        yield self._mended(
            "files",
            len(left),
            "all belong to something",
            f"files of vectors belong to nothing: {', '.join(one.name for one in left[:SHOWN])}",
        )

    def _left(self, root: Path) -> list[Path]:
        """Return the files of vectors that belong to nothing, and delete them if they are to be."""
        with self.project.database.read() as connection:
            rows = list(embeddings.embeddings(connection).values())
        left = _orphans(root / VECTORS, {file_name(row) for row in rows})
        left += _orphans(root / INDEX, {f"{row.id}-{kind}" for row in rows for kind in KINDS})
        if self.repair:
            for path in left:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return left

    def _backups(self, root: Path) -> Check:
        count, damaged = health.damaged_backups(root)
        told = f"{len(damaged)} of {count} are damaged: {', '.join(damaged[:SHOWN])}"
        fine = f"{count}, whole" if count else "there is none; project.backup() makes one"
        return self._said("backups", len(damaged), fine, told)


KINDS = ("edge", "server")


def _orphans(folder: Path, known: set[str]) -> list[Path]:
    """Return what stands in a folder and is of no embedding."""
    if not folder.is_dir():
        return []
    return [
        path
        for path in sorted(folder.iterdir())
        if path.name != LOCK
        and not path.name.startswith("map-")
        and path.name.split(".")[0] not in known
    ]
