"""A second Jupyter server, and a kernel gateway, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from refinery_nb.compute import RemoteKernel
from tests.remote.serving import TOKEN, Remote, start


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    running = start("server", tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    running = start("gateway", tmp_path_factory.mktemp("gateway"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def remote(server: Remote) -> Iterator[RemoteKernel]:
    """A kernel for all tests that leave it as it is: what it has loaded stays loaded."""
    with RemoteKernel(server.url, token=TOKEN) as opened:
        yield opened


@pytest.fixture(scope="module", params=["server", "gateway"])
def kernel(request: pytest.FixtureRequest) -> Iterator[RemoteKernel]:
    """A kernel of each, which all tests of a module use."""
    remote: Remote = request.getfixturevalue(request.param)
    with RemoteKernel(remote.url, token=TOKEN) as opened:
        yield opened


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Callable[..., Remote]]:
    """Start servers that a test may end."""
    started: list[Remote] = []

    def make(kind: str = "server", port: int | None = None) -> Remote:
        folder = tmp_path / "remote"
        folder.mkdir(exist_ok=True)
        started.append(start(kind, folder, port))
        return started[-1]

    yield make
    for one in started:
        one.stop()
