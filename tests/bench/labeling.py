"""Key to next record painted, and to the kernel's answer, in Chromium; beside an echo by comm."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.ui.lab import FLAGS, Notebook, Server, find_chromium

LABELS = 150
PINGS = 100
CELL = """
import refinery_nb as rn
project = rn.open("bench")
rows = [{"id": str(n), "text": f"A message of some words, number {n}. " * 4} for n in range(1000)]
project.add(rows, key="id")
topic = project.task("topic", ["A", "B", "C"], on="text")
def echo(comm, _open):
    comm.on_msg(lambda message: comm.send(message["content"]["data"]))
get_ipython().kernel.comm_manager.register_target("echo", echo)
rn.Labeler(topic)
"""
LOOP = """
import time
end = time.time() + 25
n = 0
while time.time() < end:
    n += 1
"""
LONG = """
long = rn.open()
text = "\\n".join("lorem ipsum dolor sit amet " * 8 for _ in range(480))
long.add([{"id": "0", "text": "short"}, {"id": "1", "text": text}], key="id")
names = long.task("names", ["PER", "ORG"], on="text", kind="spans")
step = len(text) // 500
names.label("1", [(n * step, n * step + 20, "PER" if n % 2 else "ORG") for n in range(500)])
rn.Labeler(names)
"""
OPEN = """async () => {
    let root;
    while (true) {
        root = document.querySelectorAll(".rn-labeler")[1];
        if (root?.dataset.record === "0") break;
        await new Promise(requestAnimationFrame);
    }
    await new Promise((done) => setTimeout(done, 500));
    const begun = performance.now();
    root.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true}));
    while (root.dataset.position !== "1") await new Promise(requestAnimationFrame);
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    return performance.now() - begun;
}"""
LABEL = """async ([count]) => {
    const root = document.querySelector(".rn-labeler");
    const status = root.querySelector("[data-testid=status]");
    const channel = new MessageChannel();
    const painted = () => new Promise((done) => requestAnimationFrame(() => {
        channel.port1.onmessage = done;
        channel.port2.postMessage(0);
    }));
    const paint = [], saved = [];
    for (let n = 0; n < count; n++) {
        const before = root.dataset.position;
        const begun = performance.now();
        const key = String(n % 3 + 1);
        root.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
        while (root.dataset.position === before) await new Promise((done) => setTimeout(done, 0));
        await painted();
        paint.push(performance.now() - begun);
        while (status.dataset.pending !== "0") await new Promise((done) => setTimeout(done, 1));
        saved.push(performance.now() - begun);
        await new Promise((done) => setTimeout(done, 20));
    }
    return [paint, saved];
}"""
PING = """async ([count]) => {
    const kernel = window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel;
    const comm = kernel.createComm("echo");
    let answered = () => undefined;
    comm.onMsg = () => answered();
    await comm.open().done;
    const times = [];
    for (let n = 0; n < count; n++) {
        const begun = performance.now();
        const answer = new Promise((done) => { answered = done; });
        comm.send({n});
        await answer;
        times.push(performance.now() - begun);
    }
    comm.close();
    return times;
}"""


def show(name: str, times: list[float]) -> float:
    p50, p95 = np.percentile(times, [50, 95])
    print(f"{name:44} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms")
    return float(p50)


def main() -> int:
    if find_chromium() is None:
        print("skipped: no Chromium")
        return 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        try:
            notebook = Notebook(server, browser, "bench", [CELL, LOOP, LONG])
            notebook.run(0)
            notebook.page.wait_for_selector("[data-testid=record]")
            echo = show("reference: echo by comm, idle", notebook.page.evaluate(PING, [PINGS]))
            paint, saved = notebook.page.evaluate(LABEL, [LABELS])
            show("key to next record painted, idle", paint)
            ratio = show("key to acknowledgement, idle", saved) / echo
            print(f"acknowledgement / echo: {ratio:.2f}")
            notebook.run(2)
            milliseconds = notebook.page.evaluate(OPEN)
            what = "a record of 100 kB with 500 spans opened"
            print(f"{what:44}     {milliseconds:7.1f} ms (goal: 300)")
            notebook.run(1, wait=False)
            notebook.page.wait_for_timeout(500)
            paint, saved = notebook.page.evaluate(LABEL, [LABELS // 2])
            show("key to next record painted, Python loop runs", paint)
            show("key to acknowledgement, Python loop runs", saved)
        finally:
            browser.close()
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
