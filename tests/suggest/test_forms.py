"""Forms of rules: what texts give rise to, and that each is found again, in linear time."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refinery_nb.suggest.forms import KINDS, Key, counted, form, read
from refinery_nb.suggest.search import Texts
from refinery_nb.suggest.spans import marked

WORDS = ["city", "cities", "box", "boxes", "how", "many", "3-2", "$4.50", "1,000", "19th", "50%"]
PIECES = st.sampled_from([*WORDS, "Über", "STRASSE", "c++", "(new)", "a.b", "don't", "!", "—"])
TEXTS = st.lists(PIECES, max_size=6).map(" ".join) | st.text(max_size=20)


@given(text=TEXTS)
def test_every_form_of_a_text_is_found_in_it(text: str) -> None:
    every = Texts([text], np.zeros(1, dtype=np.int64))
    for key in read(text, KINDS):
        found = form(key)
        if key.kind == "prefix" or text != text.casefold():
            # A prefix stands for other words too; folding may change the length of a text.
            assert found.compiled()
            continue
        (where,) = every.candidates([found])
        assert where.tolist() == [0], (key, found)
        assert every.hits(found, where).tolist() == [0], (key, found)


@pytest.mark.parametrize(
    ("key", "pattern", "yes", "no"),
    [
        (Key("digits", "0-0"), r"\b\d+-\d+\b", "won 3-12 today", "3 - 2"),
        (Key("digits", "$0.0"), r"\$\d+.\d+\b", "for $4.50", "4.50"),
        (Key("digits", "0%"), r"\b\d+%", "only 5%", "5 %"),
        (Key("starts", "how many"), r"\A\W*how many\b", "“How many are", "so how many"),
        (Key("prefix", "astro"), r"\bastro\w*", "Astronomy", "gastronomy"),
        (Key("plural", "planet"), r"\bplanets?\b", "two planets", "planetary"),
        (Key("plural", "box"), r"\bbox(?:es)?\b", "Boxes", "boxer"),
        (Key("plural", "city"), r"\bcit(?:y|ies)\b", "cities", "citys"),
    ],
)
def test_patterns_read_well_and_match_what_they_mean(
    key: Key, pattern: str, yes: str, no: str
) -> None:
    found = form(key)
    assert found.text.replace(r"\.", ".") == pattern
    assert found.compiled().search(yes)
    assert not found.compiled().search(no)


def test_a_term_is_a_whole_word_with_what_it_holds_taken_literally() -> None:
    found = form(Key("term", "late goal"))
    assert found.kind == "ngram"
    assert found.compiled().search("a LATE goal.")
    assert not found.compiled().search("late  goal")
    assert not found.compiled().search("late goals")


def test_prefixes_and_plurals_need_two_different_words() -> None:
    same = counted({0: ["planet"], 1: ["planet"]}, KINDS)
    assert Key("plural", "planet") not in same
    both = counted({0: ["planet"], 1: ["planets"]}, KINDS)
    assert both[Key("plural", "planet")] == [0, 1]
    assert Key("prefix", "plane") not in both  # one letter more is no other beginning


@pytest.mark.parametrize(
    "key",
    [
        Key("digits", "0-0"),
        Key("digits", "0,0,0"),
        Key("digits", "in 0"),
        Key("digits", "0th"),
        Key("starts", "who"),
        Key("prefix", "aaaaa"),
        Key("plural", "aaa"),
        Key("term", "aaa aaa"),
    ],
    ids=str,
)
def test_no_pattern_is_slow_on_a_text_made_to_be(key: Key) -> None:
    """H4: a pattern that backtracks would need ages here; the suite's limit would end it."""
    pattern = form(key).compiled()
    for text in ("1" * 300_000, "1,1-" * 100_000, " " * 300_000, "a" * 300_000, "aaa " * 100_000):
        assert len(pattern.findall(text + "!")) >= 0
    assert not re.search(r"[*+]\)?[*+]", pattern.pattern)


def test_a_span_rule_marks_its_group() -> None:
    found = form(Key("digits", "0"))
    assert list(marked(found, "in 1999 and 3")) == [(3, 7), (12, 13)]
