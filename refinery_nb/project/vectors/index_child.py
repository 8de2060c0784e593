"""An index in a child process, as the kernel sees it."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from refinery_nb.compute.caller import Caller, ChildEnded
from refinery_nb.core.errors import StoreBusy, StoreDamaged, StoreError
from refinery_nb.core.vectors import Vectors
from refinery_nb.vectors.array import ROW, Hashes
from refinery_nb.vectors.kept import Opened
from refinery_nb.vectors.store import Filter, Hits, Ints, Payload, Values, nothing
from refinery_nb.vectors.wire import pack, unpack
from refinery_nb.vectors.worker import ERRORS

TARGET = "refinery_nb.vectors.worker:worker"
BATCH = 256  # queries of one question
SECONDS = 60.0  # for its answer: far more than it takes
SOON = 0.2  # seconds that a search waits for another question to be answered


class ChildGone(StoreDamaged):
    """The child has ended unasked, as it may over damaged files."""


class ChildIndex:
    """What ``KeptIndex`` does, done by a child.

    Each call waits for its answer and raises what the child raised, or ``ChildGone``.

    Parameters
    ----------
    folder
        Where the index stands.
    cancel
        Ends the child soon after it is set.

    Notes
    -----
    On Linux the child ends with the thread that started it.
    """

    reading = False

    def __init__(self, folder: Path, cancel: threading.Event) -> None:
        self._lock = threading.Lock()
        self._cancel = cancel
        self._caller = Caller(TARGET, {"folder": str(folder)})

    def open(self, made: str, dim: int, now: tuple[int, int]) -> Opened:
        """Open what is there, if it is of these vectors; else find it empty."""
        said, arrays = self._ask({"do": "open", "made": made, "dim": dim, "now": now})
        rows = arrays["rows"].reshape(-1).view(ROW)
        return Opened(rows, (said["seen"][0], said["seen"][1]), said["whole"], said["doubt"])

    def add_fields(self, fields: Mapping[str, str]) -> None:
        """Make filters on fields quick."""
        self._ask({"do": "add_fields", "fields": dict(fields)})

    def upsert(self, vectors: Vectors, marks: Hashes, payloads: Sequence[Payload]) -> None:
        """Take vectors in, and remember that once they are safe."""
        said = {"do": "upsert", "payloads": list(payloads)}
        self._ask(said, ids=vectors.records, marks=marks, values=vectors.values)

    def delete(self, ids: Ints) -> None:
        """Drop vectors."""
        self._ask({"do": "delete"}, ids=ids)

    def set_payloads(self, ids: Ints, payloads: Sequence[Payload]) -> None:
        """Put other payloads in the place of the older ones."""
        self._ask({"do": "set_payloads", "payloads": list(payloads)}, ids=ids)

    def finish(self, seen: tuple[int, int], count: int) -> None:
        """Build the index if that is due, and leave it whole."""
        self._ask({"do": "finish", "seen": seen, "count": count})

    def search(self, queries: Values, k: int, where: Filter | None = None) -> Hits:
        """Return the nearest for each query.

        Raises
        ------
        StoreBusy
            If it is being written to.
        """
        said = {"do": "search", "k": k, "where": where}
        ids, scores = nothing(len(queries), k)
        for first in range(0, len(queries), BATCH):
            part = slice(first, first + BATCH)
            _, found = self._ask(said, seconds=SECONDS, patience=SOON, queries=queries[part])
            ids[part], scores[part] = found["ids"], found["scores"]
        return ids, scores

    def close(self) -> None:
        """End the child; closing twice is harmless."""
        self._caller.close()

    def _ask(
        self,
        said: dict[str, Any],
        *,
        seconds: float = math.inf,
        patience: float = -1,
        **arrays: NDArray[Any],
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        if not self._lock.acquire(timeout=patience):
            raise StoreBusy("the index is being written to.")
        try:
            question = pack(said, **arrays)
            _, body = self._caller.ask(question, seconds=seconds, cancel=self._cancel)
        except ChildEnded as error:
            raise ChildGone(f"it {error}.") from error
        finally:
            self._lock.release()
        answer, found = unpack(body)
        if "error" in answer:
            kind = ERRORS[answer["error"]]
            raise (kind if issubclass(kind, StoreError) else StoreError)(answer["message"])
        return answer, found
