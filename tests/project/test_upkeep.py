"""Calculated attributes follow records and functions by themselves where that is quick."""

from __future__ import annotations

from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.project.attributes import calculate, upkeep
from refinery_nb.project.rules import foreign
from refinery_nb.store import attributes as stored
from tests.project.test_attributes import column


@pytest.fixture
def filled(project: rn.Project) -> rn.Project:
    project.add([{"id": f"r{n}", "text": f"text {'x ' * n}"} for n in range(6)], key="id")
    return project


def counted(filled: rn.Project, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Return a list that grows by (attribute, records) as something is calculated."""
    seen: list[tuple[str, int]] = []
    plain = calculate.brought_up

    def noted(project: rn.Project, row: Any, **options: Any) -> Any:
        told = plain(project, row, **options)
        seen.append((row.name, told[1]))
        return told

    monkeypatch.setattr(calculate, "brought_up", noted)
    return seen


def test_it_follows_what_is_added_and_edited_and_nothing_else(
    filled: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    @filled.attribute(type="integer")
    def size(record: Any) -> Any:
        return len(record["text"])

    seen = counted(filled, monkeypatch)
    filled.add([{"id": "a", "text": "abc"}])
    assert (seen, filled.fields.outdated()) == ([], {"size": 7})  # nobody has asked for it yet
    assert "size: 7 of 7 records are not calculated yet: project.fields.calculate('size')" in (
        repr(filled.fields)
    )
    filled.fields.calculate(progress=False)
    filled.add([{"id": "b", "text": "abcd"}, {"id": "a", "text": "abcde"}])
    edit = filled.edit("r0", text="x")
    edit.apply()
    assert seen == [("size", 7), ("size", 2), ("size", 1)]
    assert filled.records().loc[["a", "b", "r0"], "size"].tolist() == [5, 4, 1]
    assert filled.fields.outdated() == {}
    filled.fields["size"].show(browser=False)
    assert len(seen) == 3
    assert "out of date" not in repr(filled)


def test_what_is_much_waits_to_be_asked_and_is_told(
    filled: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    @filled.attribute(type="integer")
    def size(record: Any) -> Any:
        return len(record["text"])

    filled.fields.calculate(progress=False)
    monkeypatch.setattr(upkeep, "MOST", 2)
    filled.add([{"id": f"n{n}", "text": "ab"} for n in range(3)])
    assert filled.fields.outdated() == {"size": 3}
    line = "size: 3 of 9 records are out of date: project.fields.calculate('size')"
    assert line in repr(filled)
    assert line in repr(filled.fields)
    assert filled.fields.calculate(progress=False)["records"].item() == 3
    assert filled.fields.outdated() == {}
    monkeypatch.setattr(upkeep, "MOST", 1_000)
    monkeypatch.setattr(upkeep, "SECONDS", 0.0)
    filled.add([{"id": f"m{n}", "text": "ab"} for n in range(600)])
    late = filled.fields.outdated()
    assert late in ({"size": 600}, {})  # given up before its end, or it was quicker
    filled.fields.calculate(progress=False)
    assert set(column(filled, "size")[-600:]) == {2}


def test_errors_while_it_follows_are_those_of_calculating(filled: rn.Project) -> None:
    @filled.attribute(type="integer")
    def size(record: Any) -> Any:
        if record["text"] == "stop":
            raise SystemExit
        return 10 // (len(record["text"]) - 3)

    filled.fields.calculate(progress=False)
    filled.add([{"id": "a", "text": "abc"}, {"id": "b", "text": "abcd"}])
    assert filled.fields["size"].errors()["key"].tolist() == ["a"]
    assert filled.records().loc["b", "size"] == 10
    filled.add([{"id": "c", "text": "stop"}])
    assert "size: 1 of 9 records are out of date (size: raised SystemExit" in repr(filled)
    filled.add([{"id": "d", "text": "abcd"}])  # what failed is not tried again by itself
    assert filled.fields.outdated() == {"size": 2}

    @filled.attribute(type="integer", name="size")
    def mended(record: Any) -> Any:
        return len(record["text"])

    filled.fields.calculate(progress=False)
    assert filled.records().loc[["a", "c"], "size"].tolist() == [3, 4]


def test_two_that_use_each_other_do_not_chase_each_other_for_ever(filled: rn.Project) -> None:
    @filled.attribute(type="integer")
    def one(record: Any) -> Any:
        return (record.get("two") or 0) + 1

    @filled.attribute(type="integer")
    def two(record: Any) -> Any:
        return (record.get("one") or 0) + 1

    filled.fields.calculate(progress=False)
    filled.edit("r0", text="x").apply()
    assert "out of date" in repr(filled)


def test_code_of_somebody_else_does_not_follow(filled: rn.Project) -> None:
    @filled.attribute(type="integer")
    def theirs(record: Any) -> Any:
        return len(record["text"])

    filled.fields.calculate(progress=False)
    with filled.database.write() as connection:
        foreign.mark(connection, [stored.calculated(connection)["theirs"].spec])
    filled.add([{"id": "a", "text": "abc"}])
    assert filled.fields.outdated() == {"theirs": 1}
    assert "1 of 7 records are out of date: project.fields.trust('theirs')" in repr(filled)


def test_a_value_that_follows_is_seen_by_rules_and_views(filled: rn.Project) -> None:
    @filled.attribute(type="integer")
    def size(record: Any) -> Any:
        return len(record["text"])

    filled.fields.calculate(progress=False)
    task = filled.task("topic", ["Long"], on="text")
    task.rule_from(filled.where(filled["size"] > 12), "Long", name="long")
    task.run(progress=False)
    before = filled.where(task.voted("Long")).keys()
    filled.edit("r0", text="a text that is long enough").apply()
    task.run(progress=False)
    assert filled.where(task.voted("Long")).keys() == sorted(["r0", *before])
