"""A chat endpoint on this machine that answers as a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Asked:
    """A request: its body, its headers, and the text that it is about."""

    body: dict[str, Any]
    headers: dict[str, str]
    path: str

    @property
    def text(self) -> str:
        content = self.body["messages"][-1]["content"]
        return "\n".join(content.split("\n")[1:-1])


@dataclass
class Chat:
    """The address, and what was asked so far."""

    url: str = ""
    requests: list[Asked] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.requests]


def says(content: Any, *, read: int = 100, wrote: int = 10, **choice: Any) -> Reply:
    """Return a well-formed answer; what is no string is written as JSON."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    body = {
        "choices": [{"message": {"role": "assistant", "content": text}, **choice}],
        "usage": {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote},
    }
    return 200, {}, json.dumps(body).encode()


def fails(status: int, message: str = "no", **headers: str) -> Reply:
    """Return an error as such servers tell them."""
    return status, headers, json.dumps({"error": {"message": message}}).encode()


@contextmanager
def chat(answer: Callable[[Asked], Reply]) -> Iterator[Chat]:
    """Serve answers on a free port of this machine."""
    found = Chat()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked = Asked(body, {k.lower(): v for k, v in self.headers.items()}, self.path)
            found.requests.append(asked)
            status, headers, told = answer(asked)
            self.send_response(status)
            for name, value in {"content-length": str(len(told)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that does not wait for its answer is part of the tests."""

    with Server(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
