"""What axe finds in the widgets, in both themes: contrast, names, roles, the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.lab import Notebook

OpenNotebook = Callable[..., Notebook]

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
PROJECT = """
import refinery_nb as rn
project = rn.open(by="ann")
texts = ["The parcel is late.", "It leaks.", "My refund, please.", "Late refund"]
project.add([{"id": f"r{n:02d}", "text": texts[n % 4]} for n in range(40)], key="id")
topic = project.task("topic", ["Delivery", "Defect", "Refund"], on="text")
things = project.task("things", ["THING"], on="text", kind="spans")
topic.label_many({f"r{n:02d}": ["Delivery", "Defect", "Refund"][n % 3] for n in range(24)})
topic.add(rn.Lookup("Delivery", ["late"]))
topic.add(rn.Regex("Refund", "refund", case=False))
things.add(rn.Lookup("THING", ["parcel", "refund"]))

@topic.heuristic
def fails(record):
    return "Defect" if int(record["text"]) else None

topic.run(progress=False)
things.run(progress=False)
things.label("r00", [(4, 10, "THING")])
weak = topic.supervise(model="majority")
"""
WIDGETS = {
    "rn.HeuristicEditor(topic)": ".rne",
    "rn.ConfusionMatrix(topic)": ".rn-cm",
    "rn.Labeler([topic, things])": ".rn-labeler",
    "rn.Workbench(project)": ".rn-wb",
    "rn.Quality(topic)": ".rn-quality",
    "rn.Overview(project)": ".rn-ov",
    "topic.runs()": ".rn-table",
}
# Plotly's figures and CodeMirror's inside are not ours to name.
FOUND = """async ([selector]) => {
    const exclude = [[".jp-RenderedPlotly"], [".cm-scroller"]];
    const options = {resultTypes: ["violations"]};
    const found = await axe.run({include: [[selector]], exclude}, options);
    return found.violations.map(({id, nodes}) => [id, nodes.map((one) => one.html.slice(0, 150))]);
}"""
SHOW = """([number]) => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = number;
    return notebook.scrollToItem(number, "start");
}"""
THEME = """async ([name]) => {
    await window.jupyterapp.commands.execute("apputils:change-theme", {theme: name});
}"""


def found(notebook: Notebook, selector: str) -> Any:
    """What is wrong, once the colours have faded from one theme to the other."""
    for _ in range(20):
        left = notebook.page.evaluate(FOUND, [selector])
        if left == []:
            break
        notebook.page.wait_for_timeout(250)
    return left


def test_nothing_is_found_in_either_theme(open_notebook: OpenNotebook) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run make setup")
    notebook = open_notebook(PROJECT, *WIDGETS)
    for number in range(len(WIDGETS) + 1):
        notebook.run(number)
    editor = notebook.page.get_by_test_id("heuristic-editor")
    editor.get_by_test_id("row-fails").click()
    expect(editor.get_by_test_id("pane")).to_have_attribute("data-name", "fails")
    notebook.page.keyboard.press("Control+Enter")
    expect(editor.get_by_test_id("traceback").first).to_be_visible()
    notebook.page.evaluate(AXE.read_text())
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.page.evaluate(THEME, [theme])
        light = str(theme.endswith("Light")).lower()
        notebook.page.wait_for_selector(
            f"body[data-jp-theme-light='{light}']:not(.jp-mod-themeSwitching)", state="attached"
        )
        for number, selector in enumerate(WIDGETS.values(), 1):
            notebook.page.evaluate(SHOW, [number])
            expect(notebook.page.locator(selector).first).to_be_visible()
            assert found(notebook, selector) == [], (theme, selector)
