"""Tests of vectors from an endpoint, against a server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.core.errors import EndpointError, InputError
from refinery_nb.embed.embedder import again, make
from refinery_nb.embed.endpoint import CHARACTERS, ENDPOINT, EndpointEmbedder
from refinery_nb.net.endpoint import Endpoint

KEY = "sk-canary-3141592653"
Answer = Callable[[dict[str, Any]], tuple[int, Any]]


def vector(text: str) -> list[float]:
    return [len(text), sum(map(ord, text)) % 97, 1.0]


def plain(body: dict[str, Any]) -> tuple[int, Any]:
    rows = [{"index": at, "embedding": vector(text)} for at, text in enumerate(body["input"])]
    return 200, {"data": rows[::-1], "usage": {"total_tokens": 3}}


class Server:
    """An endpoint on this machine, with what it was asked."""

    def __init__(self) -> None:
        self.answer: Answer = plain
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.bodies.append(body)
                server.keys.append(self.headers["Authorization"])
                server.paths.append(self.path)
                status, answer = server.answer(body)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


def embedder(server: Server, **options: Any) -> EndpointEmbedder:
    return EndpointEmbedder("a-model", Endpoint(server.url, key=KEY, retries=1), **options)


def test_texts_get_the_vectors_of_the_endpoint_in_their_order(server: Server) -> None:
    texts = [f"text {number}" for number in range(300)]
    found = embedder(server, dimensions=3).encode(texts)
    assert found.dtype == np.float32
    assert found.tolist() == [vector(text) for text in texts]
    assert set(server.paths) == {"/v1/embeddings"}
    assert {body["model"] for body in server.bodies} == {"a-model"}
    assert {body["dimensions"] for body in server.bodies} == {3}
    assert set(server.keys) == {f"Bearer {KEY}"}
    assert embedder(server).encode([]).shape[0] == 0


def test_no_request_is_larger_than_servers_take(server: Server) -> None:
    texts = ["x" * (CHARACTERS // 2 - 10) for _ in range(5)]
    assert len(embedder(server).encode(texts)) == 5
    assert max(sum(map(len, body["input"])) for body in server.bodies) <= CHARACTERS


def test_a_request_that_a_server_finds_too_large_is_halved(server: Server) -> None:
    def small(body: dict[str, Any]) -> tuple[int, Any]:
        return plain(body) if len(body["input"]) <= 3 else (413, {"error": "too large"})

    server.answer = small
    texts = [f"text {number}" for number in range(10)]
    assert embedder(server).encode(texts).tolist() == [vector(text) for text in texts]


def test_a_server_that_is_busy_is_asked_again(server: Server) -> None:
    said = iter([(503, {}), (429, {})])
    server.answer = lambda body: next(said, None) or plain(body)
    made = EndpointEmbedder("a-model", Endpoint(server.url, key=KEY, retries=3))
    assert made.encode(["a"]).tolist() == [vector("a")]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((401, {"error": {"message": f"bad key {KEY}"}}), "401"),
        ((200, {"data": []}), "0 answers for 2 texts"),
        ((200, {"data": [{"embedding": [1.0]}]}), "1 answers for 2 texts"),
        ((200, {"data": [{"embedding": ["a"]}, {"embedding": ["b"]}]}), "no vector of numbers"),
        ((200, {"data": [{"embedding": [1.0]}, {"embedding": [1.0, 2.0]}]}), "no vector"),
        ((200, {"data": [{"index": 9, "embedding": [1.0]}, {"embedding": [1.0]}]}), "no vector"),
        ((200, {"choices": []}), "a model of embeddings"),
    ],
)
def test_what_is_no_answer_is_said_without_the_key(
    server: Server, answer: tuple[int, Any], message: str
) -> None:
    server.answer = lambda body: answer
    with pytest.raises(EndpointError, match=message) as caught:
        embedder(server).encode(["a", "b"])
    assert KEY not in str(caught.value)


def test_a_project_keeps_the_name_of_the_model_and_neither_address_nor_key(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T13, T14: nothing that a project holds says where texts are sent."""
    monkeypatch.delenv(ENDPOINT, raising=False)
    monkeypatch.setenv("REFINERY_NB_API_KEY", KEY)
    with rn.open(tmp_path) as project:
        project.add([{"id": "a", "text": "one"}, {"id": "b", "text": "three"}], key="id")
        options: dict[str, Any] = {"name": "v", "progress": False}
        project.embed("text", model="a-model", endpoint=server.url, **options)
        assert project.embeddings["v"].model == "a-model"
        assert project.embeddings["v"].vectors()[1].tolist() == [vector("one"), vector("three")]
    assert set(server.keys) == {f"Bearer {KEY}"}
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes()
            assert server.url.encode() not in path.read_bytes()
    asked = len(server.bodies)
    with rn.open(tmp_path) as project:
        project.add([{"id": "c", "text": "seven"}], key="id")
        with pytest.raises(InputError, match=r"'a-model' is behind an endpoint.*endpoint="):
            project.embeddings["v"].update(progress=False)
        assert len(server.bodies) == asked
        project.embeddings["v"].update(endpoint=server.url, progress=False)
        assert server.bodies[-1]["input"] == ["seven"]
        monkeypatch.setenv(ENDPOINT, server.url)
        assert again(project.embeddings["v"].row.spec).encode(["x"]).tolist() == [vector("x")]


def test_an_endpoint_needs_the_name_of_a_model() -> None:
    with pytest.raises(InputError, match=r"which model.*model="):
        make(None, "http://127.0.0.1:1/v1")
