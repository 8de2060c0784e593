"""Starts a second Jupyter server, or a kernel gateway, on the loopback address."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOKEN = "canary-token-8d1f"
COMMANDS = {
    "server": [
        *("jupyter_server", "--no-browser", "--allow-root", "--ServerApp.port_retries=0"),
        *("--ServerApp.port={port}", "--ServerApp.root_dir={root}"),
        f"--IdentityProvider.token={TOKEN}",
    ],
    "gateway": [
        *("kernel_gateway", "--KernelGatewayApp.ip=127.0.0.1", "--KernelGatewayApp.port={port}"),
        *("--KernelGatewayApp.port_retries=0", f"--KernelGatewayApp.auth_token={TOKEN}"),
        "--JupyterWebsocketPersonality.list_kernels=True",  # JupyterLab asks for them
    ],
}
# Kernels without our package, or with an older one, as their metadata says.
OTHER = """
import importlib.metadata as found
known = found.version
def version(name):
    if name == "refinery-nb":
        {answer}
    return known(name)
found.version = version
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""
ANSWERS = {"bare": "raise found.PackageNotFoundError(name)", "older": "return '0.0.9'"}
# What is embedded is written down; a text that says so ends the kernel, once.
STARTUP = """
import os, pathlib, signal
from refinery_nb.embed import elsewhere
_folder = pathlib.Path(os.environ["REMOTE_LOG"])
_plain = elsewhere.encode
def _logged(question, report):
    texts = question.texts["text"]
    if any("deadly" in text for text in texts) and not (_folder / "died").exists():
        (_folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    answer = _plain(question, report)
    with (_folder / "embedded").open("a") as log:
        log.write("".join(f"{text}\\n" for text in texts))
    return answer
elsewhere.encode = _logged
"""


@dataclass
class Remote:
    """A server that runs."""

    kind: str
    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    def embedded(self) -> list[str]:
        """Return the texts that were embedded there, as often as they were."""
        log = self.folder / "embedded"
        return log.read_text().splitlines() if log.exists() else []

    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    def stop(self) -> None:
        self.process.kill()  # at once: its kernels, if any are left, notice and end
        self.process.wait()


def start(kind: str, folder: Path, port: int | None = None) -> Remote:
    if port is None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    for name, answer in ANSWERS.items():
        place = folder / "jupyter" / "kernels" / name
        place.mkdir(parents=True, exist_ok=True)
        argv = [sys.executable, "-c", OTHER.format(answer=answer), "-f", "{connection_file}"]
        spec = {"argv": argv, "display_name": name, "language": "python"}
        (place / "kernel.json").write_text(json.dumps(spec))
    scripts = folder / "ipython" / "profile_default" / "startup"
    scripts.mkdir(parents=True, exist_ok=True)
    (scripts / "00.py").write_text(STARTUP)
    (folder / "root").mkdir(exist_ok=True)
    arguments = [one.format(port=port, root=folder / "root") for one in COMMANDS[kind]]
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_PATH": str(folder / "jupyter"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONPATH": str(ROOT),
        "REMOTE_LOG": str(folder),
        "HF_HUB_OFFLINE": "1",
    }
    with (folder / "server.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
        )
    remote = Remote(kind, f"http://127.0.0.1:{port}", folder, process)
    for _ in range(600):
        asked = urllib.request.Request(
            f"{remote.url}/api/kernelspecs", headers={"Authorization": f"token {TOKEN}"}
        )
        try:
            urllib.request.urlopen(asked, timeout=1).close()
        except OSError:
            assert process.poll() is None, remote.log()
            time.sleep(0.1)
        else:
            return remote
    raise AssertionError(remote.log())
