"""The edge store: a shard of Qdrant Edge in a folder, one process at a time.

Whatever the engine raises is raised in our words; a panic of its Rust code is no ``Exception``.
It holds the GIL through every call, and can end its process when its files are damaged: kernels
have it in a child (``vectors.worker``). It must not be used after a fork.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from refinery_nb.core.errors import MissingExtra, RefineryError, StoreBusy, StoreDamaged, StoreError
from refinery_nb.core.vectors import Vectors
from refinery_nb.vectors.store import (
    Filter,
    Hits,
    Ints,
    Payload,
    Values,
    asked,
    checked,
    directions,
    nothing,
    ranked,
)

SHARD, LOCK = "shard", "lock"
PAGE = 2_048  # points of one update
BATCH = 64  # queries that are planned together
NEVER = 2**40  # kB: no segment is that large
ALWAYS = 1  # kB: any segment is
LINKS, BREADTH = 16, 128  # of the HNSW graph: edges of a node, candidates while building
SCANNED = 10_000  # kB: what passes a filter is scanned, not walked to, if it is smaller
OVERSAMPLING = 2.0  # what int8 finds is scored again by float32: recall .957 becomes 1.000
QUANTILE = 0.99


class EdgeStore:
    """Nearest vectors by a Qdrant Edge shard.

    Exact while it is not built; then by an HNSW graph over int8 vectors, rescored. What comes
    after building is scanned until it is built again.

    Parameters
    ----------
    folder
        Made if it is missing.
    dim
        How many numbers a vector has.
    fresh
        Begin with an empty one instead of what is there.

    Raises
    ------
    StoreBusy
        If another process has it open.
    StoreDamaged
        If it cannot be loaded, or holds vectors of another dimension.
    MissingExtra
        If qdrant-edge-py is not installed.
    """

    def __init__(self, folder: Path, dim: int, *, fresh: bool = False) -> None:
        self.dim = dim
        self._edge = _engine()
        self._folder = folder / SHARD
        self._pid = os.getpid()
        self._open: Any = None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = FileLock(folder / LOCK, timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise StoreBusy("another process has this index open.", source=str(folder)) from error
        try:
            if fresh:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._load()
        except BaseException:
            self._lock.release()
            raise

    def upsert(self, vectors: Vectors, payloads: Sequence[Payload] | None = None) -> None:
        """Add vectors with their payloads; those of known ids replace the older ones."""
        checked(vectors, self.dim)
        if not len(vectors):
            return
        update, point = self._edge.UpdateOperation, self._edge.Point
        for first in range(0, len(vectors), PAGE):
            part = slice(first, first + PAGE)
            ids, (units, zero) = vectors.records[part], directions(vectors.values[part])
            said = [dict(one) for one in payloads[part]] if payloads else [{}] * len(ids)
            # As lists: a Point made of an array takes 1.6 times as long.
            rows = zip(ids.tolist(), units.tolist(), said, zero.tolist(), strict=True)
            points = [
                point(one, vector, payload) for one, vector, payload, none in rows if not none
            ]
            with self._ours() as shard:
                shard.update(update.upsert_points(points))
            self.delete(ids[zero])

    def delete(self, ids: Ints) -> None:
        """Drop the vectors of these records; unknown ids are passed over."""
        known = [one for one in np.asarray(ids).tolist() if one >= 0]
        if known:
            with self._ours() as shard:
                shard.update(self._edge.UpdateOperation.delete_points(known))

    def set_payloads(self, ids: Ints, payloads: Sequence[Payload]) -> None:
        """Put other payloads in the place of the older ones; unknown ids are passed over."""
        overwrite = self._edge.UpdateOperation.overwrite_payload
        with self._ours() as shard:
            for first in range(0, len(ids), PAGE):
                part = np.asarray(ids[first : first + PAGE]).tolist()
                known = {one.id for one in shard.retrieve(part, False, False)}
                for one, payload in zip(part, payloads[first : first + PAGE], strict=True):
                    if one in known:
                        shard.update(overwrite([one], dict(payload)))

    def add_fields(self, fields: Mapping[str, str]) -> None:
        """Make filters on fields quick: names to ``keyword``, ``integer`` or ``float``."""
        kinds = {
            "keyword": self._edge.PayloadSchemaType.Keyword,
            "integer": self._edge.PayloadSchemaType.Integer,
            "float": self._edge.PayloadSchemaType.Float,
        }
        with self._ours() as shard:
            known = shard.info().payload_schema
            for name in fields:
                if name not in known:
                    add = self._edge.UpdateOperation.create_field_index
                    shard.update(add(name, kinds[fields[name]]))

    def search(
        self, queries: Values, k: int, *, among: Ints | None = None, where: Filter | None = None
    ) -> Hits:
        """Return the nearest of those whose payload passes; see ``VectorIndex``."""
        units, zero = directions(asked(queries, k, self.dim))
        ids, scores = nothing(len(units), k)
        nonzero = np.flatnonzero(~zero)
        if not k or (among is not None and not len(among)):
            return ids, scores
        edge = self._edge
        passing = self._passing(among, where)
        params = edge.SearchParams(
            hnsw_ef=max(BREADTH, k),
            quantization=edge.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING),
        )
        for first in range(0, len(nonzero), BATCH):
            part = nonzero[first : first + BATCH]
            requests = [
                edge.QueryRequest(k, query=edge.Query.Nearest(query), filter=passing, params=params)
                for query in units[part].tolist()
            ]
            with self._ours() as shard:
                if len(requests) == 1:
                    found = [shard.query(requests[0])]
                else:
                    found = shard.query_batch(edge.QueryBatchRequest(requests))
            for at, hits in zip(part, found, strict=True):
                ids[at, : len(hits)] = [hit.id for hit in hits]
                scores[at, : len(hits)] = [hit.score for hit in hits]
        return ranked(ids, scores, k)

    def scroll(self, *, after: int = -1, limit: int = 1_000) -> Vectors:
        """Return the next vectors by ascending id, from behind an id; of length 1."""
        request = self._edge.ScrollRequest(
            offset=after + 1, limit=limit, with_payload=False, with_vector=True
        )
        with self._ours() as shard:
            found, _ = shard.scroll(request)
        values = np.array([one.vector for one in found], np.float32).reshape(-1, self.dim)
        return Vectors(np.array([one.id for one in found], np.int64), values)

    def count(self) -> int:
        """Return how many vectors there are."""
        with self._ours() as shard:
            return int(shard.count(self._edge.CountRequest()))

    def flush(self) -> None:
        """Return when everything is on disk: an update alone never is."""
        with self._ours() as shard:
            shard.flush()

    def build(self) -> None:
        """Build the graph. It takes a core for seconds to minutes and holds the GIL all along."""
        with self._ours() as shard:
            shard.flush()
            shard.close()
            building = self._edge.EdgeShard.load(str(self._folder), self._config(ALWAYS))
            try:
                building.optimize()
                building.flush()
            finally:
                building.close()
            self._open = self._edge.EdgeShard.load(str(self._folder), self._config(NEVER))

    def close(self) -> None:
        """Write everything to disk and let go of the folder; closing twice is harmless."""
        if self._open is None or os.getpid() != self._pid:
            return
        try:
            with self._ours() as shard:
                shard.flush()
                shard.close()
        finally:
            self._open = None
            self._lock.release()

    def _load(self) -> None:
        # What a process leaves that is killed while it builds; nothing else removes it.
        shutil.rmtree(self._folder / "temp_segments", ignore_errors=True)
        path, config = self._folder / "edge_config.json", self._config(NEVER)
        with _in_our_words(self._folder):
            if not path.exists():
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder.mkdir(mode=0o700)
                self._open = self._edge.EdgeShard.create(str(self._folder), config)
                return
            size = json.loads(path.read_bytes())["vectors"][""]["size"]
            if size != self.dim:
                raise StoreDamaged(
                    f"the index holds vectors of {size} numbers, not {self.dim}.",
                    source=str(self._folder),
                )
            self._open = self._edge.EdgeShard.load(str(self._folder))

    def _config(self, threshold: int) -> Any:
        edge = self._edge
        return edge.EdgeConfig(
            vectors=edge.EdgeVectorParams(self.dim, edge.Distance.Cosine, memory=edge.Memory.Cold),
            hnsw_config=edge.HnswIndexConfig(
                LINKS,
                BREADTH,
                SCANNED,
                # One core stays for the kernel and the person before it.
                max_indexing_threads=max(1, (os.cpu_count() or 2) - 1),
            ),
            quantization_config=edge.ScalarQuantizationConfig(
                edge.ScalarType.Int8, quantile=QUANTILE, memory=edge.Memory.Pinned
            ),
            optimizers=edge.EdgeOptimizersConfig(
                indexing_threshold=threshold, default_segment_number=1
            ),
            # A log of its own doubles the disk space, and keeps only what was not flushed yet.
            wal_enabled=False,
        )

    def _passing(self, among: Ints | None, where: Filter | None) -> Any:
        must = [] if among is None else [{"has_id": np.asarray(among).tolist()}]
        if where:
            must.append(dict(where))
        return edge_filter(self._edge, {"must": must}) if must else None

    @contextmanager
    def _ours(self) -> Iterator[Any]:
        """Give the shard; turn what the engine raises into our errors."""
        if os.getpid() != self._pid:
            raise StoreError(
                "this index was opened by the parent process; a query of a forked child hangs.",
                hint="Start children by spawn.",
            )
        if self._open is None:
            raise StoreError("the index is closed.")
        with _in_our_words(self._folder):
            yield self._open


def edge_filter(edge: Any, said: Filter) -> Any:
    """Return a filter, said as JSON the way Qdrant's REST interface does, for the engine."""
    parts = {
        name: [_condition(edge, one) for one in said[name]]
        for name in ("must", "should", "must_not")
        if said.get(name)
    }
    return edge.Filter(**parts)


def _condition(edge: Any, said: Mapping[str, Any]) -> Any:
    if "has_id" in said:
        return edge.HasIdCondition({one for one in said["has_id"] if one >= 0})
    if "is_empty" in said:
        return edge.IsEmptyCondition(said["is_empty"]["key"])
    if "match" in said:
        match = said["match"]
        one = edge.MatchAny(match["any"]) if "any" in match else edge.MatchValue(match["value"])
        return edge.FieldCondition(said["key"], match=one)
    if "range" in said:
        return edge.FieldCondition(said["key"], range=edge.RangeFloat(**said["range"]))
    return edge_filter(edge, said)


def digest(folder: Path) -> str:
    """Return a hash of all files of the shard in a folder, as they are after a flush."""
    found, shard = blake2b(digest_size=16), folder / SHARD
    for path in sorted(one for one in shard.rglob("*") if one.is_file()):
        found.update(f"{path.relative_to(shard).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
    return found.hexdigest()


@contextmanager
def _in_our_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except RefineryError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "WouldBlock" in said:
            raise StoreBusy("another process has this index open.", source=str(folder)) from error
        raise StoreDamaged(
            f"the index cannot be used: {said[:200]}.",
            source=str(folder),
            hint="It is made anew from the vectors; nothing is lost.",
        ) from error


def _engine() -> Any:
    try:
        import qdrant_edge
    except ImportError as error:
        raise MissingExtra(
            "qdrant-edge-py is not installed: vectors are searched without an index.",
            hint='Install it with: pip install "refinery-nb[vectors]".',
        ) from error
    return qdrant_edge
