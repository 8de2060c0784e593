"""Tests of a person as a heuristic."""

from __future__ import annotations

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, SchemaError
from refinery_nb.heuristics import Batch, build

ROWS = [{"id": f"r{n}", "text": f"Ann met Bob {n}"} for n in range(6)]


@pytest.fixture
def task(project: rn.Project) -> rn.Task:
    project.add(ROWS, key="id")
    return project.task("topic", ["yes", "no"], on="text")


@pytest.fixture
def names(project: rn.Project) -> rn.Task:
    project.add(ROWS, key="id")
    return project.task("names", ["PER", "ORG"], on="text", kind="spans")


def votes(task: rn.Task, name: str) -> dict[int, str]:
    column = task.project.columns.of_task(task.schema)[name]
    return {
        record: task.schema.label_name(label)
        for record, label in zip(column.record.tolist(), column.label.tolist(), strict=True)
    }


def test_the_votes_are_the_labels_and_follow_them(task: rn.Task) -> None:
    task.label_many({"r0": "yes", "r1": "no", "r2": rn.NONE}, by="bob")
    task.label("r3", "yes", by="eve")
    task.add(rn.Annotator("bob"))
    assert votes(task, "annotator:bob") == {1: "yes", 2: "no"}
    task.label("r4", "no", by="bob")
    task.label("r0", "no", by="bob")
    assert votes(task, "annotator:bob") == {1: "no", 2: "no", 5: "no"}
    task.undo(by="bob")
    assert votes(task, "annotator:bob") == {1: "yes", 2: "no", 5: "no"}
    task.label("r1", None, by="bob")
    assert votes(task, "annotator:bob") == {1: "yes", 5: "no"}


def test_nothing_needs_to_be_run_before_a_report_a_view_or_weak_labels(task: rn.Task) -> None:
    task.add(rn.Annotator("bob", confidence=0.8))
    task.label("r5", "yes", by="bob")
    assert task.report()["hits"].tolist() == [1]
    assert task.project.where(task.voted(heuristic="annotator:bob")).keys() == ["r5"]
    assert task.supervise().frame().dropna()["key"].tolist() == ["r5"]
    task.label("r4", "no", by="bob")
    assert len(task.supervise(model="majority")) == 2
    assert task.project.where(task.voted("no")).keys() == ["r4"]


def test_a_run_says_how_many_votes_there_are(task: rn.Task) -> None:
    task.add(rn.Annotator("bob"))
    assert task.heuristics()["state"].tolist() == ["finished"]
    task.label("r5", "yes", by="bob")
    assert task.run(progress=False)[["state", "votes"]].to_numpy().tolist() == [["finished", 1]]
    assert task.run(progress=False)["state"].tolist() == ["unchanged"]
    task.project.add([{"id": "r6", "text": "new"}], key="id")
    assert task.heuristics()["state"].tolist() == ["finished"]


def test_an_annotator_is_not_judged_against_himself(task: rn.Task) -> None:
    """H4: who votes is no gold; two people who disagree count against the one who votes."""
    task.label_many({"r0": "yes", "r1": "yes", "r2": "no"}, by="bob")
    task.label_many({"r0": "yes", "r1": "no"}, by="ann")
    task.add(rn.Lookup("yes", ["0", "2"], whole_words=False))
    task.run(progress=False)
    before = task.report().set_index("heuristic")
    assert before.loc["lookup:yes", ["correct", "incorrect"]].tolist() == [1, 1]
    task.add(rn.Annotator("bob"))
    after = task.report().set_index(["heuristic", "label"])
    assert after.loc[("annotator:bob", "yes"), ["correct", "incorrect"]].tolist() == [1, 1]
    assert after.loc[("annotator:bob", "no"), ["correct", "incorrect"]].tolist() == [0, 0]
    assert after.loc[("lookup:yes", "yes"), ["correct", "incorrect"]].tolist() == [1, 0]
    assert task.gold()["key"].tolist() == ["r0", "r1"]
    assert set(task.gold()["by"]) == {"ann"}


def test_one_who_labels_alone_has_an_unknown_precision(task: rn.Task) -> None:
    task.label_many({"r0": "yes", "r1": "no"}, by="bob")
    task.add(rn.Annotator("bob"))
    report = task.report()
    assert report["hits"].tolist() == [1, 1]
    assert report["precision"].isna().all()
    assert task.supervise().frame()["label"].tolist()[:2] == ["yes", "no"]


def test_switched_off_or_removed_an_annotator_is_gold_again(task: rn.Task) -> None:
    task.label("r0", "yes", by="bob")
    task.add(rn.Annotator("bob"))
    assert len(task.gold()) == 0
    task.enable("annotator:bob", False)
    assert task.gold()["by"].tolist() == ["bob"]
    task.enable("annotator:bob")
    assert len(task.gold()) == 0
    task.remove("annotator:bob")
    assert task.gold()["by"].tolist() == ["bob"]


def test_an_annotator_of_one_task_is_gold_in_another(task: rn.Task) -> None:
    other = task.project.task("other", ["a", "b"], on="text")
    other.label("r0", "a", by="bob")
    task.add(rn.Annotator("bob"))
    assert other.gold()["by"].tolist() == ["bob"]


def test_spans_of_a_person_are_votes(names: rn.Task) -> None:
    names.label("r0", [(0, 3, "PER"), (8, 11, "PER")], by="bob")
    names.label("r1", [], by="bob")
    names.label("r0", [(0, 3, "PER")], by="ann")
    names.label("r1", [(0, 3, "ORG")], by="ann")
    names.add(rn.Annotator("bob", "crowd", 0.9))
    column = names.project.columns.of_task(names.schema)["crowd"]
    assert column.record.tolist() == [1, 1]
    assert (column.start.tolist(), column.end.tolist()) == ([0, 8], [3, 11])  # type: ignore[union-attr]
    assert column.confidence.round(2).tolist() == pytest.approx([0.9, 0.9], abs=1e-6)
    (row,) = names.report().to_dict(orient="records")
    assert (row["hits"], row["correct"], row["incorrect"]) == (2, 1, 1)


def test_spans_whose_text_has_changed_are_no_votes(names: rn.Task) -> None:
    names.label("r0", [(0, 3, "PER")], by="bob")
    names.add(rn.Annotator("bob"))
    assert len(votes(names, "annotator:bob")) == 1
    names.project.add([{"id": "r0", "text": "Someone else"}], key="id")
    assert votes(names, "annotator:bob") == {}


def test_progress_is_the_share_of_a_view(task: rn.Task) -> None:
    view = task.project.view().head(4)
    task.label_many({"r0": "yes", "r1": "no", "r5": "no"}, by="bob")
    task.label("r2", "yes", by="ann")
    assert task.progress("bob", view) == (2, 4)
    assert task.progress("bob") == (3, 6)
    assert task.progress(view=view) == (3, 4)


def test_adding_again_changes_nothing_and_another_confidence_is_a_version(task: rn.Task) -> None:
    for confidence in (1.0, 1.0, 0.5):
        task.add(rn.Annotator("bob", confidence=confidence))
    assert len(task.versions("annotator:bob")) == 2


@pytest.mark.parametrize("confidence", [0, -1, 1.5, float("nan"), "1", True, None])
def test_a_confidence_lies_in_its_range(confidence: object) -> None:
    with pytest.raises(HeuristicError, match="confidence"):
        rn.Annotator("bob", confidence=confidence)  # type: ignore[arg-type]


def test_an_annotator_has_a_name() -> None:
    with pytest.raises(SchemaError, match="blank"):
        rn.Annotator(" ")


def test_a_batch_does_not_know_what_people_say() -> None:
    annotator = build(rn.Annotator("bob").spec())
    with pytest.raises(HeuristicError, match="only the project knows"):
        annotator.vote(Batch([{"text": "a"}], ["X"], on="text"))
