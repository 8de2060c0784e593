"""Stories of the quality charts in a real JupyterLab; the fixture refuses foreign requests."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.ui.lab import Notebook

OpenNotebook = Callable[..., Notebook]

PROJECT = """
import refinery_nb as rn
project = rn.open(by="ann")
project.add([{"id": str(n), "text": ["delivery", "refund", "delivery refund"][n % 3]}
             for n in range(60)], key="id")
topic = project.task("topic", ["Delivery", "Refund"], on="text")
topic.add(rn.Lookup("Delivery", ["delivery"]))
topic.add(rn.Lookup("Refund", ["refund"]))
topic.run(progress=False)
topic.label_many({str(n): ["Delivery", "Refund"][n % 2] for n in range(30)})
topic.label_many({str(n): ["Delivery", "Refund"][n % 3 == 1] for n in range(30)}, by="ben")
weak = topic.supervise(model="majority")
"""
INK = """(root) => {
    const text = [...root.querySelectorAll("svg text")].find((one) => one.textContent !== "");
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = getComputedStyle(text).fill;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
    return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}"""
TITLES = {
    "Labels": ["How often each label of topic is given"],
    "Confidence": ["How sure the weak labels are", "Whether confidence means what it says"],
    "Heuristics": ["Where heuristics vote together", "Where heuristics contradict each other"],
    "Coverage": ["How much of the records is covered over time"],
    "People": ["How far people agree"],
}


def quality(notebook: Notebook) -> Locator:
    return notebook.page.locator(".rn-quality")


def choose(found: Locator, name: str) -> None:
    found.get_by_role("button", name=name, exact=True).click()
    for title in TITLES[name]:
        expect(found.locator("svg text.gtitle", has_text=title)).to_be_visible()
    expect(found.locator(".js-plotly-plot")).to_have_count(len(TITLES[name]))


def test_every_chart_is_drawn_in_both_themes_without_a_network(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(PROJECT, "rn.Quality(topic)")
    notebook.run(0)
    notebook.run(1)
    found = quality(notebook)
    for name in (*TITLES, "Labels"):
        choose(found, name)
    assert found.evaluate(INK) < 0.4
    theme = """async ([name]) => {
        await window.jupyterapp.commands.execute("apputils:change-theme", {theme: name});
    }"""
    notebook.page.evaluate(theme, ["JupyterLab Dark"])
    notebook.page.wait_for_function(f"() => ({INK})(document.querySelector('.rn-quality')) > 0.6")
    choose(found, "Heuristics")
    assert found.evaluate(INK) > 0.6
    notebook.page.evaluate(theme, ["JupyterLab Light"])
    notebook.page.wait_for_selector("body[data-jp-theme-light='true']", state="attached")
    # Nothing may carry a chart to a service.
    assert notebook.page.locator("[data-title*='Share']").count() == 0


def test_a_change_is_said_and_drawn_when_wanted(open_notebook: OpenNotebook) -> None:
    bare = """
import refinery_nb as rn
project = rn.open(by="ann")
project.add([{"id": str(n), "text": "x"} for n in range(4)], key="id")
topic = project.task("topic", ["A", "B"], on="text")
rn.Quality(topic)
"""
    notebook = open_notebook(bare, 'topic.label("1", "A")')
    notebook.run(0)
    found = quality(notebook)
    expect(found).to_contain_text("There are no labels yet: label some with rn.Labeler(task).")
    notebook.run(1)
    found.get_by_role("button", name="Refresh: changed").click()
    expect(found).to_contain_text("1 of 4 records reviewed")
    expect(found).to_contain_text("by hand (1)")
    expect(found.get_by_role("button", name="Refresh", exact=True)).to_be_visible()


def test_a_chart_alone_is_drawn_too(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(PROJECT, "rn.charts.calibration(weak)")
    notebook.run(0)
    notebook.run(1)
    title = notebook.page.locator("svg text.gtitle", has_text="Whether confidence means")
    expect(title).to_be_visible()
    assert notebook.page.locator("[data-title*='Share']").count() == 0
