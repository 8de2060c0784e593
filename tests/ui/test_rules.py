"""Stories of a rule made while labeling, in a real JupyterLab."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

import refinery_nb as rn
from tests.ui.lab import Notebook
from tests.ui.test_labeler import all_saved, labeler, select

OpenNotebook = Callable[..., Notebook]

PROJECT = """
import refinery_nb as rn
project = rn.open({name!r}, by="ann")
texts = [f"The parcel A-{{n}} leaks" if n % 3 else f"Leaks {{n}}" for n in range(60)]
project.add([{{"id": f"r{{n:03d}}", "text": text}} for n, text in enumerate(texts)], key="id")
topic = project.task("topic", ["Delivery", "Defect"], on="text")
topic.label_many({{"r001": "Defect", "r002": "Defect", "r003": "Delivery"}})
"""


def test_a_rule_is_made_with_the_keyboard_alone(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(PROJECT.format(name="rules"), "rn.Labeler(topic)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    press = notebook.page.keyboard.press
    press("+")  # nothing is chosen yet: the token cursor comes
    press("+")
    card = notebook.page.get_by_test_id("rule-card")
    expect(card).to_be_focused()
    folded = card.get_by_test_id("rule-form-folded")
    expect(folded).to_have_attribute("aria-checked", "true")
    expect(folded).to_contain_text("60 records")
    expect(card.get_by_test_id("rule-form-exact")).to_contain_text("20 records")
    expect(folded).to_contain_text("3 labelled")
    press("Enter")
    expect(card.get_by_test_id("rule-said")).to_contain_text("Choose a label")
    press("2")
    expect(folded).to_contain_text("2 for · 1 against")
    expect(card.get_by_test_id("rule-snippets")).to_contain_text("leaks")
    press("Enter")
    expect(card).to_have_count(0)
    expect(found).to_be_focused()
    expect(found.get_by_test_id("live")).to_have_text("lookup:Defect: 60 votes")
    expect(found.get_by_test_id("why")).to_contain_text("lookup:Defect")
    press("1")  # the keyboard labels again
    all_saved(found)
    with rn.open(notebook.server.root / "rules", by="ann") as project:
        topic = project.task("topic")
        assert list(topic.heuristics()["heuristic"]) == ["lookup:Defect"]
        assert len(topic.hits("lookup:Defect")) == 60
        assert project.where(topic.labeled_as("Delivery")).keys() == ["r000", "r003"]


def test_a_pattern_from_the_mouse_and_escape(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(PROJECT.format(name="pattern"), "rn.Labeler(topic)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    notebook.page.keyboard.press("ArrowRight")
    expect(found).to_have_attribute("data-position", "1")
    select(notebook, found, "A-1")
    found.focus()
    card = notebook.page.get_by_test_id("rule-card")
    notebook.page.keyboard.press("+")
    expect(card).to_contain_text("A-1")
    notebook.page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(found).to_be_focused()
    select(notebook, found, "A-1")
    found.focus()
    notebook.page.keyboard.press("+")
    # The record is labelled Defect: that is what the rule will vote.
    expect(card.get_by_test_id("rule-label-Defect")).to_have_attribute("aria-checked", "true")
    digits = card.get_by_test_id("rule-form-digits")
    expect(digits).to_contain_text("40 records")
    for _ in range(6):
        if digits.get_attribute("aria-checked") == "true":
            break
        notebook.page.keyboard.press("ArrowDown")
    notebook.page.keyboard.press("Enter")
    expect(card).to_have_count(0)
    expect(found.get_by_test_id("live")).to_have_text("regex:\\bA-\\d+\\b: 40 votes")
    with rn.open(notebook.server.root / "pattern", by="ann") as project:
        topic = project.task("topic")
        (name,) = topic.heuristics()["heuristic"]
        assert len(topic.hits(name)) == 40


def test_the_card_says_that_the_kernel_is_busy(open_notebook: OpenNotebook) -> None:
    stuck = "sum(range(10**9))"  # a C call that holds the GIL: nothing can be answered
    notebook = open_notebook(PROJECT.format(name="busy-rule"), "rn.Labeler(topic)", stuck)
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    notebook.run(2, wait=False)
    found.focus()
    for key in ("t", "+"):
        notebook.page.keyboard.press(key)
    card = notebook.page.get_by_test_id("rule-card")
    expect(card).to_have_attribute("aria-busy", "true")
    expect(card.get_by_test_id("rule-said")).to_contain_text("The kernel is busy")
    expect(card.get_by_test_id("rule-form-folded")).to_contain_text("records", timeout=120_000)
    expect(card.get_by_test_id("rule-said")).to_have_text("")
