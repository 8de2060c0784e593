"""Stories of the guideline beside the Labeler, and of tasks that give several labels."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

import refinery_nb as rn
from tests.ui.hostile import HOSTILE, nothing_was_made
from tests.ui.lab import Notebook
from tests.ui.test_accessibility import AXE, THEME, found
from tests.ui.test_labeler import all_saved, labeler

OpenNotebook = Callable[..., Notebook]

GUIDED = """
import refinery_nb as rn
project = rn.open({name!r}, by="ann")
project.add([{{"id": f"r{{n}}", "text": f"The parcel number {{n}} is late and it leaks."}}
             for n in range(8)], key="id")
tags = project.task("tags", ["Delivery", "Defect", "Refund"], on="text", kind="multilabel",
                    guideline={guideline!r})
tags.change_label("Delivery", hotkey="d", description="About the *way* to the customer.")
"""
GUIDELINE = """# Tags
Give **all** that fit, not only the first.

- late, lost, or at the neighbour's: `Delivery`
- broken or leaking: `Defect`

1. Read the whole text.
2. See [the manual](https://example.org/manual) when in doubt.

> A refund alone is no defect.
"""


def guided(name: str, guideline: str = GUIDELINE) -> str:
    return GUIDED.format(name=name, guideline=guideline)


def test_the_guideline_opens_by_a_key_and_reads_as_it_was_written(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook(guided("guided"), "rn.Labeler(tags)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    notebook.page.keyboard.press("g")
    guideline = found.get_by_test_id("guideline")
    expect(guideline.locator("h4")).to_have_text("Tags")
    expect(guideline.locator("ul li")).to_have_count(2)
    expect(guideline.locator("ol li")).to_have_count(2)
    expect(guideline.locator("strong")).to_have_text("all")
    link = guideline.locator("a")
    expect(link).to_have_attribute("href", "https://example.org/manual")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(guideline.locator("dd")).to_have_text("About the way to the customer.")
    notebook.page.keyboard.press("g")
    expect(guideline).to_have_count(0)


def test_a_guideline_is_text_whatever_stands_in_it(open_notebook: OpenNotebook) -> None:
    """J1: nothing in it becomes a node that it should not."""
    notebook = open_notebook(guided("hostile_guide", "\n\n".join(HOSTILE)), "rn.Labeler(tags)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    notebook.page.keyboard.press("g")
    expect(found.get_by_test_id("guideline")).to_contain_text("onerror")
    nothing_was_made(notebook)
    assert found.get_by_test_id("guideline").locator("a").count() == 0


def test_keys_turn_several_labels_on_and_off(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(guided("several"), "rn.Labeler(tags)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    chips = {name: found.get_by_test_id(f"label-{name}") for name in ("Delivery", "Defect")}
    notebook.page.keyboard.press("d")
    expect(chips["Delivery"]).to_have_attribute("aria-checked", "true")
    notebook.page.keyboard.press("2")
    expect(chips["Defect"]).to_have_attribute("aria-checked", "true")
    # Two labels, and still the same record.
    expect(found).to_have_attribute("data-record", "r0")
    notebook.page.keyboard.press("Enter")
    expect(found).to_have_attribute("data-record", "r1")
    notebook.page.keyboard.press("2")
    notebook.page.keyboard.press("d")
    notebook.page.keyboard.press("2")
    expect(chips["Defect"]).to_have_attribute("aria-checked", "false")
    notebook.page.keyboard.press("ArrowRight")
    notebook.page.keyboard.press("n")
    all_saved(found)
    with rn.open(notebook.server.root / "several", by="ann") as project:
        assert project.task("tags").gold().values.tolist() == [
            ["r0", ["Delivery", "Defect"], "ann"],
            ["r1", ["Delivery"], "ann"],
            ["r2", [], "ann"],
        ]


def test_axe_finds_nothing_in_the_guideline_and_its_labels(open_notebook: OpenNotebook) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run make setup")
    notebook = open_notebook(guided("axe_guide"), "rn.Labeler(tags)")
    notebook.run(0)
    notebook.run(1)
    shown = labeler(notebook)
    notebook.page.keyboard.press("g")
    notebook.page.keyboard.press("d")
    expect(shown.get_by_test_id("guideline")).to_be_visible()
    notebook.page.evaluate(AXE.read_text())
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.page.evaluate(THEME, [theme])
        light = str(theme.endswith("Light")).lower()
        notebook.page.wait_for_selector(
            f"body[data-jp-theme-light='{light}']:not(.jp-mod-themeSwitching)", state="attached"
        )
        assert found(notebook, ".rn-labeler") == [], theme
