"""From a click in the launcher to the first record painted, on a warm server.

The kernel is started anew each round. Beside it stands what an empty kernel needs in the same
page, from the request to its first answer: what no application could do without.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from tests.ui.application import Lab
from tests.ui.lab import FLAGS, Server, find_chromium

ROUNDS = 5

CLICK = """async () => {
    const card = [...document.querySelectorAll(".jp-LauncherCard")]
        .find(one => one.textContent.includes("Sample Project"));
    const began = performance.now();
    card.click();
    await new Promise(done => {
        const look = () => document.querySelector(".rn-panel [data-testid=record]") === null
            ? requestAnimationFrame(look)
            : requestAnimationFrame(() => setTimeout(done, 0));
        look();
    });
    return performance.now() - began;
}"""
EMPTY = """async () => {
    const { kernels } = window.jupyterapp.serviceManager;
    const began = performance.now();
    const kernel = await kernels.startNew({ name: "python3" });
    await kernel.requestExecute({ code: "1" }).done;
    const took = performance.now() - began;
    await kernel.shutdown();
    return took;
}"""


def main() -> None:
    """Print the best and the median of some rounds."""
    from playwright.sync_api import sync_playwright

    chromium = find_chromium()
    if chromium is None:
        print("no Chromium: nothing was measured")
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        empty, opened = [], []
        for _ in range(ROUNDS + 1):
            lab = Lab(server, browser)
            lab.card("Sample Project").wait_for()
            empty.append(lab.page.evaluate(EMPTY) / 1000)
            opened.append(lab.page.evaluate(CLICK) / 1000)
            lab.close()
            server._shut_down_kernels()
        browser.close()
        server.stop()
    # The first round makes the sample project, and warms the server and the disk.
    for name, took in (("an empty kernel answers", empty), ("first record painted", opened)):
        print(f"{name:24} best {min(took[1:]):.2f} s, median {median(took[1:]):.2f} s")
    print(f"{'made and painted':24} {opened[0]:.2f} s, once")
    print(f"{'ratio of the best':24} {min(opened[1:]) / min(empty[1:]):.1f}")


if __name__ == "__main__":
    main()
