"""Tests of regular expressions as heuristics."""

from __future__ import annotations

import pytest

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics import Batch, Regex, build


def test_a_match_votes_the_label() -> None:
    batch = Batch([{"text": "2-1"}, {"text": "no"}, {"text": None}], ["X"], on="text")
    assert list(Regex("X", r"\d-\d").vote(batch).at) == [0]


def test_every_match_is_a_span_of_its_group() -> None:
    text = "💩 order A-17\r\nand order B-9"
    batch = Batch([{"text": text}], ["X"], spans=True, on="text")
    ballot = Regex("X", r"order (?P<number>\w-\d+)", group="number").vote(batch)
    found = [text[start:end] for start, end in zip(ballot.start, ballot.end, strict=True)]
    assert found == ["A-17", "B-9"]


def test_empty_matches_are_no_spans() -> None:
    batch = Batch([{"text": "abc"}], ["X"], spans=True, on="text")
    assert list(Regex("X", "x*").vote(batch).at) == []


def test_a_group_that_takes_no_part_is_no_vote() -> None:
    batch = Batch([{"text": "a"}, {"text": "b"}], ["X"], on="text")
    assert list(Regex("X", "(a)|b", group=1).vote(batch).at) == [0]


def test_case_can_be_ignored() -> None:
    batch = Batch([{"text": "LATE"}], ["X"], on="text")
    assert not Regex("X", "late").vote(batch).at
    assert list(Regex("X", "late", case=False).vote(batch).at) == [0]


@pytest.mark.parametrize(
    "options", [{"pattern": "("}, {"pattern": "a", "group": 1}, {"pattern": 3}]
)
def test_what_is_no_pattern_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(HeuristicError):
        Regex("X", **options)  # type: ignore[arg-type]


def test_a_regex_is_its_spec() -> None:
    regex = Regex("X", "a(b)", group=1, case=False)
    assert build(regex.spec()).spec() == regex.spec()
    assert build(regex.spec()).fingerprint == regex.fingerprint
    assert Regex("X", "a(b)").fingerprint != regex.fingerprint


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(HeuristicError, match="Did you mean 'regex'"):
        build({"kind": "regexp"})
    with pytest.raises(HeuristicError, match="lacks 'pattern'"):
        build({"kind": "regex", "label": "X", "name": "x"})
