"""One JupyterLab server and one browser for all stories; a fresh notebook for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.lab import FLAGS, Notebook, Server, find_chromium

STATIC = Path(__file__).parents[2] / "refinery_nb" / "static" / "labeler.js"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/ui" in str(item.path):
            item.add_marker(pytest.mark.ui)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not STATIC.exists():
        pytest.skip("refinery_nb/static/labeler.js is not built: run make setup")
    running = Server(tmp_path_factory.mktemp("lab"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import expect, sync_playwright

    # States are waited for, and a slow machine may take its time.
    expect.set_options(timeout=20_000)
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium: install it, or name it in CHROMIUM")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def notebook_class() -> type[Notebook]:
    """How notebooks are opened; a module may do so in another way."""
    return Notebook


@pytest.fixture
def open_notebook(
    server: Server, browser: Any, notebook_class: type[Notebook], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Notebook]]:
    opened: list[Notebook] = []

    def make(*cells: str) -> Notebook:
        name = f"{request.node.name[:40]}-{len(opened)}".replace("[", "-").replace("]", "")
        opened.append(notebook_class(server, browser, name, list(cells)))
        return opened[-1]

    yield make
    errors = [error for one in opened for error in one.errors]
    foreign = [address for one in opened for address in one.foreign]
    for one in opened:
        one.close()
    server.begin_anew()
    assert errors == []
    assert foreign == []
