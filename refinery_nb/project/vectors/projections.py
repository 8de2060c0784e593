"""The records of an embedding on a plane: what a map shows."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.compute.job import Job
from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.learn.projection import METHODS, among_nearest, installed, lay_out
from refinery_nb.vectors import state

if TYPE_CHECKING:
    from refinery_nb.core.vectors import Vectors
    from refinery_nb.project.project import Project

Ints = NDArray[np.int64]
Places = NDArray[np.float32]
WAIT = 0.2  # seconds between two looks at whether a layout is done or cancelled


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Records and their places.

    Attributes
    ----------
    records
        Record ids, ascending, shape (n,).
    places
        float32, shape (n, 2).
    laid_out
        For how many of these the layout was computed; the others were put among their nearest.
    """

    records: Ints
    places: Places
    laid_out: int


class Projections:
    """Places of the records of each embedding, by method; made when they are asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._made: dict[tuple[str, str], tuple[tuple[int, int], Projection]] = {}

    def get(self, embedding: str, method: str = "pca") -> Projection | None:
        """Return the places of all records with a vector; None if they must be laid out first.

        Principal components are made at once. A neighbour layout that was made before is used
        again: records that came since are put among their nearest.

        Raises
        ------
        QueryError
            If there is no such method, or it is not installed.
        """
        _check(method)
        row = self._project.embeddings.row(embedding)
        vectors = self._project.embeddings[embedding].value()
        version = (row.id, row.generation)
        known = self._made.get((embedding, method))
        found = known[1] if known is not None and known[0] == version else None
        if found is None and method != "pca":
            found = self._load(version, method)
        if found is None or not np.array_equal(found.records, vectors.records):
            if method == "pca":
                count = len(vectors)
                found = Projection(vectors.records, lay_out(vectors.values), count)
            elif found is not None:
                found = _joined(found, vectors)
        if found is not None:
            self._made[embedding, method] = version, found
        return found

    def start(
        self, embedding: str, method: str, *, seed: int = 0, done: Callable[[], None] | None = None
    ) -> Job[Projection]:
        """Lay the vectors out in a process of its own; ``done`` is called at its end.

        Cancelling the job ends the process.

        Raises
        ------
        QueryError
            If there is no such method, or it is not installed.
        """
        _check(method)
        row = self._project.embeddings.row(embedding)
        version = (row.id, row.generation)
        vectors = self._project.embeddings[embedding].value()

        def call(job: Job[Projection]) -> Projection:
            try:
                places = _in_child(job, vectors.values, method, seed)
                found = Projection(vectors.records, places, len(vectors))
                self._made[embedding, method] = version, found
                self._save(version, method, found)
                return found
            finally:
                if done is not None:
                    done()

        return Job(call)

    def _file(self, version: tuple[int, int], method: str) -> Path | None:
        if self._project.root is None:
            return None
        return self._project.root / "vectors" / f"map-{version[0]}-{version[1]}-{method}.npz"

    def _load(self, version: tuple[int, int], method: str) -> Projection | None:
        path = self._file(version, method)
        found = None if path is None else state.load(path)
        if found is None or {"records", "places"} - set(found):
            return None
        records, places = found["records"], found["places"]
        if places.shape != (len(records), 2) or not np.isfinite(places).all():
            return None
        return Projection(records.astype(np.int64), places.astype(np.float32), len(records))

    def _save(self, version: tuple[int, int], method: str, found: Projection) -> None:
        path = self._file(version, method)
        if path is None:
            return
        state.save(path, {"records": found.records, "places": found.places})
        rows = [one.row for one in self._project.embeddings.values()]
        kept = {f"map-{row.id}-{row.generation}-" for row in rows}
        for old in path.parent.glob("map-*.npz"):
            if not any(old.name.startswith(prefix) for prefix in kept):
                old.unlink(missing_ok=True)


def _check(method: str) -> None:
    if method not in METHODS:
        raise QueryError(f"there is no map {method!r}.", hint=did_you_mean(method, METHODS))
    if method not in installed():
        raise QueryError("UMAP is not installed.", hint="pip install umap-learn")


def _joined(found: Projection, vectors: Vectors) -> Projection:
    """Return a layout of today's records: those gone left out, new ones among their nearest."""
    old = np.isin(found.records, vectors.records)
    records, places = found.records[old], found.places[old]
    new = np.setdiff1d(vectors.records, records)
    if len(new) and len(records):
        known, _ = vectors.of_records(records)
        values, _ = vectors.of_records(new)
        places = np.concatenate([places, among_nearest(values, known, places)])
    elif len(new):
        places = np.zeros((len(new), 2), np.float32)
    every = np.concatenate([records, new])
    order = np.argsort(every)
    return Projection(every[order], places[order], len(records))


def _in_child(job: Job[Projection], values: Places, method: str, seed: int) -> Places:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "vectors.npy", Path(folder) / "places.npy"
        np.save(source, values)
        program = [sys.executable, "-P", "-m", "refinery_nb.learn.projection"]
        with (
            (Path(folder) / "said.txt").open("w+", errors="replace") as said,
            subprocess.Popen(
                [*program, str(source), str(target), method, str(seed)],
                stdout=subprocess.DEVNULL,
                stderr=said,
            ) as child,
        ):
            while child.poll() is None:
                if job.cancelled.wait(WAIT):
                    child.kill()
                    raise QueryError("the layout of the map was cancelled.")
            if child.returncode != 0:
                said.seek(0)
                last = said.read().strip().splitlines()[-1:]
                why = last[0] if last else f"exit status {child.returncode}"
                raise QueryError(f"the map could not be laid out: {why}")
        places: Places = np.load(target, allow_pickle=False)
        return places
