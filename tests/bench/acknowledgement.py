"""Key to the label that is shown as saved: with and without the server extension, and a gateway.

``python tests/bench/acknowledgement.py [without|with|gateway ...]``; all of them by default.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.labeling import CELL, LABEL, LOOP
from tests.remote.serving import TOKEN, start
from tests.ui.lab import FLAGS, Notebook, Server, find_chromium
from tests.ui.test_gateway import Behind

LABELS = 40
NAMES = {
    "without": "JupyterLab as it comes",
    "with": "with the server extension",
    "gateway": "with it, through a kernel gateway",
}


def measure(way: str, folder: Path, browser: Browser) -> tuple[list[float], list[float]]:
    """Return milliseconds from key to saved, while the kernel is idle and while a cell runs."""
    gateway = None
    arguments = ["--RefineryServer.nodelay=False"] if way == "without" else []
    if way == "gateway":
        (folder / "gateway").mkdir()
        gateway = start("gateway", folder / "gateway")
        arguments = [
            f"--GatewayClient.url={gateway.url}",
            f"--GatewayClient.auth_token={TOKEN}",
        ]
    try:
        server = Server(folder, *arguments)
        try:
            opened = Notebook if gateway is None else Behind
            notebook = opened(server, browser, way, [CELL, LOOP])
            notebook.run(0)
            notebook.page.wait_for_selector("[data-testid=record]")
            notebook.page.evaluate(LABEL, [5])  # warm
            _, idle = notebook.page.evaluate(LABEL, [LABELS])
            notebook.run(1, wait=False)
            _, busy = notebook.page.evaluate(LABEL, [LABELS])
            notebook.close()
            return idle, busy
        finally:
            server.stop()
    finally:
        if gateway is not None:
            gateway.stop()


def main() -> int:
    chosen = sys.argv[1:] or list(NAMES)
    if find_chromium() is None:
        print("skipped: no Chromium")
        return 0
    found = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for way in chosen:
            place = Path(folder) / way
            place.mkdir()
            found[way] = measure(way, place, browser)
        browser.close()
    print(
        f"{'key to label saved, ms':36} {'idle p50':>9} {'p95':>6} {'cell runs p50':>14} {'p95':>6}"
    )
    for way, (idle, busy) in found.items():
        (i50, i95), (b50, b95) = np.percentile(idle, [50, 95]), np.percentile(busy, [50, 95])
        print(f"{NAMES[way]:36} {i50:9.1f} {i95:6.1f} {b50:14.1f} {b95:6.1f}")
    if {"without", "with"} <= set(found):
        ratio = np.median(found["without"][0]) / np.median(found["with"][0])
        print(f"the extension shortens it {ratio:.1f} times while the kernel is idle")
    return 0


if __name__ == "__main__":
    sys.exit(main())
