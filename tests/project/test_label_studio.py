"""Label Studio: tasks with annotations and predictions, and the labeling configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import InputError, QueryError, SchemaError

CONFIG = """
<View>
  <Header value="What is it?"/>
  <Text name="txt" value="$body"/>
  <View><Choices name="topic" toName="txt" choice="single">
    <Choice value="World" background="#FF0000" hotkey="1"/><Choice value="A &amp; B"/>
  </Choices></View>
  <Labels name="names" toName="txt">
    <Label value="ORG" background="red"/><Label value="PER"/>
  </Labels>
</View>
"""


def region(start: int, end: int, text: str | None, label: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    return {"from_name": "names", "to_name": "txt", "type": "labels", "value": value}


def choice(*labels: str) -> dict[str, Any]:
    value = {"choices": list(labels)}
    return {"from_name": "topic", "to_name": "txt", "type": "choices", "value": value}


TASKS = [
    {
        "id": 7,
        "data": {"body": "💩 Acme pays Bob", "n": 3},
        "annotations": [
            {
                "completed_by": {"id": 2, "email": "ann@example.org"},
                "result": [
                    choice("World"),
                    region(3, 7, "Acme", "ORG"),
                    {"from_name": "s", "to_name": "txt", "type": "rating", "value": {"rating": 3}},
                ],
            },
            {"completed_by": 5, "result": [choice("A & B"), region(3, 7, "Acme", "ORG")]},
        ],
        "predictions": [{"score": 0.75, "result": [choice("A & B")]}],
    },
    {"id": 8, "data": {"body": "nobody"}, "annotations": [{"completed_by": 5, "result": []}]},
    {"id": 9, "data": {"body": "x"}, "annotations": [{"was_cancelled": True, "result": []}]},
]


def write(path: Path, tasks: Any) -> Path:
    path.write_text(json.dumps(tasks, ensure_ascii=False))
    return path


def test_tasks_of_label_studio_bring_labels_of_people_and_predictions(
    project: rn.Project, tmp_path: Path
) -> None:
    """B13: its browser counts UTF-16 units, which the texts of the spans tell."""
    report = project.add(write(tmp_path / "ls.json", TASKS), config=CONFIG)
    assert (report.added, report.labels) == (3, 5)
    told = repr(report)
    for part in (
        "read as label_studio",
        "type 'rating' were left out",
        "1 annotations are skipped",
    ):
        assert part in told
    topic, names = project.task("topic"), project.task("names")
    assert topic.schema.on == names.schema.on == "body"
    said = topic.all_labels()
    assert sorted(zip(said["by"], said["label"], strict=True)) == [
        ("5", "A & B"),
        ("ann@example.org", "World"),
    ]
    gold = names.gold().astype(object)
    assert gold.where(gold.notna(), None)[["start", "end", "label"]].to_numpy().tolist() == [
        [2, 6, "ORG"],
        [None, None, None],
    ]
    weak = topic.runs()[-1].frame().dropna()
    assert (weak["label"].tolist(), weak["confidence"].tolist()) == (["A & B"], [0.75])
    assert set(project.records().columns) == {"body", "n"}


@pytest.mark.parametrize(
    ("tasks", "record", "field", "message"),
    [
        ([{"data": 5, "annotations": []}], 1, "data", "expected an object"),
        ([TASKS[1], {"data": {"body": "x"}, "annotations": [3]}], 2, "annotations[0]", "object"),
        (
            [{"data": {"body": "abc"}, "annotations": [{"result": [region(0, 2, "bc", "ORG")]}]}],
            1,
            "spans",
            "is 'ab', not 'bc'",
        ),
        (
            [{"data": {"body": "a"}, "annotations": [{"result": [choice("x", "y")]}]}],
            1,
            "annotations[0].result[0].value.choices",
            "one is allowed",
        ),
        (
            [{"data": {"a": "a", "b": "b"}, "annotations": [{"result": [choice("x")]}]}],
            1,
            "annotations[0].result[0].to_name",
            "pass config=",
        ),
    ],
)
def test_what_is_odd_in_a_task_is_named(
    project: rn.Project, tmp_path: Path, tasks: Any, record: int, field: str, message: str
) -> None:
    path = write(tmp_path / "ls.json", tasks)
    with pytest.raises(InputError, match=message) as caught:
        project.add(path, format="label_studio")
    assert (caught.value.source, caught.value.record, caught.value.field) == (
        "ls.json",
        record,
        field,
    )
    assert len(project) == 0
    good = {"data": {"body": "fine"}, "annotations": []}
    report = project.add(write(path, [*tasks, good]), format="label_studio", on_error="quarantine")
    assert list(report.rejected["record"]) == [record]


def test_a_configuration_makes_tasks_with_their_colours(
    project: rn.Project, tmp_path: Path
) -> None:
    path = tmp_path / "config.xml"
    path.write_text(CONFIG)
    with pytest.raises(SchemaError, match="body"):
        project.add(path)
    project.add([{"body": "x"}])
    report = project.add(path)
    assert "the classification task 'topic' is new: World, A & B" in report.warnings
    topic, names = project.task("topic"), project.task("names")
    assert (topic.labels, names.labels) == (("World", "A & B"), ("ORG", "PER"))
    assert (names.kind, topic.schema.on) == ("spans", "body")
    assert topic.schema.labels[0].color == "#ff0000"
    assert "is new" not in repr(project.add(path))
    written = project.export(tmp_path / "again.xml")
    with rn.open() as other:
        other.add([{"body": "x"}])
        other.add(written)
        looks = [
            [(label.name, label.color) for label in one.task("topic").schema.labels]
            for one in (project, other)
        ]
        assert looks[0] == looks[1]


BOMB = '<!DOCTYPE v [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><View>&b;</View>'
LEAK = '<!DOCTYPE v [<!ENTITY a SYSTEM "config.xml">]><View><Text name="&a;"/></View>'


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (BOMB, "no document type"),
        (LEAK, "no document type"),
        ("<View>", "not valid XML"),
        ("<View/>", "asks nothing"),
    ],
)
def test_a_configuration_declares_no_entities(
    project: rn.Project, tmp_path: Path, xml: str, message: str
) -> None:
    path = tmp_path / "config.xml"
    path.write_text(xml)
    with pytest.raises(InputError, match=message) as caught:
        project.add(path)
    assert caught.value.source == "config.xml"


def test_a_control_that_appears_late_was_asked_before_too(
    project: rn.Project, tmp_path: Path
) -> None:
    empty = {"data": {"txt": "nobody"}, "annotations": [{"result": []}]}
    found = {"data": {"txt": "Acme"}, "annotations": [{"result": [region(0, 4, "Acme", "ORG")]}]}
    project.add(write(tmp_path / "ls.json", [empty, found]))
    gold = project.task("names").gold().astype(object)
    assert gold.where(gold.notna(), None)["label"].tolist() == [None, "ORG"]


@pytest.mark.parametrize(("suffix", "format"), [("json", "label_studio"), ("jsonl", None)])
def test_what_each_person_says_comes_back(
    project: rn.Project, tmp_path: Path, suffix: str, format: str | None
) -> None:
    """K1: annotators are kept, also where they disagree."""
    project.add([{"id": n, "text": f"Acme {n}"} for n in range(3)], key="id")
    topic = project.task("topic", ["A", "B"], on="text")
    names = project.task("names", ["ORG"], on="text", kind="spans")
    several = project.task("several", ["x", "y"], on="text", kind="multilabel")
    topic.label(0, "A", by="ann")
    topic.label(0, "B", by="bob")
    topic.label(1, rn.NONE, by="bob")
    names.label(0, [(0, 4, "ORG")], by="ann")
    names.label(2, [], by="cyd")
    several.label(0, ["x", "y"], by="ann")
    several.label(1, [], by="bob")

    def said(one: rn.Project) -> list[list[Any]]:
        frames = [
            one.task(name).all_labels().astype(object) for name in ("topic", "names", "several")
        ]
        return [frame.where(frame.notna(), None).to_numpy().tolist() for frame in frames]

    path = tmp_path / f"a.{suffix}"
    project.export(path, format=format, sources=["manual", "people"])
    with rn.open(by="eve") as other:
        other.add(path, key="id")
        assert said(other) == said(project)


def test_weak_labels_come_back_as_predictions(project: rn.Project, tmp_path: Path) -> None:
    topic, names = "text__topic__WEAK_SUPERVISION", "text__names__WEAK_SUPERVISION"
    rows = [
        {
            "id": 1,
            "text": "💩 Acme Bob",
            topic: "A",
            f"{topic}__confidence": 0.5,
            f"{names}__spans": [[2, 6, "ORG"], [7, 10, "PER"]],
            f"{names}__confidence": [0.25, 0.75],
        },
        {"id": 2, "text": "x", topic: "B", f"{topic}__confidence": 1.0},
    ]
    project.add(rows, key="id")
    for format, options in (("label_studio", {}), ("argilla", {"offsets": "codepoint"})):
        path = project.export(tmp_path / f"{format}.json", format=format)
        with rn.open() as other:
            other.add(path, key="id", **options)
            for name in ("topic", "names"):
                found, expected = (
                    one.task(name).runs()[-1].frame().dropna() for one in (other, project)
                )
                found["key"], expected["key"] = (
                    found["key"].astype(str),
                    expected["key"].astype(str),
                )
                assert found.to_numpy().tolist() == expected.to_numpy().tolist()


def test_the_text_is_that_of_the_tasks(project: rn.Project, tmp_path: Path) -> None:
    project.add([{"title": "no", "body": "yes"}])
    project.task("names", ["ORG"], on="body", kind="spans").label(
        project.view().keys()[0], [(0, 3, "ORG")]
    )
    path = project.export(tmp_path / "p.jsonl", format="prodigy")
    assert json.loads(path.read_text())["text"] == "yes"
    with pytest.raises(InputError, match="about 'body', not 'title'"):
        project.export(tmp_path / "p.jsonl", format="prodigy", text="title")


def test_a_source_without_a_place_is_refused(project: rn.Project, tmp_path: Path) -> None:
    project.add([{"text": "x"}])
    for format, source in (("label_studio", "heuristics"), ("prodigy", "people")):
        with pytest.raises(QueryError, match=f"{format} has no place for '{source}'"):
            project.export(tmp_path / "a.json", format=format, sources=[source])
