"""Tasks that give a record several labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import LabelError, SchemaError
from refinery_nb.core.operation import Operation
from refinery_nb.heuristics.ballots import BadVote, label_votes
from refinery_nb.project.quality.charts_data import agreement
from refinery_nb.project.rules import rule_forms

WORDS = ["late goal", "late shares", "shares", "goal", "nothing", "late goal shares"]


@pytest.fixture
def tags(project: rn.Project) -> rn.Task:
    project.add([{"id": f"r{n}", "text": text} for n, text in enumerate(WORDS)], key="id")
    return project.task("tags", ["Late", "Sports", "Money"], on="text", kind="multilabel")


def words(task: rn.Task) -> None:
    @task.heuristic
    def all_of_them(record: Any) -> Any:
        found = {"late": "Late", "goal": "Sports", "shares": "Money"}
        return [found[word] for word in record["text"].split() if word in found]


def votes(task: rn.Task, name: str) -> dict[str, list[str]]:
    column = task.project.columns.of_task(task.schema)[name]
    names = {label.id: label.name for label in task.schema.labels}
    keys = dict(zip(task.project.view().ids().tolist(), task.project.view().keys(), strict=True))
    found: dict[str, list[str]] = {}
    for record, label in zip(column.record.tolist(), column.label.tolist(), strict=True):
        found.setdefault(keys[record], []).append(names[label])
    return found


def test_a_record_has_any_number_of_labels(tags: rn.Task) -> None:
    tags.label("r0", ["Sports", "Late", "Sports"])
    tags.label("r1", [])
    tags.label("r2", ["Money"])
    assert tags.gold().values.tolist() == [
        ["r0", ["Late", "Sports"], "ann"],
        ["r1", [], "ann"],
        ["r2", ["Money"], "ann"],
    ]
    project = tags.project
    assert project.where(tags.labeled_as("Sports")).keys() == ["r0"]
    assert project.where(tags.reviewed_none).keys() == ["r1"]
    assert tags.progress() == (3, 6)
    before = tags.all_labels().values.tolist()
    project.replay()
    assert tags.all_labels().values.tolist() == before
    tags.label("r0", ["Money"])
    assert tags.undo()
    assert tags.gold()["label"].tolist()[0] == ["Late", "Sports"]
    assert project.history("r0")["after"].tolist()[0] == ["Late", "Sports"]
    tags.label("r0", None)
    assert project.where(tags.labeled).keys() == ["r1", "r2"]


@pytest.mark.parametrize("value", ["Late", ["Lat"], [5], {"labels": [1]}, 3])
def test_what_is_no_list_of_labels_is_refused(tags: rn.Task, value: Any) -> None:
    with pytest.raises((LabelError, SchemaError)):
        tags.label("r0", value)
    assert len(tags.gold()) == 0


@pytest.mark.parametrize(
    "value", [{"labels": []}, {"labels": [True]}, {"labels": [99]}, {"label": 1}, {"labels": 1}]
)
def test_an_operation_that_is_no_annotation_is_rejected(tags: rn.Task, value: Any) -> None:
    (answer,) = tags.project.apply([Operation("x", "label", "ann", tags.id, 1, None, value)])
    assert answer.status == "rejected"


def test_people_who_give_the_same_set_agree(tags: rn.Task) -> None:
    tags.label("r0", ["Late", "Sports"])
    tags.label("r0", ["Sports", "Late"], by="bob")
    tags.label("r1", ["Late"])
    tags.label("r1", ["Late", "Money"], by="bob")
    assert tags.gold()["key"].tolist() == ["r0"]
    found = agreement(tags)
    assert found.pairs.values.tolist() == [["ann", "bob", 2, 0.5, pytest.approx(1 / 3)]]


def test_a_heuristic_votes_for_several_labels(tags: rn.Task) -> None:
    words(tags)
    tags.add(rn.Regex("Late", "late", name="late"))
    told = tags.run(progress=False)
    assert told[["state", "errors"]].values.tolist() == [["finished", 0]] * 2
    assert votes(tags, "all_of_them") == {
        "r0": ["Late", "Sports"],
        "r1": ["Late", "Money"],
        "r2": ["Money"],
        "r3": ["Sports"],
        "r5": ["Late", "Sports", "Money"],
    }
    tags.label_many({"r0": ["Late"], "r5": ["Late", "Sports", "Money"], "r4": []})
    report = tags.report().set_index(["heuristic", "label"])
    assert report.loc[("all_of_them", "Sports"), ["correct", "incorrect"]].tolist() == [1, 1]
    assert report.loc[("all_of_them", "Money"), ["correct", "incorrect"]].tolist() == [1, 0]
    assert report["conflicts"].tolist() == [0] * 4
    assert report.loc[("late", "Late"), "overlaps"] == 3
    project = tags.project
    assert project.where(tags.conflicting).count() == 0
    assert tags.false_hits("all_of_them").keys() == ["r0"]
    assert project.where(tags.voted("Money")).keys() == ["r1", "r2", "r5"]
    tried = tags.try_heuristic(rn.Regex("Late", "late"), n=6).set_index("key")
    assert tried.loc["r0", "vote"] == ["Late"]
    assert tried.loc["r4", "vote"] == []


@pytest.mark.parametrize(
    ("vote", "found"),
    [
        ("A", [(0, 1.0)]),
        (("A", 0.5), [(0, 0.5)]),
        (["B", "A", "B"], [(0, 1.0), (1, 1.0)]),
        (("A", "B"), [(0, 1.0), (1, 1.0)]),
        ([("A", 0.25), "B"], [(0, 0.25), (1, 1.0)]),
        (["A", ("B", 0.25)], [(0, 1.0), (1, 0.25)]),
        ([], []),
        ({"A"}, [(0, 1.0)]),
        (iter(["B"]), [(1, 1.0)]),
        ([("A", 0.25), ("A", 0.5)], [(0, 0.5)]),
    ],
)
def test_what_a_function_may_give(vote: Any, found: list[tuple[int, float]]) -> None:
    assert label_votes(vote, {"A": 0, "B": 1}) == found


@pytest.mark.parametrize("vote", [5, ["C"], [None], {"A": 1}, b"A", [("A", 2)], [[("A", 1)]], ""])
def test_what_a_function_may_not_give(vote: Any) -> None:
    with pytest.raises(BadVote):
        label_votes(vote, {"A": 0, "B": 1})


@pytest.mark.parametrize("model", ["majority", "weighted", "auto", "dawid_skene"])
def test_each_label_is_a_question_of_its_own(tags: rn.Task, model: str) -> None:
    words(tags)
    tags.add(rn.Regex("Late", "late", name="late"))
    tags.run(progress=False)
    weak = tags.supervise(model=model)
    frame = weak.frame().set_index("key")
    assert frame.loc["r5", "label"] == ["Late", "Sports", "Money"]
    assert frame.loc["r0", "label"] == ["Late", "Sports"]
    assert frame.loc["r4", "label"] is None
    assert all(0.5 <= sure <= 1 for sure in frame.loc["r5", "confidence"])
    project = tags.project
    assert project.where(weak.label == "Money").keys() == ["r1", "r2", "r5"]
    proba = weak.proba()
    assert proba.loc["r2", "Money"] > 0.5 > proba.loc["r2", "Sports"]
    assert "Weak labels of 'tags'" in repr(weak)
    assert weak._repr_html_()


def test_weak_labels_follow_what_people_said(project: rn.Project) -> None:
    """A source that is often wrong about one label is not believed about that one."""
    rng = np.random.default_rng(0)
    truth = rng.random((400, 2)) < 0.4
    rows = [
        {"id": n, "good": bool(a), "bad": bool(rng.random() < 0.5), "b": bool(b)}
        for n, (a, b) in enumerate(truth)
    ]
    project.add(rows, key="id")
    task = project.task("t", ["A", "B"], kind="multilabel")

    @task.heuristic
    def sees(record: Any) -> Any:
        return [n for n, yes in (("A", record["good"]), ("B", record["b"])) if yes]

    @task.heuristic
    def guesses(record: Any) -> Any:
        return ["A"] if record["bad"] else []

    task.run(progress=False)
    task.label_many(
        {n: [name for name, yes in zip("AB", truth[n], strict=True) if yes] for n in range(120)}
    )
    frame = task.supervise(model="weighted").frame()
    said = np.array([[n in (labels or ()) for n in "AB"] for labels in frame["label"]])
    sees_something = truth.any(axis=1)
    assert (said[sees_something] == truth[sees_something]).mean() > 0.95


def test_what_needs_one_answer_says_so(tags: rn.Task) -> None:
    words(tags)
    tags.run(progress=False)
    for ask in (
        lambda: tags.add(rn.LLM("text", model="m")),
        lambda: tags.supervise(model="refinery"),
    ):
        with pytest.raises(SchemaError, match="asks for one answer a record"):
            ask()


def test_a_rule_is_made_of_a_word_that_was_read(tags: rn.Task) -> None:
    tags.label_many({"r0": ["Late", "Sports"], "r1": ["Late", "Money"], "r4": []})
    found = rule_forms.hits(tags, "text", "late")["forms"][0]
    ids = {label.name: str(label.id) for label in tags.schema.labels}
    assert (found["records"], found["reviewed"]) == (3, 2)
    assert found["agree"] == {ids["Late"]: 2, ids["Sports"]: 1, ids["Money"]: 1}
    made = rule_forms.make(tags, "text", "late", found["id"], "Late")
    assert (made["state"], made["votes"]) == ("finished", 3)


def test_labels_in_lists_are_renamed_in_sources(tags: rn.Task) -> None:
    @tags.heuristic
    def some(record: Any) -> Any:
        if "goal" in record["text"]:
            return ["Late", ("Sports", 0.5)]
        return ("Late", "Money") if "Late" in record["text"] else []

    renaming = tags.rename_label("Late", "Delayed")
    assert renaming.diffs["some"].count("+  ") == 2
    assert len(renaming.unsure) == 1
    renaming.apply()
    assert tags.run(progress=False)["errors"].item() == 0
    assert votes(tags, "some")["r3"] == ["Delayed", "Sports"]


def test_labels_are_renamed_merged_and_deleted_as_elsewhere(tags: rn.Task) -> None:
    words(tags)
    tags.run(progress=False)
    tags.label_many({"r0": ["Late", "Sports"], "r2": ["Money"], "r3": ["Late"]})
    removal = tags.delete_label("Late")
    removal.apply()
    assert tags.gold().values.tolist() == [["r0", ["Sports"], "ann"], ["r2", ["Money"], "ann"]]
    removal.undo()
    tags.order_labels("Late", "Sports", "Money")
    assert tags.gold()["label"].tolist() == [["Late", "Sports"], ["Money"], ["Late"]]
    tags.merge(["Late"], into="Sports").apply()
    assert tags.gold()["label"].tolist() == [["Sports"], ["Money"], ["Sports"]]
    assert votes(tags, "all_of_them")["r5"] == ["Sports", "Money"]


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_lists_of_labels_come_back_from_a_file(tags: rn.Task, tmp_path: Path, suffix: str) -> None:
    """K1."""
    words(tags)
    tags.run(progress=False)
    tags.label_many({"r0": ["Late", "Sports"], "r1": [], "r2": ["Money"]})
    tags.supervise(model="majority")
    path = tags.project.export(tmp_path / f"out.{suffix}")
    if suffix == "jsonl":
        first = json.loads(path.read_text().splitlines()[0])
        assert first["text__tags__MANUAL"] == ["Late", "Sports"]
    with rn.open(by="ann") as other:
        if suffix == "csv":  # a cell of text does not say that it is a list
            other.add([{"id": "r0", "text": ""}], key="id")
            other.task("tags", ["Late", "Sports", "Money"], on="text", kind="multilabel")
        other.add(path, key="id")
        task = other.task("tags")
        assert task.kind == "multilabel"
        said = [[k, sorted(labels), by] for k, labels, by in task.gold().values.tolist()]
        assert said == [
            ["r0", ["Late", "Sports"], "ann"],
            ["r1", [], "ann"],
            ["r2", ["Money"], "ann"],
        ]
        again = other.export(tmp_path / f"again.{suffix}")
        if suffix == "jsonl":
            assert [json.loads(line)["id"] for line in again.read_text().splitlines()] == [
                f"r{n}" for n in range(6)
            ]


def test_the_labeler_is_told_what_the_machine_says(tags: rn.Task) -> None:
    words(tags)
    tags.run(progress=False)
    tags.supervise(model="majority")
    ids = [label.id for label in tags.schema.labels]
    tags.label("r0", ["Sports"])
    card = tags.project.cards([1], [tags])[0]
    assert card["tasks"][str(tags.id)]["value"] == {"labels": [ids[1]]}
    assert [label for label, _ in card["weak"][str(tags.id)]["labels"]] == ids[:2]
    tags.label("r0", ["Late", "Sports"])
    html = rn.Labeler(tags)._repr_mimebundle_()[0]["text/html"]
    assert "<b>Late, Sports</b>" in html
    assert "Late, Money<span" in html  # the next record, suggested


SETS = st.sets(st.sampled_from("ABC"))


@given(st.lists(st.tuples(st.integers(0, 2), SETS, st.booleans()), max_size=8))
@settings(max_examples=40, deadline=None)
def test_the_log_rebuilds_what_stands(said: list[tuple[int, set[str], bool]]) -> None:
    with rn.open(by="ann") as project:
        project.add([{"id": n} for n in range(3)], key="id")
        task = project.task("t", ["A", "B", "C"], kind="multilabel")
        stands: dict[int, list[str]] = {}
        history: list[dict[int, list[str]]] = [{}]
        for record, labels, back in said:
            if back and len(history) > 1:
                task.undo()
                history.pop()
                stands = dict(history[-1])
            else:
                same = stands.get(record) == sorted(labels)
                task.label(record, sorted(labels))
                stands = {**stands, record: sorted(labels)}
                if not same:
                    history.append(dict(stands))
            found = {key: labels for key, labels, _ in task.gold().values.tolist()}
            assert found == stands
        before = task.all_labels().values.tolist()
        project.replay()
        assert task.all_labels().values.tolist() == before
