"""Slices: views with a name."""

from __future__ import annotations

from pathlib import Path

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import QueryError, SchemaError


@pytest.fixture
def filled(project: rn.Project) -> rn.Project:
    project.add(
        [{"id": f"r{n}", "text": f"number {n}", "stars": n % 5} for n in range(20)], key="id"
    )
    return project


def test_a_dynamic_slice_is_looked_up_anew(filled: rn.Project) -> None:
    filled.slices["low"] = filled.where(filled["stars"] < 1).order_by("id", descending=True)
    assert filled.slices["low"].keys() == ["r5", "r15", "r10", "r0"]
    filled.add([{"id": "r99", "text": "new", "stars": 0}], key="id")
    assert filled.slices["low"].keys() == ["r99", "r5", "r15", "r10", "r0"]
    assert list(filled.slices) == ["low"]


def test_a_static_slice_keeps_its_records_in_their_order(filled: rn.Project) -> None:
    view = filled.where(filled["stars"] == 4).shuffle(3)
    kept = view.save("fours", static=True)
    before = view.keys()
    filled.add([{"id": "r4", "text": "changed", "stars": 1}], key="id")
    filled.add([{"id": "r98", "text": "new", "stars": 4}], key="id")
    assert kept.keys() == filled.slices["fours"].keys() == before
    assert kept.title == "in slice fours, in the order of the slice"
    # It is a view as any other.
    assert set((kept & (filled["stars"] == 1)).keys()) == {"r4"}
    assert set((~kept).keys()) == set(filled.view().keys()) - set(before)
    assert kept.head(2).keys() == before[:2]


def test_slices_outlive_the_session(tmp_path: Path) -> None:
    with rn.open(tmp_path / "p") as project:
        project.add([{"id": "a", "text": "x"}, {"id": "b", "text": "y"}], key="id")
        project.view().head(1).save("first", static=True, comment="for the expert")
        project.slices["search"] = project.view().search("y")
    with rn.open(tmp_path / "p") as project:
        assert {name: view.keys() for name, view in project.slices.items()} == {
            "first": ["a"],
            "search": ["b"],
        }
        frame = project.slices.frame().set_index("name")
        assert frame.loc["first", "comment"] == "for the expert"
        assert frame["static"].tolist() == [True, False]
        assert frame["records"].tolist() == [1, 1]


def test_saving_under_a_name_again_replaces_the_slice(filled: rn.Project) -> None:
    filled.slices["some"] = filled.view().head(3)
    filled.view().head(5).save("some", static=True)
    filled.view().head(7).save("some")
    assert filled.slices["some"].count() == 7
    assert len(filled.slices) == 1


def test_slices_rest_on_slices_and_follow_a_new_name(filled: rn.Project) -> None:
    filled.view().head(6).save("six", static=True)
    filled.slices["six low"] = filled.slices["six"].where(filled["stars"] < 2)
    with pytest.raises(SchemaError, match="six low rests on it"):
        del filled.slices["six"]
    filled.slices.rename("six", "half a dozen")
    assert filled.slices["six low"].keys() == ["r0", "r1", "r5"]
    del filled.slices["six low"]
    del filled.slices["half a dozen"]
    assert len(filled.slices) == 0


def test_a_slice_that_would_be_looked_up_in_itself_is_refused(filled: rn.Project) -> None:
    filled.view().head(6).save("six", static=True)
    with pytest.raises(QueryError, match="looked up in itself"):
        filled.slices["six"] = filled.slices["six"].head(3)
    filled.slices["six"].head(3).save("six", static=True)
    assert filled.slices["six"].count() == 3


def test_a_renamed_label_is_followed(filled: rn.Project) -> None:
    topic = filled.task("topic", ["A", "B"], on="text")
    topic.label("r3", "A")
    filled.slices["as"] = filled.where(topic.labeled_as("A"))
    topic.rename_label("A", "Alpha").apply()
    assert filled.slices["as"].keys() == ["r3"]


def test_a_slice_of_what_is_gone_is_listed_and_says_why_when_it_is_opened(
    filled: rn.Project,
) -> None:
    topic = filled.task("topic", ["A", "B"], on="text")
    topic.add(rn.Regex("A", "1", name="ones"))
    topic.run(progress=False)
    filled.slices["hits"] = topic.hits("ones")
    topic.remove("ones")
    assert filled.slices.frame()["records"].isna().tolist() == [True]
    with pytest.raises(QueryError, match="'ones'"):
        filled.slices["hits"].keys()


@pytest.mark.parametrize("name", ["", "  ", "a\nb"])
def test_a_bad_name_is_refused(filled: rn.Project, name: str) -> None:
    with pytest.raises(SchemaError):
        filled.slices[name] = filled.view()


def test_names_that_look_alike_and_views_of_other_projects_are_refused(
    filled: rn.Project,
) -> None:
    filled.slices["Hard"] = filled.view()
    with pytest.raises(SchemaError, match="only by case or spaces"):
        filled.slices["hard "] = filled.view()
    with pytest.raises(SchemaError, match="'Hrad'"):
        filled.slices["Hrad"]
    with rn.open() as other, pytest.raises(QueryError, match="no view of this project"):
        filled.slices["other"] = other.view()


def test_a_static_slice_of_many_records_is_small_and_quick(project: rn.Project) -> None:
    project.add([{"id": str(n), "text": "x"} for n in range(30_000)], key="id")
    kept = project.view().shuffle(1).save("all", static=True)
    assert kept.count() == 30_000
    assert kept.head(3).keys() == project.view().shuffle(1).head(3).keys()


def test_a_labeler_opens_a_slice(filled: rn.Project) -> None:
    topic = filled.task("topic", ["A", "B"], on="text")
    filled.view().sample(4, seed=1).save("for ann", static=True)
    labeler = rn.Labeler(topic, filled.slices["for ann"])
    assert labeler._conversation.session.queue()["length"] == 4
    labeler.close()
