"""Stories of the ConfusionMatrix in a real JupyterLab."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, expect

import refinery_nb as rn
from tests.ui.hostile import HOSTILE, nothing_was_made
from tests.ui.lab import Notebook

OpenNotebook = Callable[..., Notebook]

# Ten messages about delivery and ten about refunds; of the reviewed ones, two are labelled wrong.
PROJECT = """
import refinery_nb as rn
project = rn.open({name!r}, by="ann")
project.add([{{"id": f"r{{n:02d}}", "text": ["delivery", "refund"][n % 2] + f" of order {{n}}"}}
             for n in range(20)], key="id")
topic = project.task("topic", ["Delivery", "Refund", "Other"], on="text")
topic.add(rn.Lookup("Delivery", ["delivery"]))
topic.add(rn.Lookup("Refund", ["refund"]))
topic.run(progress=False)
topic.label_many({{f"r{{n:02d}}": ["Delivery", "Refund"][n % 2] for n in range(12)}})
topic.label("r04", "Refund")
topic.label("r06", "Refund")
weak = topic.supervise(model="majority")
matrix = rn.ConfusionMatrix(topic)
matrix
"""


def matrix(notebook: Notebook) -> Locator:
    found = notebook.page.get_by_test_id("confusion-matrix")
    expect(found.get_by_test_id("grid")).to_be_visible()
    return found


def cell(found: Locator, row: str, column: str) -> Locator:
    return found.get_by_test_id(f"cell-{row}-{column}")


def uncovered(one: Locator, head: Locator, side: Locator) -> None:
    """The cell is not hidden behind the heads, which stay while it scrolls."""
    box, top, left = one.bounding_box(), head.bounding_box(), side.bounding_box()
    assert box is not None
    assert top is not None
    assert left is not None
    assert top["y"] + top["height"] <= box["y"] + 1
    assert left["x"] + left["width"] <= box["x"] + 1


def test_from_an_error_to_its_records_to_a_better_matrix(open_notebook: OpenNotebook) -> None:
    """By keyboard alone: walk to a cell, open it, correct a label there; the matrix follows."""
    notebook = open_notebook(PROJECT.format(name="matrix"), "matrix.view.keys()")
    notebook.run(0)
    found = matrix(notebook)
    wrong = cell(found, "Refund", "Delivery")
    expect(wrong).to_have_attribute("data-count", "2")
    keyboard = notebook.page.keyboard
    cell(found, "Delivery", "Delivery").focus()
    keyboard.press("ArrowRight")
    expect(cell(found, "Delivery", "Refund")).to_be_focused()
    keyboard.press("ArrowDown")
    keyboard.press("ArrowLeft")
    expect(wrong).to_be_focused()
    expect(found.get_by_test_id("detail")).to_contain_text("2 records, 25 % of the row")
    keyboard.press("Enter")
    labeler = notebook.page.get_by_test_id("labeler")
    expect(labeler).to_have_attribute("data-record", "r04")
    expect(labeler).to_be_focused()
    expect(wrong).to_have_attribute("aria-selected", "true")
    keyboard.press("1")
    expect(wrong).to_have_attribute("data-count", "1")
    expect(cell(found, "Delivery", "Delivery")).to_have_attribute("data-count", "5")
    expect(labeler).to_have_attribute("data-record", "r06")
    notebook.run(1)
    assert "['r06']" in notebook.output(1)
    with rn.open(notebook.server.root / "matrix", by="ann") as project:
        gold = project.task("topic").gold().set_index("key")
        assert gold.loc["r04", "label"] == "Delivery"


def test_another_source_other_shares_and_another_cell(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(PROJECT.format(name="sources"))
    notebook.run(0)
    found = matrix(notebook)
    found.get_by_test_id("source-columns").select_option("heuristic:lookup:Refund")
    silent = cell(found, "Delivery", "abstains")
    expect(silent).to_have_attribute("data-count", "4")
    expect(silent).to_contain_text("100 %")
    found.get_by_test_id("show-columns").click()
    expect(silent).to_contain_text("67 %")
    found.get_by_test_id("show-counts").click()
    expect(silent).to_have_text("4")
    silent.click()
    labeler = notebook.page.get_by_test_id("labeler")
    expect(labeler.get_by_test_id("view-title")).to_have_text("manual Delivery, lookup:Refund none")
    expect(labeler).to_have_attribute("data-record", "r00")
    cell(found, "Refund", "Refund").click()
    expect(labeler).to_have_attribute("data-record", "r01")
    assert notebook.page.get_by_test_id("labeler").count() == 1
    found.get_by_test_id("swap").click()
    expect(cell(found, "abstains", "Delivery")).to_have_attribute("data-count", "4")
    found.get_by_test_id("hide-empty").check()
    expect(cell(found, "Other", "Other")).to_have_count(0)


def test_an_empty_matrix_says_what_to_do_and_fills_itself(open_notebook: OpenNotebook) -> None:
    start = """
import refinery_nb as rn
project = rn.open("bare", by="ann")
project.add([{"id": str(n), "text": f"delivery {n}"} for n in range(4)], key="id")
topic = project.task("topic", ["Delivery", "Refund"], on="text")
rn.ConfusionMatrix(topic)
"""
    rules = """
topic.add(rn.Lookup("Delivery", ["delivery"]))
topic.run(progress=False)
_ = topic.supervise(model="majority")
"""
    notebook = open_notebook(start, rules, 'topic.label("1", "Refund")')
    notebook.run(0)
    empty = notebook.page.get_by_test_id("empty")
    expect(empty).to_contain_text("task.supervise()")
    notebook.run(1)
    expect(empty).to_contain_text("No record has been reviewed by hand yet.")
    notebook.run(2)
    expect(cell(matrix(notebook), "Refund", "Delivery")).to_have_attribute("data-count", "1")


def test_fifty_labels_stay_usable(open_notebook: OpenNotebook) -> None:
    many = """
import refinery_nb as rn
project = rn.open("fifty-labels", by="ann")
names = [f"A rather long label number {n:02d}" for n in range(50)]
project.add([{"id": str(n), "text": f"text {n}"} for n in range(500)], key="id")
topic = project.task("topic", names, on="text")
topic.label_many({str(n): names[n % 40] for n in range(500)})
topic.label_many({str(n): names[(n + (n % 7 == 0)) % 40] for n in range(500)}, by="bob")
rn.ConfusionMatrix(topic, "ann", "bob")
"""
    notebook = open_notebook(many)
    notebook.run(0)
    found = matrix(notebook)
    # Labels that nobody gives are left out at first, and so many cells scroll under their heads.
    expect(found.locator("tbody tr")).to_have_count(41)
    name = "A rather long label number {:02d}".format
    first, last = cell(found, name(0), name(0)), cell(found, name(39), name(39))
    first.focus()
    for key in ("End", *["PageDown"] * 4):
        notebook.page.keyboard.press(key)
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    for key in ("Home", *["PageUp"] * 4):
        notebook.page.keyboard.press(key)
    expect(first).to_be_focused()
    uncovered(first, found.locator("thead th").nth(1), found.locator("tbody th").first)
    found.get_by_test_id("order").select_option("errors")
    notebook.page.keyboard.press("Escape")
    found.locator("[data-here=true]").focus()
    notebook.page.keyboard.press("e")
    here = found.locator("[data-here=true]")
    expect(here).to_be_focused()
    expect(here).not_to_have_attribute("data-count", "0")
    expect(notebook.page.locator(".jp-Notebook .jp-Cell")).to_have_count(1)


def test_a_cell_opens_while_another_cell_runs(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        PROJECT.format(name="busy-matrix"),
        "import pathlib, time\nwhile not pathlib.Path('stop').exists(): time.sleep(0.05)",
    )
    notebook.run(0)
    found = matrix(notebook)
    notebook.run(1, wait=False)
    notebook.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.context.sessionContext"
        ".session.kernel.status === 'busy'"
    )
    cell(found, "Refund", "Delivery").click()
    labeler = notebook.page.get_by_test_id("labeler")
    expect(labeler).to_have_attribute("data-record", "r04")
    labeler.focus()
    notebook.page.keyboard.press("1")
    expect(cell(found, "Refund", "Delivery")).to_have_attribute("data-count", "1")
    (notebook.server.root / "stop").touch()
    notebook.idle()
    (notebook.server.root / "stop").unlink()


def test_hostile_names_are_shown_literally(open_notebook: OpenNotebook) -> None:
    """J1, J2: of labels, heuristics, tasks and people; in the matrix and in the charts."""
    start = f"""
import refinery_nb as rn
bad = {HOSTILE!r}
project = rn.open(by=bad[0])
project.add([{{"id": str(n), "text": "x y"}} for n in range(4)], key="id")
topic = project.task(bad[0], bad, on="text")
topic.add(rn.Lookup(bad[0], ["x"], name=bad[1]))
topic.add(rn.Lookup(bad[1], ["y"], name=bad[2]))
topic.run(progress=False)
topic.label_many({{"0": bad[0], "1": bad[1], "2": bad[2]}})
topic.label_many({{"0": bad[0], "1": bad[0]}}, by=bad[1])
topic.supervise(model="majority")
rn.ConfusionMatrix(topic)
"""
    notebook = open_notebook(start, "rn.Quality(topic)")
    notebook.run(0)
    found = matrix(notebook)
    for name in HOSTILE:
        expect(found.locator("tbody th", has_text=name[:5]).first).to_be_visible()
        expect(cell(found, name, "abstains")).to_have_count(1)
    notebook.run(1)
    quality = notebook.page.locator(".rn-quality")
    for choice in ("Heuristics", "Coverage", "People", "Labels"):
        quality.get_by_role("button", name=choice, exact=True).click()
        expect(quality.locator("svg text.gtitle").first).to_be_visible()
    expect(quality.locator("svg text", has_text="<img src=x").first).to_be_visible()
    nothing_was_made(notebook)


def test_of_several_labels_one_is_asked_about(open_notebook: OpenNotebook) -> None:
    start = """
import refinery_nb as rn
project = rn.open("several", by="ann")
words = {"late": "Late", "refund": "Refund"}
texts = ["late refund", "late", "refund", "thanks"]
project.add([{"id": f"r{n:02d}", "text": f"{texts[n % 4]} {n}"} for n in range(16)], key="id")
tags = project.task("tags", list(words.values()), on="text", kind="multilabel")

@tags.heuristic
def names(record):
    return [label for word, label in words.items() if word in record["text"]]

tags.run(progress=False)
tags.label_many({f"r{n:02d}": [words[w] for w in texts[n % 4].split() if w in words]
                 for n in range(12)})
tags.label("r01", ["Late", "Refund"])
weak = tags.supervise(model="majority")
rn.ConfusionMatrix(tags)
"""
    notebook = open_notebook(start)
    notebook.run(0)
    found = matrix(notebook)
    expect(cell(found, "Late", "Late")).to_have_attribute("data-count", "6")
    choice = found.get_by_test_id("level")
    expect(choice).to_have_value("Late")
    choice.select_option("Refund")
    missed = cell(found, "Refund", "not Refund")
    expect(missed).to_have_attribute("data-count", "1")
    expect(cell(found, "Refund", "Refund")).to_have_attribute("data-count", "6")
    missed.click()
    labeler = notebook.page.get_by_test_id("labeler")
    expect(labeler).to_have_attribute("data-record", "r01")
    expect(missed).to_have_attribute("aria-selected", "true")
    choice.select_option("Late")
    expect(cell(found, "Late", "Late")).to_have_attribute("data-count", "6")
    expect(found.locator("[aria-selected=true]")).to_have_count(0)
