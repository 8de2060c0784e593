"""From Enter in the Browser's query to the painted records, at 1,000,000 x 5,000,000, in Chromium.

Each query is another one of its kind; those that read columns first are left out.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.ui.lab import FLAGS, Notebook, Server, find_chromium

ROOT = Path(__file__).parents[2]
GOAL = 150  # ms
FILL = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import refinery_nb as rn
from pathlib import Path
from tests.bench import browser as bench
project = rn.open(Path("big"))
bench.fill(project)
project.query("delivery").head(1).ids()
"""
KINDS = {
    "words": [f"delivery {n}" for n in range(14)],
    "number": [f"score > .{n + 30}" for n in range(14)],
    "weak label, confidence": [f"weak = A and confidence < .{n + 30}" for n in range(14)],
    "conflict": [f"topic is conflicting and score < .{n + 30}" for n in range(14)],
}
WARM = 2  # of each kind, which read columns
ASK = """async ([text]) => {
    const root = document.querySelector("[data-testid=browser]");
    const field = root.querySelector("[data-testid=query]");
    field.focus();
    field.value = text;
    field.dispatchEvent(new Event("input", {bubbles: true}));
    await new Promise((done) => setTimeout(done, 900));
    const before = root.dataset.revision;
    const begun = performance.now();
    const enter = {key: "Enter", bubbles: true, cancelable: true};
    field.dispatchEvent(new KeyboardEvent("keydown", enter));
    while (root.dataset.revision === before) {
        await new Promise((done) => requestAnimationFrame(done));
    }
    await new Promise((done) => {
        const channel = new MessageChannel();
        channel.port1.onmessage = done;
        channel.port2.postMessage(0);
    });
    return performance.now() - begun;
}"""


def main() -> int:
    chromium = find_chromium()
    if chromium is None:
        print("no Chromium: install it, or name it in CHROMIUM")
        return 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            notebook = Notebook(server, opened, "paint", [FILL, "rn.Browser(project)"])
            notebook.page.set_default_timeout(300_000)
            notebook.run(0)
            notebook.run(1)
            notebook.page.wait_for_selector("[data-testid=browser][data-revision]")
            print(f"goal {GOAL} ms                p50     p95")
            for name, texts in KINDS.items():
                taken = [float(notebook.page.evaluate(ASK, [text])) for text in texts][WARM:]
                p95 = statistics.quantiles(taken, n=20)[-1]
                print(f"{name:24} {statistics.median(taken):7.0f} {p95:7.0f}", flush=True)
        finally:
            opened.close()
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
