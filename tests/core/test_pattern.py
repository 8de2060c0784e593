"""Regular expressions that a person types: as re finds, and never for long (fault J4)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core import pattern
from refinery_nb.core.errors import QueryError

EXPLODES = "(a|aa)+$"
LONG = "a" * 60 + "!"
PARTS = ["a", "b", "é", "İ", ".", r"\w", r"\b", "[ab]", "(?:ab)", "^", "$", r"\d", "(?i:A)", "a|b"]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(["", "*", "+", "?", "{1,2}"]))),
    st.text("abABéİi1 \n", max_size=12),
)
def test_what_is_found_is_what_re_finds(parts: list[tuple[str, str]], text: str) -> None:
    repeatable = {"^", "$", r"\b", "a|b"}
    written = "".join(part + ("" if part in repeatable else many) for part, many in parts)
    assert pattern.found(written, text) == (re.search(written, text) is not None)


@pytest.mark.parametrize("wrong", ["(", "[z-a]", "*", 7, None])
def test_what_is_no_pattern_is_refused(wrong: object) -> None:
    with pytest.raises(QueryError, match="is not a regular expression"):
        pattern.check(wrong)


def test_a_pattern_that_explodes_is_stopped_and_the_project_goes_on() -> None:
    project = rn.open(by="ann")
    project.add([{"id": "short", "text": "aaa"}, {"id": "long", "text": LONG}], key="id")
    topic = project.task("topic", ["A"], on="text")
    view = project.where(project["text"].matches(EXPLODES))
    for _ in range(2):
        with pytest.raises(QueryError, match="takes too long"):
            len(view)
    assert len(project.where(project["text"].matches("a$"))) == 1
    topic.label("long", "A")
    assert len(project.where(topic.labeled)) == 1
