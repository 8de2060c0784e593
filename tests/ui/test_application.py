"""The application in JupyterLab, as somebody uses it who writes no code."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

import refinery_nb as rn
from refinery_nb.project.rules import editing
from tests.ui.application import Lab
from tests.ui.lab import THEMES as THEME_SETTINGS
from tests.ui.lab import Notebook, Server, notebook

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
KERNEL_IDLE = (
    "() => window.jupyterapp.shell.currentWidget?.context?.sessionContext?.session?.kernel"
    "?.status === 'idle'"
)
# JupyterLab keeps its layout a moment after it has changed.
KEPT = """async () => {
    const { data } = await window.jupyterapp.serviceManager.workspaces.fetch("default");
    const kept = data["refinery:letters"]?.data;
    return kept?.tab === "browse" && kept.slice === "first"
        && JSON.stringify(data["layout-restorer:data"]).includes("refinery:letters");
}"""
THEMES = ["JupyterLab Light", "JupyterLab Dark"]
WORDS = ["The parcel came late", "I want my money back", "How do I log in"]


@pytest.fixture
def open_lab(server: Server, browser: Any) -> Iterator[Callable[..., Lab]]:
    opened: list[Lab] = []

    def make(path: str = "lab?reset&", **how: Any) -> Lab:
        opened.append(Lab(server, browser, path, **how))
        return opened[-1]

    yield make
    errors = [error for one in opened for error in one.errors]
    foreign = [address for one in opened for address in one.foreign]
    for one in opened:
        one.close()
    server.begin_anew()
    assert errors == []
    assert foreign == []


@pytest.fixture
def letters(server: Server) -> Path:
    return make_letters(server)


def make_letters(server: Server) -> Path:
    """Make a project below the server's root, with a task, a rule and a slice."""
    root = server.root / "letters"
    with rn.open(root, by="ann") as project:
        rows = [{"id": str(n), "text": f"{WORDS[n % 3]} ({n})."} for n in range(60)]
        project.add(rows, key="id")
        topic = project.task("topic", ["Delivery", "Refund", "Account"], on="text")
        topic.add(rn.Lookup("Delivery", ["parcel"]))
        project.slices["first"] = project.view().head(5)
    return root


def count_of(root: Path, task: str = "topic") -> int:
    with rn.open(root) as project:
        return project.task(task).progress()[0]


def label(lab: Lab, count: int) -> None:
    """Label so many more records by keys, and wait until all are stored."""
    labeler = lab.labeler
    progress = labeler.get_by_test_id("progress")
    before = int(progress.get_attribute("data-labelled") or 0)
    labeler.focus()
    for at in range(count):
        lab.page.keyboard.press(str(at % 2 + 1))
        expect(progress).to_have_attribute("data-labelled", str(before + at + 1))
    expect(labeler.locator("[data-pending]")).to_have_attribute("data-pending", "0")


def test_from_the_launcher_to_twenty_labels_without_code(
    server: Server, open_lab: Callable[..., Lab]
) -> None:
    with (server.root / "mails.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text"])
        rows.writerows([str(n), f"{WORDS[n % 3]} ({n})."] for n in range(40))
    lab = open_lab()
    lab.card("New Project").click()
    dialog = lab.page.locator(".jp-Dialog")
    dialog.get_by_text("mails.csv").click()
    dialog.locator(".jp-mod-accept").click()
    expect(dialog).to_contain_text("New project from mails.csv")
    dialog.get_by_label("Column that tells").fill("id")
    dialog.get_by_role("button", name="Make the project").click()
    settings = lab.panel.get_by_role("form", name="New task")
    settings.get_by_label("Name").fill("topic")
    settings.get_by_label("Labels, one a line").fill("Delivery\nRefund\nAccount")
    settings.get_by_role("button", name="Make the task").click()
    label(lab, 20)
    assert count_of(server.root / "mails") == 20
    (server.root / "mails.csv").unlink()


def test_the_sample_project_is_there_at_once_and_its_jobs_are_told_of(
    server: Server, open_lab: Callable[..., Lab]
) -> None:
    lab = open_lab()
    lab.card("Sample Project").click()
    label(lab, 3)
    expect(lab.page.locator(".rn-app-status")).to_contain_text("labelled", timeout=90_000)
    view = lab.tab("Map")
    expect(view.get_by_test_id("embedding-map")).to_be_visible(timeout=90_000)
    expect(lab.tab("Heuristics").locator(".rne-row")).to_have_count(3)


def test_it_comes_back_after_a_reload(open_lab: Callable[..., Lab], letters: Path) -> None:
    lab = open_lab()
    lab.command("refinery:open", path="letters")
    label(lab, 2)
    lab.panel.get_by_label("Slice").select_option("first")
    lab.tab("Browse")
    for _ in range(200):  # wait_for_function takes a promise for an answer
        if lab.page.evaluate(KEPT):
            break
        lab.page.wait_for_timeout(100)
    lab.page.goto(f"{lab.server.url}/lab?token={lab.server.token}")
    lab.ready()
    expect(lab.panel.get_by_role("tab", name="Browse")).to_have_attribute("aria-selected", "true")
    expect(lab.panel.get_by_label("Slice")).to_have_value("first")
    expect(lab.panel.get_by_test_id("browser")).to_contain_text("first")
    assert count_of(letters) == 2


def test_a_notebook_and_the_application_are_in_step(
    server: Server,
    open_lab: Callable[..., Lab],
    open_notebook: Callable[..., Notebook],
    letters: Path,
) -> None:
    other = open_notebook(
        f"import refinery_nb as rn\nproject = rn.open({str(letters)!r})\n"
        "topic = project.task('topic')",
        "topic.label('3', 'Account')",
        "print('labelled', topic.progress()[0])",
    )
    other.run(0)
    lab = open_lab()
    lab.command("refinery:open", path="letters")
    expect(lab.labeler.get_by_test_id("progress")).to_have_attribute("data-labelled", "0")
    other.run(1)
    expect(lab.labeler.get_by_test_id("progress")).to_have_attribute("data-labelled", "1")
    lab.labeler.focus()
    lab.page.keyboard.press("1")
    expect(lab.labeler.get_by_test_id("progress")).to_have_attribute("data-labelled", "2")
    expect(lab.labeler.locator("[data-pending]")).to_have_attribute("data-pending", "0")
    other.run(2)
    assert "labelled 2" in other.output(2)


def test_the_kernel_of_a_notebook_serves_the_application_and_outlives_it(
    server: Server,
    open_lab: Callable[..., Lab],
    letters: Path,
) -> None:
    code = f"import refinery_nb as rn\nproject = rn.open({str(letters)!r})\nheard = []\n"
    code += "project.events.subscribe('labels', heard.append)"
    (server.root / "own.ipynb").write_text(json.dumps(notebook([code, "print(len(heard))"])))
    lab = open_lab()
    lab.command("docmanager:open", path="own.ipynb")
    lab.page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    lab.page.wait_for_function(KERNEL_IDLE)
    lab.command("notebook:run-cell-and-select-next")
    expect(lab.page.locator(".jp-InputPrompt").first).to_have_text("[1]:")
    lab.command("refinery:open", path="letters")
    expect(lab.labeler).to_be_visible()
    lab.panel.get_by_title("Choose another kernel").click()
    dialog = lab.page.locator(".jp-Dialog")
    own = dialog.locator("option", has_text="own.ipynb").get_attribute("value")
    dialog.locator("select").select_option(value=own)
    dialog.locator(".jp-mod-accept").click()
    expect(dialog).to_have_count(0)
    label(lab, 3)
    lab.command("application:close")
    lab.command("notebook:run-cell")
    expect(lab.page.locator(".jp-OutputArea-output pre").last).to_have_text("3")
    (server.root / "own.ipynb").unlink()


def test_a_kernel_that_restarts_is_found_again(open_lab: Callable[..., Lab], letters: Path) -> None:
    lab = open_lab()
    lab.command("refinery:open", path="letters")
    label(lab, 2)
    lab.command("refinery:restart-kernel")
    expect(lab.page.locator("[data-kernel=starting]")).to_be_visible()
    labeler = lab.labeler
    expect(labeler.get_by_test_id("progress")).to_have_attribute("data-labelled", "2")
    labeler.focus()
    lab.page.keyboard.press("1")
    expect(labeler.locator("[data-pending]")).to_have_attribute("data-pending", "0")
    expect(labeler.get_by_test_id("progress")).to_have_attribute("data-labelled", "3")
    assert count_of(letters) == 3


def test_records_that_are_opened_in_the_browser_come_to_the_labeler(
    open_lab: Callable[..., Lab], letters: Path
) -> None:
    lab = open_lab()
    lab.command("refinery:open", path="letters", tab="browse")
    view = lab.panel.get_by_test_id("browser")
    view.get_by_role("button", name="Open in Labeler").click()
    expect(lab.panel.get_by_role("tab", name="Label")).to_have_attribute("aria-selected", "true")
    expect(lab.labeler).to_be_visible()
    lab.panel.get_by_role("button", name="Back to all").click()
    expect(lab.panel.get_by_role("button", name="Back to all")).to_have_count(0)


def test_a_record_of_the_browser_is_looked_at_closely(
    open_lab: Callable[..., Lab], letters: Path
) -> None:
    lab = open_lab()
    lab.command("refinery:open", path="letters", tab="browse")
    browser = lab.panel.get_by_test_id("browser")
    expect(browser).to_contain_text("How do I log in (2)")
    browser.focus()
    for key in ("j", "j", "r"):
        lab.page.keyboard.press(key)
    expect(lab.panel.get_by_role("tab", name="Record")).to_have_attribute("aria-selected", "true")
    workbench = lab.panel.get_by_test_id("workbench")
    expect(workbench).to_have_attribute("data-record", "2")
    expect(workbench).to_be_focused()
    lab.page.keyboard.press("j")
    expect(workbench).to_have_attribute("data-record", "3")
    lab.tab("Browse").get_by_role("button", name="Record").click()
    expect(workbench).to_have_attribute("data-record", "2")


def test_a_job_runs_and_its_end_is_told(open_lab: Callable[..., Lab], letters: Path) -> None:
    lab = open_lab()
    lab.command("refinery:open", path="letters", tab="settings")
    lab.panel.get_by_role("button", name="Run heuristics").click()
    expect(lab.page.locator(".Toastify__toast")).to_contain_text("Heuristics of topic")
    expect(lab.panel.get_by_role("list", name="Jobs")).to_contain_text("20 votes of 1 heuristics")


def test_where_something_is_missing_the_next_step_is_a_button(
    open_lab: Callable[..., Lab], letters: Path
) -> None:
    lab = open_lab()
    lab.command("refinery:open", path="letters", tab="quality")
    view = lab.panel.locator(".rn-app-view:not([hidden])")
    view.get_by_role("button", name="Run heuristics").click()
    expect(lab.page.locator(".Toastify__toast")).to_contain_text("20 votes")
    panel = lab.tab("Overview").get_by_test_id("panel-matrix")
    panel.get_by_role("button", name="Make weak labels").click()
    panel.get_by_role("button", name="Label some").click()
    expect(lab.labeler).to_be_visible()
    view = lab.tab("Quality")
    expect(view.get_by_test_id("empty")).to_contain_text("reviewed by hand")
    view.get_by_role("button", name="Label some").click()
    label(lab, 1)
    expect(lab.tab("Quality").get_by_role("grid")).to_be_visible()


def test_a_job_is_cancelled_in_the_sidebar(open_lab: Callable[..., Lab], letters: Path) -> None:
    source = "import time\n\ndef slow(record):\n    time.sleep(1.5)\n    return 'Refund'\n"
    with rn.open(letters) as project:
        editing.save(project.task("topic"), "slow", {"kind": "function", "source": source})
    lab = open_lab()
    lab.page.get_by_title("Projects to label").click()
    lab.command("refinery:open", path="letters")
    label(lab, 1)
    lab.command("refinery:run-heuristics")
    jobs = lab.page.get_by_test_id("refinery-sidebar").get_by_role("region", name="Running jobs")
    expect(jobs).to_contain_text("Heuristics of topic")
    expect(lab.page.locator(".rn-app-status")).to_contain_text("Heuristics of topic")
    label(lab, 1)  # it holds nobody up
    jobs.get_by_role("button", name="Cancel Heuristics of topic").click()
    expect(jobs).to_have_count(0)
    expect(lab.page.locator(".Toastify__toast")).to_contain_text("Heuristics of topic")
    expect(lab.tab("Settings").get_by_role("list", name="Jobs")).not_to_contain_text("Cancel")
    assert count_of(letters) == 2


def test_a_data_file_is_opened_from_its_menu(server: Server, open_lab: Callable[..., Lab]) -> None:
    (server.root / "mails.jsonl").write_text('{"id": "1", "text": "late"}\n')
    lab = open_lab()
    lab.page.locator(".jp-DirListing-item", has_text="server.log").click(button="right")
    expect(lab.page.get_by_role("menuitem", name="Rename")).to_be_visible()
    expect(lab.page.get_by_role("menuitem", name="Open in refinery")).to_have_count(0)
    lab.page.keyboard.press("Escape")
    lab.page.locator(".jp-DirListing-item", has_text="mails.jsonl").click(button="right")
    lab.page.get_by_role("menuitem", name="Open in refinery").click()
    lab.page.locator(".jp-Dialog").get_by_role("button", name="Make the project").click()
    expect(lab.panel.get_by_role("region", name="Project")).to_contain_text("Records1")
    assert (server.root / "mails" / "project.db").exists()
    (server.root / "mails.jsonl").unlink()


def test_the_code_of_a_tab_runs_in_a_notebook(open_lab: Callable[..., Lab], letters: Path) -> None:
    lab = open_lab()
    lab.command("refinery:open", path="letters", tab="browse", slice="first")
    expect(lab.panel.get_by_test_id("browser")).to_be_visible()
    lab.panel.get_by_role("button", name="Code").click()
    dialog = lab.page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("rn.Browser(view)")
    dialog.get_by_role("button", name="Copy").click()
    code = lab.page.evaluate("navigator.clipboard.readText()")
    names: dict[str, Any] = {}
    exec(code.replace("rn.Browser", "len"), names)
    assert len(names["view"]) == 5
    names["project"].close()


def test_a_link_opens_the_labeler_alone(open_lab: Callable[..., Lab], letters: Path) -> None:
    lab = open_lab("lab?refinery=letters&task=topic&slice=first&reset&")
    expect(lab.labeler).to_contain_text("1 of 5")
    expect(lab.panel.get_by_role("tab")).to_have_count(0)


def test_the_tour_is_shown_once_holds_nobody_up_and_comes_again_on_demand(
    open_lab: Callable[..., Lab], letters: Path
) -> None:
    lab = open_lab(tour=True)
    lab.command("refinery:open", path="letters")
    tour = lab.panel.get_by_role("dialog", name="Label with the keys")
    expect(tour.get_by_role("button", name="Next")).to_be_focused()
    label(lab, 1)  # it stands beside the Labeler
    tour.get_by_role("button", name="Skip").focus()
    keys = lab.page.keyboard
    keys.press("Tab")
    expect(tour.get_by_role("button", name="Next")).to_be_focused()
    keys.press("Tab")
    expect(tour.get_by_role("button", name="Skip")).to_be_focused()
    keys.press("ArrowRight")
    expect(lab.panel.get_by_role("dialog", name="Find what to label")).to_be_visible()
    keys.press("Enter")
    keys.press("ArrowRight")
    expect(lab.panel.get_by_role("dialog", name="The same in Python")).to_be_visible()
    keys.press("Enter")
    expect(lab.panel.get_by_test_id("tour")).to_have_count(0)
    expect(lab.labeler).to_be_focused()
    lab.page.goto(f"{lab.server.url}/lab?reset&token={lab.server.token}")
    lab.ready()
    lab.command("refinery:open", path="letters")
    expect(lab.labeler).to_be_focused()
    expect(lab.panel.get_by_test_id("tour")).to_have_count(0)
    lab.command("refinery:tour")
    expect(lab.panel.get_by_test_id("tour")).to_be_visible()
    keys.press("Escape")
    expect(lab.panel.get_by_test_id("tour")).to_have_count(0)
    expect(lab.labeler).to_be_focused()


def test_on_binder_it_is_said_that_nothing_stays_and_the_labels_are_downloaded(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINDER_LAUNCH_HOST", "https://binder.example/")
    there = Server(tmp_path)
    try:
        make_letters(there)
        lab = Lab(there, browser)
        lab.command("refinery:open", path="letters")
        label(lab, 2)
        notice = lab.panel.get_by_test_id("temporary")
        expect(notice).to_contain_text("This session is temporary")
        with lab.page.expect_download() as told:
            notice.get_by_role("button", name="Download the labels of topic").click()
        file = told.value
        assert file.suggested_filename == "topic-labels.csv"
        rows = list(csv.DictReader(Path(file.path()).read_text().splitlines()))
        assert [(row["key"], row["label"]) for row in rows] == [("0", "Delivery"), ("1", "Refund")]
        lab.close()
        assert lab.errors == []
    finally:
        there.stop()


def test_what_is_no_project_is_said_and_nothing_is_made(
    server: Server, open_lab: Callable[..., Lab]
) -> None:
    lab = open_lab()
    lab.command("refinery:open", path="nowhere")
    expect(lab.page.locator(".rn-panel")).to_contain_text("There is no project")
    assert not (server.root / "nowhere").exists()


def test_the_file_of_a_project_opens_it(open_lab: Callable[..., Lab], letters: Path) -> None:
    lab = open_lab()
    lab.command("docmanager:open", path="letters/project.db")
    expect(lab.labeler).to_be_visible()
    expect(lab.page.locator(".lm-TabBar-tab").filter(has_text="project.db")).to_have_count(0)


def test_the_sidebar_lists_projects_and_what_the_open_one_has(
    open_lab: Callable[..., Lab], letters: Path
) -> None:
    lab = open_lab()
    lab.page.get_by_title("Projects to label").click()
    side = lab.page.get_by_test_id("refinery-sidebar")
    side.get_by_role("button", name="letters").click()
    label(lab, 1)
    expect(side.get_by_role("region", name="Tasks")).to_contain_text("1 / 60")
    side.get_by_role("region", name="Slices").get_by_role("button", name="first").click()
    expect(lab.labeler).to_contain_text("of 5")


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_serious_in_any_tab(
    server: Server, open_lab: Callable[..., Lab], letters: Path, theme: str
) -> None:
    # As somebody chose it before the page was loaded.
    settings = server.settings / "@jupyterlab" / "apputils-extension" / THEME_SETTINGS
    settings.write_text(json.dumps({"theme": theme}))
    lab = open_lab()
    lab.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=theme)
    lab.page.get_by_title("Projects to label").click()
    lab.command("refinery:open", path="letters")
    expect(lab.labeler).to_be_visible()
    lab.page.add_script_tag(path=AXE)
    found = serious(lab, ".rn-panel", ".rn-sidebar")
    for name in ("Browse", "Record", "Heuristics", "Map", "Quality", "Overview", "Settings"):
        view: Locator = lab.tab(name)
        expect(view.get_by_test_id("loading")).to_have_count(0)
        found += [f"{name}: {one}" for one in serious(lab, ".rn-panel")]
    lab.command("refinery:tour")
    expect(lab.panel.get_by_test_id("tour")).to_be_visible()
    found += [f"Tour: {one}" for one in serious(lab, ".rn-panel")]
    assert found == []


def serious(lab: Lab, *within: str) -> list[str]:
    told = lab.page.evaluate(
        """async within => {
            const told = await axe.run({ include: within.map(one => [one]) });
            return told.violations
                .filter(({ impact }) => ["serious", "critical"].includes(impact))
                .map(({ id, nodes }) => `${id}: ${nodes.map(n => n.html.slice(0, 160))}`);
        }""",
        list(within),
    )
    return list(told)


def test_all_can_be_done_by_keyboard(open_lab: Callable[..., Lab], letters: Path) -> None:
    lab = open_lab()
    keys = lab.page.keyboard
    lab.command("refinery:open", path="letters")
    expect(lab.labeler).to_be_focused()
    keys.press("2")
    expect(lab.labeler.get_by_test_id("progress")).to_have_attribute("data-labelled", "1")
    keys.press("Alt+2")
    expect(lab.panel.get_by_role("tab", name="Browse")).to_have_attribute("aria-selected", "true")
    expect(lab.panel.get_by_test_id("browser")).to_be_focused()
    lab.panel.get_by_role("tab", name="Browse").focus()
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    expect(lab.panel.get_by_role("tab", name="Heuristics")).to_be_focused()
    expect(lab.panel.locator(".rne")).to_be_visible()
    keys.press("Alt+8")
    expect(lab.panel.get_by_role("form", name="New task")).to_be_visible()
    keys.press("Alt+c")
    expect(lab.page.locator(".jp-Dialog")).to_contain_text("import refinery_nb")
