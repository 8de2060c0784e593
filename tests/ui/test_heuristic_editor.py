"""Stories of the HeuristicEditor in a real JupyterLab."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, expect

import refinery_nb as rn
from tests.ui.hostile import HOSTILE, nothing_was_made
from tests.ui.lab import Notebook
from tests.ui.test_labeler import labeler

OpenNotebook = Callable[..., Notebook]

PROJECT = """
import refinery_nb as rn
project = rn.open({name!r}, by="ann")
texts = ["The parcel is late again.", "Late parcel, no news.", "The pump leaks badly.",
         "My refund has not come.", "A fine machine, thank you."]
project.add([{{"id": f"r{{n:03d}}", "text": texts[n % 5]}} for n in range(60)], key="id")
topic = project.task("topic", ["Delivery", "Defect", "Refund"], on="text")
for n in range(20):
    topic.label(f"r{{n:03d}}", ["Delivery", "Delivery", "Defect", "Refund", rn.NONE][n % 5])
"""
RULE = """
@topic.heuristic
def late(record):
    return "Delivery" if "late" in record["text"] else None
"""
EDITOR = "rn.HeuristicEditor(topic)"


def editor(notebook: Notebook) -> Locator:
    found = notebook.page.get_by_test_id("heuristic-editor")
    expect(found).to_have_attribute("data-connection", "ready")
    expect(found).not_to_have_attribute("data-heuristics", "")
    return found


def opened(found: Locator, name: str) -> Locator:
    """The pane, once it shows this heuristic."""
    pane = found.get_by_test_id("pane")
    expect(pane).to_have_attribute("data-name", name)
    return pane


def tried(found: Locator) -> Locator:
    """The examples, once they are there."""
    expect(found.get_by_test_id("examples")).to_have_attribute("data-state", "done")
    expect(found.get_by_test_id("summary")).to_be_visible()
    return found.get_by_test_id("examples")


def focused(notebook: Notebook, selector: str) -> None:
    notebook.page.wait_for_function(
        "(selector) => document.activeElement?.matches(selector)", arg=selector
    )


def heuristics(notebook: Notebook, name: str) -> dict[str, str]:
    with rn.open(notebook.server.root / name, by="ann") as project:
        frame = project.task("topic").heuristics()
        return dict(zip(frame["heuristic"], frame["state"], strict=True))


def test_a_rule_from_the_first_key_to_its_coverage(open_notebook: OpenNotebook) -> None:
    """By keyboard alone: written, mended, tried, saved, run on all."""
    notebook = open_notebook(PROJECT.format(name="first"), EDITOR)
    notebook.run(0)
    notebook.run(1)
    found, keys = editor(notebook), notebook.page.keyboard
    found.get_by_test_id("first").focus()
    keys.press("n")
    expect(found.get_by_test_id("sheet-new")).to_be_visible()
    keys.press("Enter")
    opened(found, "new_rule")
    focused(notebook, ".cm-content")
    keys.press("Control+a")
    keys.insert_text('def late(record):\n    return "Delivry" if "late" in record["text"] else Non')
    problems = found.get_by_test_id("problems")
    expect(problems).to_contain_text("line 2")
    expect(problems).to_contain_text("'Non', which is not defined")
    expect(found.locator(".cm-lintRange-error")).to_have_text("Non")
    expect(found.locator(".cm-lintRange-warning")).to_have_text('"Delivry"')
    keys.type("e")
    keys.press("Escape")
    expect(problems).to_contain_text("Did you mean 'Delivery'?")
    keys.press("Control+a")
    keys.insert_text(
        'def late(record):\n    return "Delivery" if "late" in record["text"] else None'
    )
    expect(problems).to_have_attribute("data-count", "0")
    expect(problems).to_have_attribute("data-checked", "true")
    opened(found, "late")
    assert heuristics(notebook, "first") == {}

    keys.press("Control+Enter")
    cards = tried(found)
    expect(cards.locator("li")).to_have_count(10)
    expect(cards.locator(".rne-mark-looked").first).to_have_text("late", ignore_case=True)
    assert heuristics(notebook, "first") == {}

    keys.press("Control+s")
    expect(found.get_by_test_id("row-late")).to_have_attribute("data-state", "new")
    expect(found.get_by_test_id("pane")).to_have_attribute("data-dirty", "false")
    assert heuristics(notebook, "first") == {"late": "new"}

    keys.press("Shift+Enter")
    expect(found.get_by_test_id("row-late")).to_have_attribute("data-covered", "12")
    expect(found.get_by_test_id("row-late")).to_contain_text("20.0 %")
    assert heuristics(notebook, "first") == {"late": "finished"}

    # A better version, and what it did.
    focused(notebook, ".cm-content")
    keys.press("Control+a")
    keys.insert_text(
        'def late(record):\n    return "Delivery" if "late" in record["text"].lower() else None'
    )
    expect(found.get_by_test_id("pane")).to_have_attribute("data-dirty", "true")
    keys.press("Shift+Enter")
    expect(found.get_by_test_id("row-late")).to_have_attribute("data-covered", "24")
    change = found.get_by_test_id("change")
    expect(change).to_contain_text("coverage 20.0 % → 40.0 %")
    expect(change).to_contain_text("12 more")
    # No key reached the notebook.
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == 2
    # Escape: from the text to the list, from the list to the notebook.
    keys.press("Escape")
    focused(notebook, ".rne-row")
    keys.press("Escape")
    expect(found.locator(":focus")).to_have_count(0)


def test_a_cell_and_the_editor_see_each_other(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        PROJECT.format(name="cells"),
        EDITOR,
        RULE,
        RULE.replace('"late" in', '"leaks" in'),
        RULE.replace('"late" in', '"refund" in'),
        'print(topic.versions("late")["source"].iloc[-1])',
    )
    notebook.run(0)
    notebook.run(1)
    found, keys = editor(notebook), notebook.page.keyboard
    expect(found.get_by_test_id("empty")).to_be_visible()
    notebook.run(2)
    expect(found.get_by_test_id("row-late")).to_be_visible()
    found.get_by_test_id("row-late").click()
    opened(found, "late")
    expect(found.get_by_test_id("code")).to_contain_text('"late" in')
    # Nothing was typed: the new version is shown.
    notebook.run(3)
    expect(found.get_by_test_id("code")).to_contain_text('"leaks" in')
    # Something was typed: it is asked about, and neither is lost.
    found.locator(".cm-content").click()
    keys.press("Control+End")
    keys.insert_text("# mine")
    expect(found.get_by_test_id("pane")).to_have_attribute("data-dirty", "true")
    notebook.run(4)
    expect(found.get_by_test_id("banner-conflict")).to_be_visible()
    expect(found.get_by_test_id("code")).to_contain_text("# mine")
    found.locator(".cm-content").press("Control+s")
    expect(found.get_by_test_id("banner-conflict")).to_be_visible()
    found.get_by_test_id("compare").click()
    expect(found.get_by_test_id("diff")).to_contain_text("# mine")
    expect(found.get_by_test_id("diff")).to_contain_text('"refund" in')
    found.get_by_test_id("keep-mine").click()
    expect(found.get_by_test_id("banner-conflict")).to_have_count(0)
    found.locator(".cm-content").press("Control+s")
    expect(found.get_by_test_id("pane")).to_have_attribute("data-dirty", "false")
    notebook.run(5)
    assert "# mine" in notebook.output(5)
    assert '"leaks" in' in notebook.output(5)


def test_what_is_typed_outlives_the_page(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(PROJECT.format(name="drafts"), RULE, EDITOR)
    for cell in range(3):
        notebook.run(cell)
    found = editor(notebook)
    found.get_by_test_id("row-late").click()
    opened(found, "late")
    found.locator(".cm-content").click()
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.insert_text("# not yet saved")
    expect(found.get_by_test_id("pane")).to_have_attribute("data-dirty", "true")
    notebook.reload()
    notebook.run(2)
    found = editor(notebook)
    expect(found.get_by_test_id("row-late")).to_contain_text("edited")
    found.get_by_test_id("row-late").click()
    expect(found.get_by_test_id("code")).to_contain_text("# not yet saved")


def test_a_traceback_stands_at_its_line(open_notebook: OpenNotebook) -> None:
    broken = RULE.replace("return", 'number = int(record["text"])\n    return')
    notebook = open_notebook(PROJECT.format(name="trace"), broken, EDITOR)
    for cell in range(3):
        notebook.run(cell)
    found = editor(notebook)
    found.get_by_test_id("row-late").click()
    opened(found, "late")
    notebook.page.keyboard.press("Control+Enter")
    tried(found)
    fault = found.get_by_test_id("fault")
    expect(fault).to_contain_text("ValueError")
    assert "int(record" in str(fault.evaluate("one => one.previousElementSibling.textContent"))
    expect(found.get_by_test_id("traceback").first).to_contain_text("in late")


def test_versions_deletion_and_what_comes_back(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        PROJECT.format(name="versions"),
        RULE + "_ = topic.run(progress=False)",
        RULE.replace('"late"', '"leaks"') + "_ = topic.run(progress=False)",
        EDITOR,
    )
    for cell in range(4):
        notebook.run(cell)
    found, keys = editor(notebook), notebook.page.keyboard
    found.get_by_test_id("row-late").click()
    opened(found, "late")
    found.get_by_test_id("tab-versions").click()
    found.get_by_test_id("version-1").click()
    expect(found.get_by_test_id("diff").locator(".rne-diff-gone")).to_contain_text('"late"')
    expect(found.get_by_test_id("diff").locator(".rne-diff-new")).to_contain_text('"leaks"')
    found.get_by_test_id("restore").click()
    # Its votes came with it: nothing has to be run.
    expect(found.get_by_test_id("code")).to_contain_text('"late" in')
    expect(found.get_by_test_id("version-3")).to_be_visible()
    expect(found.get_by_test_id("row-late")).to_have_attribute("data-state", "finished")
    found.get_by_test_id("row-late").focus()
    keys.press("Delete")
    expect(found.get_by_test_id("delete-yes")).to_be_focused()
    keys.press("Enter")
    expect(found.get_by_test_id("row-late")).to_have_count(0)
    found.get_by_test_id("put-back").click()
    expect(found.get_by_test_id("row-late")).to_have_attribute("data-covered", "12")
    opened(found, "late")
    expect(found.get_by_test_id("tab-versions")).to_contain_text("(3)")


def test_it_answers_while_a_cell_runs_and_a_run_can_be_cancelled(
    open_notebook: OpenNotebook,
) -> None:
    slow = RULE.replace("return", "import time; time.sleep(1)\n    return")
    notebook = open_notebook(
        PROJECT.format(name="busy"), slow, EDITOR, "import time\ntime.sleep(3600)"
    )
    for cell in range(3):
        notebook.run(cell)
    found = editor(notebook)
    found.get_by_test_id("row-late").click()
    opened(found, "late")
    notebook.run(3, wait=False)
    found.locator(".cm-content").click()
    notebook.page.keyboard.press("Shift+Enter")
    expect(found.get_by_test_id("work")).to_be_visible()
    # While it runs, the editor checks what is typed.
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.insert_text("x = nothing_such")
    expect(found.get_by_test_id("problems")).to_contain_text("nothing_such")
    found.get_by_test_id("cancel").click()
    expect(found.get_by_test_id("work")).to_have_count(0)
    expect(found.get_by_test_id("live")).to_contain_text("cancelled")
    expect(found.get_by_test_id("row-late")).to_have_attribute("data-state", "new")


def test_the_list_by_keyboard(open_notebook: OpenNotebook) -> None:
    rules = """
for label, word in [("Delivery", "late"), ("Defect", "leaks"), ("Refund", "refund")]:
    topic.add(rn.Lookup(label, [word], name=word))
_ = topic.run(progress=False)
"""
    notebook = open_notebook(PROJECT.format(name="list") + rules, EDITOR)
    notebook.run(0)
    notebook.run(1)
    found, keys = editor(notebook), notebook.page.keyboard
    found.get_by_test_id("order").select_option("name")
    found.get_by_test_id("row-late").click()
    opened(found, "late")
    keys.press("ArrowDown")
    opened(found, "leaks")
    expect(found.get_by_test_id("row-leaks")).to_be_focused()
    keys.press("j")
    opened(found, "refund")
    keys.press("Space")
    expect(found.get_by_test_id("row-refund")).to_have_attribute("data-enabled", "false")
    keys.press("Home")
    opened(found, "late")
    keys.press("Enter")
    expect(found.get_by_test_id("terms")).to_be_focused()
    keys.press("Escape")
    expect(found.get_by_test_id("row-late")).to_be_focused()
    keys.press("/")
    keys.type("ref")
    expect(found.get_by_test_id("rows").locator(".rne-row")).to_have_count(1)
    keys.press("Escape")
    expect(found.get_by_test_id("row-late")).to_be_focused()
    keys.press("?")
    expect(found.get_by_test_id("sheet-keys")).to_be_visible()
    keys.press("Escape")
    expect(found.get_by_test_id("sheet-keys")).to_have_count(0)
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == 2
    with rn.open(notebook.server.root / "list", by="ann") as project:
        frame = project.task("topic").heuristics().set_index("heuristic")
    assert frame["enabled"].to_dict() == {"late": True, "leaks": True, "refund": False}


def test_it_fits_a_narrow_window(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(PROJECT.format(name="narrow"), RULE, EDITOR)
    for cell in range(3):
        notebook.run(cell)
    found = editor(notebook)
    found.get_by_test_id("row-late").click()
    opened(found, "late")
    notebook.page.keyboard.press("Control+Enter")
    tried(found)
    found.evaluate("one => { one.style.width = '400px'; }")
    assert found.evaluate("one => one.clientWidth") <= 400
    assert found.evaluate("one => one.scrollWidth <= one.clientWidth")
    rows, pane = found.get_by_test_id("rows").bounding_box(), found.get_by_test_id("pane")
    box = pane.bounding_box()
    assert rows is not None
    assert box is not None
    assert rows["y"] + rows["height"] <= box["y"]


def test_a_word_list_and_a_pattern_are_forms(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(PROJECT.format(name="forms"), EDITOR)
    notebook.run(0)
    notebook.run(1)
    found = editor(notebook)
    found.get_by_test_id("first").click()
    found.get_by_test_id("new-lookup").click()
    opened(found, "lookup:Delivery")
    expect(found.get_by_test_id("problems")).to_contain_text("empty")
    found.get_by_test_id("label").select_option("Defect")
    found.get_by_test_id("terms").fill("leaks\n\nbroken\n")
    found.get_by_test_id("terms").press("Control+Enter")
    found.get_by_test_id("sample").select_option("hits")
    expect(tried(found).locator(".rne-mark-looked").first).to_have_text("leaks")
    found.get_by_test_id("run").click()
    expect(found.get_by_test_id("row-lookup:Delivery")).to_have_attribute("data-covered", "12")
    found.get_by_test_id("new").click()
    found.get_by_test_id("new-regex").click()
    opened(found, "regex:Delivery")
    found.get_by_test_id("pattern").fill("(late")
    expect(found.get_by_test_id("problems")).to_contain_text("unterminated subpattern")
    found.get_by_test_id("pattern").fill("(late|parcel)")
    expect(found.get_by_test_id("problems")).to_have_attribute("data-count", "0")
    found.get_by_test_id("pattern").press("Shift+Enter")
    expect(found.get_by_test_id("row-regex:Delivery")).to_have_attribute("data-covered", "24")
    # A rule that the labels speak for is one more way to begin.
    found.get_by_test_id("new").click()
    found.get_by_test_id("suggest").click()
    expect(found.get_by_test_id("suggestions").locator("button").first).to_be_focused()
    notebook.page.keyboard.press("Enter")
    expect(found.get_by_test_id("sheet-new")).to_have_count(0)
    expect(found.get_by_test_id("pane")).to_have_attribute("data-dirty", "true")
    expect(found.get_by_test_id("problems")).to_have_attribute("data-checked", "true")
    expect(found.get_by_test_id("problems")).to_have_attribute("data-count", "0")


def test_hostile_names_and_texts_are_text(open_notebook: OpenNotebook) -> None:
    """J1, J2: in the editor, the card of a rule, and what runs and suggestions show."""
    start = f"""
import refinery_nb as rn
bad = {HOSTILE!r}
project = rn.open(by=bad[0])
project.add([{{"id": f"{{n}}{{bad[n % 6]}}", "text": bad[n % 6]}} for n in range(60)], key="id")
topic = project.task(bad[1], bad, on="text")
project.lookups[bad[2]] = ["x", *bad]
for name in bad:
    topic.add(rn.Lookup(name, ["x"], name=name))
topic.add(rn.Lookup(bad[0], project.lookups[bad[2]], name="list" + bad[0]))
topic.rule_from(project.where(topic.voted(bad[0], heuristic=bad[0])), bad[0], "view" + bad[0])
topic.label_many({{f"{{n}}{{bad[n % 6]}}": bad[n % 6] for n in range(40)}})
topic.label_many({{f"{{n}}{{bad[n % 6]}}": bad[0] for n in range(9)}}, by=bad[3])
topic.add(rn.Annotator(bad[3], name=bad[3] + "!"))

@topic.heuristic
def fails(record):
    raise ValueError(record["text"])

topic.run(progress=False)
rn.HeuristicEditor(topic)
"""
    notebook = open_notebook(
        start,
        "plain = project.task(bad[2], bad, on='text')\n"
        "plain.label_many({f'{n}{bad[n % 6]}': bad[n % 6] for n in range(40)})\n"
        "plain.suggest()",
        "weak = topic.supervise(model='majority')\nweak",
        "topic.enable(bad[0], False)\nother = topic.supervise(model='weighted')\ntopic.runs()",
        "other.compare(weak)",
        "project.lookups[bad[2]]",
        "rn.Labeler(topic)",
    )
    notebook.run(0)
    found = editor(notebook)
    for name in HOSTILE:
        found.get_by_test_id(f"row-{name}").click()
        opened(found, name)
        expect(found.get_by_test_id("label")).to_have_value(name)
    for name in ("fails", HOSTILE[0], "list" + HOSTILE[0], "view" + HOSTILE[0], HOSTILE[3] + "!"):
        found.get_by_test_id(f"row-{name}").click()
        opened(found, name)
        notebook.page.keyboard.press("Control+Enter")
        expect(tried(found)).to_contain_text(HOSTILE[0])
    found.get_by_test_id("sample").select_option("conflicts")
    expect(tried(found)).to_contain_text("others say")
    for number in range(1, 6):
        notebook.run(number)
        shown = notebook.page.locator(".jp-Cell").nth(number).locator(".rn-table")
        expect(shown).to_contain_text("majority" if number == 3 else "window.hit")
    notebook.run(6)
    labels = labeler(notebook)
    notebook.page.keyboard.press("t")
    notebook.page.keyboard.press("+")
    card = notebook.page.get_by_test_id("rule-card")
    for name in HOSTILE:
        expect(card.get_by_test_id(f"rule-label-{name}")).to_contain_text(name[:5])
    expect(card.get_by_test_id("rule-snippets")).to_contain_text("window.hit")
    expect(labels.get_by_test_id("record")).to_contain_text(HOSTILE[0])
    nothing_was_made(notebook)
