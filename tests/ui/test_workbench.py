"""Stories of the Workbench in a real JupyterLab."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, expect

import refinery_nb as rn
from tests.ui.lab import Notebook

OpenNotebook = Callable[..., Notebook]

CELL = """
import refinery_nb as rn
project = rn.open({name!r}, by="ann")
project.add([{{"id": "a", "text": "The espresso machine 💔 leaks again"}},
             {{"id": "b", "text": "<img src=x onerror=alert(1)> my parcel is late"}},
             {{"id": "c", "text": "The coffee machine leaks"}}], key="id")
topic = project.task("topic", ["Delivery", "Defect"], on="text")
names = project.task("names", ["PRODUCT"], on="text", kind="spans")
topic.add(rn.Lookup("Defect", ["leaks"], name="leaking"))
names.add(rn.Lookup("PRODUCT", ["espresso machine", "coffee machine"], name="products"))
topic.run(progress=False), names.run(progress=False)
topic.label("a", "Defect"), names.label("c", [(4, 18, "PRODUCT")])
_ = project.embed("text", progress=False)
rn.Workbench(project, limits=rn.Limits(record_seconds=2))
"""


def workbench(notebook: Notebook) -> Locator:
    found = notebook.page.get_by_test_id("workbench")
    expect(found).to_have_attribute("data-connection", "ready")
    return found


def write(found: Locator, source: str) -> None:
    """Write into the cell, as a person does who begins anew."""
    keyboard = found.page.keyboard
    found.focus()
    keyboard.press("e")
    expect(found.get_by_test_id("source")).to_be_focused()
    keyboard.press("Control+a")
    keyboard.insert_text(source)


def test_from_a_record_to_its_neighbour_and_back(open_notebook: OpenNotebook) -> None:
    """Read what is said, look at tokens, jump to a neighbour, come back, go on by key."""
    notebook = open_notebook(CELL.format(name="steps"), 'topic.label("c", "Defect")')
    notebook.run(0)
    found, keyboard = workbench(notebook), notebook.page.keyboard
    expect(found).to_have_attribute("data-record", "a")
    topic = found.get_by_test_id("task-topic")
    expect(topic.locator("[data-who=leaking]")).to_contain_text("Defect")
    expect(topic.locator("[data-who=leaking]")).to_contain_text("as people say")
    expect(found.get_by_test_id("suggested-span-tag")).to_have_text("PRODUCT")
    found.focus()
    keyboard.press("t")
    expect(found.get_by_test_id("token")).to_have_count(6)
    # Code points: the heart is one.
    expect(found.get_by_test_id("token").nth(3)).to_contain_text("21–22")
    keyboard.press("t")
    near = found.get_by_test_id("neighbour").first
    expect(near).to_have_attribute("data-key", "c")
    near.click()
    expect(found).to_have_attribute("data-record", "c")
    expect(found.get_by_test_id("span-tag")).to_have_text("PRODUCT")
    expect(found.get_by_test_id("task-topic")).to_contain_text("Nobody has labelled it")
    notebook.run(1)  # labelled elsewhere while it is looked at
    expect(found.get_by_test_id("task-topic").locator("[data-who=ann]")).to_contain_text("Defect")
    found.focus()
    keyboard.press("h")
    expect(found.get_by_test_id("change").first).to_contain_text("topic")
    keyboard.press("b")
    expect(found).to_have_attribute("data-record", "a")
    keyboard.press("j")
    expect(found).to_have_attribute("data-record", "b")
    # A text is only ever text.
    expect(found.get_by_test_id("attribute-text")).to_contain_text("<img src=x")
    keyboard.press("g")
    keyboard.type("c")
    keyboard.press("Enter")
    expect(found).to_have_attribute("data-record", "c")


def test_a_cell_says_what_it_did_and_a_runaway_is_stopped(open_notebook: OpenNotebook) -> None:
    """Run Python on a record: a value, an error at its line, a loop without an end, Stop."""
    notebook = open_notebook(CELL.format(name="cell"))
    notebook.run(0)
    found, keyboard = workbench(notebook), notebook.page.keyboard
    outcome = found.get_by_test_id("outcome")
    write(found, 'print("seen")\nlen(record["text"])')
    keyboard.press("Shift+Enter")
    expect(outcome).to_have_attribute("data-state", "finished")
    expect(found.get_by_test_id("output")).to_have_text("seen")
    expect(found.get_by_test_id("value")).to_have_text("34")
    write(found, 'x = 1\nrecord["txt"]')
    keyboard.press("Shift+Enter")
    expect(outcome).to_have_attribute("data-state", "failed")
    expect(found.get_by_test_id("fault")).to_contain_text("'text'")
    expect(found.get_by_test_id("wrong")).to_contain_text("line 2")
    write(found, "while True: pass")
    keyboard.press("Shift+Enter")
    expect(outcome).to_have_attribute("data-state", "failed")
    expect(found.get_by_test_id("wrong")).to_contain_text("more than 2 s")
    keyboard.press("Shift+Enter")
    found.get_by_test_id("stop").click()
    expect(outcome).to_have_attribute("data-state", "cancelled")
    # The text outlives the page.
    notebook.reload()
    notebook.run(0)
    expect(workbench(notebook).get_by_test_id("source")).to_contain_text("while True")


def test_comments_are_written_changed_and_deleted(open_notebook: OpenNotebook) -> None:
    """Say something of a record by keyboard, change it, delete it, take that back."""
    notebook = open_notebook(CELL.format(name="comments"))
    notebook.run(0)
    found, keyboard = workbench(notebook), notebook.page.keyboard
    found.focus()
    keyboard.press("c")
    expect(found.get_by_test_id("comment-text")).to_be_focused()
    keyboard.type("Is **this** a defect? j k t")
    keyboard.press("Control+Enter")
    expect(found.get_by_test_id("comment").locator("strong")).to_have_text("this")
    expect(found).to_have_attribute("data-record", "a")
    expect(found.get_by_test_id("tab-comments")).to_have_text("Comments (1)")
    found.get_by_test_id("comment-edit").click()
    keyboard.press("Control+a")
    keyboard.type("<b>Yes.</b>")
    keyboard.press("Control+Enter")
    expect(found.get_by_test_id("comment")).to_contain_text("<b>Yes.</b>")
    found.get_by_test_id("comment-delete").click()
    expect(found.get_by_test_id("comment")).to_have_count(0)
    found.get_by_test_id("comment-undo").click()
    expect(found.get_by_test_id("comment")).to_have_count(1)
    with rn.open(notebook.server.root / "comments") as project:
        (comment,) = project.comments.of(record="a")
    assert (comment.by, comment.text, comment.edited is None) == ("ann", "<b>Yes.</b>", False)


LABELER = """
import refinery_nb as rn
project = rn.open({name!r}, by="ann")
project.add([{{"id": "a", "text": "It leaks"}}, {{"id": "b", "text": "late"}}], key="id")
topic = project.task("topic", ["Delivery", "Defect"], on="text")
project.comments.add("Ask _the supplier_.", record="a", by="ben")
rn.Labeler(topic)
"""


def test_comments_stand_beside_the_record_that_is_labelled(open_notebook: OpenNotebook) -> None:
    """In the Labeler: read and write comments by keyboard, and label on with the panel open."""
    notebook = open_notebook(LABELER.format(name="beside"))
    notebook.run(0)
    found, keyboard = notebook.page.get_by_test_id("labeler"), notebook.page.keyboard
    expect(found).to_have_attribute("data-record", "a")
    expect(found.get_by_test_id("do-comments")).to_contain_text("comments (1)")
    found.focus()
    keyboard.press(",")
    expect(found.get_by_test_id("comment").locator("em")).to_have_text("the supplier")
    expect(found.get_by_test_id("comment-text")).to_be_focused()
    keyboard.type("12 u Done")
    keyboard.press("Control+Enter")
    expect(found.get_by_test_id("comment")).to_have_count(2)
    expect(found.get_by_test_id("do-comments")).to_contain_text("comments (2)")
    keyboard.press("Escape")
    expect(found).to_be_focused()
    keyboard.press("2")
    expect(found).to_have_attribute("data-record", "b")
    # The keyboard stays with the labels, and the panel with the record.
    expect(found.get_by_test_id("comments")).to_have_attribute("data-count", "0")
    expect(found).to_be_focused()
    keyboard.press("1")
    expect(found.get_by_test_id("status")).to_have_attribute("data-pending", "0")
    keyboard.press("Escape")
    expect(found.get_by_test_id("comments")).to_have_count(0)
    with rn.open(notebook.server.root / "beside") as project:
        assert [one.text for one in project.comments.of(record="a")][1] == "12 u Done"
        assert project.task("topic").gold()["label"].tolist() == ["Defect", "Delivery"]


EDITOR = """
import refinery_nb as rn
project = rn.open({name!r}, by="ann")
project.add([{{"id": "a", "text": "It leaks"}}], key="id")
topic = project.task("topic", ["Delivery", "Defect"], on="text")
topic.add(rn.Lookup("Defect", ["leaks"], name="leaking"))
rn.HeuristicEditor(topic)
"""


def test_a_heuristic_is_commented_on_in_its_editor(open_notebook: OpenNotebook) -> None:
    """Say something of a rule, then of the label that it votes for."""
    notebook = open_notebook(EDITOR.format(name="rule"))
    notebook.run(0)
    found, keyboard = notebook.page.get_by_test_id("heuristic-editor"), notebook.page.keyboard
    found.get_by_test_id("row-leaking").click()
    found.get_by_test_id("tab-comments").click()
    found.get_by_test_id("comment-text").click()
    keyboard.type("Too wide: leaks of news?")
    keyboard.press("Control+Enter")
    expect(found.get_by_test_id("comment")).to_have_count(1)
    expect(found.get_by_test_id("row-leaking")).to_contain_text("1 comment")
    found.get_by_test_id("comments-on").select_option(label="label Defect of topic")
    expect(found.get_by_test_id("comment")).to_have_count(0)
    found.get_by_test_id("comment-text").fill("What is broken on arrival.")
    found.get_by_test_id("comment-send").click()
    expect(found.get_by_test_id("comment")).to_have_count(1)
    with rn.open(notebook.server.root / "rule") as project:
        (rule,) = project.comments.of(heuristic="leaking", task="topic")
        (label,) = project.comments.of(label="Defect", task="topic")
    assert (rule.text, label.text) == ("Too wide: leaks of news?", "What is broken on arrival.")
