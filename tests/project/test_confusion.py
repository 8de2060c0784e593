"""The records behind a cell as a condition: named, kept as JSON, and no rule of its own task."""

from __future__ import annotations

import json

import pytest

import refinery_nb as rn
from refinery_nb.core.condition_json import from_json, to_json, with_label_renamed
from refinery_nb.core.errors import HeuristicError, QueryError, SchemaError
from refinery_nb.core.query import Paired
from refinery_nb.project.quality.confusion import compare
from refinery_nb.project.quality.sources import sources


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add([{"id": str(n), "text": f"late {n}"} for n in range(6)], key="id")
    task = project.task("topic", ["A", "B"], on="text")
    task.add(rn.Lookup("A", ["late"], name="late"))
    task.add(rn.Regex("B", "[0-2]", name="few"))
    task.run(progress=False)
    task.label_many({"0": "A", "1": "B", "2": rn.NONE})
    return task


def test_a_cell_is_a_condition_like_others(topic: rn.Task) -> None:
    project = topic.project
    view = compare(topic, "gold", "late").view(1, 0)
    assert view.title == "manual B, late A"
    assert view.keys() == ["1"]
    either = project.where(Paired("topic", "heuristic:late", "heuristic:few", "A", None, "records"))
    assert either.keys() == ["3", "4", "5"]
    assert (either | view).keys() == ["1", "3", "4", "5"]
    assert (~either & topic.unlabeled).keys() == []
    assert (view.head(1) & either).keys() == []


def test_a_cell_is_kept_as_json_and_follows_a_renamed_label(topic: rn.Task) -> None:
    condition = Paired("topic", "gold", "heuristic:late", "B", None, "records")
    document = json.loads(json.dumps(to_json(condition)))
    assert from_json(document) == condition
    renamed = from_json(with_label_renamed(document, "topic", "B", "Money"))
    assert renamed == Paired("topic", "gold", "heuristic:late", "Money", None, "records")
    assert from_json(with_label_renamed(document, "other", "B", "Money")) == condition


def test_a_cell_of_its_own_task_is_no_rule(topic: rn.Task) -> None:
    """Its votes would change the matrix, and the manual labels would vote."""
    view = compare(topic, "gold", "late").view(1, 0)
    with pytest.raises(HeuristicError, match="confusion matrix"):
        topic.rule_from(view, "B", name="cheat")
    other = topic.project.task("other", ["X"], on="text")
    other.rule_from(view, "X", name="elsewhere")
    other.run(progress=False)
    assert topic.project.where(other.voted("X")).keys() == ["1"]


@pytest.mark.parametrize(
    ("condition", "error"),
    [
        (Paired("nothing", "gold", "heuristic:late", "A", "A", "records"), QueryError),
        (Paired("topic", "gold", "heuristic:gone", "A", "A", "records"), QueryError),
        (Paired("topic", "gold", "heuristic:late", "C", "A", "records"), SchemaError),
        (Paired("topic", "gold", "heuristic:late", "A", "A", "tokens"), QueryError),
    ],
)
def test_what_does_not_exist_is_said(
    topic: rn.Task, condition: Paired, error: type[Exception]
) -> None:
    with pytest.raises(error):
        topic.project.where(condition).keys()


def test_sources_are_what_has_spoken(topic: rn.Task) -> None:
    topic.add(rn.Lookup("A", ["x"], name="not yet run"))
    first, last = topic.supervise(model="majority"), topic.supervise(model="weighted")
    found = sources(topic)
    assert [one.id for one in found] == [
        "gold",
        f"run:{last.id}",
        f"run:{first.id}",
        "heuristic:late",
        "heuristic:few",
        "person:ann",
    ]
    assert compare(topic, "gold", "weak").columns.id == f"run:{last.id}"
    assert compare(topic, "gold", first).columns.title == f"Run {first.id} (majority)"
    with pytest.raises(QueryError, match="has not voted yet"):
        compare(topic, "gold", "not yet run")


def test_a_matrix_of_machines_counts_every_record(topic: rn.Task) -> None:
    found = compare(topic, "late", "few").frame()
    assert found.to_numpy().sum() == 6
    assert found.loc["A", "abstains"] == 3
    topic.enable("few", False)
    assert compare(topic, "late", "few").frame().equals(found)


def test_removed_labels_and_stale_spans_do_not_count(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "Ann Lee"}, {"id": "2", "text": "Bo"}], key="id")
    names = project.task("names", ["PER", "ORG"], on="text", kind="spans")
    names.label_many({"1": [(0, 3, "PER")], "2": [(0, 2, "PER")]})
    names.label_many({"1": [(0, 3, "PER")], "2": []}, by="ben")
    both = compare(names, "ann", "ben", level="spans")
    assert both.frame().loc["PER"].tolist() == [1, 0, 1]
    project.add([{"id": "1", "text": "Changed"}], key="id")
    assert compare(names, "ann", "ben", level="spans").confusion.judged.tolist() == [2]
