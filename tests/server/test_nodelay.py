"""Small messages are sent at once."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

from refinery_nb.server.nodelay import send_at_once
from tests.server.conftest import Serving, serve


def echo() -> Any:
    """Return a handler that says whether its socket sends at once, as the server's opens."""

    class Echo(WebSocketHandler):
        async def open(self, *arguments: Any) -> None:
            await asyncio.sleep(0)
            assert self.ws_connection is not None
            sent = self.ws_connection.stream.socket.getsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY
            )
            self.write_message(str(bool(sent)))

    return Echo


def answer(handler: Any) -> str:
    async def ask() -> str:
        listener, port = bind_unused_port()
        server = HTTPServer(Application([("/", handler)]))
        server.add_sockets([listener])
        client = await websocket_connect(f"ws://127.0.0.1:{port}/")
        said = await client.read_message()
        client.close()
        server.stop()
        await server.close_all_connections()
        return str(said)

    return asyncio.run(ask())


def test_a_connection_sends_at_once_only_when_asked_to() -> None:
    handler = echo()
    assert answer(handler) == "False"
    assert send_at_once(handler)
    assert answer(handler) == "True"


def test_it_is_left_alone_where_the_server_does_so_itself_and_done_once() -> None:
    handler = echo()
    assert send_at_once(handler)
    assert not send_at_once(handler)

    class Later(WebSocketHandler):
        async def open(self) -> None:
            self.set_nodelay(True)

    before = Later.open
    assert not send_at_once(Later)
    assert Later.open is before


def test_a_connection_that_cannot_is_opened_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handler = echo()
    send_at_once(handler)

    def refuse(self: Any, value: bool) -> None:
        raise OSError("no such option")

    monkeypatch.setattr(handler, "set_nodelay", refuse)
    assert answer(handler) == "False"


def test_the_installed_server_does_so(serving: Serving) -> None:
    assert serving.told["nodelay"] is True


def test_it_is_switched_off_by_a_setting(tmp_path: Path) -> None:
    with serve(tmp_path, "--RefineryServer.nodelay=False") as running:
        assert running.told["nodelay"] is False
        assert running.routes
