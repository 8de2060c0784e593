"""Tasks and labels by the API."""

from __future__ import annotations

from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import LabelError, SchemaError


@pytest.fixture
def filled(project: rn.Project) -> rn.Project:
    project.add([{"id": f"r{n}", "text": f"💩 text number {n}"} for n in range(6)], key="id")
    return project


def test_a_task_is_made_once_and_extended(filled: rn.Project) -> None:
    topic = filled.task("topic", ["A", "B"], on="text")
    assert filled.task("topic", ["A", "B", "C"]).labels == ("A", "B", "C")
    assert filled.task("topic") == topic
    assert len({label.hotkey for label in topic.schema.labels}) == 3
    with pytest.raises(SchemaError, match="Did you mean 'topic'"):
        filled.task("topics")
    with pytest.raises(SchemaError, match="attribute 'txt'"):
        filled.task("other", ["A"], on="txt")


@pytest.mark.parametrize("twin", ["sport", "Sport ", "ＳＰＯＲＴ", " SPORT"])
def test_labels_that_differ_by_case_or_spaces_are_refused(filled: rn.Project, twin: str) -> None:
    """C3."""
    topic = filled.task("topic", ["Sport"], on="text")
    with pytest.raises(SchemaError, match="differs"):
        topic.add_labels([twin])


def test_a_renamed_label_keeps_its_labels_and_votes(filled: rn.Project) -> None:
    """C1."""
    topic = filled.task("topic", ["A", "B"], on="text")
    topic.label("r0", "A")
    topic.add(rn.Lookup("A", ["text"], name="words"))

    @topic.heuristic
    def says_a(record: Any) -> Any:
        return "A"

    topic.run(progress=False)
    renaming = topic.rename_label("A", "Alpha")
    assert (list(renaming.diffs), renaming.heuristics) == (["says_a"], ("words",))
    assert topic.labels == ("A", "B")
    renaming.apply()
    assert list(topic.gold()["label"]) == ["Alpha"]
    assert set(topic.report()["label"]) == {"Alpha"}
    run = topic.run(progress=False)
    assert list(run["errors"]) == [0, 0]
    assert set(topic.report()["label"]) == {"Alpha"}


def test_a_label_in_use_is_not_removed(filled: rn.Project) -> None:
    """C2."""
    topic = filled.task("topic", ["A", "B"], on="text")
    topic.label_many({f"r{n}": "A" for n in range(5)})
    with pytest.raises(SchemaError, match="5 manual labels"):
        topic.remove_label("A")
    topic.remove_label("B")
    assert topic.labels == ("A",)
    topic.add_labels(["B"])
    assert topic.labels == ("A", "B")


def test_undo_takes_back_a_bulk_operation_as_one(filled: rn.Project) -> None:
    """D8."""
    topic = filled.task("topic", ["A", "B"], on="text")
    topic.label("r0", "B")
    topic.label_many({f"r{n}": "A" for n in range(6)})
    assert topic.undo()
    assert topic.gold().to_dict("records") == [{"key": "r0", "label": "B", "by": "ann"}]
    assert topic.redo()
    assert list(topic.gold()["label"]) == ["A"] * 6
    assert not topic.redo()
    assert topic.undo()
    assert topic.undo()
    assert not topic.undo()
    assert len(topic.gold()) == 0


@pytest.mark.parametrize("value", ["C", 5, ["A"], {"label": 1}, True])
def test_a_bad_label_is_refused_and_nothing_is_set(filled: rn.Project, value: Any) -> None:
    topic = filled.task("topic", ["A", "B"], on="text")
    with pytest.raises((LabelError, SchemaError)):
        topic.label_many({"r0": "A", "r1": value})
    assert len(topic.gold()) == 0
    with pytest.raises(LabelError, match="no record"):
        topic.label("nobody", "A")


@pytest.mark.parametrize(
    "span", [(2, 1, "A"), (-1, 2, "A"), (0, 99, "A"), (1, 1, "A"), (0.0, 2, "A"), (True, 2, "A")]
)
def test_a_bad_span_names_its_record(filled: rn.Project, span: tuple) -> None:
    """B8."""
    names = filled.task("names", ["A"], on="text", kind="spans")
    with pytest.raises(LabelError) as caught:
        names.label("r3", [span])
    assert caught.value.record == "r3"
    assert "span 0" in caught.value.message
    assert len(names.gold()) == 0


def test_the_overlap_policy_is_enforced_by_the_engine(filled: rn.Project) -> None:
    """B9."""
    flat = filled.task("flat", ["A", "B"], on="text", kind="spans", overlap="flat")
    with pytest.raises(LabelError, match="overlaps"):
        flat.label("r0", [(0, 4, "A"), (2, 6, "B")])
    free = filled.task("free", ["A", "B"], on="text", kind="spans")
    free.label("r0", [(0, 4, "A"), (2, 6, "B")])
    with pytest.raises(LabelError, match="twice"):
        free.label("r0", [(0, 4, "A"), (0, 4, "A")])


def test_spans_whose_text_changed_are_listed_and_not_shifted(filled: rn.Project) -> None:
    """B10."""
    names = filled.task("names", ["A"], on="text", kind="spans")
    names.label("r1", [(2, 6, "A")])
    report = filled.add([{"id": "r1", "text": "another text"}])
    assert report.stale == 1
    assert names.stale().to_dict("records")[0] | {"by": ""} == {
        "key": "r1",
        "start": 2,
        "end": 6,
        "text": "text",
        "label": "A",
        "by": "",
        "stale": True,
    }
    assert len(names.gold()) == 0
    filled.add([{"id": "r1", "text": "💩 text number 1"}])
    assert len(names.stale()) == 0
    assert len(names.gold()) == 1


def test_another_tokenizer_leaves_spans_untouched(filled: rn.Project) -> None:
    """B12."""
    names = filled.task("names", ["A"], on="text", kind="spans")
    names.label("r1", [(0, 3, "A")])
    first = filled.cards([1], [names])[0]["texts"]["text"]["tokens"]
    filled.tokenizer = "zh"
    assert filled.cards([1], [names])[0]["texts"]["text"]["tokens"] != first
    assert list(names.gold()["end"]) == [3]


def test_what_people_disagree_on_is_no_gold(filled: rn.Project) -> None:
    topic = filled.task("topic", ["A", "B"], on="text")
    topic.label("r0", "A", by="ann")
    topic.label("r0", "B", by="bob")
    topic.label("r1", "A", by="ann")
    topic.label("r1", "A", by="bob")
    assert list(topic.gold()["key"]) == ["r1"]
    assert len(topic.all_labels()) == 4


def test_a_changed_function_alone_is_run_again_and_its_versions_stay(filled: rn.Project) -> None:
    topic = filled.task("topic", ["A", "B"], on="text")
    topic.add(rn.Lookup("B", ["text"], name="other"))

    def define(word: str) -> None:
        @topic.heuristic(name="changing")
        def changing(record: Any) -> Any:
            return "A" if word in record["text"] else None

    define("1")
    topic.run(progress=False)
    define("1")
    assert list(topic.run(progress=False)["state"]) == ["unchanged", "unchanged"]
    define("2")
    run = topic.run(progress=False).set_index("heuristic")["state"]
    assert run.to_dict() == {"other": "unchanged", "changing": "finished"}
    sources = list(topic.versions("changing")["source"])
    assert ["word = '1'" in source for source in sources] == [True, False]
    topic.enable("changing", False)
    assert list(topic.report()["heuristic"]) == ["other"]
    topic.remove("changing")
    assert list(topic.heuristics()["heuristic"]) == ["other"]


def test_the_whole_loop(filled: rn.Project) -> None:
    topic = filled.task("topic", ["A", "B"], on="text")
    topic.label("r1", "A")

    @topic.heuristic
    def ones(record: Any) -> Any:
        return "A" if "1" in record["text"] else None

    topic.add(rn.Regex("B", r"[23]"))
    assert list(topic.run(progress=False)["state"]) == ["finished", "finished"]
    assert list(topic.run(progress=False)["state"]) == ["unchanged", "unchanged"]
    filled.add([{"id": "r9", "text": "one more: 1"}])
    assert list(topic.run(progress=False)["records"]) == [1, 1]
    weak = topic.supervise()
    frame = weak.frame().set_index("key")
    assert frame.loc["r1", "label"] == frame.loc["r9", "label"] == "A"
    assert frame.loc["r0", "label"] is None
    assert set(filled.where(weak.label == "B").keys()) == {"r2", "r3"}
    assert set(filled.where(weak.label.missing).keys()) == {"r0", "r4", "r5"}
    assert [run.model for run in topic.runs()] == ["auto"]
    assert topic.report().set_index("heuristic").loc["ones", "correct"] == 1
