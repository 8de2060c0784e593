"""Stories with the whole kernel behind a gateway, where only JSON passes."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import TimeoutError, WebSocket, expect

import refinery_nb as rn
from tests.remote.serving import TOKEN, start
from tests.ui.conftest import STATIC
from tests.ui.lab import Notebook, Server
from tests.ui.test_labeler import all_saved, labeler

OpenNotebook = Callable[..., Any]

# The kernel has another working folder than the server: the project's folder is named whole.
PROJECT = """
import os
import refinery_nb as rn
project = rn.open({folder!r}, by="ann")
project.add([{{"id": f"r{{n:03d}}", "text": f"Message number {{n}} about delivery."}}
             for n in range(60)], key="id")
topic = project.task("topic", ["Delivery", "Defect", "Refund"], on="text")
print(os.getpid(), os.environ["KERNEL_GATEWAY"])
"""
IDLE = """() => window.jupyterapp?.shell.currentWidget?.context?.sessionContext
    ?.session?.kernel?.status === 'idle'"""
CANARY = "canary-of-the-gateway-71c2"  # in the environment, which the server would log
NAMES = ["Delivery", "Defect", "Refund"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab whose kernels all run behind a gateway."""
    if not STATIC.exists():
        pytest.skip("refinery_nb/static/labeler.js is not built: run make setup")
    gateway = start("gateway", tmp_path_factory.mktemp("gateway"))
    os.environ["REFINERY_NB_REMOTE_TOKEN"] = CANARY
    try:
        running = Server(
            tmp_path_factory.mktemp("lab"),
            f"--GatewayClient.url={gateway.url}",
            f"--GatewayClient.auth_token={TOKEN}",
        )
        yield running
        running.stop()
    finally:
        del os.environ["REFINERY_NB_REMOTE_TOKEN"]
        gateway.stop()


class Behind(Notebook):
    """A notebook behind a gateway, which listens to what passes."""

    def load(self, address: str) -> None:
        if not hasattr(self, "binary"):
            self.binary: list[bytes] = []
            self.page.on("websocket", self._opened)
        super().load(address)

    def idle(self) -> None:
        """Wait for the kernel; a connection through a gateway stays deaf, now and then."""
        for _ in range(2):
            with suppress(TimeoutError):
                self.page.wait_for_function(IDLE, timeout=25_000)
                return
            self.page.reload()
            self.page.wait_for_selector(".jp-Notebook .jp-Cell", state="attached")
            self.errors.clear()  # of JupyterLab, about the connection that was left
        super().idle()

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._passes)
        socket.on("framesent", self._passes)

    def _passes(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            self.binary.append(payload)


@pytest.fixture(scope="module")
def notebook_class() -> type[Notebook]:
    return Behind


def stored(notebook: Notebook, name: str) -> Any:
    with rn.open(notebook.server.root / name, by="ann") as project:
        return project.task("topic").gold()


def test_label_20_records_and_browse_them_through_a_gateway(
    server: Server, open_notebook: OpenNotebook
) -> None:
    cell = PROJECT.format(folder=str(server.root / "twenty"))
    notebook = open_notebook(cell, "rn.Labeler(topic)", "rn.Browser(topic)")
    notebook.run(0)
    assert notebook.output(0).strip().endswith(" 1"), "the kernel does not run behind a gateway"
    notebook.run(1)
    found = labeler(notebook)
    for number in range(20):
        expect(found).to_have_attribute("data-record", f"r{number:03d}")
        notebook.page.keyboard.press(str(number % 3 + 1))
    expect(found).to_have_attribute("data-position", "20")
    all_saved(found)
    said = stored(notebook, "twenty")
    assert list(said["label"]) == [NAMES[number % 3] for number in range(20)]
    log = (server.root / "server.log").read_text()
    assert "REFINERY_NB_REMOTE_TOKEN" in log, "the server does not log its environment any more"
    assert CANARY not in log
    notebook.run(2)
    browser = notebook.page.get_by_test_id("browser")
    count = browser.get_by_test_id("count")
    expect(count).to_have_attribute("data-count", "60")
    query = browser.get_by_test_id("query")
    query.fill("topic is Delivery")
    query.press("Enter")
    expect(count).to_have_attribute("data-count", "7")
    expect(browser.get_by_test_id("row").first).to_have_attribute("data-key", "r000")
    assert notebook.binary == []


def test_other_views_are_drawn_from_json_alone(server: Server, open_notebook: OpenNotebook) -> None:
    cell = PROJECT.format(folder=str(server.root / "views"))
    rules = "topic.add(rn.Lookup('Delivery', ['delivery'])); topic.run(progress=False)"
    vectors = "project.embed('text', progress=False, name='v')"
    notebook = open_notebook(
        f"{cell}\n{rules}\n{vectors}",
        "rn.EmbeddingMap(topic)",
        "rn.HeuristicEditor(topic)",
    )
    for number in range(3):
        notebook.run(number)
    plot = notebook.page.get_by_test_id("embedding-map").get_by_test_id("plot")
    expect(plot).to_have_attribute("data-drawn", re.compile("[0-9]"))
    editor = notebook.page.get_by_test_id("heuristic-editor")
    expect(editor).to_contain_text("lookup:Delivery")
    assert notebook.binary == []


def test_nothing_that_was_shown_as_saved_is_lost_with_the_kernel(
    server: Server, open_notebook: OpenNotebook
) -> None:
    """D3, through a gateway: killed between two keys, its kernel takes no label along."""
    cell = PROJECT.format(folder=str(server.root / "killed"))
    notebook = open_notebook(cell, "w = rn.Labeler(topic); w")
    notebook.run(0)
    notebook.run(1)
    pid = int(notebook.output(0).split()[0])
    found = labeler(notebook)
    status = found.get_by_test_id("status")
    for number in range(6):
        expect(found).to_have_attribute("data-position", str(number))
        notebook.page.keyboard.press(str(number % 3 + 1))
    pending = int(status.get_attribute("data-pending") or 0)
    os.kill(pid, signal.SIGKILL)
    assert len(stored(notebook, "killed")) >= 6 - pending
    # JupyterLab says that it has been started again; its project is not open there.
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()
    found.focus()
    for number in range(6, 10):
        expect(found).to_have_attribute("data-position", str(number))
        notebook.page.keyboard.press(str(number % 3 + 1))
    expect(found.get_by_test_id("banner-busy")).to_contain_text("run this cell again")
    kept = int(status.get_attribute("data-pending") or 0)
    assert kept >= 4
    assert len(stored(notebook, "killed")) + kept >= 10
    # Reloaded, as the page's connection may stay deaf when a gateway starts a kernel again.
    command = "docmanager:save"
    notebook.page.evaluate("(name) => window.jupyterapp.commands.execute(name)", command)
    notebook.reload()
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    all_saved(found)
    expect(found.get_by_test_id("progress")).to_have_attribute("data-labelled", "10")
    assert list(stored(notebook, "killed")["label"]) == [NAMES[number % 3] for number in range(10)]
