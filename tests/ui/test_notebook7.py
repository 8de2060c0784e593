"""Notebook 7: the same widgets, and the application's plugin is no trouble there."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import expect

from tests.ui.lab import Server, notebook

PROJECT = """
import refinery_nb as rn
project = rn.open(by="ann")
project.add([{"id": f"r{n}", "text": f"Parcel {n} is late."} for n in range(30)], key="id")
topic = project.task("topic", ["Delivery", "Defect"], on="text")
rn.Labeler(topic)
"""
SHOW = "print(*(project.where(topic.labeled_as(label)).keys() for label in topic.labels))"


def test_records_are_labelled_in_notebook_7(server: Server, browser: Any) -> None:
    path = server.root / "seven.ipynb"
    path.write_text(json.dumps(notebook([PROJECT, SHOW])))
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    foreign: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error.stack)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((server.url, "data:", "blob:"))
            else foreign.append(request.url)
        ),
    )
    try:
        page.goto(f"{server.url}/notebooks/seven.ipynb?token={server.token}")
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        # It names the kernel's state until there is nothing to tell.
        expect(page.locator(".jp-NotebookKernelStatus")).to_have_text("")
        page.keyboard.press("Shift+Enter")
        labeler = page.get_by_test_id("labeler")
        record = labeler.get_by_test_id("record")
        expect(record).to_contain_text("Parcel 0 is late.")
        record.click()
        page.keyboard.press("1")
        expect(record).to_contain_text("Parcel 1 is late.")
        page.keyboard.press("2")
        expect(labeler.get_by_test_id("progress")).to_have_attribute("data-labelled", "2")
        expect(labeler.get_by_test_id("status")).to_contain_text("saved")
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(1).click()
        page.keyboard.press("Shift+Enter")
        shown = page.locator(".jp-Notebook .jp-CodeCell").nth(1).locator(".jp-OutputArea-output")
        expect(shown).to_have_text("['r0'] ['r1']")
    finally:
        page.close()
        server.begin_anew()
    # Notebook 7.6 has one of its own as it starts, whatever is installed beside it.
    assert [error for error in errors if "/static/notebook/" not in error] == []
    assert foreign == []
