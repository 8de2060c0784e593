"""Quotes of a language model are where they are said to be, or nowhere."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics import prompt
from refinery_nb.heuristics.quotes import PLAIN, locate

LETTERS = st.text(st.sampled_from("ab. \n\t\u00a0é💩’'-–0"), max_size=25)


def squeezed(text: str) -> str:
    return " ".join(text.translate(PLAIN).split())


@given(LETTERS, LETTERS)
def test_what_is_found_says_what_was_quoted(text: str, quote: str) -> None:
    spans = locate(text, quote)
    for start, end in spans:
        assert 0 <= start < end <= len(text)
        assert squeezed(text[start:end]) == squeezed(quote)
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
    assert spans == sorted(spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


@given(LETTERS, st.data())
def test_every_part_of_a_text_is_found_in_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    quote = text[start : data.draw(st.integers(start, len(text)))]
    if quote.strip():
        found = locate(text, re.sub(r"\s+", data.draw(st.sampled_from([" ", "\n ", "\t"])), quote))
        assert found


@given(LETTERS, LETTERS)
def test_what_is_not_found_stands_nowhere(text: str, quote: str) -> None:
    wanted = squeezed(quote)
    everywhere = [
        (start, end)
        for start in range(len(text))
        for end in range(start + 1, len(text) + 1)
        if wanted and squeezed(text[start:end]) == wanted
    ]
    assert bool(locate(text, quote)) == bool(everywhere)
    assert set(locate(text, quote)) <= set(everywhere)


@given(LETTERS.filter(str.strip), st.lists(st.sampled_from(["A", "B"]), max_size=3), st.data())
def test_spans_written_as_an_example_are_read_back(
    text: str, labels: list[str], data: st.DataObject
) -> None:
    spans = []
    for label in labels:
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        if (start, end) in locate(text, text[start:end]):
            spans.append((start, end, label))
    made = prompt.make(
        "spans",
        task="t",
        guideline="",
        labels=["A", "B"],
        descriptions={},
        examples=[(text, spans)],
    )
    ((_, answer),) = made.examples
    read, faults = prompt.read_spans(made, answer, text)
    assert faults == []
    assert read == sorted(set(spans))


@given(st.text(st.sampled_from("<>/text-1 \nTEXTé"), max_size=60))
def test_a_text_never_closes_its_own_tag(text: str) -> None:
    enclosed = prompt.enclosed(text)
    head, last = enclosed.split("\n")[0], enclosed.split("\n")[-1]
    assert last == f"</{head[1:]}"
    assert text.casefold().count(last.casefold()) == 0
    assert text.casefold().count(head.casefold()) == 0
    assert enclosed[len(head) + 1 : -len(last) - 1] == text


@given(st.text(max_size=80))
def test_what_is_no_answer_is_a_short_error(answer: str) -> None:
    made = prompt.make("label", task="t", guideline="", labels=["A"], descriptions={})
    with pytest.raises(HeuristicError) as caught:
        prompt.read_label(made, answer)
    assert len(str(caught.value)) < 500


def test_deep_nesting_and_long_quotes_are_no_answer() -> None:
    made = prompt.make("spans", task="t", guideline="", labels=["A"], descriptions={})
    with pytest.raises(HeuristicError, match="no JSON object"):
        prompt.read_spans(made, '{"spans": ' + "[" * 100_000, "x")
    span = {"quote": "a " * 50_000, "label": "A", "occurrence": None}
    assert prompt.read_spans(made, json.dumps({"spans": [span]}), "a " * 49_999)[0] == []
    for bad in (True, "2", 1.5, 0, -1):
        span = {"quote": "a", "label": "A", "occurrence": bad}
        spans, (fault,) = prompt.read_spans(made, json.dumps({"spans": [span]}), "a a")
        assert spans == []
        assert fault


def test_a_label_that_is_called_none_is_not_taken_for_no_label() -> None:
    made = prompt.make("name", task="t", guideline="", labels=["None", "b"], descriptions={})
    assert made.nothing == "no label"
    assert '"no label" if none of them fits' in made.instructions
