"""The nearest vectors of an embedding."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.vectors.exact import ExactStore
from refinery_nb.vectors.store import NOTHING, Hits, asked

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

Ints = NDArray[np.int64]
FEW = 256  # ids that are left out of the answers; more are left out of the search


class Indexes:
    """What finds the nearest vectors of each embedding of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._exact: dict[str, ExactStore] = {}
        self._lock = threading.Lock()

    def exact(self, name: str) -> ExactStore:
        """Return the exact store over the present vectors of an embedding."""
        vectors = self._project.embeddings.value(name)
        with self._lock:
            known = self._exact.get(name)
            if known is None or known.vectors is not vectors:
                known = self._exact[name] = ExactStore(vectors)
            return known

    def nearest(
        self,
        name: str,
        queries: NDArray[np.float32],
        k: int,
        *,
        among: Ints | None = None,
        exclude: Ints | None = None,
    ) -> Hits:
        """Return the nearest records; see ``Embedding.nearest``."""
        exact = self.exact(name)
        queries = asked(queries, k, exact.dim)
        own = np.zeros((1, 0), np.int64)
        if exclude is not None:
            own = np.atleast_2d(np.asarray(exclude, np.int64))
            if len(own) == 1 and own.shape[1] > FEW:
                among = np.setdiff1d(exact.vectors.records if among is None else among, own[0])
                own = own[:, :0]
        ids, scores = exact.search(queries, k + own.shape[1], among=among)
        return _without(ids, scores, own, k)


def _without(ids: Ints, scores: NDArray[np.float32], own: Ints, k: int) -> Hits:
    """Return the first k hits of each row without its own ids."""
    if not own.shape[1]:
        return ids, scores
    unwanted = (ids[:, :, None] == own[:, None, :]).any(axis=2)
    ids, scores = np.where(unwanted, NOTHING, ids), np.where(unwanted, -np.inf, scores)
    order = np.argsort(unwanted, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)
