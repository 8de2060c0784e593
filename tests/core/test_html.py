"""HTML of tables: whatever a text holds, a reader sees that text and nothing else is made."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refinery_nb.core.html import (
    Html,
    bar,
    block,
    bold,
    code,
    joined,
    paragraph,
    quiet,
    table,
    tinted,
    whisker,
)

# HTML has no form for these; they are not allowed in names, and replaced in a page.
PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc")))


class Seen(HTMLParser):
    def __init__(self, shown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.titles: list[str] = []
        self.text = ""
        self._style = False
        self.feed(shown)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._style = tag == "style"
        self.titles += [value or "" for name, value in attrs if name == "title"]
        assert {name for name, _ in attrs} <= {"class", "style", "title", "colspan", "tabindex"}

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.text += data


@given(PLAIN, PLAIN)
def test_any_text_is_seen_as_it_is_and_makes_nothing(name: str, other: str) -> None:
    shown = block(
        paragraph(bold(name)),
        table([(name, "name"), (other, "text")], [[name, other], [quiet(other), code(name)]]),
        tinted(other, 0.5, wrong=True),
    )
    seen = Seen(shown)
    assert set(seen.tags) <= {
        *("div", "style", "p", "b", "span", "code"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    assert seen.text == name + name + other + name + other + other + name + other
    assert seen.titles == [name]


def test_what_is_html_already_is_not_escaped_again() -> None:
    assert joined(bold("a"), "<") == "<b>a</b>&lt;"
    assert isinstance(joined("a"), Html)


@pytest.mark.parametrize("share", [-1.0, 0.0, 0.5, 1.0, 7.0])
def test_a_bar_never_leaves_its_ground(share: float) -> None:
    width = float(bar(share).split("width:")[1].split("%")[0])
    assert 0 <= width <= 100


def test_what_is_not_known_is_not_drawn() -> None:
    assert whisker(float("nan"), 0, 1) == ""
    assert "—" not in table([("a", "number")], [[1]])
    assert "nothing" in table([("a", "number")], [], empty="nothing")


def test_jupyterlab_does_not_typeset_what_stands_in_a_table() -> None:
    assert "mathjax_ignore" in block("$x$").split(">")[0]
