"""What one EmbeddingMap works on: an embedding on a plane, its colours, and what is selected."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.compute.job import Job
from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import Keys
from refinery_nb.core.schema import AttributeType
from refinery_nb.learn.projection import METHODS, installed
from refinery_nb.project.project import Project
from refinery_nb.project.task import Task
from refinery_nb.project.vectors.colouring import Categories, Scale, choices, colouring
from refinery_nb.project.vectors.projections import Projection
from refinery_nb.project.view import View
from refinery_nb.store import records

TITLES = {"pca": "Components (at once)", "umap": "UMAP", "tsne": "t-SNE"}
SIDE = 65_535  # places travel as whole numbers from 0 to this
SHOWN = 400  # characters of a text
MATCHES = 100  # records that a search marks

Ints = NDArray[np.int64]
Push = Callable[..., None]


class MapSession:
    """The kernel's side of one EmbeddingMap: answers in whole numbers that JSON can carry."""

    def __init__(
        self,
        project: Project,
        task: Task | None,
        view: View | None,
        push: Push,
        *,
        embedding: str,
        method: str,
        by: str,
    ) -> None:
        self.project = project
        self.task = task
        self.within = view
        self.embedding = embedding
        self.method = method
        self.by = by
        self.revision = 0
        self.job: Job[Projection] | None = None
        self.selected: Ints | None = None
        self._push = push
        self._projection: Projection | None = None
        self._scaled: NDArray[np.uint16] = np.zeros((0, 2), np.uint16)
        self._ids: Ints = np.zeros(0, np.int64)
        self._codes: Ints | None = None

    def info(self) -> dict[str, Any]:
        """Say what there is to choose from."""
        schema = None if self.task is None else self.task.schema
        return {
            "project": self.project.name,
            "task": None if schema is None else schema.name,
            "kind": None if schema is None else schema.kind.value,
            "labels": [
                {"id": one.id, "name": one.name, "color": one.color}
                for one in (schema.labels if schema is not None else ())
            ],
            "embeddings": [
                name for name, one in self.project.embeddings.items() if one.level == "record"
            ],
            "methods": [
                {"id": id_, "title": TITLES[id_], "installed": id_ in installed()}
                for id_ in METHODS
            ],
            "colours": [{"id": i, "title": t} for i, t in choices(self.project, self.task)],
            "embedding": self.embedding,
            "method": self.method,
            "by": self.by,
            "laying_out": self.job is not None and self.job.running,
        }

    def places(self, embedding: str, method: str) -> dict[str, Any]:
        """Return where the records stand; ``ready`` is false if they must be laid out first."""
        found = self.project.projections.get(embedding, method)
        self.embedding, self.method = embedding, method
        if found is None:
            return {"ready": False, "laying_out": self.job is not None and self.job.running}
        ids, places = found.records, found.places
        if self.within is not None:
            kept = np.isin(ids, self.within.ids())
            ids, places = ids[kept], places[kept]
        self._projection, self._ids = found, ids
        self._scaled = scaled(places)
        self.revision += 1
        self.selected = None
        return {
            "ready": True,
            "revision": self.revision,
            "count": len(ids),
            "missing": (len(self.within) if self.within is not None else len(self.project))
            - len(ids),
            "joined": len(found.records) - found.laid_out,
            "x": packed(self._scaled[:, 0]),
            "y": packed(self._scaled[:, 1]),
            **self.colours(self.by),
        }

    def colours(self, by: str) -> dict[str, Any]:
        """Return the colour of each record."""
        known = [id_ for id_, _ in choices(self.project, self.task)]
        if by not in known and known:
            by = known[0]  # the run or the heuristic is gone
        self._codes = None
        self.by = by
        if not known:
            return {"by": "", "categories": None, "scale": None}
        found = colouring(self.project, self.task, by, self._ids, self._scaled.astype(np.float32))
        if isinstance(found, Scale):
            return {"by": by, "categories": None, "scale": _scale(found)}
        self._codes = found.codes
        return {"by": by, "categories": _categories(found), "scale": None}

    def text(self, at: int) -> dict[str, Any]:
        """Return a record as the hover card shows it."""
        if at >= len(self._ids):
            raise QueryError(f"the map has no record {at}.")
        record = int(self._ids[at])
        on = self.project.embeddings[self.embedding].on
        with self.project.database.read() as connection:
            attributes = [a for a in self.project.attributes if a.name == on]
            rows = list(records.values(connection, attributes, [record]))
        if not rows:
            raise QueryError("this record is gone.")
        _, key, (value,) = rows[0]
        said = value if attributes[0].type is not AttributeType.JSON else str(value)
        whole = "" if said is None else str(said)
        return {"key": key, "text": whole[:SHOWN], "cut": len(whole) > SHOWN}

    def still(self) -> tuple[Ints, NDArray[np.uint16], Categories | Scale | None]:
        """Return records, places and colours, for a still picture; components where no other is."""
        found = self.project.projections.get(self.embedding, self.method)
        found = found or self.project.projections.get(self.embedding)
        assert found is not None
        ids, places = found.records, found.places
        if self.within is not None:
            kept = np.isin(ids, self.within.ids())
            ids, places = ids[kept], places[kept]
        whole = scaled(places)
        known = [id_ for id_, _ in choices(self.project, self.task)]
        if self.by not in known:
            return ids, whole, None
        by = colouring(self.project, self.task, self.by, ids, whole.astype(np.float32))
        return ids, whole, by

    def select(self, polygon: Ints, hidden: Collection[int]) -> dict[str, Any]:
        """Select the records inside a polygon, without those of hidden categories.

        Parameters
        ----------
        polygon
            Shape (corners, 2), in the numbers that ``places`` gave; empty: all that are shown.
        """
        chosen = np.ones(len(self._ids), np.bool_)
        if len(polygon):
            chosen = inside(polygon, self._scaled)
        if hidden and self._codes is not None:
            chosen &= ~np.isin(self._codes, np.fromiter(hidden, np.int64))
        at = np.flatnonzero(chosen)
        self.selected = self._ids[at]
        return {"count": len(at), "at": packed(at), **self.about()}

    def about(self) -> dict[str, Any]:
        """Say how the selected records are labelled."""
        if self.selected is None or self.task is None or not len(self.selected):
            return {"labelled": 0, "labels": []}
        votes = colouring(self.project, self.task, "label", np.sort(self.selected), _NOWHERE)
        assert isinstance(votes, Categories)
        counts = np.bincount(votes.codes, minlength=len(votes.names))
        labelled = int(counts[:-1].sum())
        told = [
            {"name": name, "color": color, "count": int(count)}
            for name, color, count in zip(votes.names, votes.colors, counts.tolist(), strict=True)
            if count and color
        ]
        return {"labelled": labelled, "labels": told}

    def view(self) -> View:
        """Return the selected records as a view.

        Raises
        ------
        QueryError
            If nothing is selected.
        """
        if self.selected is None or not len(self.selected):
            raise QueryError("nothing is selected.", hint="Draw a lasso around some points.")
        with self.project.database.read() as connection:
            keys = records.keys_of_ids(connection, self.selected.tolist())
        return self.project.where(Keys(tuple(keys.values())))

    def search(self, text: str) -> dict[str, Any]:
        """Return which points a search finds, the best first."""
        found = self.project.search(text).head(MATCHES).ids()
        at = np.searchsorted(self._ids, found)
        at = at[(at < len(self._ids)) & np.isin(found, self._ids)]
        return {"count": len(at), "at": packed(at)}

    def lay_out(self, embedding: str, method: str) -> dict[str, Any]:
        """Begin to lay the records out; ``layout`` is pushed at the end."""
        if self.job is None or not self.job.running:
            self.job = self.project.projections.start(embedding, method, done=self._done)
        return {"laying_out": True}

    def cancel(self) -> dict[str, Any]:
        """End the layout that is under way."""
        if self.job is not None:
            self.job.cancel()
        return {}

    def _done(self) -> None:
        job = self.job
        error = None if job is None or job._error is None else str(job._error)
        self._push("layout", error=error)


_NOWHERE = np.zeros((0, 2), np.float32)


def scaled(places: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return places as whole numbers in a square, their proportions kept.

    >>> scaled(np.array([[0, 0], [2, 1]], np.float32)).tolist()
    [[0, 16384], [65535, 49151]]
    """
    if not len(places):
        return np.zeros((0, 2), np.uint16)
    low, high = places.min(axis=0), places.max(axis=0)
    reach = max(float((high - low).max()), 1e-9)
    middle = (low + high) / 2
    found = ((places - middle) / reach + 0.5) * SIDE
    whole: NDArray[np.uint16] = np.clip(np.round(found), 0, SIDE).astype(np.uint16)
    return whole


def inside(polygon: Ints, points: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Say which points lie in a polygon: a ray crosses its edges an odd number of times.

    >>> square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]])
    >>> inside(square, np.array([[5, 5], [15, 5]], np.uint16)).tolist()
    [True, False]
    """
    x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    odd = np.zeros(len(points), np.bool_)
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if ay == by:
            continue
        crosses = (y < ay) != (y < by)
        odd ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return odd


def packed(values: NDArray[Any]) -> str:
    """Return whole numbers as base64: uint16 where they fit, or uint32 for row numbers."""
    kind = "<u2" if values.dtype == np.uint16 else "<u4"
    return b64encode(values.astype(kind).tobytes()).decode("ascii")


def _categories(found: Categories) -> dict[str, Any]:
    counts = np.bincount(found.codes, minlength=len(found.names)).tolist()
    return {
        "names": list(found.names),
        "colors": list(found.colors),
        "counts": counts,
        "codes": packed(found.codes.astype(np.uint16)),
    }


def _scale(found: Scale) -> dict[str, Any]:
    known = np.isfinite(found.values)
    low = float(found.values[known].min()) if known.any() else 0.0
    high = float(found.values[known].max()) if known.any() else 1.0
    share = (found.values - low) / max(high - low, 1e-12)
    # 0 stands for "no value".
    steps = np.where(known, 1 + np.round(np.where(known, share, 0) * (SIDE - 1)), 0)
    return {
        "title": found.title,
        "low": low,
        "high": high,
        "missing": int((~known).sum()),
        "steps": packed(steps.astype(np.uint16)),
    }
