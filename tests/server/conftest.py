"""One server for all tests of the extension."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest

TOKEN = "secret-of-the-tests"


@dataclass(frozen=True)
class Serving:
    """A server that runs; ``routes`` are patterns of ours, ``told`` all that it says."""

    root: Path
    told: dict[str, Any]

    @property
    def routes(self) -> list[str]:
        return [pattern for pattern, _ in self.told["routes"]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.told['port']}"

    def ask(
        self,
        path: str,
        *,
        token: str | None = TOKEN,
        method: str = "GET",
        opener: OpenerDirector | None = None,
        **headers: str,
    ) -> tuple[int, str]:
        """Return status and body of an answer."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            given["Authorization"] = f"token {token}"
        request = Request(f"{self.url}{path}", headers=given, method=method)
        try:
            with (opener or build_opener()).open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def browser(self) -> tuple[OpenerDirector, CookieJar]:
        """Return a client that is logged in by cookie, and its cookies."""
        cookies = CookieJar()
        opener = build_opener(HTTPCookieProcessor(cookies))
        opener.open(f"{self.url}/login?token={TOKEN}", timeout=20).close()
        return opener, cookies


@contextmanager
def serve(root: Path, *arguments: str) -> Iterator[Serving]:
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(root / ".config")}
    program = Path(__file__).with_name("serving.py")
    with (
        (root / ".log").open("w") as log,
        subprocess.Popen(
            [sys.executable, str(program), str(root), TOKEN, *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (root / ".log").read_text()
        try:
            yield Serving(root, json.loads(line))
        finally:
            process.kill()  # it has no kernels that would have to be ended


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serve(tmp_path_factory.mktemp("served")) as running:
        yield running
