"""Output that the server drops, and what was said meanwhile with it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.ui.lab import Notebook
from tests.ui.test_labeler import all_saved, labeler, labels, project_cell

# More than the server lets through: it drops what comes next, acknowledgements among it.
FLOOD = """
import time
for number in range(80):
    print(number, "begins", ("." * 999 + "\\n") * 500)
    time.sleep(0.05)
"""


def test_labels_are_confirmed_though_the_server_drops_messages(
    open_notebook: Callable[..., Notebook],
) -> None:
    """D10: what is not acknowledged is sent again, and stands once."""
    notebook = open_notebook(project_cell("flood"), "rn.Labeler(topic)", FLOOD)
    notebook.run(0)
    notebook.run(1)
    found = labeler(notebook)
    notebook.run(2, wait=False)
    expect(notebook.page.locator(".jp-Notebook .jp-Cell").nth(2)).to_contain_text("0 begins")
    found.focus()
    for number in range(12):
        expect(found).to_have_attribute("data-record", f"r{number:03d}")
        notebook.page.keyboard.press("1")
    expect(found.get_by_test_id("status")).to_have_attribute("data-pending", "0", timeout=60_000)
    all_saved(found)
    stored = labels(notebook, "flood")
    assert list(stored["key"]) == [f"r{number:03d}" for number in range(12)]
    # The story holds only if something was dropped at all.
    expect(notebook.page.locator(".jp-Notebook .jp-Cell").nth(2)).to_contain_text("rate exceeded")
