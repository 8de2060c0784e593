"""A Qdrant server for tests: its REST interface on loopback, answered by Qdrant Edge.

It answers what an unmodified ``QdrantClient(url=...)`` asks for the stores of this project, and
says 404 to everything else.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import qdrant_edge as edge

from refinery_nb.vectors.edge import edge_filter

Json = dict[str, Any]
KINDS = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "integer": edge.PayloadSchemaType.Integer,
    "float": edge.PayloadSchemaType.Float,
}
CONFIG = {
    "hnsw_config": {"m": 16, "ef_construct": 128, "full_scan_threshold": 10000},
    "optimizer_config": {
        "deleted_threshold": 0.2,
        "vacuum_min_vector_number": 1000,
        "default_segment_number": 0,
        "flush_interval_sec": 5,
    },
    "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
}


class Missing(Exception):
    """No such collection, or no such path."""


class Collection:
    """One collection: a shard in a folder of its own."""

    def __init__(self, folder: Path, dim: int) -> None:
        self.folder, self.dim = folder, dim
        folder.mkdir()
        self.shard = edge.EdgeShard.create(
            str(folder),
            edge.EdgeConfig(vectors=edge.EdgeVectorParams(dim, edge.Distance.Cosine)),
        )

    def update(self, *operation: Any) -> Json:
        for one in operation:
            self.shard.update(one)
        return {"operation_id": 1, "status": "completed"}

    def info(self) -> Json:
        schema = {
            name: {"data_type": kind, "points": 0}
            for name, kind in getattr(self, "fields", {}).items()
        }
        params = {"vectors": {"size": self.dim, "distance": "Cosine"}}
        return {
            "status": "green",
            "optimizer_status": "ok",
            "segments_count": 1,
            "points_count": self.shard.count(edge.CountRequest()),
            "config": {"params": params, **CONFIG},
            "payload_schema": schema,
        }

    def index(self, said: Json) -> Json:
        name, kind = said["field_name"], said["field_schema"]
        self.fields = {**getattr(self, "fields", {}), name: kind}
        return self.update(edge.UpdateOperation.create_field_index(name, KINDS[kind]))

    def upsert(self, said: Json) -> Json:
        if "batch" in said:
            batch = said["batch"]
            payloads = batch.get("payloads") or [{}] * len(batch["ids"])
            rows = zip(batch["ids"], batch["vectors"], payloads, strict=True)
        else:
            rows = ((p["id"], p["vector"], p.get("payload") or {}) for p in said["points"])
        points = [edge.Point(*row) for row in rows]
        return self.update(edge.UpdateOperation.upsert_points(points))

    def batch(self, said: Json) -> list[Json]:
        answers = []
        for operation in said["operations"]:
            ((name, what),) = operation.items()
            assert name == "overwrite_payload", name
            known = [one.id for one in self.shard.retrieve(what["points"], False, False)]
            overwrite = edge.UpdateOperation.overwrite_payload
            answers.append(self.update(*([overwrite(known, what["payload"])] if known else [])))
        return answers

    def query(self, said: Json) -> Json:
        query = said["query"]
        nearest = query["nearest"] if isinstance(query, dict) else query
        passing = edge_filter(edge, said["filter"]) if said.get("filter") else None
        found = self.shard.query(
            edge.QueryRequest(said["limit"], query=edge.Query.Nearest(nearest), filter=passing)
        )
        return {"points": [{"id": p.id, "version": 0, "score": p.score} for p in found]}

    def scroll(self, said: Json) -> Json:
        found, after = self.shard.scroll(
            edge.ScrollRequest(
                offset=said.get("offset"),
                limit=said.get("limit", 10),
                with_payload=bool(said.get("with_payload")),
                with_vector=bool(said.get("with_vector")),
            )
        )
        points = [{"id": p.id, "payload": p.payload, "vector": p.vector} for p in found]
        return {"points": points, "next_page_offset": after}


class StandIn:
    """The server; a context manager. ``url`` is where it listens.

    Attributes
    ----------
    asked
        Method and path of every request.
    headers
        The headers of the last one.
    down
        Whether it answers 503 to everything.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.headers: dict[str, str] = {}
        self.down = False
        self.collections: dict[str, Collection] = {}
        self._folder = Path(tempfile.mkdtemp())
        self._made = 0
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> StandIn:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        for one in self.collections.values():
            one.shard.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def answer(self, method: str, path: str, said: Json) -> Any:
        """Return the result of a request."""
        found = re.fullmatch(r"/collections/([^/]+)((?:/[a-z/]+)?)", path)
        if found is None:
            raise Missing
        name, rest = found.groups()
        if rest == "/exists":
            return {"exists": name in self.collections}
        if method == "PUT" and not rest:
            self._made += 1
            folder = self._folder / str(self._made)
            self.collections[name] = Collection(folder, said["vectors"]["size"])
            return True
        if name not in self.collections:
            raise Missing
        one = self.collections[name]
        if method == "DELETE" and not rest:
            one.shard.close()
            del self.collections[name]
            return True
        answers: dict[tuple[str, str], Callable[[], Any]] = {
            ("GET", ""): one.info,
            ("PUT", "/index"): lambda: one.index(said),
            ("PUT", "/points"): lambda: one.upsert(said),
            ("POST", "/points/batch"): lambda: one.batch(said),
            ("POST", "/points/delete"): lambda: one.update(
                edge.UpdateOperation.delete_points(said["points"])
            ),
            ("POST", "/points/query/batch"): lambda: [one.query(q) for q in said["searches"]],
            ("POST", "/points/scroll"): lambda: one.scroll(said),
            ("POST", "/points/count"): lambda: {"count": one.shard.count(edge.CountRequest())},
        }
        if (method, rest) not in answers:
            raise Missing
        return answers[method, rest]()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.split("?")[0]
                stand_in.headers = dict(self.headers)
                stand_in.asked.append((self.command, path))
                status, result = 200, None
                try:
                    if stand_in.down:
                        status = 503
                    else:
                        with stand_in._lock:  # the engine is asked by one thread at a time
                            said = json.loads(body) if body else {}
                            result = stand_in.answer(self.command, path, said)
                except Missing:
                    status = 404
                except Exception as error:
                    status, result = 500, str(error)
                answer = json.dumps({"result": result, "status": "ok", "time": 0.0}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_PUT = do_POST = do_DELETE = do_any

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        return Handler
