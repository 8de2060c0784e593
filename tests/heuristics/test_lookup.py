"""Tests of term lists."""

from __future__ import annotations

import random
import re

import pytest

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics import Batch, Lookup, build
from refinery_nb.heuristics.fold import is_whole


def spans(lookup: Lookup, text: str) -> list[str]:
    ballot = lookup.vote(Batch([{"text": text}], ["X"], spans=True, on="text"))
    return [text[start:end] for start, end in zip(ballot.start, ballot.end, strict=True)]


def hits(lookup: Lookup, *texts: str) -> list[int]:
    batch = Batch([{"text": text} for text in texts], ["Y", "X"], on="text")
    ballot = lookup.vote(batch)
    assert set(ballot.label) <= {1}
    return list(ballot.at)


@pytest.mark.parametrize(
    ("term", "text", "surface"),
    [
        ("istanbul", "Welcome to İstanbul!", "İstanbul"),
        ("İstanbul", "in ISTANBUL now", "ISTANBUL"),
        ("fine", "all is ﬁne here", "ﬁne"),
        ("strasse", "die Straße hier", "Straße"),
        ("Straße", "DIE STRASSE HIER", "STRASSE"),
        ("here", "İ ﬁne Straße 💩 here", "here"),
        ("fine", "💩💩 fine", "fine"),
    ],
)
def test_spans_index_the_original_text(term: str, text: str, surface: str) -> None:
    """B6: case folding changes lengths, the offsets stay those of the text."""
    assert spans(Lookup("X", [term]), text) == [surface]


def test_half_of_a_character_is_no_match() -> None:
    """B6: "ß" folds to "ss", but "s" is not in it."""
    assert spans(Lookup("X", ["s"], whole_words=False), "ß") == []
    assert spans(Lookup("X", ["stras"], whole_words=False), "Straße") == []


def test_a_term_is_no_part_of_a_word() -> None:
    assert hits(Lookup("X", ["car"]), "a car.", "carpet", "scar", "car_1", "CAR") == [0, 4]
    assert hits(Lookup("X", ["car"], whole_words=False), "carpet", "scar", "cat") == [0, 1]
    assert hits(Lookup("X", ["हिन्द"]), "हिन्दी", "हिन्द") == [1]


def test_a_term_with_punctuation_has_no_word_boundary_there() -> None:
    assert hits(Lookup("X", ["c++", ".net"]), "in c++11", "asp.net", "c plus") == [0, 1]


def test_case_can_matter() -> None:
    assert hits(Lookup("X", ["US"], case=True), "the US said", "tell us") == [0]


def test_plurals_are_found_if_asked_for() -> None:
    texts = ("a delivery", "deliveries", "boxes", "refunds")
    assert hits(Lookup("X", ["delivery", "box", "refund"], plural=True), *texts) == [0, 1, 2, 3]
    assert hits(Lookup("X", ["delivery", "box", "refund"]), *texts) == [0]


def test_of_overlapping_terms_the_leftmost_longest_is_the_span() -> None:
    lookup = Lookup("X", ["new york", "york times", "new york times", "times"])
    assert spans(lookup, "The New York Times, york times") == ["New York Times", "york times"]
    assert spans(Lookup("X", ["new", "new yorks"]), "new yorkshire") == ["new"]


def test_a_lookup_agrees_with_one_search_for_each_term() -> None:
    chance = random.Random(3)
    terms = ["".join(chance.choices("aßİb ", k=chance.randint(1, 3))).strip() for _ in range(30)]
    terms = [term for term in dict.fromkeys(terms) if term]
    lookup = Lookup("X", terms, case=True)
    for _ in range(300):
        text = "".join(chance.choices("aßİb .", k=12))
        expected = any(
            is_whole(text, *match.span())
            for term in terms
            for match in re.finditer(f"(?={re.escape(term)})", text)
            for match in [re.compile(re.escape(term)).match(text, match.start())]
            if match
        )
        assert bool(hits(lookup, text)) == expected, (terms, text)


def test_a_whole_record_is_looked_at_in_all_its_strings() -> None:
    records = [
        {"id": 4, "title": "late", "body": "x"},
        {"id": 5, "title": None, "body": "too late"},
    ]
    assert list(Lookup("X", ["late"]).vote(Batch(records, ["X"])).at) == [0, 1]
    assert list(Lookup("X", ["late"], on="body").vote(Batch(records, ["X"])).at) == [1]


def test_a_list_of_many_terms_is_quick() -> None:
    """Ten thousand terms cost about what one costs."""
    terms = [f"word{number}" for number in range(10_000)]
    texts = [f"a text with word{number} in it" for number in range(1_000)]
    assert len(hits(Lookup("X", terms), *texts)) == 1_000


def test_a_lookup_is_its_spec() -> None:
    lookup = Lookup("X", ["b", "a", "b"], "words", plural=True, on="text")
    again = build(lookup.spec())
    assert again.spec() == lookup.spec()
    assert again.fingerprint == Lookup("X", ["a", "b"], "words", plural=True, on="text").fingerprint
    assert again.fingerprint != Lookup("X", ["a", "c"], "words", plural=True, on="text").fingerprint


@pytest.mark.parametrize("terms", ["late", [], [" "], [3]])
def test_a_list_that_is_none_is_refused(terms: object) -> None:
    with pytest.raises(HeuristicError):
        Lookup("X", terms)  # type: ignore[arg-type]


def test_an_unknown_label_or_attribute_is_named() -> None:
    with pytest.raises(HeuristicError, match="Did you mean 'Sports'"):
        Lookup("Sprots", ["a"]).vote(Batch([{"text": "a"}], ["Sports"], on="text"))
    with pytest.raises(HeuristicError, match="Did you mean 'text'"):
        Lookup("X", ["a"], on="texts").vote(Batch([{"text": "a"}], ["X"]))
    with pytest.raises(HeuristicError, match="the spans of this task lie in 'text'"):
        Lookup("X", ["a"], on="b").vote(Batch([{"text": "a"}], ["X"], spans=True, on="text"))
