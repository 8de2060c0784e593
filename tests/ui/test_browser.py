"""Stories of the Browser in a real JupyterLab."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.ui.lab import Notebook
from tests.ui.test_accessibility import AXE, THEME
from tests.ui.test_accessibility import found as axe_found

OpenNotebook = Callable[..., Notebook]

PROJECT = """
import refinery_nb as rn
project = rn.open(by="ann")
texts = ["The parcel is late again, and nobody called.", "It leaks <b>badly</b> at the lid.",
         "My refund, please: the order never came.", "Late refund for the broken parcel"]
project.add([{"id": f"r{n:03d}", "text": f"{texts[n % 4]} Number {n}.", "stars": n % 5,
              "kind": ["mail", "chat", "phone"][n % 3], "paid": n % 2 == 0} for n in range(400)],
            key="id", types={"text": "text", "kind": "category"})
topic = project.task("topic", ["Delivery", "Defect", "Refund"], on="text")
things = project.task("things", ["THING", "PERSON"], on="text", kind="spans")
topic.label_many({f"r{n:03d}": ["Delivery", "Defect", "Refund"][n % 3] for n in range(24)})
topic.label_many({"r001": "Refund"}, by="ben")
topic.add(rn.Lookup("Delivery", ["late", "parcel"]))
topic.add(rn.Regex("Refund", "refund", case=False))
topic.run(progress=False)
things.add(rn.Lookup("THING", ["parcel", "lid"]))
things.run(progress=False)
things.label("r000", [(4, 10, "THING")])
topic.supervise(model="majority")
browser = rn.Browser(topic)
"""
SHOW = "print(len(topic.gold()), list(project.slices), browser.query, len(browser.view))"
SHOTS = os.environ.get("SHOTS")  # a folder for pictures, to be looked at


def opened(notebook: Notebook) -> Locator:
    found = notebook.page.get_by_test_id("browser")
    expect(found.get_by_test_id("row").first).to_have_attribute("data-key", re.compile("r"))
    return found


def count(found: Locator, number: int, timeout: int = 20_000) -> None:
    told = found.get_by_test_id("count")
    expect(told).to_have_attribute("data-count", str(number), timeout=timeout)


def picture(notebook: Notebook, name: str) -> None:
    if SHOTS is not None:
        notebook.page.get_by_test_id("browser").screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def test_filter_narrow_label_undo_save_and_write_by_mouse(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        PROJECT + "browser", SHOW, "print(open('some.csv').read().count('r0'))"
    )
    notebook.run(0)
    found = opened(notebook)
    count(found, 400)
    # A filter by mouse: an attribute, then what is not labelled.
    found.get_by_test_id("filters").click()
    rail = found.get_by_test_id("rail")
    rail.get_by_test_id("add").select_option("attribute:stars")
    rail.get_by_test_id("operator").select_option(">=")
    rail.get_by_test_id("value").fill("3")
    rail.get_by_test_id("value").press("Enter")
    count(found, 160)
    expect(found.get_by_test_id("query")).to_have_value("stars >= 3")
    rail.get_by_test_id("add").last.select_option("state:topic")
    count(found, 151)
    expect(found.get_by_test_id("query")).to_have_value("stars >= 3 and topic is unlabelled")
    picture(notebook, "story-filter")
    # Narrowed by text.
    query = found.get_by_test_id("query")
    query.fill("stars >= 3 and topic is unlabelled and late")
    expect(found.get_by_test_id("would")).to_contain_text("75 records")
    query.press("Enter")
    count(found, 75)
    expect(found.locator("mark", has_text=re.compile("late", re.I)).first).to_be_visible()
    expect(rail.get_by_test_id("line")).to_have_count(3)
    # All that match get a label, and it is taken back.
    found.get_by_test_id("select-all").click()
    expect(found.get_by_test_id("foot")).to_have_attribute("data-selected", "75")
    found.get_by_test_id("label-Delivery").click()
    expect(found.get_by_test_id("done")).to_contain_text("75 records labelled Delivery")
    expect(found.get_by_test_id("again")).to_contain_text("0 match now")
    picture(notebook, "story-labelled")
    notebook.run(1)
    assert notebook.output(1).startswith("98 ")
    found.get_by_test_id("undo").click()
    expect(found.get_by_test_id("again")).to_have_count(0)
    # Kept as a slice, and written to a file.
    found.get_by_test_id("slice").click()
    sheet = found.get_by_test_id("sheet-slice")
    sheet.get_by_role("textbox").fill("late ones")
    sheet.get_by_role("button", name="Save slice").click()
    expect(sheet).to_have_count(0)
    found.get_by_test_id("export").click()
    sheet = found.get_by_test_id("sheet-export")
    sheet.get_by_role("textbox").fill("some.csv")
    sheet.get_by_role("button", name="Write file").click()
    expect(sheet).to_have_count(0)
    notebook.run(1)
    notebook.run(2)
    # 24 labelled ones, of which two people disagree on one.
    assert notebook.output(1).startswith("23 ['late ones'] stars >= 3 and")
    # 75 of those that were selected by "Select all" stay selected.
    assert notebook.output(2).strip().isdigit()


def test_by_keyboard_alone(open_notebook: OpenNotebook) -> None:
    """Queries with completion, moving, selecting, labels and the Labeler, without a mouse."""
    notebook = open_notebook(PROJECT + "browser", SHOW)
    notebook.run(0)
    found = opened(notebook)
    keyboard = notebook.page.keyboard
    found.focus()
    keyboard.press("/")
    query = found.get_by_test_id("query")
    expect(query).to_be_focused()
    keyboard.type("sta")
    expect(found.locator(".rn-br-menu").get_by_text("stars", exact=True)).to_be_visible()
    keyboard.press("Tab")
    expect(query).to_have_value("stars ")
    keyboard.type("> many")
    expect(found.get_by_test_id("wrong")).to_have_text("many")
    expect(found.get_by_test_id("fault")).to_contain_text("not a number")
    for _ in range(4):
        keyboard.press("Backspace")
    keyboard.type("3 topic is unl")
    expect(found.locator(".rn-br-menu").get_by_text("unlabelled", exact=True)).to_be_visible()
    keyboard.press("Tab")
    keyboard.press("Enter")
    count(found, 76)
    keyboard.press("Escape")
    expect(found.get_by_test_id("records")).to_be_focused()
    keyboard.press("j")
    keyboard.press("Shift+ArrowDown")
    keyboard.press("Shift+ArrowDown")
    expect(found.get_by_test_id("foot")).to_have_attribute("data-selected", "3")
    keyboard.press("2")
    expect(found.get_by_test_id("done")).to_contain_text("3 records labelled Defect")
    keyboard.press("Escape")
    keyboard.press("Home")
    keyboard.press("1")
    expect(found.get_by_test_id("row").first.get_by_text("Delivery")).to_be_visible()
    expect(found.get_by_test_id("done")).to_contain_text("1 record labelled Delivery")
    keyboard.press("Control+z")
    expect(found.get_by_test_id("done")).not_to_contain_text("1 record")
    keyboard.press("End")
    last = found.locator("[data-testid=row][data-at='75']")
    expect(last).to_be_in_viewport()
    keyboard.press("t")
    expect(found.get_by_role("columnheader", name="stars")).to_be_visible()
    expect(last).to_be_in_viewport()
    keyboard.press("?")
    expect(found.get_by_test_id("sheet-keys")).to_be_visible()
    keyboard.press("Escape")
    keyboard.press("Enter")
    expect(notebook.page.get_by_test_id("labeler")).to_be_visible()
    notebook.run(1)
    assert notebook.output(1).startswith("26 [] stars > 3")


def test_it_follows_what_other_cells_do_and_nothing_jumps(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        PROJECT + "browser",
        'topic.label("r030", "Refund")',
        'topic.add_labels(["Praise"])',
    )
    notebook.run(0)
    found = opened(notebook)
    found.get_by_test_id("query").fill("topic is unlabelled")
    found.get_by_test_id("query").press("Enter")
    count(found, 376)
    row = found.locator("[data-testid=row][data-key='r030']")
    expect(row).to_have_attribute("data-at", "6")
    notebook.run(1)
    expect(row.get_by_text("Refund", exact=True)).to_be_visible()
    expect(row).to_have_attribute("data-at", "6")
    found.get_by_test_id("again").click()
    count(found, 375)
    expect(row).to_have_count(0)
    notebook.run(2)
    expect(found.get_by_test_id("label-Praise")).to_be_visible()


def test_a_hundred_thousand_records_are_reached(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        "import refinery_nb as rn\nproject = rn.open(by='ann')\n"
        "project.add([{'id': str(n), 'text': f'record {n}'} for n in range(200_000)],"
        " key='id', types={'text': 'text'})\nrn.Browser(project)"
    )
    notebook.run(0)
    found = notebook.page.get_by_test_id("browser")
    count(found, 200_000, timeout=90_000)
    records = found.get_by_test_id("records")
    records.focus()
    notebook.page.keyboard.press("End")
    expect(found.locator("[data-key='199999']")).to_be_in_viewport()
    notebook.page.keyboard.press("ArrowUp")
    notebook.page.keyboard.press("Home")
    expect(found.locator("[data-key='0']")).to_be_in_viewport()
    # The scrollbar in its middle shows the middle.
    records.evaluate("el => { el.scrollTop = (el.scrollHeight - el.clientHeight) / 2; }")
    expect(found.locator("[data-key='100000']")).to_be_in_viewport()
    records.hover()
    notebook.page.mouse.wheel(0, 520)
    expect(found.locator("[data-key='100010']")).to_be_in_viewport()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_it_follows_the_theme_fits_and_axe_finds_nothing(
    open_notebook: OpenNotebook, theme: str
) -> None:
    """Hostile text is text, too (J1)."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run make setup")
    notebook = open_notebook(PROJECT + "browser")
    notebook.run(0)
    found = opened(notebook)
    notebook.page.evaluate(THEME, [theme])
    light = str(theme.endswith("Light")).lower()
    notebook.page.wait_for_selector(
        f"body[data-jp-theme-light='{light}']:not(.jp-mod-themeSwitching)", state="attached"
    )
    assert found.locator("b", has_text="badly").count() == 0
    found.get_by_test_id("query").fill(
        '(weak = Delivery or topic is conflicting) and (stars > 2 or kind = mail) and "late"'
    )
    found.get_by_test_id("query").press("Enter")
    expect(found.get_by_test_id("chips")).to_contain_text("text has")
    found.get_by_test_id("filters").click()
    found.get_by_test_id("row").nth(1).get_by_test_id("check").click()
    found.get_by_test_id("row").nth(3).get_by_test_id("check").click()
    notebook.page.evaluate(AXE.read_text())
    assert axe_found(notebook, ".rn-br") == []
    # The page is wider than the widget by what JupyterLab puts around it.
    notebook.page.set_viewport_size({"width": 1900, "height": 1000})
    for width in (1440, 800):
        found.evaluate("(el, width) => { el.style.width = `${width}px`; }", width)
        for mode in ("list", "table"):
            found.get_by_test_id(mode).click()
            expect(found.get_by_test_id("row").first).to_be_visible()
            assert axe_found(notebook, ".rn-br") == [], (width, mode)
            picture(notebook, f"{theme[11:].lower()}-{width}-{mode}")
        for part in ("header", "footer", ".rn-br-query"):
            own = found.locator(part).first
            wide = own.evaluate("el => el.scrollWidth - el.clientWidth")
            assert wide <= 0, (width, part)


def select(notebook: Notebook, found: Locator, at: int, text: str) -> None:
    """Drag over some text of a row, as a person does with the mouse."""
    box = (
        found.get_by_test_id("row")
        .nth(at)
        .evaluate(
            """(row, wanted) => {
            const walk = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
            for (let node = walk.nextNode(); node !== null; node = walk.nextNode()) {
                const from = node.data.indexOf(wanted);
                if (from < 0) continue;
                const range = document.createRange();
                range.setStart(node, from);
                range.setEnd(node, from + wanted.length);
                const {left, right, top, height} = range.getBoundingClientRect();
                return [left + 1, right - 1, top + height / 2];
            }
        }""",
            text,
        )
    )
    mouse = notebook.page.mouse
    mouse.move(box[0], box[2])
    mouse.down()
    mouse.move((box[0] + box[1]) / 2, box[2], steps=4)
    mouse.move(box[1], box[2], steps=4)
    mouse.up()


def test_a_selection_in_a_row_becomes_a_span_and_is_taken_back(
    open_notebook: OpenNotebook,
) -> None:
    """Select text in the list, label it by mouse and by key, undo; comment on a slice."""
    notebook = open_notebook(PROJECT + "browser", "print(len(things.all_labels()))")
    notebook.run(0)
    found, keyboard = opened(notebook), notebook.page.keyboard
    found.get_by_test_id("task").select_option("things")
    expect(found.get_by_test_id("foot")).to_contain_text("Select some text")
    select(notebook, found, 1, "leaks")
    picker = found.get_by_test_id("span-picker")
    expect(picker.get_by_test_id("pick-PERSON")).to_contain_text("2")
    picture(notebook, "span-picker")
    picker.get_by_test_id("pick-THING").click()
    row = found.get_by_test_id("row").nth(1)
    expect(row.locator(".rn-br-by-person")).to_contain_text("leaks")
    expect(found.get_by_test_id("done")).to_contain_text("1 span labelled THING")
    # Half a word is the whole of it, and a key labels as well as the mouse.
    select(notebook, found, 3, "efun")
    keyboard.press("2")
    expect(found.get_by_test_id("row").nth(3).locator(".rn-br-by-person")).to_contain_text("refund")
    keyboard.press("u")
    expect(found.get_by_test_id("row").nth(3).locator(".rn-br-by-person")).to_have_count(0)
    select(notebook, found, 3, "broken")
    expect(picker).to_be_visible()
    keyboard.press("Escape")
    expect(picker).to_have_count(0)
    notebook.run(1)
    assert notebook.output(1).strip() == "2"


def test_slices_are_listed_opened_and_commented_on(open_notebook: OpenNotebook) -> None:
    """Open a slice from the list of them, say something of it, and of a record."""
    keep = 'project.query("stars > 3").save("many stars")\n'
    notebook = open_notebook(PROJECT + keep + "browser", "print(project.comments)")
    notebook.run(0)
    found, keyboard = opened(notebook), notebook.page.keyboard
    found.get_by_test_id("slices").click()
    found.get_by_test_id("said-many stars").click()
    expect(found.get_by_test_id("comment-text")).to_be_focused()
    keyboard.type("Ask again in May.")
    keyboard.press("Control+Enter")
    expect(found.get_by_test_id("comment")).to_have_count(1)
    expect(found.get_by_test_id("said-many stars")).to_have_text("1 comment")
    picture(notebook, "slices")
    found.get_by_test_id("slice-many stars").click()
    count(found, 80)
    found.get_by_test_id("records").focus()
    keyboard.press("c")
    expect(found.get_by_test_id("comment-text")).to_be_focused()
    keyboard.type("j k x")
    keyboard.press("Control+Enter")
    expect(found.get_by_test_id("comment")).to_have_count(1)
    keyboard.press("Escape")
    expect(found.get_by_test_id("row").first).to_contain_text("1 comment")
    notebook.run(1)
    assert "ann on slice 'many stars': Ask again in May." in notebook.output(1)
