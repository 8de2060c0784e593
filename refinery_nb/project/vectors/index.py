"""What finds the nearest vectors of embeddings: their arrays, or indexes of them."""

from __future__ import annotations

import os
import shutil
import threading
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError, StoreError
from refinery_nb.core.vectors import Vectors
from refinery_nb.project.vectors.index_child import ChildIndex
from refinery_nb.project.vectors.index_picture import Index, Question, made, search
from refinery_nb.project.vectors.index_upkeep import Upkeep
from refinery_nb.project.view import View
from refinery_nb.store.embeddings import EmbeddingRow
from refinery_nb.vectors import server as servers
from refinery_nb.vectors.exact import ExactStore
from refinery_nb.vectors.filters import translate
from refinery_nb.vectors.held import Held
from refinery_nb.vectors.kept import KeptIndex
from refinery_nb.vectors.store import NOTHING, Hits, asked

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

Ints = NDArray[np.int64]
FOLDER = "index"
ABOVE = 200_000  # vectors: from there on an index is made
FEW = 256  # ids that are left out of the answers; more are left out of the search


class Indexes:
    """What finds the nearest vectors of each embedding of a project.

    Attributes
    ----------
    above
        From how many vectors on an index is made; fewer are searched exactly.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.above = ABOVE
        self._url = os.environ.get(servers.URL) or None
        self._exact: dict[str, ExactStore] = {}
        self._kept: dict[int, Upkeep] = {}
        self._lock = threading.Lock()

    @property
    def server(self) -> str | None:
        """The URL of a Qdrant server that is to hold the indexes of this session, or None.

        By default the environment variable ``REFINERY_NB_QDRANT_URL``. It is never read from a
        project nor written to one; a key stands in ``REFINERY_NB_QDRANT_API_KEY``.
        """
        return self._url

    @server.setter
    def server(self, url: str | None) -> None:
        if url is not None:
            servers.Server(url, "")
        self.close()
        self._url = url

    def exact(self, name: str) -> ExactStore:
        """Return the exact store over the present vectors of an embedding."""
        return self._over(name, self._project.embeddings.value(name))

    def nearest(
        self,
        name: str,
        queries: NDArray[np.float32],
        k: int,
        *,
        among: Ints | View | None = None,
        exclude: Ints | None = None,
    ) -> Hits:
        """Return the nearest records; see ``Embedding.nearest``."""
        row = self._project.embeddings.row(name)
        vectors, marks = self._project.embeddings.marked(row)
        queries = asked(queries, k, vectors.dim)
        if isinstance(among, View) and among.project is not self._project:
            raise QueryError("the view is of another project.")
        own = np.zeros((1, 0), np.int64)
        if exclude is not None:
            own = np.atleast_2d(np.asarray(exclude, np.int64))
            if len(own) == 1 and own.shape[1] > FEW:
                everything = vectors.records if among is None else _ids(among)
                among, own = np.setdiff1d(everything, own[0]), own[:, :0]
        exact, wanted, found = self._over(name, vectors), k + own.shape[1], None
        kept = self._upkeep(row, len(vectors))
        if kept is not None:
            picture = kept.picture
            _tell(name, kept)
            if picture is not None and picture.made != made(row):
                kept.wake()
            elif picture is not None:
                question = self._question(queries, wanted, among)
                among = among if question.among is None else question.among
                found = search(self._project, kept, picture, exact, marks, question)
        if found is None:
            found = exact.search(queries, wanted, among=None if among is None else _ids(among))
        return _without(*found, own, k)

    def index(self, name: str, *, wait: bool = True) -> None:
        """Make the index of an embedding, or bring it in line; see ``Embedding.index``."""
        row = self._project.embeddings.row(name)
        self._project.embeddings.marked(row)
        if self._project.root is None:
            raise StoreError(
                "a project in memory has no index; its vectors are searched exactly.",
                hint="Open a project in a folder: rn.open(path).",
            )
        kept = self._upkeep(row, self.above)
        assert kept is not None
        if wait:
            kept.wait()
        else:
            kept.wake()
        _tell(name, kept)

    def state(self, name: str) -> str:
        """Return what answers searches: ``exact``, ``edge`` or ``server``; and what is going on."""
        kept = self._kept.get(self._project.embeddings.row(name).id)
        if kept is None:
            return "exact"
        if kept.picture is not None:
            return "edge" if self._url is None else "server"
        words = {"working": "its index is being made", "elsewhere": "another kernel has its index"}
        return f"exact; {words.get(kept.state, 'its index has failed')}"

    def forget(self, row: EmbeddingRow) -> None:
        """Delete the index of an embedding that is deleted."""
        with self._lock:
            kept = self._kept.pop(row.id, None)
            self._exact.pop(row.name, None)
        if kept is not None:
            kept.close()
        if self._project.root is None:
            return
        if self._url is not None and Held(self._folder(row.id)).any:
            try:
                self._on_server(row.id).delete()
            except StoreError as error:
                warnings.warn(f"{row.name}: its index stays: {error}", RuntimeWarning, stacklevel=4)
        for folder in (self._project.root / FOLDER).glob(f"{row.id}-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Let go of all indexes; they are opened again when they are needed."""
        with self._lock:
            kept, self._kept = list(self._kept.values()), {}
        for one in kept:
            one.end()
        for one in kept:
            one.close()

    def _over(self, name: str, vectors: Vectors) -> ExactStore:
        with self._lock:
            known = self._exact.get(name)
            if known is None or known.vectors is not vectors:
                known = self._exact[name] = ExactStore(vectors)
            return known

    def _question(
        self, queries: NDArray[np.float32], k: int, among: Ints | View | None
    ) -> Question:
        if not isinstance(among, View):
            return Question(queries, k, None if among is None else np.unique(among))
        condition = among.selection.condition
        if among.selection.limit is None:
            attributes = {one.name: one for one in self._project.attributes}
            tasks = {one.name: one for one in self._project.schemas}
            where = translate(condition, attributes, tasks)
            if where is not None:
                return Question(queries, k, condition=condition, where=where)
        return Question(queries, k, np.unique(among.ids()))

    def _upkeep(self, row: EmbeddingRow, count: int) -> Upkeep | None:
        """Return what keeps the index of an embedding; None if it is to be searched exactly."""
        if self._project.root is None or not count:
            return None
        with self._lock:
            kept = self._kept.get(row.id)
            if kept is not None:
                return kept
            folder = self._folder(row.id)
            if count < self.above and self._url is None and not Held(folder).any:
                return None
            kept = Upkeep(self._project, row.name, folder, partial(self._start, row.id))
            self._kept[row.id] = kept
            return kept

    def _start(self, id_: int, cancel: threading.Event) -> Index:
        if self._url is None:
            return ChildIndex(self._folder(id_), cancel)
        return KeptIndex(self._folder(id_), self._on_server(id_))

    def _on_server(self, id_: int) -> servers.Server:
        assert self._url is not None
        return servers.Server(self._url, f"refinery_nb-{self._project.id}-{id_}")

    def _folder(self, id_: int) -> Path:
        assert self._project.root is not None
        return self._project.root / FOLDER / f"{id_}-{'server' if self._url else 'edge'}"


def _ids(among: Ints | View) -> Ints:
    return among.ids() if isinstance(among, View) else np.asarray(among, np.int64)


def _tell(name: str, kept: Upkeep) -> None:
    for said in kept.said():
        warnings.warn(f"{name}: {said}", RuntimeWarning, stacklevel=4)


def _without(ids: Ints, scores: NDArray[np.float32], own: Ints, k: int) -> Hits:
    """Return the first k hits of each row without its own ids."""
    if not own.shape[1]:
        return ids, scores
    unwanted = (ids[:, :, None] == own[:, None, :]).any(axis=2)
    ids, scores = np.where(unwanted, NOTHING, ids), np.where(unwanted, -np.inf, scores)
    order = np.argsort(unwanted, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)
