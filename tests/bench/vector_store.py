"""Vector stores: ours beside raw calls of Qdrant Edge, exact search and qdrant-client's local mode.

``vector_store.py [COUNT]`` measures COUNT vectors (100,000) of 384 numbers in clusters. What is
compared takes turns in one process; memory is the peak of a process of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import refinery_nb as rn
from refinery_nb.core.vectors import Vectors
from refinery_nb.vectors.edge import BREADTH, OVERSAMPLING, EdgeStore
from refinery_nb.vectors.exact import ExactStore
from refinery_nb.vectors.kept import KeptIndex
from refinery_nb.vectors.worker import Edge

DIM, PAGE, K = 384, 4_096, 10
ASKED = 300
LOCAL = 3_000  # vectors for qdrant-client's local mode: it takes 300 a second on disk
HUNDRED = {"key": "a1", "match": {"value": 7}}  # one in a hundred


def data(count: int) -> tuple[Vectors, Any]:
    """Return vectors in clusters of a hundred, and questions near some of them."""
    chance = np.random.default_rng(0)
    centres = chance.normal(size=(max(1, count // 100), DIM)).astype(np.float32)
    values = centres[chance.integers(0, len(centres), count)]
    values += 0.6 * chance.normal(size=(count, DIM)).astype(np.float32)
    asked = values[chance.integers(0, count, ASKED)]
    asked = asked + 0.3 * chance.normal(size=(ASKED, DIM)).astype(np.float32)
    return Vectors(np.arange(1, count + 1), values), asked


def median(times: list[float]) -> float:
    return sorted(times)[len(times) // 2] * 1e3


def peak() -> float:
    """Return the most memory that this process has had, in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1024 if sys.platform == "linux" else 1024**2)


def in_turns(*works: Callable[[Any], Any], asked: Any) -> tuple[list[float], list[list[Any]]]:
    """Return the median milliseconds of each work, and its answers, question by question."""
    times: list[list[float]] = [[] for _ in works]
    answers: list[list[Any]] = [[] for _ in works]
    for query in asked:
        for at, work in enumerate(works):
            begun = time.perf_counter()
            answers[at].append(work(query))
            times[at].append(time.perf_counter() - begun)
    return [median(one) for one in times], answers


def recall(found: list[Any], best: Any) -> float:
    hits = sum(len(set(one) & set(row.tolist())) for one, row in zip(found, best, strict=True))
    return hits / best.size


class Raw:
    """Qdrant Edge by its own calls, with the settings of our store."""

    def __init__(self, folder: Path) -> None:
        import qdrant_edge

        self.edge, self.folder = qdrant_edge, folder
        self.params = qdrant_edge.SearchParams(
            hnsw_ef=BREADTH,
            quantization=qdrant_edge.QuantizationSearchParams(
                rescore=True, oversampling=OVERSAMPLING
            ),
        )
        self.passing = qdrant_edge.Filter(
            must=[qdrant_edge.FieldCondition("a1", match=qdrant_edge.MatchValue(7))]
        )

    def config(self, threshold: int) -> Any:
        edge = self.edge
        return edge.EdgeConfig(
            vectors=edge.EdgeVectorParams(DIM, edge.Distance.Cosine, memory=edge.Memory.Cold),
            hnsw_config=edge.HnswIndexConfig(16, BREADTH, 10_000, max_indexing_threads=1),
            quantization_config=edge.ScalarQuantizationConfig(
                edge.ScalarType.Int8, quantile=0.99, memory=edge.Memory.Pinned
            ),
            optimizers=edge.EdgeOptimizersConfig(
                indexing_threshold=threshold, default_segment_number=1
            ),
        )

    def create(self) -> None:
        self.folder.mkdir()
        self.shard = self.edge.EdgeShard.create(str(self.folder), self.config(2**40))
        index = self.edge.UpdateOperation.create_field_index
        self.shard.update(index("a1", self.edge.PayloadSchemaType.Integer))

    def load(self) -> None:
        self.shard = self.edge.EdgeShard.load(str(self.folder))

    def insert(self, part: Vectors) -> None:
        points = [
            self.edge.Point(one, vector, {"a1": one % 100})
            for one, vector in zip(part.records.tolist(), part.values.tolist(), strict=True)
        ]
        self.shard.update(self.edge.UpdateOperation.upsert_points(points))

    def build(self) -> None:
        self.shard.close()
        shard = self.edge.EdgeShard.load(str(self.folder), self.config(1))
        shard.optimize()
        shard.flush()
        shard.close()
        self.shard = self.edge.EdgeShard.load(str(self.folder), self.config(2**40))

    def search(self, query: Any, passing: Any = None) -> list[int]:
        request = self.edge.QueryRequest(
            K,
            query=self.edge.Query.Nearest(query.tolist()),
            params=self.params,
            filter=passing,
        )
        return [hit.id for hit in self.shard.query(request)]


def compare(folder: Path, count: int) -> dict[str, float]:
    """Insert, build, ask and reopen: raw calls and our store in turns."""
    vectors, asked = data(count)
    raw, kept = Raw(folder / "raw"), KeptIndex(folder / "store", Edge(folder / "store" / "edge"))
    raw.create()
    kept.open("bench", DIM, (0, 0))
    kept.add_fields({"a1": "integer"})
    seconds = [0.0, 0.0]
    for first in range(0, count, PAGE):
        at = slice(first, first + PAGE)
        part = Vectors(vectors.records[at], vectors.values[at])
        marks = part.records.astype(np.uint64)

        def ours(part: Vectors = part, marks: Any = marks) -> None:
            payloads = [{"a1": one % 100} for one in part.records.tolist()]
            kept.upsert(part, marks, payloads)

        def theirs(part: Vectors = part) -> None:
            raw.insert(part)

        for which, work in ((0, theirs), (1, ours)):
            begun = time.perf_counter()
            work()
            seconds[which] += time.perf_counter() - begun
    begun = time.perf_counter()
    raw.shard.flush()
    seconds[0] += time.perf_counter() - begun
    found = {"insert raw": count / seconds[0], "insert store": count / seconds[1]}
    exact = ExactStore(vectors)
    best, _ = exact.search(asked, K)
    exact_times, _ = in_turns(lambda query: exact.search(query[None], K), asked=asked[:100])
    found["query exact"] = exact_times[0]
    unbuilt, _ = in_turns(raw.search, lambda q: kept.search(q[None], K), asked=asked[:50])
    found["unbuilt raw"], found["unbuilt store"] = unbuilt
    for name, work in (("raw", raw.build), ("store", lambda: kept.finish((0, 0), count))):
        begun = time.perf_counter()
        work()
        found[f"build {name}"] = time.perf_counter() - begun
    in_turns(raw.search, lambda q: kept.search(q[None], K), asked=asked)  # warm
    times, answers = in_turns(raw.search, lambda q: kept.search(q[None], K), asked=asked)
    found["query raw"], found["query store"] = times
    found["recall raw"] = recall(answers[0], best)
    found["recall store"] = recall([ids[0].tolist() for ids, _ in answers[1]], best)
    among = vectors.records[vectors.records % 100 == 7]
    passing = {"must": [HUNDRED]}
    times, answers = in_turns(
        lambda query: raw.search(query, raw.passing),
        lambda query: kept.search(query[None], K, passing),
        lambda query: exact.search(query[None], K, among=among),
        asked=asked,
    )
    found["filter raw"], found["filter store"], found["filter exact"] = times
    filtered, _ = exact.search(asked, K, among=among)
    found["filter recall"] = recall([ids[0].tolist() for ids, _ in answers[1]], filtered)
    raw.shard.close()
    kept.close()
    begun = time.perf_counter()
    raw.load()
    found["reopen raw"] = time.perf_counter() - begun
    begun = time.perf_counter()
    store = EdgeStore(folder / "store" / "edge", DIM)
    found["reopen store"] = time.perf_counter() - begun
    store.close()
    again = KeptIndex(folder / "store", Edge(folder / "store" / "edge"))
    begun = time.perf_counter()
    assert again.open("bench", DIM, (0, 0)).whole
    found["reopen checked"] = time.perf_counter() - begun
    return found


def memory(folder: Path, count: int, which: str) -> dict[str, float]:
    """Open one of them, or nothing, and ask it; return the peak of this process."""
    asked = np.fromfile(folder / "asked.f32", "<f4").reshape(-1, DIM)
    if which == "raw":
        raw = Raw(folder / "raw")
        raw.load()
        for query in asked:
            raw.search(query)
    elif which == "store":
        store = EdgeStore(folder / "store" / "edge", DIM)
        for query in asked:
            store.search(query[None], K)
    elif which == "exact":
        values = np.memmap(folder / "v.f32", "<f4", mode="r", shape=(count, DIM))
        exact = ExactStore(Vectors(np.arange(1, count + 1), values))
        for query in asked[:50]:
            exact.search(query[None], K)
    return {f"memory {which}": peak()}


def local(folder: Path, count: int) -> dict[str, float]:
    """Compare with qdrant-client's local mode, which is Python."""
    from qdrant_client import QdrantClient, models

    vectors, asked = data(LOCAL)
    warnings.simplefilter("ignore")
    client = QdrantClient(path=str(folder / "local"))
    params = models.VectorParams(size=DIM, distance=models.Distance.COSINE)
    client.create_collection("c", vectors_config=params)
    store = EdgeStore(folder / "small", DIM)
    store.add_fields({"a1": "integer"})
    seconds = [0.0, 0.0]
    for first in range(0, LOCAL, 500):
        at = slice(first, first + 500)
        part = Vectors(vectors.records[at], vectors.values[at])
        payloads = [{"a1": one % 100} for one in part.records.tolist()]
        batch = models.Batch(
            ids=part.records.tolist(), vectors=part.values.tolist(), payloads=payloads
        )
        begun = time.perf_counter()
        client.upsert("c", batch)
        seconds[0] += time.perf_counter() - begun
        begun = time.perf_counter()
        store.upsert(part, payloads)
        store.flush()
        seconds[1] += time.perf_counter() - begun
    times, _ = in_turns(
        lambda query: client.query_points("c", query=query.tolist(), limit=K),
        lambda query: store.search(query[None], K),
        asked=asked[:60],
    )
    passing = models.Filter(
        must=[models.FieldCondition(key="a1", match=models.MatchValue(value=7))]
    )
    filtered, _ = in_turns(
        lambda query: client.query_points("c", query=query.tolist(), limit=K, query_filter=passing),
        lambda query: store.search(query[None], K, where={"must": [HUNDRED]}),
        asked=asked[:60],
    )
    store.close()
    client.close()
    begun = time.perf_counter()
    client = QdrantClient(path=str(folder / "local"))
    reopened = time.perf_counter() - begun
    client.close()
    return {
        "insert local": LOCAL / seconds[0],
        "insert beside local": LOCAL / seconds[1],
        "query local": times[0],
        "query beside local": times[1],
        "filter local": filtered[0],
        "filter beside local": filtered[1],
        "reopen local": reopened,
        "memory local": peak(),
    }


@contextmanager
def gaps() -> Iterator[list[float]]:
    """Note for how long at a time a thread of this process could not run."""
    found, ended = [0.0], threading.Event()

    def tick() -> None:
        last = time.perf_counter()
        while not ended.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            found.append(now - last)
            last = now

    thread = threading.Thread(target=tick)
    thread.start()
    yield found
    ended.set()
    thread.join()


def project(folder: Path, count: int) -> dict[str, float]:
    """Ask a project that has an index in its child, while it is made and after."""
    vectors, asked = data(count)

    def model(texts: list[str]) -> Any:
        return vectors.values[[int(text) - 1 for text in texts]]

    with rn.open(folder / "project") as opened:
        opened.add(
            [{"id": one, "text": str(one), "a": one % 100} for one in vectors.records.tolist()],
            key="id",
            types={"text": "text"},
        )
        task = opened.task("t", ["A", "B"], on="text")
        embedding = opened.embed("text", model=model, name="v", progress=False)
        exact, _ = in_turns(lambda query: embedding.nearest(query[None], K), asked=asked[:50])
        best, _ = embedding.nearest(asked, K)
        found = {"nearest exact": exact[0]}
        labelled: list[float] = []
        begun = time.perf_counter()
        with gaps() as still:
            embedding.index(wait=False)
            while embedding.searched_by != "edge":
                assert "failed" not in embedding.searched_by
                at = time.perf_counter()
                task.label(str(1 + len(labelled) % count), "A")
                labelled.append(time.perf_counter() - at)
                time.sleep(0.02)
        found["index made"] = time.perf_counter() - begun
        found["label p50"] = median(labelled)
        found["longest gap"] = max(still) * 1e3
        in_turns(lambda query: embedding.nearest(query[None], K), asked=asked)
        times, answers = in_turns(lambda query: embedding.nearest(query[None], K), asked=asked)
        found["nearest"] = times[0]
        found["nearest recall"] = recall([ids[0].tolist() for ids, _ in answers[0]], best)
        view = opened.where(opened["a"] == 7)
        ids = view.ids()
        times, _ = in_turns(
            lambda query: embedding.nearest(query[None], K, among=view),
            lambda query: embedding.nearest(query[None], K, among=ids),
            asked=asked[:100],
        )
        found["nearest view"], found["nearest ids"] = times
        half = opened.where(opened["a"] < 50)
        ids = half.ids()
        times, _ = in_turns(
            lambda query: embedding.nearest(query[None], K, among=half),
            lambda query: embedding.nearest(query[None], K, among=ids),
            asked=asked[:100],
        )
        found["nearest half view"], found["nearest half ids"] = times
    return found


PARTS: dict[str, Callable[..., dict[str, float]]] = {
    "compare": compare,
    "raw": memory,
    "store": memory,
    "exact": memory,
    "nothing": memory,
    "local": local,
    "project": project,
}


def part(which: str, folder: str, count: int) -> None:
    """Do one part in this process and say what was found."""
    if PARTS[which] is memory:
        found = memory(Path(folder), count, which)
    else:
        found = PARTS[which](Path(folder), count)
    print(json.dumps(found))


def told(found: dict[str, float], count: int) -> None:
    """Print what was found."""

    def line(what: str, *values: str) -> None:
        print(f"{what:38}" + "".join(f"{one:>16}" for one in values))

    def verdict(name: str, value: float, limit: float, *, least: bool) -> None:
        met = value >= limit if least else value <= limit
        word = "at least" if least else "at most"
        print(f"{name:52} {value:8.3f}   {word} {limit}: {'met' if met else 'MISSED'}")

    print(f"{count:,} vectors of {DIM} numbers in clusters, top {K}")
    line("", "raw Edge", "our store", "exact numpy")
    line("insert, a second", f"{found['insert raw']:,.0f}", f"{found['insert store']:,.0f}")
    line("build, s", f"{found['build raw']:.1f}", f"{found['build store']:.1f}")
    line(
        "query before it is built, ms",
        f"{found['unbuilt raw']:.2f}",
        f"{found['unbuilt store']:.2f}",
    )
    for name, key in (("query p50, ms", "query"), ("query p50, filter of 1 %, ms", "filter")):
        line(name, *(f"{found[f'{key} {one}']:.3f}" for one in ("raw", "store", "exact")))
    line("recall", f"{found['recall raw']:.4f}", f"{found['recall store']:.4f}", "1")
    line("reopen, s", f"{found['reopen raw']:.2f}", f"{found['reopen store']:.2f}")
    line("reopen, every file checked, s", "", f"{found['reopen checked']:.2f}")
    line(
        "peak memory of a process, MB",
        *(f"{found[f'memory {one}']:,.0f}" for one in ("raw", "store", "exact")),
    )
    print()
    line(f"{LOCAL:,} of them", "local mode", "our store")
    line(
        "insert, a second", f"{found['insert local']:,.0f}", f"{found['insert beside local']:,.0f}"
    )
    for name, key in (("query p50, ms", "query"), ("query p50, filter of 1 %, ms", "filter")):
        line(name, f"{found[f'{key} local']:.2f}", f"{found[f'{key} beside local']:.3f}")
    line("reopen, s", f"{found['reopen local']:.2f}")
    line("peak memory of both in a process", f"{found['memory local']:,.0f}")
    line("that of a process with imports only", f"{found['memory nothing']:,.0f}")
    print()
    print("In a project: embedding.nearest, the index in a child process")
    line("", "indexed", "exact")
    line("query p50, ms", f"{found['nearest']:.3f}", f"{found['nearest exact']:.3f}")
    line("view of 1 %, its ids, ms", f"{found['nearest view']:.3f}", f"{found['nearest ids']:.3f}")
    line(
        "view of 50 %, its ids, ms",
        f"{found['nearest half view']:.3f}",
        f"{found['nearest half ids']:.3f}",
    )
    line(
        "while it is made (s): label p50, ms",
        f"{found['index made']:.1f}",
        f"{found['label p50']:.2f}",
    )
    line("longest gap of a thread, ms", f"{found['longest gap']:.0f}")
    print()
    verdict("insert, store : raw", found["insert store"] / found["insert raw"], 0.7, least=True)
    verdict("query p50, store : raw", found["query store"] / found["query raw"], 2.0, least=False)
    verdict("recall of the store", found["recall store"], 0.99, least=True)
    verdict("recall in a project", found["nearest recall"], 0.99, least=True)
    verdict("recall under a filter of 1 %", found["filter recall"], 0.99, least=True)


def main(count: int) -> int:
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        vectors, asked = data(count)
        vectors.values.tofile(Path(folder) / "v.f32")
        asked.astype("<f4").tofile(Path(folder) / "asked.f32")
        del vectors
        for which in PARTS:
            command = [sys.executable, __file__, which, folder, str(count)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(done.stderr)
                return 1
            found |= json.loads(done.stdout)
    told(found, count)
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 3:
        part(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
