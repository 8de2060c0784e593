"""Stories of the overview in a real JupyterLab; the fixture refuses foreign requests."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.ui.hostile import HOSTILE, nothing_was_made
from tests.ui.lab import Notebook

OpenNotebook = Callable[..., Notebook]

PROJECT = """
import refinery_nb as rn
project = rn.open("overview", by="ann")
texts = ["The parcel is late.", "It leaks.", "My refund, please.", "Late refund"]
project.add(
    [{"id": f"r{n:02d}", "text": texts[n % 4], "kind": ["mail", "chat"][n % 2]} for n in range(40)],
    key="id", types={"kind": "category"},
)
topic = project.task("topic", ["Delivery", "Defect", "Refund"], on="text")
topic.add(rn.Lookup("Delivery", ["late"], name="late"))
topic.add(rn.Regex("Refund", "refund", name="refund", case=False))
topic.run(progress=False)
topic.label_many({f"r{n:02d}": ["Delivery", "Defect", "Refund"][n % 3] for n in range(24)})
project.slices["chats"] = project.where(project["kind"] == "chat")
weak = topic.supervise(model="majority")
overview = rn.Overview(project)
overview
"""


def overview(notebook: Notebook) -> Locator:
    found = notebook.page.get_by_test_id("overview")
    expect(found).to_have_attribute("data-connection", "ready")
    return found


def test_a_bar_opens_its_records_and_labels_are_counted_at_once(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook(PROJECT, "print(overview.view.keys()[:2], overview.view.count())")
    notebook.run(0)
    found = overview(notebook)
    expect(found).to_have_attribute("data-labelled", "24")
    expect(found.get_by_test_id("tile-weak")).to_contain_text("20")
    rows = found.get_by_test_id("rows-labels")
    manual = rows.get_by_test_id("row-Delivery").get_by_test_id("bar-manual")
    expect(manual).to_have_attribute("data-count", "8")
    # One stop of the tab key for all bars; the arrows walk them.
    keyboard = notebook.page.keyboard
    manual.focus()
    keyboard.press("ArrowDown")
    defect = rows.get_by_test_id("row-Defect").get_by_test_id("bar-manual")
    expect(defect).to_be_focused()
    keyboard.press("ArrowRight")
    expect(rows.get_by_test_id("row-Defect").get_by_test_id("bar-weak")).to_be_focused()
    keyboard.press("ArrowLeft")
    assert rows.locator("[tabindex='0']").count() == 1
    keyboard.press("Enter")
    labeler = notebook.page.get_by_test_id("labeler")
    expect(labeler).to_have_attribute("data-record", "r01")
    expect(labeler).to_be_focused()
    expect(defect).to_have_attribute("aria-pressed", "true")
    notebook.run(1)
    assert "['r01', 'r04'] 8" in notebook.output(1)
    labeler.focus()
    keyboard.press("1")
    expect(manual).to_have_attribute("data-count", "9")
    expect(defect).to_have_attribute("data-count", "7")
    found.get_by_test_id("unlabelled").click()
    expect(labeler).to_have_attribute("data-record", "r24")
    keyboard.press("3")
    expect(found).to_have_attribute("data-labelled", "25")


TAGS = """
import refinery_nb as rn
project = rn.open("tags", by="ann")
project.add([{"id": f"r{n}", "text": ["It is late", "Late refund"][n % 2]} for n in range(8)],
            key="id")
tags = project.task("tags", ["Late", "Refund"], on="text", kind="multilabel")
tags.add(rn.Lookup("Late", ["late"])), tags.add(rn.Regex("Refund", "refund|is", name="money"))
tags.run(progress=False)
tags.label_many({f"r{n}": ["Late", "Refund"] if n % 2 else ["Late"] for n in range(4)})
tags.supervise(model="majority")
rn.Overview(project)
"""


def test_each_of_several_labels_has_its_matrix(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(TAGS)
    notebook.run(0)
    panel = overview(notebook).get_by_test_id("panel-matrix")
    expect(panel.get_by_test_id("cell-Late-Late")).to_have_attribute("data-count", "4")
    panel.get_by_test_id("matrix-label").select_option("Refund")
    wrong = panel.get_by_test_id("cell-not Refund-Refund")
    expect(wrong).to_have_attribute("data-count", "2")
    wrong.click()
    expect(notebook.page.get_by_test_id("labeler")).to_have_attribute("data-record", "r0")
    expect(wrong).to_have_attribute("aria-selected", "true")
    panel.get_by_test_id("matrix-label").select_option("Late")
    expect(panel.get_by_test_id("cell-Late-Late")).to_have_attribute("aria-selected", "false")


def test_other_records_and_every_kind_of_mark(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(PROJECT, "print(overview.view.count())")
    notebook.run(0)
    found = overview(notebook)
    expect(found.get_by_test_id("records")).to_have_text("40 records")
    found.get_by_test_id("slice").select_option("=chats")
    expect(found.get_by_test_id("records")).to_have_text("20 of 40 records")
    expect(found).to_have_attribute("data-labelled", "12")
    found.get_by_test_id("slice").select_option("")
    found.get_by_test_id("where").select_option(label="kind is mail")
    expect(found.get_by_test_id("records")).to_have_text("20 of 40 records")
    query = found.get_by_test_id("query")
    query.fill("topic is Refund")
    query.press("Enter")
    expect(found.get_by_test_id("records")).to_have_text("4 of 40 records")
    query.fill("topic is Reefund")
    query.press("Enter")
    expect(found.get_by_test_id("banner-trouble")).to_contain_text("Refund")
    query.fill("")
    expect(found.get_by_test_id("records")).to_have_text("20 of 40 records")
    found.get_by_test_id("attribute").select_option("kind")
    value = found.get_by_test_id("row-mail").get_by_test_id("bar-value")
    expect(value).to_have_attribute("data-count", "20")
    found.get_by_test_id("where").select_option(label="any value")
    expect(value).to_have_attribute("data-count", "20")
    labeler = notebook.page.get_by_test_id("labeler")
    cell = found.get_by_test_id("cell-Defect-Delivery")
    column = found.get_by_test_id("columns-confidence").locator("[data-count='20']")
    point = found.get_by_test_id("points").get_by_role("button").first
    heuristic = found.get_by_test_id("row-late").get_by_test_id("bar-coverage")
    hour = found.get_by_test_id("columns-time").locator("[data-count='24']")
    counts = {cell: None, column: 20, point: None, heuristic: 20, hour: 24, value: 20}
    for mark, count in counts.items():
        shown = int(mark.get_attribute("data-count") or 0)
        assert count in (None, shown)
        mark.click()
        expect(labeler).to_be_focused()
        notebook.run(1)
        assert notebook.output(1).split()[-1] == str(shown)


def test_an_empty_overview_says_what_to_do_and_fills_itself(open_notebook: OpenNotebook) -> None:
    bare = """
import refinery_nb as rn
project = rn.open(by="ann")
overview = rn.Overview(project)
overview
"""
    records = """
project.add([{"id": str(n), "text": f"delivery {n}"} for n in range(4)], key="id")
topic = project.task("topic", ["Delivery", "Refund"], on="text")
"""
    rules = """
topic.add(rn.Lookup("Delivery", ["delivery"]))
topic.run(progress=False)
topic.label("1", "Delivery")
weak = topic.supervise(model="majority")
"""
    notebook = open_notebook(bare, records, rules)
    notebook.run(0)
    found = overview(notebook)
    expect(found).to_contain_text('project.add("file.csv")')
    notebook.run(1)
    expect(found.get_by_test_id("panel-labels")).to_contain_text("rn.Labeler(task)")
    expect(found.get_by_test_id("panel-heuristics")).to_contain_text("rn.HeuristicEditor(task)")
    expect(found.get_by_test_id("panel-matrix")).to_contain_text("task.supervise()")
    notebook.run(2)
    expect(found.get_by_test_id("cell-Delivery-Delivery")).to_have_attribute("data-count", "1")
    expect(found.get_by_test_id("tile-labelled")).to_contain_text("25 % of 4")


def test_hostile_names_are_shown_literally(open_notebook: OpenNotebook) -> None:
    """J1, J2: of people, tasks, labels, heuristics, attributes, values and slices."""
    cell = f"""
import refinery_nb as rn
bad = {HOSTILE!r}
project = rn.open(by=bad[0])
project.add(
    [{{"id": str(n), "text": "delivery", bad[3]: bad[n % 4]}} for n in range(8)],
    key="id", types={{bad[3]: "category", "text": "text"}},
)
topic = project.task(bad[1], bad, on="text")
topic.add(rn.Lookup(bad[2], ["delivery"], name=bad[4]))
topic.run(progress=False)
topic.label_many({{str(n): bad[n % 6] for n in range(8)}})
topic.label_many({{str(n): bad[0] for n in range(8)}}, by=bad[2])
project.slices[bad[5]] = project.where(topic.labeled)
weak = topic.supervise(model="majority")
rn.Overview(project)
"""
    notebook = open_notebook(cell)
    notebook.run(0)
    found = overview(notebook)
    found.get_by_test_id("attribute").select_option(HOSTILE[3])
    for panel in ("labels", "matrix", "heuristics", "people", "values"):
        expect(found.get_by_test_id(f"panel-{panel}")).to_contain_text(re.compile("window.hit|7"))
    found.get_by_test_id("slice").select_option(f"={HOSTILE[5]}")
    expect(found.get_by_test_id("records")).to_contain_text("8 records")
    found.get_by_test_id("differing").click()
    expect(notebook.page.get_by_test_id("labeler")).to_be_focused()
    nothing_was_made(notebook)
