"""What nbconvert makes of an executed guide can be read without scripts and without a network."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

from tests.notebooks.guides import GUIDES, executed

QUICK = ("02_heuristics", "05_search_and_active_learning")  # of these always, of all by -m guides
WIDGET = "application/vnd.jupyter.widget-view+json"
CHOSEN = [
    pytest.param(path, marks=() if path.stem in QUICK else pytest.mark.guides, id=path.stem)
    for path in GUIDES
]


class Reader(HTMLParser):
    """Collects what is read, and what would be fetched to show it; leaves scripts out."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.fetched: list[str] = []
        self.tables = 0
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tables += tag == "table"
        if tag in ("script", "style"):
            self._inside = tag
        elif tag in ("img", "iframe", "embed", "object", "video", "source", "link"):
            targets = [given.get(name) or "" for name in ("src", "href", "data")]
            self.fetched += [one for one in targets if one.startswith(("http:", "https:", "//"))]

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.text.append(data)


def reading(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def words(reader: Reader) -> str:
    return " ".join("".join(reader.text).split())


@pytest.mark.parametrize("path", CHOSEN)
def test_an_executed_guide_can_be_read_as_a_page_alone(path: Path, tmp_path: Path) -> None:
    book = executed(path, tmp_path)
    page, _ = HTMLExporter().from_notebook_node(book)
    read = reading(page)
    assert read.fetched == []
    shown = words(read)
    stills = [one.data for one in outputs(book) if WIDGET in one.get("data", {})]
    assert stills, "a guide without a widget"
    for still in stills:
        inner = reading(still["text/html"])
        assert len(words(inner)) > 40
        assert words(inner) in shown
    tables = [one for one in outputs(book) if "<table" in one.get("data", {}).get("text/html", "")]
    assert read.tables >= len(tables) > 0


def outputs(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [one for cell in book.cells for one in cell.get("outputs", [])]
