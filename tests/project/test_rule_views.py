"""A rule from a view, and the views of a rule's faults."""

from __future__ import annotations

from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, QueryError, SchemaError
from refinery_nb.core.query import AttributeField


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add(
        [{"id": str(n), "text": f"{'late ' * (n % 2)}goal {n}", "n": n} for n in range(10)],
        key="id",
    )
    task = project.task("topic", ["A", "B"], on="text")
    task.add(rn.Lookup("A", ["late"]))
    task.run(progress=False)
    return task


def state(task: rn.Task, name: str) -> tuple[str, int]:
    told = task.run(progress=False).set_index("heuristic").loc[name]
    return str(told["state"]), int(told["votes"])


def test_a_view_becomes_a_rule_and_votes_at_once(topic: rn.Task) -> None:
    project = topic.project
    rule = topic.rule_from(project.where(project["n"] < 4), "B")
    assert rule.name == "filter:B"
    assert topic.hits("filter:B").keys() == ["0", "1", "2", "3"]
    assert topic.conflicts("filter:B").keys() == ["1", "3"]
    assert "filter:B" in repr(topic.report())
    weak = topic.supervise(model="majority")
    assert len(weak) == 5  # on two records there is no majority


def test_a_limited_view_is_meant_with_its_order(topic: rn.Task) -> None:
    project = topic.project
    topic.rule_from(project.view().order_by("n", descending=True).head(2), "B", "last")
    assert topic.hits("last").keys() == ["8", "9"]
    project.add([{"id": "10", "text": "goal 10", "n": 10}])
    assert state(topic, "last") == ("finished", 2)
    assert topic.hits("last").keys() == ["9", "10"]


def test_it_is_brought_up_to_date_when_records_or_votes_changed(topic: rn.Task) -> None:
    project = topic.project
    topic.rule_from(topic.voted("A", heuristic="lookup:A") & (project["n"] > 4), "B", "both")
    assert topic.hits("both").keys() == ["5", "7", "9"]
    assert state(topic, "both") == ("unchanged", 3)
    project.add([{"id": "11", "text": "late again", "n": 11}])
    assert state(topic, "both") == ("finished", 4)
    topic.add(rn.Lookup("A", ["goal 6", "goal 7"]))
    assert state(topic, "both") == ("finished", 2)
    assert topic.hits("both").keys() == ["6", "7"]


def test_other_kernels_see_votes_that_changed_without_a_record(tmp_path: Any) -> None:
    with rn.open(tmp_path / "p", by="ann") as project, rn.open(tmp_path / "p", by="bob") as other:
        project.add([{"id": str(n), "text": f"goal {n}"} for n in range(4)], key="id")
        topic = project.task("topic", ["A"], on="text")
        stars = project.task("stars", ["good"], on="text")
        topic.rule_from(stars.labeled_as("good"), "A", "good")
        assert other.task("topic").hits("good").keys() == []
        stars.label("2", "good")
        assert state(topic, "good") == ("finished", 1)
        assert other.task("topic").hits("good").keys() == ["2"]


def test_filters_on_filters_are_computed_in_order(topic: rn.Task) -> None:
    project = topic.project
    topic.rule_from(project["n"] < 4, "B", "x")
    topic.rule_from(topic.voted(heuristic="x") & (project["n"] > 1), "A", "a")
    topic.rule_from(project["n"] < 3, "B", "x")
    assert state(topic, "a") == ("finished", 1)
    assert topic.hits("a").keys() == ["2"]
    with pytest.raises(HeuristicError, match="own votes"):
        topic.rule_from(topic.voted(heuristic="a"), "B", "x")
    assert topic.hits("x").keys() == ["0", "1", "2"]


def test_a_rule_that_would_depend_on_itself_is_refused(topic: rn.Task) -> None:
    weak = topic.supervise(model="majority")
    for condition, reason in (
        (topic.voted(heuristic="g"), "own votes"),
        (topic.voted("A"), "own votes"),
        (topic.conflicting, "own votes"),
        (topic.conflicts("lookup:A").selection.condition, "own votes"),
        (weak.confidence > 0.5, "weak labels"),
        (~(weak.label == "A"), "weak labels"),
        (topic.project.view().order_by(weak.confidence).head(3), "weak labels"),
        (topic.labeled_as("A"), "manual labels"),
        (topic.reviewed_none, "manual labels"),
        (topic.false_hits("lookup:A"), "manual labels"),
    ):
        with pytest.raises(HeuristicError, match=reason):
            topic.rule_from(condition, "B", "g")
    assert list(topic.heuristics()["heuristic"]) == ["lookup:A"]


def test_a_circle_through_another_task_is_refused(topic: rn.Task) -> None:
    other = topic.project.task("other", ["X"], on="text")
    other.rule_from(topic.voted("A"), "X", "theirs")
    with pytest.raises(HeuristicError, match="own votes"):
        topic.rule_from(other.voted("X"), "A", "mine")


def test_what_makes_no_rule_is_refused(topic: rn.Task) -> None:
    project = topic.project
    spans = project.task("names", ["PER"], on="text", kind="spans")
    with pytest.raises(HeuristicError, match="labels spans"):
        spans.rule_from(project["n"] < 3, "PER")
    with pytest.raises(SchemaError, match="no label"):
        topic.rule_from(project["n"] < 3, "C")
    with pytest.raises(QueryError, match="neither a view"):
        topic.rule_from("n < 3", "A")  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="no attribute"):
        topic.rule_from(AttributeField("m") < 3, "A")
    with rn.open() as elsewhere, pytest.raises(QueryError, match="another project"):
        topic.rule_from(elsewhere.view(), "A")


def test_a_filter_whose_source_is_gone_fails_by_name_and_keeps_its_votes(topic: rn.Task) -> None:
    topic.rule_from(topic.voted(heuristic="lookup:A"), "B", "same")
    topic.remove("lookup:A")
    told = topic.run(progress=False).set_index("heuristic").loc["same"]
    assert told["state"] == "failed"
    assert "lookup:A" in told["message"]
    assert len(topic.hits("same")) == 5


def test_a_renamed_label_is_renamed_in_filters_too(topic: rn.Task) -> None:
    topic.rule_from(topic.voted("A", heuristic="lookup:A"), "B", "same")
    topic.rename_label("A", "Z").apply()
    assert state(topic, "same") == ("unchanged", 5)
    topic.rename_label("B", "Y").apply()
    assert topic.hits("same").keys() == ["1", "3", "5", "7", "9"]
    assert topic.project.where(topic.voted("Y")).keys() == ["1", "3", "5", "7", "9"]


def test_the_views_of_a_rules_faults(topic: rn.Task) -> None:
    """H4: what a rule gets wrong is a view away."""
    topic.label_many({"1": "A", "3": "B", "4": "A", "5": rn.NONE, "6": "B"})
    assert topic.true_hits("lookup:A").keys() == ["1"]
    assert topic.false_hits("lookup:A").keys() == ["3", "5"]
    assert topic.missed("lookup:A").keys() == ["4"]
    assert topic.conflicts("lookup:A").keys() == []
    topic.label("3", "A")
    assert topic.true_hits("lookup:A").keys() == ["1", "3"]
    assert topic.false_hits("lookup:A").title == "lookup:A is wrong on topic"
    assert topic.missed("lookup:A").title == "lookup:A misses a label of topic"
    assert topic.hits("lookup:A").title == "lookup:A votes on topic"
    topic.add(rn.Regex("B", "late goal 7", name="seven"))
    topic.add(rn.Regex("B", "late goal 9", name="nine"))
    topic.run(progress=False)
    assert topic.conflicts("lookup:A").keys() == ["7", "9"]
    assert topic.conflicts("lookup:A", "seven").keys() == ["7"]
    topic.enable("nine", False)
    assert topic.conflicts("lookup:A").keys() == ["7"]
    assert topic.conflicts("lookup:A", "nine").keys() == ["9"]
    assert topic.conflicts("nine", "seven").title == "nine votes against seven"


def test_the_views_of_a_span_rules_faults(project: rn.Project) -> None:
    project.add([{"id": "a", "text": "Ada met Bob"}, {"id": "b", "text": "Ada Lovelace"}], key="id")
    names = project.task("names", ["PER", "ORG"], on="text", kind="spans")
    names.add(rn.Lookup("PER", ["ada"], name="ada"))
    names.add(rn.Lookup("ORG", ["ada lovelace"], name="org"))
    names.run(progress=False)
    names.label("a", [(0, 3, "PER"), (8, 11, "PER")])
    names.label("b", [(0, 12, "PER")])
    assert names.true_hits("ada").keys() == ["a"]
    assert names.false_hits("ada").keys() == ["b"]
    assert names.missed("ada").keys() == ["a"]
    assert names.conflicts("ada").keys() == ["b"]


def test_a_mistyped_heuristic_is_named(topic: rn.Task) -> None:
    for ask in (topic.hits, topic.true_hits, topic.false_hits, topic.missed, topic.conflicts):
        with pytest.raises(HeuristicError, match="Did you mean 'lookup:A'"):
            ask("lookup:B")
    with pytest.raises(HeuristicError, match="no heuristic 'x'"):
        topic.conflicts("lookup:A", "x")
    with pytest.raises(QueryError, match="with itself"):
        topic.conflicts("lookup:A", "lookup:A")
