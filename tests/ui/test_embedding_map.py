"""Stories of the EmbeddingMap in a real JupyterLab."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.ui.lab import Notebook

OpenNotebook = Callable[..., Notebook]

# Two heaps, each of the same text ten times: a lasso around one cannot miss.
PROJECT = """
import numpy as np
import refinery_nb as rn
project = rn.open(by="ann")
project.add([{"id": f"r{n:02d}", "text": ["late parcel", "money back"][n % 2] + " <b>x</b>"}
             for n in range(20)], key="id")
topic = project.task("topic", ["Delivery", "Refund"], on="text")
def heaps(texts):
    return np.array([[1.0, 0.0] if "late" in text else [0.0, 1.0] for text in texts])
project.embed("text", model=heaps, name="heaps", progress=False)
chart = rn.EmbeddingMap(topic)
chart
"""
SHOW = "print(None if chart.view is None else chart.view.count(), len(topic.gold()))"


def drawn(notebook: Notebook) -> Locator:
    found = notebook.page.get_by_test_id("embedding-map")
    expect(found.get_by_test_id("plot")).to_have_attribute("data-drawn", re.compile("[0-9]"))
    return found


def test_a_lasso_is_labelled_undone_and_opened(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(PROJECT, SHOW)
    notebook.run(0)
    found = drawn(notebook)
    page = notebook.page
    expect(found.get_by_test_id("count")).to_have_text("20 records")
    found.get_by_role("button", name="Lasso").click()
    expect(found).to_have_attribute("data-drag", "lasso")
    plot = found.get_by_test_id("plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    # The left half of the plane: one of the two heaps.
    left, top = box["x"] + 5, box["y"] + 5
    right, bottom = box["x"] + box["width"] / 2, box["y"] + box["height"] - 5
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=6)
    page.mouse.up()
    selection = found.get_by_test_id("selection")
    expect(selection).to_have_attribute("data-count", "10")
    selection.get_by_role("button", name="Delivery").click()
    expect(selection).to_contain_text("10 labelled")
    notebook.run(1)
    assert "10 10" in notebook.output(1)
    selection.get_by_role("button", name="Undo").click()
    expect(selection).to_contain_text("0 labelled")
    selection.get_by_role("button", name="Open in Labeler").click()
    expect(page.get_by_test_id("labeler")).to_be_visible()


def test_by_keyboard_alone(open_notebook: OpenNotebook) -> None:
    """Everything that a selection is for can be reached without a mouse."""
    notebook = open_notebook(PROJECT, SHOW)
    notebook.run(0)
    found = drawn(notebook)
    found.focus()
    keyboard = notebook.page.keyboard
    keyboard.press("/")
    keyboard.type("late")
    keyboard.press("Enter")
    expect(found).to_contain_text("found")
    keyboard.press("Escape")
    expect(found).to_be_focused()
    keyboard.press("a")
    selection = found.get_by_test_id("selection")
    expect(selection).to_have_attribute("data-count", "20")
    keyboard.press("2")
    expect(selection).to_contain_text("20 labelled")
    keyboard.press("u")
    expect(selection).to_contain_text("0 labelled")
    keyboard.press("Escape")
    expect(selection).to_have_attribute("data-count", "0")
    keyboard.press("?")
    expect(found.get_by_test_id("sheet-keys")).to_be_visible()


def test_a_layout_is_made_in_the_background(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(PROJECT, SHOW)
    notebook.run(0)
    found = drawn(notebook)
    method = found.get_by_test_id("method")
    method.select_option("tsne")
    banner = found.get_by_test_id("banner-layout")
    banner.get_by_role("button", name="Lay out").click()
    expect(banner).to_have_count(0, timeout=120_000)
    expect(method).to_have_value("tsne")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_it_follows_the_theme(open_notebook: OpenNotebook, theme: str) -> None:
    """Hostile text is text, too (J1)."""
    notebook = open_notebook(PROJECT)
    notebook.run(0)
    found = drawn(notebook)
    notebook.page.evaluate(
        "async ([theme]) => { await window.jupyterapp.commands.execute("
        "'apputils:change-theme', { theme }); }",
        [theme],
    )
    light = str(theme.endswith("Light")).lower()
    expect(notebook.page.locator("body")).to_have_attribute("data-jp-theme-light", light)
    ink, paper = found.evaluate(
        "el => { const s = getComputedStyle(el); return [s.color, s.backgroundColor]; }"
    )
    brightness = [sum(int(x) for x in re.findall(r"\d+", one)[:3]) for one in (ink, paper)]
    assert (brightness[1] > brightness[0]) == (light == "true")
    assert found.locator("b", has_text="x").count() == 0
