"""Stories of the SimilarEditor in a real JupyterLab."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.ui.lab import Notebook

OpenNotebook = Callable[..., Notebook]

# Forty records on a quarter of a circle: the further around, the less like the first.
PROJECT = """
import numpy as np
import refinery_nb as rn
project = rn.open(by="ann")
project.add([{"id": f"r{n:02d}", "text": f"{n} late parcel <b>x</b>"} for n in range(40)],
            key="id", types={"text": "text"})
topic = project.task("topic", ["Delivery", "Refund"], on="text")
def angles(texts):
    found = np.array([float(text.split()[0]) / 40 * np.pi / 2 for text in texts])
    return np.stack([np.cos(found), np.sin(found)], axis=1)
project.embed("text", model=angles, name="angles", progress=False)
topic.label_many({f"r{n:02d}": "Delivery" if n < 15 else "Refund" for n in range(5, 30, 5)})
editor = rn.SimilarEditor(topic, rn.Similar("Delivery", ["r00"], threshold=0.9))
editor
"""
SHOW = "print(editor.rule.threshold, len(editor.rule.examples), len(topic.gold()))"


def opened(notebook: Notebook) -> Locator:
    found = notebook.page.get_by_test_id("similar-editor")
    expect(found.get_by_test_id("row").first).to_have_attribute("data-key", re.compile("r"))
    return found


def test_by_keyboard_alone(open_notebook: OpenNotebook) -> None:
    """Threshold, labels, examples and the heuristic itself, without a mouse."""
    notebook = open_notebook(PROJECT, SHOW)
    notebook.run(0)
    found = opened(notebook)
    words, keyboard = found.get_by_test_id("words"), notebook.page.keyboard
    # r01 to r11 have a cosine of .9 or more; r05 and r10 are labelled.
    expect(words).to_contain_text("11 records, precision 1.00")
    expect(words).to_contain_text("2 labelled")
    found.focus()
    keyboard.press("ArrowRight")
    expect(words).to_contain_text("12 records")
    keyboard.press("]")
    expect(words).to_contain_text("15 records, precision .67")
    expect(words).to_contain_text("1 of another label")
    expect(found.get_by_test_id("reading")).to_have_attribute("data-key", "r15")
    keyboard.press("[")
    expect(words).to_contain_text("14 records, precision 1.00")
    # Up to one that nobody has labelled, and label it.
    keyboard.press("ArrowUp")
    expect(found.get_by_test_id("reading")).to_have_attribute("data-key", "r14")
    keyboard.press("2")
    expect(words).to_contain_text("3 labelled")
    expect(words).to_contain_text("precision .67")
    keyboard.press("u")
    expect(words).to_contain_text("2 labelled")
    keyboard.press("a")
    keyboard.type("39 lost")
    keyboard.press("Enter")
    expect(found.get_by_test_id("examples").locator("li")).to_have_count(2)
    expect(found).to_have_attribute("data-comparing", "false")
    keyboard.press("Escape")
    expect(found).to_be_focused()
    keyboard.press("Shift+Enter")
    expect(found).to_have_attribute("data-standing", "saved")
    keyboard.press("?")
    expect(found.get_by_test_id("sheet-keys")).to_be_visible()
    notebook.run(1)
    assert " 2 5" in notebook.output(1)


def test_by_mouse_from_nothing_to_a_heuristic(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(PROJECT + "\neditor = rn.SimilarEditor(topic)\neditor", SHOW)
    notebook.run(0)
    found = notebook.page.get_by_test_id("similar-editor")
    expect(found).to_contain_text("There is no example yet")
    found.get_by_test_id("start").click()
    slider = found.get_by_test_id("slider")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    notebook.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    expect(slider).to_have_attribute("data-threshold", re.compile(r"^\.[67]"))
    found.get_by_test_id("save").click()
    expect(found).to_have_attribute("data-standing", "saved")
    found.get_by_test_id("below").click()
    expect(notebook.page.get_by_test_id("labeler")).to_be_visible()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_it_follows_the_theme_and_fits_a_narrow_page(
    open_notebook: OpenNotebook, theme: str
) -> None:
    """Hostile text is text, too (J1)."""
    notebook = open_notebook(PROJECT)
    notebook.run(0)
    found = opened(notebook)
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
    found.evaluate("el => { el.style.width = '420px'; }")
    expect(found).to_have_js_property("scrollWidth", found.evaluate("el => el.clientWidth"))
