"""A real JupyterLab in a real browser, for the stories in this folder."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
THEMES = "themes.jupyterlab-settings"
PATHS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_chromium() -> str | None:
    """Return the browser to use: CHROMIUM, or one on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in PATHS if (found := shutil.which(name))), None)


class Server:
    """A JupyterLab server on a free port of the loopback address, with more arguments."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.root = root
        self.token = secrets.token_hex(8)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        settings = root / ".config" / "lab"
        self.settings = settings / "user-settings"
        news = self.settings / "@jupyterlab" / "apputils-extension"
        news.mkdir(parents=True)
        (news / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
        self._log = (root / "server.log").open("w")
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyterlab",
                "--no-browser",
                "--allow-root",
                f"--ServerApp.root_dir={root}",
                f"--ServerApp.port={self.port}",
                "--ServerApp.port_retries=0",
                f"--IdentityProvider.token={self.token}",
                "--LabApp.expose_app_in_browser=True",
                "--LabApp.news_url=None",
                "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                *arguments,
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=os.environ
            | {
                "JUPYTER_CONFIG_DIR": str(root / ".config"),
                "JUPYTERLAB_SETTINGS_DIR": str(self.settings),
                "JUPYTERLAB_WORKSPACES_DIR": str(settings / "workspaces"),
                "HF_HUB_OFFLINE": "1",
            },
        )
        self._wait()

    def _wait(self) -> None:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.url}/api/status?token={self.token}", timeout=1)
            except OSError:
                assert self._process.poll() is None, (self.root / "server.log").read_text()
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self.root / "server.log").read_text())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def begin_anew(self) -> None:
        """End all sessions, forget settings and projects: the next story starts from nothing."""
        self._shut_down_kernels()
        (self.settings / "@jupyterlab" / "apputils-extension" / THEMES).unlink(missing_ok=True)
        for path in self.root.iterdir():
            if path.is_dir() and not path.name.startswith("."):
                shutil.rmtree(path, ignore_errors=True)

    def _shut_down_kernels(self) -> None:
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.url}/api/sessions", headers=headers)
        for session in json.load(urllib.request.urlopen(request)):
            address = f"{self.url}/api/sessions/{session['id']}"
            try:
                urllib.request.urlopen(
                    urllib.request.Request(address, headers=headers, method="DELETE")
                )
            except urllib.error.HTTPError as error:
                if error.code != 404:  # it went with another one on the same kernel
                    raise


class Notebook:
    """A notebook that is open in a page."""

    def __init__(self, server: Server, browser: Browser, name: str, cells: list[str]) -> None:
        self.server = server
        self.errors: list[str] = []
        self.foreign: list[str] = []
        path = server.root / f"{name}.ipynb"
        path.write_text(json.dumps(notebook(cells)))
        self.page: Page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.page.set_default_timeout(60_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._see)
        self._address = f"{server.url}/lab/tree/{path.name}?reset&token={server.token}"
        self.load(self._address)

    def _see(self, request: Any) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.foreign.append(request.url)

    def load(self, address: str) -> None:
        """Go to the notebook and wait until its kernel is idle."""
        self.page.goto(address)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", state="attached")
        self.idle()

    def reload(self) -> None:
        self.load(self._address.replace("reset&", ""))

    def idle(self) -> None:
        """Wait until the kernel of the current notebook has nothing to do."""
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.context?.sessionContext"
            "?.session?.kernel?.status === 'idle'"
        )

    def run(self, cell: int, *, wait: bool = True) -> None:
        """Run a cell; wait until it has been executed."""
        self.page.evaluate(
            """async ([cell]) => {
                const app = window.jupyterapp;
                const panel = app.shell.currentWidget;
                panel.content.activeCellIndex = cell;
                panel.content.deselectAll();
                window.ran = app.commands.execute("notebook:run-cell").then(() => true);
            }""",
            [cell],
        )
        if wait:
            self.page.evaluate("async () => { await window.ran; }")

    def command(self, name: str) -> None:
        """Start a command of JupyterLab."""
        self.page.evaluate(
            "async ([name]) => { window.done = window.jupyterapp.commands.execute(name); }", [name]
        )

    def output(self, cell: int) -> str:
        """Return the text that a cell printed."""
        outputs = self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-OutputArea")
        return outputs.inner_text()

    def close(self) -> None:
        self.page.close()


def notebook(cells: list[str]) -> dict[str, Any]:
    """Return a notebook with these code cells."""
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(cells)
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
