"""Stories of the Labeler in a real JupyterLab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

import refinery_nb as rn
from tests.ui.hostile import HOSTILE, nothing_was_made
from tests.ui.lab import Notebook

OpenNotebook = Callable[..., Notebook]

PROJECT = """
import refinery_nb as rn
project = rn.open({name!r}, by="ann")
project.add([{{"id": f"r{{n:03d}}", "text": f"Message number {{n}} about delivery."}}
             for n in range(60)], key="id")
topic = project.task("topic", ["Delivery", "Defect", "Refund"], on="text")
"""


def project_cell(name: str) -> str:
    return PROJECT.format(name=name)


def labeler(notebook: Notebook, index: int = 0) -> Locator:
    found = notebook.page.get_by_test_id("labeler").nth(index)
    expect(found.get_by_test_id("record")).to_be_visible()
    found.focus()
    return found


def all_saved(found: Locator) -> None:
    expect(found.get_by_test_id("status")).to_have_attribute("data-pending", "0")
    expect(found.get_by_test_id("status")).to_have_attribute("data-failed", "0")


def labels(notebook: Notebook, name: str, task: str = "topic") -> Any:
    with rn.open(notebook.server.root / name, by="ann") as project:
        return project.task(task).all_labels()


def test_label_50_records_by_keyboard_alone(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(project_cell("fifty"), "rn.Labeler(topic)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    for number in range(50):
        # The record itself, not its position: a key before it is there labels nothing.
        expect(found).to_have_attribute("data-record", f"r{number:03d}")
        notebook.page.keyboard.press(str(number % 3 + 1))
    expect(found).to_have_attribute("data-position", "50")
    all_saved(found)
    expect(found.get_by_test_id("progress")).to_have_attribute("data-labelled", "50")
    stored = labels(notebook, "fifty")
    names = ["Delivery", "Defect", "Refund"]
    assert list(stored["label"]) == [names[number % 3] for number in range(50)]
    assert list(stored["key"]) == [f"r{number:03d}" for number in range(50)]


def test_undo_redo_skip_flag_and_none(open_notebook: OpenNotebook) -> None:
    """D8: undo and redo, also after the page was reloaded."""
    notebook = open_notebook(project_cell("marks"), "rn.Labeler(topic)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    for number, key in enumerate("121"):
        expect(found).to_have_attribute("data-position", str(number))
        notebook.page.keyboard.press(key)
    for _ in range(3):
        notebook.page.keyboard.press("u")
    expect(found.get_by_test_id("progress")).to_have_attribute("data-labelled", "0")
    for _ in range(3):
        notebook.page.keyboard.press("Shift+U")
    expect(found.get_by_test_id("progress")).to_have_attribute("data-labelled", "3")
    all_saved(found)
    assert list(labels(notebook, "marks")["label"]) == ["Delivery", "Defect", "Delivery"]
    expect(found).to_have_attribute("data-position", "2")
    notebook.page.keyboard.press("f")
    expect(found.get_by_test_id("flagged")).to_be_visible()
    notebook.page.keyboard.press("ArrowRight")
    notebook.page.keyboard.press("s")
    notebook.page.keyboard.press("n")
    all_saved(found)
    expect(found.get_by_test_id("progress")).to_have_attribute("data-labelled", "4")
    with rn.open(notebook.server.root / "marks", by="ann") as project:
        topic = project.task("topic")
        assert project.where(topic.flagged).keys() == ["r002"]
        assert project.where(topic.skipped).keys() == ["r003"]
        assert project.where(topic.reviewed_none).keys() == ["r004"]
        assert topic.undo()
        assert len(project.where(topic.reviewed_none)) == 0


def test_a_held_key_labels_once(open_notebook: OpenNotebook) -> None:
    """D7: key repeat neither labels twice nor skips a record; and no label moves."""
    notebook = open_notebook(project_cell("held"), "rn.Labeler(topic)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    places = [chip.bounding_box() for chip in found.locator("[data-testid^=label-]").all()]
    notebook.page.keyboard.down("1")
    for _ in range(10):
        notebook.page.keyboard.down("1")
    notebook.page.keyboard.up("1")
    expect(found).to_have_attribute("data-position", "1")
    all_saved(found)
    assert list(labels(notebook, "held")["key"]) == ["r000"]
    notebook.page.keyboard.press("ArrowLeft")
    expect(found.get_by_test_id("label-Delivery")).to_have_attribute("data-set", "true")
    after = [chip.bounding_box() for chip in found.locator("[data-testid^=label-]").all()]
    assert after == places


def test_enter_accepts_the_suggestion(open_notebook: OpenNotebook) -> None:
    rules = """
topic.add(rn.Lookup("Delivery", ["delivery"]))
topic.run(progress=False)
topic.supervise()
rn.Labeler(topic)
"""
    notebook = open_notebook(project_cell("accept"), rules)
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    expect(found.get_by_test_id("label-Delivery")).to_have_attribute("data-suggested", "true")
    expect(found.get_by_test_id("why")).to_contain_text("lookup:Delivery")
    for number in range(5):
        expect(found).to_have_attribute("data-position", str(number))
        notebook.page.keyboard.press("Enter")
    all_saved(found)
    assert list(labels(notebook, "accept")["label"]) == ["Delivery"] * 5


TEXTS = [
    "💩This is an annotation.",
    "👨🏻‍🚒 firemen drive firetrucks",
    "a\r\n" * 40 + "the end of it",
]
SPANS = """
import refinery_nb as rn
project = rn.open({name!r}, by="ann")
project.add([{{"id": str(n), "text": text}} for n, text in enumerate({texts!r})], key="id")
names = project.task("names", ["PER", "ORG"], on="text", kind="spans")
"""


def select(notebook: Notebook, found: Locator, word: str) -> None:
    """Drag the mouse over a word of the text."""
    box = found.evaluate(
        """(root, word) => {
            for (const piece of root.querySelectorAll(".rn-lines [data-u]")) {
                const node = piece.firstChild;
                const at = (node?.textContent ?? "").indexOf(word);
                if (at < 0) continue;
                piece.scrollIntoView({block: "center"});
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + word.length);
                const r = range.getBoundingClientRect();
                return [r.left + 2, r.top + r.height / 2, r.right - 2];
            }
            return null;
        }""",
        word,
    )
    assert box is not None
    mouse = notebook.page.mouse
    mouse.move(box[0], box[1])
    mouse.down()
    mouse.move((box[0] + box[2]) / 2, box[1], steps=4)
    mouse.move(box[2], box[1], steps=4)
    mouse.up()


def test_spans_by_mouse_with_emoji_and_crlf(open_notebook: OpenNotebook) -> None:
    """B1, B2, B4: what is selected is what is stored."""
    cell = SPANS.format(name="mouse", texts=TEXTS)
    notebook = open_notebook(cell, "rn.Labeler(names)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    for number, (word, key) in enumerate([("annotation", "p"), ("firetrucks", "o"), ("end", "p")]):
        expect(found).to_have_attribute("data-position", str(number))
        select(notebook, found, word)
        expect(found.get_by_test_id("span-picker")).to_be_visible()
        notebook.page.keyboard.press(key)
        expect(found.get_by_test_id("span-tag")).to_have_count(1)
        notebook.page.keyboard.press("ArrowRight")
    all_saved(found)
    stored = labels(notebook, "mouse", "names")
    assert list(stored["text"]) == ["annotation", "firetrucks", "end"]
    assert next(iter(stored["start"])) == 12
    for text, start, end, surface in zip(
        TEXTS, stored["start"], stored["end"], stored["text"], strict=True
    ):
        assert text[start:end] == surface


def test_spans_by_keyboard_alone(open_notebook: OpenNotebook) -> None:
    cell = SPANS.format(name="keys", texts=["💩 Ada Lovelace works at Acme"])
    notebook = open_notebook(cell, "rn.Labeler(names)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    for key in ["t", "ArrowRight", "Shift+ArrowRight", "p"]:
        notebook.page.keyboard.press(key)
    expect(found.get_by_test_id("span-tag")).to_have_count(1)
    for key in ["ArrowRight", "ArrowRight", "ArrowRight", "o"]:
        notebook.page.keyboard.press(key)
    expect(found.get_by_test_id("span-tag")).to_have_count(2)
    all_saved(found)
    stored = labels(notebook, "keys", "names")
    assert list(zip(stored["text"], stored["label"], strict=True)) == [
        ("Ada Lovelace", "PER"),
        ("Acme", "ORG"),
    ]
    notebook.page.keyboard.press("Delete")
    expect(found.get_by_test_id("span-tag")).to_have_count(1)
    all_saved(found)
    assert list(labels(notebook, "keys", "names")["text"]) == ["Ada Lovelace"]


def test_label_while_a_cell_runs(open_notebook: OpenNotebook) -> None:
    """D1: a running cell that touches the widget does not hold labels back."""
    busy = """
import time
end = time.time() + 40
while time.time() < end:
    w.send_state("protocol")
    time.sleep(0.05)
"""
    notebook = open_notebook(project_cell("busy"), "w = rn.Labeler(topic); w", busy)
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    notebook.run(2, wait=False)
    prompt = notebook.page.locator(".jp-Notebook .jp-Cell").nth(2).locator(".jp-InputPrompt")
    expect(prompt).to_have_text("[*]:")
    found.focus()
    for number in range(10):
        expect(found).to_have_attribute("data-position", str(number))
        notebook.page.keyboard.press("2")
    all_saved(found)
    assert len(labels(notebook, "busy")) == 10
    # The cell still runs: the labels did not wait for it.
    expect(prompt).to_have_text("[*]:", timeout=1_000)


def test_pending_labels_survive_a_killed_kernel(open_notebook: OpenNotebook) -> None:
    """D2, D3: what the kernel had not confirmed is applied once after the restart."""
    stuck = "sum(range(3 * 10**9))"  # a C call that holds the GIL: nothing can be answered
    notebook = open_notebook(project_cell("killed"), "w = rn.Labeler(topic); w", stuck)
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    notebook.page.keyboard.press("1")
    all_saved(found)
    notebook.run(2, wait=False)
    kernel = "window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel"
    notebook.page.wait_for_function(f"() => {kernel}.status === 'busy'")
    found.focus()
    for number in range(1, 6):
        expect(found).to_have_attribute("data-position", str(number))
        notebook.page.keyboard.press("3")
    expect(found.get_by_test_id("status")).not_to_have_attribute("data-pending", "0")
    pending = int(found.get_by_test_id("status").get_attribute("data-pending") or 0)
    assert pending > 0
    notebook.page.evaluate(f"async () => {{ await {kernel}.restart(); }}")
    notebook.idle()
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    all_saved(found)
    expect(found.get_by_test_id("progress")).to_have_attribute("data-labelled", "6")
    stored = labels(notebook, "killed")
    assert list(stored["label"]) == ["Delivery"] + ["Refund"] * 5
    with rn.open(notebook.server.root / "killed") as project, project.database.read() as connection:
        operations = connection.execute("SELECT count(*) FROM operation").fetchone()
    assert operations == (6,)


def test_reloading_the_page_keeps_everything(open_notebook: OpenNotebook) -> None:
    """D4: after a reload the widget shows what is stored."""
    notebook = open_notebook(project_cell("reload"), "rn.Labeler(topic)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    for number in range(3):
        expect(found).to_have_attribute("data-position", str(number))
        notebook.page.keyboard.press("1")
    all_saved(found)
    notebook.page.evaluate(
        "async () => { await window.jupyterapp.commands.execute('docmanager:save'); }"
    )
    notebook.reload()
    notebook.run(1)
    found = labeler(notebook)
    expect(found.get_by_test_id("progress")).to_have_attribute("data-labelled", "3")
    expect(found.get_by_test_id("label-Delivery")).to_have_attribute("data-set", "true")


def test_two_widgets_on_one_project_agree(open_notebook: OpenNotebook) -> None:
    """D5: displayed twice, run again: both show the same."""
    notebook = open_notebook(project_cell("two"), "rn.Labeler(topic)", "rn.Labeler(topic)")
    for cell in (0, 1, 2):
        notebook.run(cell)
    first, second = labeler(notebook, 0), labeler(notebook, 1)
    first.focus()
    notebook.page.keyboard.press("2")
    expect(second.get_by_test_id("label-Defect")).to_have_attribute("data-set", "true")
    second.focus()
    notebook.page.keyboard.press("3")
    notebook.page.keyboard.press("ArrowLeft")
    first.focus()
    notebook.page.keyboard.press("ArrowLeft")
    expect(first.get_by_test_id("label-Refund")).to_have_attribute("data-set", "true")
    all_saved(first)
    all_saved(second)
    assert list(labels(notebook, "two")["label"]) == ["Refund"]


def test_the_dark_theme_is_dark_and_readable(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(project_cell("dark"), "rn.Labeler(topic)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    theme = """async ([name]) => {
        await window.jupyterapp.commands.execute("apputils:change-theme", {theme: name});
    }"""
    lightness = """(root) => {
        const style = getComputedStyle(root);
        const canvas = new OffscreenCanvas(1, 1).getContext("2d");
        const read = (color) => {
            canvas.fillStyle = color;
            canvas.fillRect(0, 0, 1, 1);
            const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
            return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
        };
        return [read(style.color), read(style.backgroundColor)];
    }"""
    ink, paper = found.evaluate(lightness)
    assert paper - ink > 0.6
    notebook.page.evaluate(theme, ["JupyterLab Dark"])
    notebook.page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
    notebook.page.wait_for_function(
        "() => getComputedStyle(document.querySelector('.rn-labeler')).backgroundColor"
        " !== 'rgb(255, 255, 255)'"
    )
    ink, paper = found.evaluate(lightness)
    assert ink - paper > 0.6
    notebook.page.evaluate(theme, ["JupyterLab Light"])
    notebook.page.wait_for_selector("body[data-jp-theme-light='true']", state="attached")


def test_hostile_names_and_texts_are_shown_literally(open_notebook: OpenNotebook) -> None:
    """J1, J2: in record, label, attribute, heuristic and task names, and in the still picture."""
    cell = f"""
import refinery_nb as rn
bad = {HOSTILE!r}
project = rn.open({"hostile"!r}, by=bad[0])
project.add([{{"id": str(n), "text": t, bad[1]: t}} for n, t in enumerate(bad)], key="id")
topic = project.task(bad[0], bad[:3], on="text")
topic.add(rn.Lookup(bad[0], ["img"], name=bad[2]))
topic.run(progress=False)
topic.supervise()
rn.Labeler(topic)
"""
    notebook = open_notebook(cell, "topic.report()", "project.view()")
    for number in range(3):
        notebook.run(number)
    found = labeler(notebook)
    for number, text in enumerate(HOSTILE):
        expect(found).to_have_attribute("data-position", str(number))
        expect(found.get_by_test_id("record")).to_contain_text(text)
        notebook.page.keyboard.press("ArrowRight")
    expect(notebook.page.locator(".rn-table").first).to_contain_text(HOSTILE[2])
    nothing_was_made(notebook)


def test_narrow_widths_and_forty_labels(open_notebook: OpenNotebook) -> None:
    cell = """
import refinery_nb as rn
project = rn.open("forty", by="ann")
project.add([{"id": str(n), "text": f"Question {n}"} for n in range(5)], key="id")
topic = project.task("topic", [f"Label {n:02d}" for n in range(40)], on="text")
rn.Labeler(topic)
"""
    notebook = open_notebook(cell)
    notebook.run(0)
    found = labeler(notebook)
    keys = found.locator(".rn-chip:not(.rn-none) kbd").all_inner_texts()
    assert len(keys) == len(set(keys)) == 40
    notebook.page.keyboard.press(".")
    box = found.get_by_test_id("find-topic")
    expect(box).to_be_focused()
    notebook.page.keyboard.type("label 37")
    notebook.page.keyboard.press("Enter")
    expect(found).to_have_attribute("data-position", "1")
    all_saved(found)
    assert list(labels(notebook, "forty")["label"]) == ["Label 37"]
    found.evaluate("(root) => { root.style.width = '400px'; }")
    width = found.evaluate("(root) => [root.scrollWidth, root.clientWidth]")
    assert width[0] <= width[1] + 1


@pytest.mark.parametrize("key", ["j", "b", "x", "d", "a"])
def test_plain_keys_never_reach_the_notebook(open_notebook: OpenNotebook, key: str) -> None:
    notebook = open_notebook(project_cell(f"keys-{key}"), "rn.Labeler(topic)")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    notebook.page.keyboard.press(key)
    notebook.page.keyboard.press(key)
    expect(found.get_by_test_id("record")).to_be_visible()
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == 2


@pytest.mark.parametrize(("lines", "spans"), [(480, 500), (960, 2000)])
def test_a_long_record_with_many_spans_opens(
    open_notebook: OpenNotebook, lines: int, spans: int
) -> None:
    """B14: 100 kB and 200 kB; the span count on the screen is the whole count."""
    cell = f"""
import refinery_nb as rn
project = rn.open("long{spans}", by="ann")
text = "\\n".join("lorem ipsum dolor sit amet " * 8 for _ in range({lines}))
project.add([{{"id": "0", "text": "short"}}, {{"id": "1", "text": text}}], key="id")
names = project.task("names", ["PER", "ORG"], on="text", kind="spans")
step = len(text) // {spans}
names.label("1", [(n * step, n * step + 20, "PER" if n % 2 else "ORG") for n in range({spans})])
rn.Labeler(names)
"""
    notebook = open_notebook(cell)
    notebook.run(0)
    found = labeler(notebook)
    milliseconds = found.evaluate(
        """async (root) => {
            const begun = performance.now();
            root.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true}));
            while (root.dataset.position !== "1") await new Promise(requestAnimationFrame);
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
            return performance.now() - begun;
        }"""
    )
    expect(found.get_by_test_id("span-tag")).to_have_count(spans)
    assert milliseconds > 0


def test_a_dead_kernel_is_said_and_nothing_is_shown_as_saved(open_notebook: OpenNotebook) -> None:
    """D3: the labels that it had not confirmed are counted and kept."""
    notebook = open_notebook(project_cell("dead"), "w = rn.Labeler(topic); w")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    notebook.page.keyboard.press("1")
    all_saved(found)
    kernel = "window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel"
    notebook.page.evaluate(f"async () => {{ await {kernel}.restart(); }}")
    notebook.idle()
    found.focus()
    expect(found).to_have_attribute("data-position", "1")
    notebook.page.keyboard.press("2")
    banner = found.get_by_test_id("banner-busy")
    expect(banner).to_contain_text("1 label is kept", timeout=20_000)
    expect(banner).to_contain_text("run this cell again")
    expect(found.get_by_test_id("status")).to_have_attribute("data-pending", "1")
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    all_saved(found)
    expect(found.get_by_test_id("progress")).to_have_attribute("data-labelled", "2")
    assert list(labels(notebook, "dead")["label"]) == ["Delivery", "Defect"]
