"""From a label in the kernel to the painted Overview, at 1,000,000 x 5,000,000, in Chromium.

``python -m tests.bench.overview_paint [records]``: 20,000 by default. A round has the kernel label
one record, as another widget would, and waits until the number of labelled records is painted. The
reference is an empty cell: what a request and its answer take by themselves.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.ui.lab import FLAGS, Notebook, Server, find_chromium

ROOT = Path(__file__).parents[2]
COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
GOAL = 200  # ms
ROUNDS = 15
FILL = f"""
import os, sys
os.environ["RECORDS"] = "{COUNT}"
sys.path.insert(0, {str(ROOT)!r})
import refinery_nb as rn
from pathlib import Path
from tests.bench import browser as bench
project = rn.open(Path("big"), by="ann")
bench.fill(project)
topic = project.tasks["topic"]
topic.label_many({{str(n): "ABC"[n % 3] for n in range({COUNT // 10})}})
"""
# Requests of the page itself: a cell would be drawn, and saved.
ASK = """async ([code, paint]) => {
    const root = document.querySelector("[data-testid=overview]");
    const kernel = window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel;
    const before = root.dataset.labelled;
    const begun = performance.now();
    const asked = kernel.requestExecute({code, silent: true, store_history: false});
    if (!paint) await asked.done;
    while (paint && root.dataset.labelled === before) {
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
            notebook = Notebook(server, opened, "paint", [FILL, "rn.Overview(project)"])
            page = notebook.page
            page.set_default_timeout(300_000)
            notebook.run(0)
            notebook.run(1)
            page.wait_for_function(
                "() => document.querySelector('[data-testid=overview]')?.dataset.labelled > 0"
            )
            taken: dict[str, list[float]] = {"empty": [], "label": []}
            for n in range(ROUNDS):
                label = f'topic.label("{COUNT - 1 - n}", "B")'
                for name, code in (("empty", "0"), ("label", label)):
                    page.wait_for_timeout(400)
                    taken[name].append(float(page.evaluate(ASK, [code, name == "label"])))
            print(f"{COUNT:,} records, {5 * COUNT:,} votes, {COUNT // 10:,} labelled by hand")
            for name, title in (("empty", "an empty request"), ("label", "label to paint")):
                own = taken[name]
                p95 = statistics.quantiles(own, n=20)[-1]
                print(
                    f"{title:18} best {min(own):4.0f}, p50 {statistics.median(own):4.0f}, "
                    f"p95 {p95:4.0f} ms"
                )
            print(f"goal: {GOAL} ms")
        finally:
            opened.close()
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
