"""The child that has an index of Qdrant Edge open: what ``compute.child`` runs there.

The engine holds the GIL while it builds and loads, and can end its process when its files are
damaged. Here that is nobody's matter: the kernel goes on, and searches its array.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import RefineryError, StoreBusy, StoreDamaged
from refinery_nb.core.vectors import Vectors
from refinery_nb.vectors.array import ROW
from refinery_nb.vectors.edge import EdgeStore, digest
from refinery_nb.vectors.kept import KeptIndex
from refinery_nb.vectors.wire import pack, unpack

ENGINE = "edge 0.9"
# What the kernel does something about; anything else is shown.
ERRORS = {error.code: error for error in (StoreBusy, StoreDamaged, RefineryError)}
Arrays = dict[str, NDArray[Any]]


class Edge:
    """Qdrant Edge, in a folder."""

    name = ENGINE
    shared = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, dim: int, *, fresh: bool) -> EdgeStore:
        """Open the shard; ``fresh``: an empty one instead of what is there."""
        return EdgeStore(self._folder, dim, fresh=fresh)

    def fingerprint(self) -> str:
        """Return a hash of all files, as they are after a flush."""
        return digest(self._folder)


class Worker:
    """Answers one question at a time about one index."""

    def __init__(self, setup: dict[str, Any]) -> None:
        self._folder = Path(setup["folder"])
        self._kept: KeptIndex | None = None

    def load(self, payload: bytearray, chunk: int) -> tuple[dict[str, Any], Arrays]:
        """Return the question."""
        return unpack(payload)

    def run(
        self, step: int, question: tuple[dict[str, Any], Arrays], stop: int
    ) -> tuple[dict[str, Any], bytes]:
        """Answer it, or say which error there was."""
        said, arrays = question
        try:
            answer, found = self._answer(said.pop("do"), said, arrays)
        except RefineryError as error:
            code = next(code for code, kind in ERRORS.items() if isinstance(error, kind))
            return {}, pack({"error": code, "message": str(error)})
        return {}, pack(answer, **found)

    def _answer(
        self, do: str, said: dict[str, Any], arrays: Arrays
    ) -> tuple[dict[str, Any], Arrays]:
        if do == "open":
            if self._kept is None:
                self._kept = KeptIndex(self._folder, Edge(self._folder / "edge"))
            now = (said["now"][0], said["now"][1])
            opened = self._kept.open(said["made"], said["dim"], now)
            answer = {"seen": opened.seen, "whole": opened.whole, "doubt": opened.doubt}
            rows = opened.rows.view(np.int64).reshape(-1, ROW.itemsize // 8)
            return answer, {"rows": rows}
        kept = self._kept
        if kept is None:
            raise RefineryError("the index is not open.")
        if do == "search":
            ids, scores = kept.search(arrays["queries"], said["k"], said["where"])
            return {}, {"ids": ids, "scores": scores}
        if do == "add_fields":
            kept.add_fields(said["fields"])
        elif do == "upsert":
            vectors = Vectors(arrays["ids"], arrays["values"])
            kept.upsert(vectors, arrays["marks"], said["payloads"])
        elif do == "set_payloads":
            kept.set_payloads(arrays["ids"], said["payloads"])
        elif do == "delete":
            kept.delete(arrays["ids"])
        elif do == "finish":
            kept.finish((said["seen"][0], said["seen"][1]), said["count"])
        return {}, {}


def worker(setup: dict[str, Any], beat: memoryview) -> Worker:
    """Return the worker that ``compute.child`` runs."""
    return Worker(setup)
