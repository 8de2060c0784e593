"""A story of a session on Binder: label, then take the labels along with one click."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.ui.lab import Notebook

DOWNLOADS = Path(__file__).parents[2] / "binder" / "downloads.py"


def test_the_labels_of_a_temporary_session_are_downloaded_with_one_click(
    open_notebook: Callable[..., Notebook], tmp_path: Path
) -> None:
    notebook = open_notebook(
        "import refinery_nb as rn\n"
        f"exec({DOWNLOADS.read_text(encoding='utf-8')!r})\n"
        'project = rn.open("support", by="you")\n'
        'project.add([{"id": f"r{n}", "text": f"Message {n}"} for n in range(9)], key="id")\n'
        'topic = project.task("topic", ["Delivery", "Defect"], on="text")\n'
        "rn.Labeler(topic)",
        "offer(topic)",
    )
    notebook.run(0)
    notebook.run(1)
    page = notebook.page
    labeler = page.get_by_test_id("labeler")
    expect(labeler).to_have_attribute("data-record", "r0")
    labeler.focus()
    page.keyboard.press("1")
    expect(labeler).to_have_attribute("data-record", "r1")
    page.keyboard.press("2")
    expect(page.get_by_text("2 rows: key, label, by")).to_be_visible()
    with page.expect_download() as waited:
        page.get_by_role("link", name="Download topic-labels.csv").click()
    assert waited.value.suggested_filename == "topic-labels.csv"
    waited.value.save_as(tmp_path / "labels.csv")
    lines = (tmp_path / "labels.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["key,label,by", "r0,Delivery,you", "r1,Defect,you"]
