"""Does what Binder does with ``binder/``, in a fresh virtual environment: prints time and sizes.

``python -m tests.tools.binder_attempt``. As repo2docker: the files that git tracks, Python of the
version that ``environment.yml`` names, ``postBuild``, then a JupyterLab and the first notebook.
Node comes from this machine, as does the index of packages; there is no conda here.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import venv
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
MIB = 1 << 20


def size(folder: Path) -> int:
    """Return the MiB that the files below a folder take."""
    return sum(one.lstat().st_size for one in folder.rglob("*") if one.is_file()) // MIB


def checkout(target: Path) -> Path:
    """Copy the files that git tracks, as they stand."""
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in told.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


class Peak:
    """The most memory that a process and all that it started have held together."""

    def __init__(self) -> None:
        self.mib = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._over.wait(0.2):
            held = 0
            for one in me.children(recursive=True):
                try:
                    held += one.memory_info().rss
                except psutil.Error:
                    continue
            self.mib = max(self.mib, held // MIB)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def attempt() -> dict[str, Any]:
    """Build, start, run the first notebook; return what it took.

    Raises
    ------
    CalledProcessError
        If a step fails.
    """
    folder = Path(tempfile.mkdtemp(prefix="binder-"))
    try:
        tree = checkout(folder / "tree")
        venv.create(folder / "venv", with_pip=True)
        python = folder / "venv" / "bin" / "python"
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder / "home"),
            "JUPYTER_CONFIG_DIR": str(folder / "home" / ".jupyter"),
        }
        (folder / "home").mkdir()
        began = time.monotonic()
        with Peak() as building:
            subprocess.run(["binder/postBuild"], cwd=tree, env=environment, check=True)
        built = time.monotonic() - began
        with Peak() as running:
            serve(python, tree, environment)
        packages = subprocess.run(
            [str(python), "-m", "pip", "list", "--format=json"], capture_output=True, check=True
        )
        return {
            "python": ".".join(map(str, sys.version_info[:2])),
            "build_seconds": round(built),
            "build_peak_mib": building.mib,
            "environment_mib": size(folder / "venv"),
            "tree_mib": size(tree),
            "home_mib": size(folder / "home"),
            "session_peak_mib": running.mib,
            "packages": {one["name"].lower() for one in json.loads(packages.stdout)},
            "project": (tree / "binder" / "support" / "project.db").exists(),
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def serve(python: Path, tree: Path, environment: dict[str, str]) -> None:
    """Start JupyterLab and run the notebook that a session begins with."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    lab = subprocess.Popen(
        [
            *(str(python), "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *(f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"),
        ],
        cwd=tree,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise AssertionError("JupyterLab did not start")
        subprocess.run(
            [str(python), "-m", "jupyter", "execute", "--inplace", "binder/start.ipynb"],
            cwd=tree,
            env=environment,
            check=True,
        )
    finally:
        lab.terminate()
        lab.wait()


if __name__ == "__main__":
    print(json.dumps(attempt() | {"packages": None}, indent=1))
