"""Takes the pictures of the guides: ``python -m tests.tools.guide_pictures [guide ...]``.

Each guide is run in a real JupyterLab in the light theme; what its picture shows is a widget in it.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, sync_playwright

from tests.ui.lab import FLAGS, Server, find_chromium

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
# Of each guide: the name of its picture, the code of the cell that it shows (one that the guide
# has, or another that is added), and what is clicked on before.
PICTURES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "01_first_labels": (
        "labeler",
        'entities.label("m0044", samples.gold("spans")["m0044"])\n'
        'topic.label("m0044", answers["m0044"])\n'
        'rn.Labeler([topic, entities], project.search("grey green", how="words"))',
        (),
    ),
    "02_heuristics": ("heuristics", "rn.HeuristicEditor(topic)", ()),
    "03_weak_supervision": ("weak_supervision", "rn.ConfusionMatrix(topic)", ()),
    "04_spans": (
        "spans",
        'kinds = frame.groupby("key")["label"].agg(["nunique", "size"])\n'
        'best = kinds.sort_values(["nunique", "size"]).index[-1]\n'
        'rn.Labeler(entities, project.where(project["id"] == best))',
        (),
    ),
    "05_search_and_active_learning": ("map", "chart = rn.EmbeddingMap(topic)", ()),
    "06_language_models": (
        "language_models",
        "rn.Playground(topic",
        ("Next record", "Next record", "Ask"),
    ),
    "07_refinery_project": ("refinery_project", "rn.HeuristicEditor(topic)", ("waiting",)),
    "08_data_in_and_out": ("browser", "rn.Browser(project)", ()),
    "09_remote_kernel": ("remote_kernel", "rn.EmbeddingMap(topic, embedding", ()),
}
TALLEST = 800  # pixels of a picture


def staged(name: str) -> dict[str, Any]:
    """Return a guide with the cell that its picture shows."""
    book = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    line = PICTURES[name][1]
    if not any(line in "".join(cell["source"]) for cell in book["cells"]):
        more: dict[str, Any] = {"execution_count": None, "metadata": {}, "outputs": []}
        book["cells"].append({"cell_type": "code", "id": "picture", "source": line, **more})
    return book


def run_all(page: Page, server: Server, name: str) -> None:
    """Open a guide and run all of its cells."""
    page.goto(f"{server.url}/lab/tree/{name}.ipynb?reset&token={server.token}")
    page.wait_for_selector(".jp-Notebook .jp-Cell", state="attached")
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.context?.sessionContext"
        "?.session?.kernel?.status === 'idle'"
    )
    page.evaluate(
        """async () => {
            const app = window.jupyterapp;
            if (!app.shell.leftCollapsed) app.shell.collapseLeft();
            await app.commands.execute("notebook:run-all-cells");
        }"""
    )


def shown(page: Page, line: str) -> Locator:
    """Return the output of the first cell with this line, brought into sight."""
    at = page.evaluate(
        """([line]) => {
            const cells = window.jupyterapp.shell.currentWidget.content;
            const sources = cells.widgets.map((one) => one.model.sharedModel.source);
            const at = sources.findIndex((one) => one.includes(line));
            cells.activeCellIndex = at;
            cells.scrollToItem(at, "start");
            return at;
        }""",
        [line],
    )
    output = page.locator(".jp-Notebook .jp-Cell").nth(at).locator(".jp-OutputArea-output").first
    output.wait_for(state="visible")
    return output


def take(page: Page, output: Locator, target: Path) -> None:
    """Save what an output shows, without what is below the height of a picture."""
    output.scroll_into_view_if_needed()
    page.wait_for_timeout(1_500)  # a picture for people: transitions have ended by then
    box = output.bounding_box()
    assert box is not None
    clip = {**box, "height": min(box["height"], TALLEST)}
    page.screenshot(path=target, clip=clip)
    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB, {clip['width']:.0f} wide")


def main(names: list[str]) -> None:
    root = Path(tempfile.mkdtemp())
    for name in names or PICTURES:
        (root / f"{name}.ipynb").write_text(json.dumps(staged(name)), encoding="utf-8")
    server = Server(root)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
            for name in names or list(PICTURES):
                picture, line, clicked = PICTURES[name]
                page = browser.new_page(viewport={"width": 1060, "height": 1000})
                page.set_default_timeout(120_000)
                run_all(page, server, name)
                output = shown(page, line)
                for words in clicked:
                    output.get_by_text(re.compile(f"^{words}")).first.click()
                    page.wait_for_timeout(3_000)
                take(page, output, NOTEBOOKS / "images" / f"{picture}.png")
                page.close()
                server._shut_down_kernels()
            browser.close()
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
