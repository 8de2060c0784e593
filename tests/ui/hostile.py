"""Names and texts that are to be shown as they are, whatever a page could make of them."""

from __future__ import annotations

from tests.ui.lab import Notebook

HOSTILE = [
    "<img src=x onerror=window.hit=1>",
    "<script>window.hit=1</script>",
    "<svg/onload=window.hit=1>",
    "<a href='javascript:window.hit=1'>x</a>",
    "${{7*7}} </textarea><button data-commandlinker-command='x'>",
    "$x^2$ and \\(y\\)",
]
MADE = (
    ".jp-OutputArea :is(img[src='x'], [onerror], [onload], [data-commandlinker-command],"
    " a[href^='javascript'], mjx-container, script)"
)


def nothing_was_made(notebook: Notebook) -> None:
    """No code ran, and no element was made of a name or text."""
    assert notebook.page.evaluate("() => window.hit") is None
    made = notebook.page.locator(MADE)
    assert made.evaluate_all("all => all.map(one => one.outerHTML.slice(0, 200))") == []
