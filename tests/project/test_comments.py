"""Comments: who said what of which part of a project, deleted and brought back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import QueryError, SchemaError, UnknownName


@pytest.fixture
def news(project: rn.Project) -> rn.Project:
    project.add([{"id": 1, "text": "A goal"}, {"id": 2, "text": "Shares"}], key="id")
    topic = project.task("topic", ["Sports", "Business"], on="text")
    topic.add(rn.Regex("Sports", "goal", name="goals"))
    project.slices["short"] = project.where(project["text"].contains("goal"))
    project.lookups["teams"] = ["Ajax"]
    return project


PARTS: list[dict[str, Any]] = [
    {"record": 2},
    {"task": "topic"},
    {"task": "topic", "label": "Sports"},
    {"task": "topic", "heuristic": "goals"},
    {"slice": "short"},
    {"attribute": "text"},
    {"lookup": "teams"},
]


@pytest.mark.parametrize("on", PARTS, ids=lambda on: "-".join(on))
def test_every_part_can_be_commented_on(news: rn.Project, on: dict[str, Any]) -> None:
    said = news.comments.add("Is this right?", **on)
    kind = [*on][-1]
    assert (said.on, said.name, said.by) == (kind, str(on[kind]), "ann")
    assert said.task == (on["task"] if kind in ("label", "heuristic") else None)
    news.comments.add("No.", by="bob", **on)
    assert [(one.by, one.text) for one in news.comments.of(**on)] == [
        ("ann", "Is this right?"),
        ("bob", "No."),
    ]
    assert len(news.comments) == 2
    others = [part for part in PARTS if part != on]
    assert not [one for part in others for one in news.comments.of(**part)]


def test_a_comment_is_edited_deleted_and_brought_back(news: rn.Project) -> None:
    seen: list[Any] = []
    news.events.subscribe("comments", seen.append)
    said = news.comments.add("Unclear", record=1)
    changed = news.comments.edit(said.id, "Clear")
    assert (changed.text, changed.at, changed.edited is None) == ("Clear", said.at, False)
    news.comments.delete(said.id)
    assert len(news.comments) == 0
    assert news.comments.frame(deleted=True)["text"].tolist() == ["Clear"]
    assert news.comments.restore(said.id).text == "Clear"
    assert news.comments.frame()["on"].tolist() == ["record"]
    assert len(seen) == 4


def test_comments_follow_names_and_go_with_what_is_deleted(news: rn.Project) -> None:
    for on in PARTS:
        news.comments.add("So it is", **on)
    news.slices.rename("short", "goals")
    assert [one.name for one in news.comments.of(slice="goals")] == ["goals"]
    news.task("topic").remove("goals")
    del news.slices["goals"]
    del news.lookups["teams"]
    # Their ids may be given again: what comes after them has no comments.
    news.task("topic").add(rn.Regex("Sports", "x", name="new"))
    news.slices["new"] = news.view()
    assert sorted(one.on for one in news.comments) == ["attribute", "label", "record", "task"]
    assert not news.comments.of(slice="new")


def test_what_is_not_there_cannot_be_commented_on(news: rn.Project) -> None:
    with pytest.raises(UnknownName, match=r"no record '3'"):
        news.comments.add("x", record=3)
    with pytest.raises(UnknownName, match=r"no label 'Sport'\. .*Sports"):
        news.comments.add("x", task="topic", label="Sport")
    with pytest.raises(QueryError, match="a label needs task= too"):
        news.comments.add("x", label="Sports")
    with pytest.raises(QueryError, match="does not name one thing"):
        news.comments.add("x")
    with pytest.raises(QueryError, match="does not name one thing"):
        news.comments.add("x", record=1, slice="short")
    with pytest.raises(SchemaError, match="it is empty"):
        news.comments.add("  ", record=1)
    with pytest.raises(UnknownName, match="no comment 9"):
        news.comments.delete(9)


def test_comments_are_kept_on_disk(tmp_path: Path) -> None:
    with rn.open(tmp_path / "news", by="ann") as project:
        project.add([{"id": 1, "text": "A goal"}], key="id")
        project.comments.add("Late", record=1)
    with rn.open(tmp_path / "news", by="bob") as project:
        assert repr(project.comments) == "Comments: 1\n  1. ann on record '1': Late"


def test_a_card_says_how_many_comments_its_record_has(project: rn.Project) -> None:
    project.add([{"id": "r1", "text": "one"}, {"id": "r2", "text": "two"}], key="id")
    topic = project.task("topic", ["A"], on="text")
    first = project.comments.add("Hm", record="r1")
    project.comments.add("Hm, too", record="r1")
    assert [card.get("comments") for card in project.cards([1, 2], [topic])] == [2, None]
    project.comments.delete(first.id)
    assert project.cards([1], [topic])[0]["comments"] == 1


def test_half_a_character_is_no_comment(project: rn.Project) -> None:
    project.task("topic", ["A"])
    with pytest.raises(SchemaError, match="half a character"):
        project.comments.add("so \ud83d", task="topic")
    with pytest.raises(UnknownName):
        project.comments.of(task="\ud83d")
    with pytest.raises(UnknownName):
        project.comments.of(label="A", task="\ud83d")
