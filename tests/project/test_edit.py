"""Records edited, deleted and brought back, with their history."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import InputError, LabelError, SchemaError
from refinery_nb.core.shifting import shifted


@pytest.fixture
def filled(project: rn.Project) -> rn.Project:
    project.add(
        [{"id": f"r{n}", "text": f"Ann met Bob {n} times", "stars": n} for n in range(6)],
        key="id",
    )
    topic = project.task("topic", ["A", "B"], on="text")
    topic.label_many({"r0": "A", "r1": "B"})
    names = project.task("names", ["PER"], on="text", kind="spans")
    names.label("r1", [(0, 3, "PER"), (8, 11, "PER")])
    names.label("r1", [(0, 3, "PER")], by="bob")
    topic.add(rn.Regex("A", "[0-2]", name="low"))
    topic.run(progress=False)
    topic.supervise(model="weighted")
    return project


def state(project: rn.Project) -> dict[str, Any]:
    return {name: task.all_labels().to_dict("records") for name, task in project.tasks.items()} | {
        "records": project.records().to_dict("index")
    }


def test_the_consequences_of_an_edit_are_shown_first(filled: rn.Project) -> None:
    edit = filled.edit("r1", text="Yesterday Ann met Rob 1 times", stars=7)
    assert edit.before == {"text": "Ann met Bob 1 times", "stars": 1}
    assert (edit.labels, edit.heuristics) == (1, 1)
    told = edit.spans[["by", "text", "state", "new_start", "new_end"]].values.tolist()
    assert told[0] == ["ann", "Ann", "moved", 10, 13]
    assert told[1][:3] == ["ann", "Bob", "stale"]
    assert told[2] == ["bob", "Ann", "moved", 10, 13]
    assert "'Bob' at 8 by ann no longer fits" in repr(edit)
    before = state(filled)
    assert state(filled) == before
    edit.apply(by="eve")
    assert filled.records().loc["r1", "text"] == "Yesterday Ann met Rob 1 times"
    names = filled.task("names")
    assert names.all_labels()[["start", "stale", "by"]].values.tolist() == [
        [8, True, "ann"],
        [10, False, "ann"],
        [10, False, "bob"],
    ]
    assert list(names.stale()["text"]) == ["Bob"]
    assert filled.task("topic").labels == ("A", "B")
    assert list(filled.task("topic").gold()["label"]) == ["A", "B"]
    now = state(filled)
    filled.replay()
    assert state(filled) == now
    assert list(filled.task("topic").run(progress=False)["records"]) == [1]


def test_an_edit_is_undone_by_another_edit(filled: rn.Project) -> None:
    before = state(filled)
    edit = filled.edit("r1", text="Ann met a Bob 1 times")
    edit.apply()
    assert filled.task("names").all_labels()["start"].tolist() == [0, 10, 0]
    edit.undo()
    assert state(filled) == before


def test_an_edit_is_not_made_if_the_record_has_changed_since(filled: rn.Project) -> None:
    edit = filled.edit("r1", text="other")
    filled.edit("r1", text="first").apply()
    with pytest.raises(LabelError, match="changed since"):
        edit.apply()
    late = filled.edit("r2", text="other")
    filled.task("names").label("r2", [(0, 3, "PER")])
    with pytest.raises(LabelError, match="changed since"):
        late.apply()
    assert filled.records().loc["r2", "text"] == "Ann met Bob 2 times"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"stars": "many"}, InputError),
        ({"stars": 2**64}, InputError),
        ({"text": ["x"]}, InputError),
        ({"text": "\ud800"}, InputError),
        ({"id": "new"}, SchemaError),
        ({"txt": "x"}, SchemaError),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    filled: rn.Project, values: dict[str, Any], error: type[Exception]
) -> None:
    before = state(filled)
    with pytest.raises(error):
        filled.edit("r1", values)
    with pytest.raises(LabelError, match="no record"):
        filled.edit("nobody", text="x")
    assert state(filled) == before
    assert "nothing differs" in repr(filled.edit("r1", stars=1))


def test_what_an_undo_brings_back_is_looked_at_again(filled: rn.Project) -> None:
    """B10: a span comes back under another text, and a merge leaves what is stale stale."""
    names = filled.task("names")
    names.label("r2", [(0, 3, "PER")])
    names.label("r2", rn.NONE)
    filled.edit("r2", text="Bob and Ann").apply()
    assert names.undo()
    assert names.stale()["key"].tolist() == ["r2"]
    names.add_labels(["NAME"])
    names.merge("PER", into="NAME").apply()
    assert names.stale()[["key", "label"]].values.tolist() == [["r2", "NAME"]]


def test_the_history_of_a_record_says_who_did_what(filled: rn.Project) -> None:
    """C10: in the order of the log."""
    filled.edit("r1", text="Ann met Bo 1 times").apply(by="eve")
    filled.add([{"id": "r1", "stars": 9}])
    filled.task("topic").label("r1", rn.NONE)
    filled.task("topic").undo()
    told = filled.history("r1")
    assert told[["by", "what", "of"]].values.tolist() == [
        ["ann", "label", "topic"],
        ["ann", "label", "names"],
        ["bob", "label", "names"],
        ["eve", "edit", "text"],
        ["ann", "update", "stars"],
        ["ann", "label", "topic"],
        ["ann", "undo", "topic"],
    ]
    assert told["before"].tolist()[3:6] == ["Ann met Bob 1 times", 1, "B"]
    assert told["after"].tolist()[3:6] == ["Ann met Bo 1 times", 9, "(none)"]
    with pytest.raises(LabelError, match="no record"):
        filled.history("nobody")


def test_a_file_says_which_fields_it_changed(filled: rn.Project) -> None:
    report = filled.add(
        [{"id": "r1", "text": "new", "stars": 1}, {"id": "r2", "text": "Ann", "stars": 9}]
    )
    assert (report.updated, dict(report.fields)) == (2, {"text": 2, "stars": 1})
    assert "values changed: text 2, stars 1" in repr(report)


def test_deleted_records_come_back_as_they_were(filled: rn.Project) -> None:
    topic = filled.task("topic")
    before, run = state(filled), topic.runs()[-1]
    weak, report = run.frame(), topic.report().to_dict("records")
    deletion = filled.delete_records(filled.where(filled["stars"] < 2))
    assert (deletion.records, deletion.labels) == (2, {"topic": 2, "names": 3})
    assert len(filled) == 6
    deletion.apply(by="eve")
    assert filled.view().keys() == ["r2", "r3", "r4", "r5"]
    assert len(topic.all_labels()) == 0
    assert set(run.frame()["key"]) == {"r2", "r3", "r4", "r5"}
    assert topic.report()["coverage"].sum() < sum(row["coverage"] for row in report)
    assert filled.where(topic.voted("A")).keys() == ["r2"]
    assert filled.search("Ann", how="words").count() == 4
    assert list(filled.deleted_records()["key"]) == ["r0", "r1"]
    now = state(filled)
    filled.replay()
    assert state(filled) == now
    assert list(filled.history("r1")["what"])[-1] == "delete"
    assert deletion.undo() == 2
    assert state(filled) == before
    assert run.frame().equals(weak)
    assert str(topic.report().to_dict("records")) == str(report)
    assert list(topic.run(progress=False)["records"]) == [2]
    assert filled.search("Ann", how="words").count() == 6
    assert list(filled.history("r1")["what"])[-2:] == ["delete", "restore"]


@pytest.mark.parametrize("order", ["attribute first", "record first"])
@pytest.mark.parametrize("back", ["attribute first", "record first"])
def test_a_record_and_an_attribute_that_were_both_taken_out_come_back_whole(
    order: str, back: str
) -> None:
    with rn.open() as project:
        project.add([{"id": "1", "text": "a", "n": 5}, {"id": "2", "text": "b", "n": 6}], key="id")
        out = [project.fields["n"].drop, project.delete_records(["1"]).apply]
        for step in out if order == "attribute first" else out[::-1]:
            step()
        again = [lambda: project.fields.restore("n"), lambda: project.restore_records(["1"])]
        for one in again if back == "attribute first" else again[::-1]:
            one()
        assert project.records()["n"].tolist() == [5, 6]


def test_a_new_record_has_nothing_of_a_deleted_one(filled: rn.Project) -> None:
    filled.task("topic").label("r5", "A")
    filled.delete_records("r5").apply()
    filled.add([{"id": "new", "text": "5 1", "stars": 1}, {"id": "r5", "text": "other"}])
    assert filled.where(filled.task("topic").labeled).keys() == ["r0", "r1"]
    assert list(filled.history("new")["what"]) == []
    with pytest.raises(SchemaError, match="'r5'"):
        filled.restore_records(["r5"])
    filled.delete_records(["r5", "new"]).apply()
    assert filled.restore_records() == 2  # the last of that name
    assert filled.records().loc["r5", "text"] == "other"
    with pytest.raises(SchemaError, match="'r5'"):
        filled.restore_records()
    with pytest.raises(InputError, match="'nobody'"):
        filled.delete_records(["r1", "nobody"])


def test_what_comes_back_follows_the_merges_and_removals_since(filled: rn.Project) -> None:
    topic = filled.task("topic")
    filled.delete_records(["r0", "r1"]).apply()
    topic.add_labels(["C"])
    topic.merge("A", into="C").apply()
    topic.delete_label("B").apply()
    filled.restore_records()
    assert topic.all_labels()[["key", "label"]].values.tolist() == [["r0", "C"]]
    assert filled.where(topic.labeled).keys() == ["r0"]


def test_an_attribute_that_came_since_is_missing_in_a_record_that_comes_back(
    filled: rn.Project,
) -> None:
    filled.delete_records("r3").apply()
    filled.add([{"id": "r4", "more": 1}])
    assert filled.restore_records() == 1
    assert filled.records().loc["r3"].isna().tolist() == [False, False, False, True]


def test_an_embedding_follows_edits_and_deletions(filled: rn.Project) -> None:
    embedding = filled.embed("text", model=None, progress=False)
    filled.delete_records("r0").apply()
    filled.edit("r1", text="Zebra").apply()
    vectors = filled.vectors("text")
    assert vectors is not None
    assert len(vectors.records) == 4
    filled.restore_records()
    assert len(filled.similar_to("r2", 10).keys()) <= 5
    embedding.update(progress=False)
    vectors = filled.vectors("text")
    assert vectors is not None
    assert len(vectors.records) == 6


TEXTS = st.text("ab .\N{PILE OF POO}", max_size=14)


@given(TEXTS, TEXTS, st.lists(st.tuples(st.integers(0, 13), st.integers(1, 5)), max_size=4))
@settings(max_examples=300, deadline=None)
def test_a_span_that_moves_keeps_its_text(old: str, new: str, spans: list[tuple[int, int]]) -> None:
    inside = [(start, start + n) for start, n in spans if start + n <= len(old)]
    for (start, end), to in zip(inside, shifted(old, new, inside), strict=True):
        if to is not None:
            assert new[to[0] : to[1]] == old[start:end]
    assert shifted(old, old, inside) == inside
    assert shifted(old, f"xx{old}", inside) == [(a + 2, b + 2) for a, b in inside] or "x" in old


@given(st.lists(TEXTS, min_size=1, max_size=3), st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_edits_keep_offsets_right(texts: list[str], seed: int) -> None:
    """B10: a span fits its text, or is listed; replaying the log gives the same."""
    import random

    chance = random.Random(seed)
    with rn.open(by="ann") as project:
        project.add([{"id": "1", "text": "ab. ba \N{PILE OF POO}b"}], key="id")
        task = project.task("t", ["L", "M"], on="text", kind="spans")
        spans = {(a, a + chance.randint(1, 3), chance.choice("LM")) for a in range(0, 5, 2)}
        task.label("1", sorted(spans))
        for text in texts:
            project.edit("1", text=text).apply()
            stands = project.records()["text"].item()
            rows = task.all_labels()
            assert len(rows) == len(spans)
            for row in rows.to_dict("records"):
                assert (stands[row["start"] : row["end"]] == row["text"]) != row["stale"]
            before = rows.to_dict("records")
            project.replay()
            assert task.all_labels().to_dict("records") == before


def test_a_key_with_a_null_byte_is_a_key_like_others(project: rn.Project) -> None:
    """Two that are the same up to it are two records, and each is found again."""
    keys = ["a", "a\0b", "a\0c", "\0"]
    project.add([{"id": key, "text": "x"} for key in keys], key="id")
    told = project.add([{"id": key, "text": f"y {at}"} for at, key in enumerate(keys)])
    assert (told.updated, len(project)) == (4, 4)
    task = project.task("nul", ["A"], on="text")
    task.label_many({"a\0b": "A"})
    assert task.gold()["key"].tolist() == ["a\0b"]
    project.edit("a\0c", text="z").apply()
    assert project.records().loc[keys, "text"].tolist() == ["y 0", "y 1", "z", "y 3"]
    project.delete_records(["a\0b"]).apply()
    assert project.view().keys() == ["a", "a\0c", "\0"]
