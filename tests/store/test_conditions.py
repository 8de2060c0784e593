"""Conditions one by one: what they refuse, hostile names and values, and what is kept between."""

from __future__ import annotations

import functools
import operator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.core import query
from refinery_nb.core.errors import QueryError, SchemaError
from refinery_nb.core.votes import Votes
from refinery_nb.store import heuristics, indexes, weak


@pytest.fixture
def filled(project: rn.Project) -> rn.Project:
    project.add(
        [
            {"id": str(n), "text": f"late goal number {n}", "n": n, "yes": True, "tags": ["a"]}
            for n in range(10)
        ],
        key="id",
    )
    project.task("t", ["A"], on="text")
    return project


HOSTILE = ["'", '"', "%", "_", "\\", "a\x00b", "late\x00", "'; DROP TABLE record; --"]


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_is_more_than_a_value(filled: rn.Project, value: str) -> None:
    text = filled["text"]
    for condition in (
        text == value,
        text.contains(value),
        text.startswith(value),
        text.isin([value]),
    ):
        assert len(filled.where(condition)) == 0
    assert len(filled) == 10


@pytest.mark.parametrize(
    "make",
    [
        lambda p: p["text"] == 5,
        lambda p: p["n"] == "5",
        lambda p: p["n"] == True,  # noqa: E712
        lambda p: p["n"].contains("1"),
        lambda p: p["n"] > float("nan"),
        lambda p: p["text"] == "\ud800",
        lambda p: query.Labelled("nobody"),
        lambda p: query.Voted("t", "no rule"),
        lambda p: query.Voted("t", None, "no label"),
        lambda p: query.Conflicting("nobody"),
        lambda p: query.Compare(query.AttributeField("txet"), "=", "x"),
        lambda p: query.LengthField("n") > 3,
        lambda p: query.LengthField("text") > "3",
        lambda p: query.LengthField("text").contains("3"),
        lambda p: query.RandomField(0) > 0.5,
        lambda p: query.WeakField("t", 99, "confidence") > 0.5,
        lambda p: p["text"].isin([None, "late"]),
        lambda p: p["yes"] > True,
        lambda p: p["tags"] == "a",
    ],
)
def test_a_comparison_that_makes_no_sense_is_refused(filled: rn.Project, make: Any) -> None:
    with pytest.raises((QueryError, SchemaError)):
        len(filled.where(make(filled)))


def test_a_mistyped_attribute_gets_a_proposal(filled: rn.Project) -> None:
    with pytest.raises(QueryError, match="Did you mean 'text'"):
        len(filled.where(query.Compare(query.AttributeField("txet"), "=", "x")))


@pytest.mark.parametrize("make", [lambda f: f.isin("late"), lambda f: f.isin(5)])
def test_isin_takes_a_list(filled: rn.Project, make: Any) -> None:
    with pytest.raises(QueryError, match=r"isin\(\[\.\.\.\]\)"):
        make(filled["text"])


@pytest.mark.parametrize("pattern", ["(", 5])
def test_what_is_no_regular_expression_is_refused(filled: rn.Project, pattern: Any) -> None:
    with pytest.raises(QueryError, match="regular expression"):
        filled["text"].matches(pattern)


NUL = ["a\x00b", "a\x00c", "a"]


def test_values_with_a_nul_are_whole_values(project: rn.Project) -> None:
    project.add([{"id": str(n), "text": text} for n, text in enumerate(NUL)], key="id")
    text = project["text"]
    assert project.where(text == "a\x00b").keys() == ["0"]
    assert project.where(text.isin(["a\x00b", "none"])).keys() == ["0"]
    assert project.where(text.isin(NUL[:2])).keys() == ["0", "1"]
    assert project.where(text.endswith("C")).keys() == ["1"]
    assert project.where(text.contains("\x00c", case=True)).keys() == ["1"]
    assert project.where(text.matches("\x00[ab]")).keys() == ["0"]
    assert project.where(query.LengthField("text") == 3).keys() == ["0", "1"]
    assert project.where(query.Keys(("0\x00",))).keys() == []


def test_numpy_scalars_and_infinities_are_numbers(project: rn.Project) -> None:
    values = [0.1, 2.0, None, 1 / 3]
    project.add([{"id": str(n), "x": x, "n": n} for n, x in enumerate(values)], key="id")
    assert project.where(project["n"] == np.int64(2)).keys() == ["2"]
    assert project.where(project["n"].isin(np.arange(2))).keys() == ["0", "1"]
    assert project.where(project["x"].isin(np.array([0.1, 1 / 3]))).keys() == ["0", "3"]
    assert project.where(project["x"].isin([float("inf"), 2])).keys() == ["1"]
    assert project.where(project["x"] < float("inf")).keys() == ["0", "1", "3"]
    assert project.where(project["n"] < 2**70).keys() == ["0", "1", "2", "3"]


NAMES = ["label", "id", "rowid", "select", "a]b", 'a"b', "💩", "x" * 300, "record", "a1", "key"]


@pytest.mark.parametrize("name", NAMES)
def test_an_attribute_may_have_any_name(project: rn.Project, name: str) -> None:
    """C4."""
    project.add(
        [{"my key": str(n), "other": "z", name: f"Word{n}"} for n in range(3)], key="my key"
    )
    assert project.where(project[name] == "Word1").keys() == ["1"]
    assert project.where(project[name].contains("WORD1")).keys() == ["1"]
    assert project.view().order_by(name, descending=True).keys() == ["2", "1", "0"]
    assert project.search("word2").keys() == ["2"]
    assert project.where(query.LengthField(name) == 5).order_by(name).head(1).keys() == ["0"]


def test_a_thousand_conditions_joined_in_a_loop_are_answered(filled: rn.Project) -> None:
    n = filled["n"]
    assert len(filled.where(functools.reduce(operator.or_, [n == i for i in range(2_000)]))) == 10
    assert (
        len(filled.where(functools.reduce(operator.and_, [n != i for i in range(5, 2_000)]))) == 5
    )


def test_conditions_deeper_than_sqlite_takes_are_refused_in_our_words(filled: rn.Project) -> None:
    for depth in (300, 5_000):
        condition = filled["n"] >= 0
        for _ in range(depth):
            condition = ~(condition & (filled["n"] < 5))
        with pytest.raises(QueryError, match="too many parts"):
            len(filled.where(condition))


def test_a_query_may_use_more_outside_columns_than_are_kept(filled: rn.Project) -> None:
    for name in "abcdefghijklmnopqrstuvwxyz":
        with filled.database.write() as connection:
            heuristics.save(connection, filled.task("t").id, name, {"kind": "lookup"}, name, at="")
    every = [query.Voted("t", name) for name in "abcdefghijklmnopqrstuvwxyz"]
    for _ in range(2):
        assert len(filled.where(functools.reduce(operator.or_, every))) == 0
        assert len(filled.where(~functools.reduce(operator.or_, every))) == 10
    with filled.database.read() as connection:
        assert len(connection.derived) <= len(every)


def test_a_rolled_back_write_takes_no_column_away(filled: rn.Project) -> None:
    """In memory, views read through the writer: what it rolls back must be asked anew."""
    condition = query.Voted("t")

    def ask_and_fail() -> None:
        with filled.database.write():
            assert len(filled.where(condition)) == 0
            raise RuntimeError

    with pytest.raises(RuntimeError):
        ask_and_fail()
    assert len(filled.where(condition)) == 0


def test_a_renamed_label_is_another_question(filled: rn.Project) -> None:
    task = filled.task("t", ["A", "B"])
    ids = [label.id for label in task.schema.labels]
    with filled.database.write() as connection:
        weak.save(connection, task.id, "test", {}, Votes.of([1, 2], ids), at="")
    run = task.runs()[-1]
    assert filled.where(run.label == "A").keys() == ["0"]
    for old, new in (("A", "C"), ("B", "A")):
        task.rename_label(old, new).apply()
    assert filled.where(run.label == "A").keys() == ["1"]


def test_a_switched_off_heuristic_votes_only_when_asked_by_name(filled: rn.Project) -> None:
    task = filled.task("t")
    label = task.schema.labels[0].id
    with filled.database.write() as connection:
        heuristics.save(connection, task.id, "h", {"kind": "lookup"}, "h", at="")
        (one,) = heuristics.heuristics(connection, task.id)
        votes = Votes.of([1], [label])
        heuristics.save_votes(connection, one.version, votes, state="finished", message="", seen=1)
    assert filled.where(task.voted()).keys() == ["0"]
    with filled.database.write() as connection:
        heuristics.enable(connection, one.id, False)
    assert filled.where(task.voted()).keys() == []
    assert filled.where(task.voted(heuristic="h")).keys() == ["0"]


def test_a_stale_span_is_no_label(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "Anna called"}, {"id": "2", "text": "Bob called"}], key="id")
    who = project.task("who", ["PERSON"], on="text", kind="spans")
    who.label("1", [(0, 4, "PERSON")])
    who.label("2", [(0, 3, "PERSON")])
    project.add([{"id": "1", "text": "Nobody called"}])
    assert project.where(who.labeled).keys() == ["2"]
    assert project.where(who.unlabeled).keys() == ["1"]
    assert project.where(who.labeled_as("PERSON")).keys() == ["2"]


def test_read_only_connections_answer_outside_columns(tmp_path: Path) -> None:
    with rn.open(tmp_path / "p", by="ann") as project:
        project.add([{"id": str(n), "n": n} for n in range(20)], key="id")
        task = project.task("t", ["A", "B"])
        label = task.schema.labels[0].id
        with project.database.write() as connection:
            scores = [(n % 5) / 5 for n in range(15)]
            votes = Votes.of(list(range(1, 16)), [label] * 15, scores)
            weak.save(connection, task.id, "test", {}, votes, at="")
        run = task.runs()[-1]
        view = project.where(run.confidence >= 0.6)
        for _ in range(2):
            assert view.keys() == ["3", "4", "8", "9", "13", "14"]
            assert view.order_by(run.confidence, descending=True).keys()[:2] == ["4", "9"]
        every = project.view().order_by(run.confidence).keys()
        assert every[:3] == ["0", "5", "10"]
        assert every[-5:] == ["15", "16", "17", "18", "19"]


def test_an_index_is_made_once_it_is_worth_it(
    filled: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def names() -> set[str]:
        with filled.database.read() as connection:
            return {row[0] for row in connection.execute(indexes.INDEXES)}

    few = filled.where(filled["n"] == 3).order_by("yes")
    assert few.keys() == ["3"]
    assert names() == set()
    monkeypatch.setattr(indexes, "WORTH_IT", 5)
    ids = {attribute.name: attribute.id for attribute in filled.attributes}
    assert few.keys() == ["3"]
    assert names() == {f"ix_a{ids['n']}_a{ids['yes']}"}
    filled.view().order_by("text").keys()
    filled.where(filled["text"] == "late").keys()
    assert len(names()) == 1  # texts are long
    monkeypatch.setattr(indexes, "MOST", 1)
    assert filled.where(filled["n"].between(2, 4)).keys() == ["2", "3", "4"]
    assert len(names()) == 1
