"""Labels and tasks: renamed, merged, dressed, taken out and put back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, SchemaError
from refinery_nb.heuristics.relabel import relabelled
from refinery_nb.project.rules import foreign
from refinery_nb.store import heuristics


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add([{"id": f"r{n}", "text": f"text number {n}"} for n in range(6)], key="id")
    task = project.task("topic", ["A", "B", "C"], on="text")
    task.label_many({"r0": "A", "r1": "A", "r2": "B"})
    task.label("r1", "B", by="bob")
    task.add(rn.Regex("A", "[01]", name="low"))

    @task.heuristic
    def odd(record: Any) -> Any:
        chosen = "A" if "A" in record["text"] else None
        if "3" in record["text"]:
            return "A", 0.9
        return chosen or ("B" if "5" in record["text"] else None)

    task.run(progress=False)
    task.supervise(model="weighted")
    return task


def labels(task: rn.Task) -> list[tuple[str, str, str]]:
    return list(task.all_labels()[["key", "label", "by"]].itertuples(index=False, name=None))


def specs(task: rn.Task) -> dict[str, Any]:
    with task.project.database.read() as connection:
        return {row.name: row.spec for row in heuristics.heuristics(connection, task.id)}


def test_a_renaming_is_shown_before_it_is_done(topic: rn.Task) -> None:
    renaming = topic.rename_label("A", "Alpha")
    assert (renaming.labels, renaming.records, renaming.votes) == (2, 2, 3)
    assert "-        return 'A', 0.9\n+        return 'Alpha', 0.9" in renaming.diffs[
        "odd"
    ].replace('"', "'")
    assert list(renaming.unsure["heuristic"]) == ["odd"]
    assert '"A" in record["text"]' in renaming.unsure["text"].item()
    assert "nothing is changed before .apply()" in repr(renaming)
    before, spec = labels(topic), specs(topic)
    assert topic.labels == ("A", "B", "C")
    renaming.apply()
    assert topic.labels == ("Alpha", "B", "C")
    assert labels(topic) == [(k, "Alpha" if n == "A" else n, by) for k, n, by in before]
    # Votes stand, and the rules go on voting for the label under its new name.
    assert list(topic.run(progress=False)["state"]) == ["unchanged", "unchanged"]
    topic.project.add([{"id": "new", "text": "13"}])
    assert list(topic.run(progress=False)["errors"]) == [0, 0]
    assert "new" in set(topic.project.where(topic.voted("Alpha", heuristic="odd")).keys())
    assert len(topic.versions("odd")) == 2
    topic.rename_label("Alpha", "A").apply()
    assert {n: s.get("source") for n, s in specs(topic).items()} == {
        n: s.get("source") for n, s in spec.items()
    }


def test_a_rule_of_somebody_else_stays_that_under_another_label(topic: rn.Task) -> None:
    """I: a rename makes other code, which nobody here has read either."""
    with topic.project.database.write() as connection:
        foreign.mark(connection, [specs(topic)["odd"]])
    topic.rename_label("A", "Alpha").apply()
    assert "Alpha" in specs(topic)["odd"]["source"]
    with pytest.raises(HeuristicError, match="odd"):
        topic.run("odd", progress=False)


def test_a_renaming_is_not_done_if_what_was_shown_is_not_true_any_more(topic: rn.Task) -> None:
    renaming = topic.rename_label("A", "Alpha")
    topic.add(rn.Regex("A", "x", name="late"))
    with pytest.raises(HeuristicError, match="has changed since"):
        renaming.apply()
    assert topic.labels == ("A", "B", "C")
    assert specs(topic)["low"]["label"] == "A"


def test_two_labels_take_each_others_names_one_after_the_other(topic: rn.Task) -> None:
    with pytest.raises(SchemaError, match="already"):
        topic.rename_label("A", "B")
    topic.rename_label("A", "x").apply()
    topic.rename_label("B", "A").apply()
    topic.rename_label("x", "B").apply()
    assert topic.labels == ("B", "A", "C")
    assert ("r0", "B", "ann") in labels(topic)


def test_merged_labels_are_one_in_all_that_people_and_rules_said(topic: rn.Task) -> None:
    run = topic.runs()[-1]
    weak = run.frame()
    merge = topic.merge("A", into="B")
    assert (merge.labels, merge.heuristics, list(merge.diffs)) == (2, ("low",), ["odd"])
    merge.apply()
    assert topic.labels == ("B", "C")
    assert labels(topic) == [
        ("r0", "B", "ann"),
        ("r1", "B", "ann"),
        ("r1", "B", "bob"),
        ("r2", "B", "ann"),
    ]
    # They agree now.
    assert list(topic.gold()["key"]) == ["r0", "r1", "r2"]
    assert set(topic.report()["label"]) == {"B"}
    expected = [None if label is None else "B" for label in weak["label"]]
    assert run.frame()["label"].tolist() == expected
    assert list(topic.run(progress=False)["state"]) == ["unchanged", "unchanged"]
    state = labels(topic)
    topic.project.replay()
    assert labels(topic) == state


def test_the_label_that_others_become_may_be_named_among_them(topic: rn.Task) -> None:
    topic.merge(["A", "B"], into="B").apply()
    assert topic.labels == ("B", "C")
    with pytest.raises(SchemaError, match="no label to merge"):
        topic.merge(["B"], into="B")


def test_spans_that_become_the_same_by_a_merge_are_one(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "New York"}], key="id")
    task = project.task("names", ["CITY", "PLACE"], on="text", kind="spans")
    task.label("1", [(0, 8, "CITY"), (0, 8, "PLACE"), (4, 8, "CITY")])
    task.merge(["CITY"], into="PLACE").apply()
    assert task.gold()[["start", "end", "label"]].values.tolist() == [
        [0, 8, "PLACE"],
        [4, 8, "PLACE"],
    ]


def test_a_lookup_list_that_grows_from_a_label_goes_with_it(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "New York"}], key="id")
    task = project.task("names", ["CITY", "PLACE"], on="text", kind="spans")
    project.lookups["CITY"] = []
    project.lookups["CITY"].grow_from(task, "CITY")
    renaming = task.rename_label("CITY", "TOWN")
    assert renaming.lists == {"CITY": "TOWN"}
    renaming.apply()
    task.label("1", [(0, 8, "TOWN")])
    assert list(project.lookups["TOWN"]) == ["New York"]


def test_a_deleted_label_comes_back_with_all_that_was_said(topic: rn.Task) -> None:
    """C2."""
    before, votes = labels(topic), topic.report().to_dict("records")
    removal = topic.delete_label("A")
    assert (removal.labels, removal.records, removal.votes) == (2, 2, 3)
    assert removal.heuristics == ("low",)
    assert topic.labels == ("A", "B", "C")
    removal.apply()
    assert topic.labels == ("B", "C")
    # A record whose label went is unlabelled: nobody said that none applies.
    assert labels(topic) == [("r1", "B", "bob"), ("r2", "B", "ann")]
    assert "r0" in set(topic.project.where(topic.unlabeled).keys())
    assert set(topic.report()["label"]) == {"B"}
    state = labels(topic)
    topic.project.replay()
    assert labels(topic) == state
    assert removal.undo() == 0
    assert set(topic.labels) == {"A", "B", "C"}
    assert labels(topic) == before
    assert sorted(map(str, topic.report().to_dict("records"))) == sorted(map(str, votes))


def test_what_was_said_since_a_label_was_deleted_stands(topic: rn.Task) -> None:
    removal = topic.delete_label("A")
    removal.apply()
    topic.label("r0", "C")
    assert removal.undo() == 1
    assert ("r0", "C", "ann") in labels(topic)
    assert ("r1", "A", "ann") in labels(topic)
    with pytest.raises(SchemaError, match="no label 'A' was taken out"):
        topic.restore_label("A")


def test_a_name_of_a_deleted_label_can_be_given_to_another(topic: rn.Task) -> None:
    topic.delete_label("A").apply()
    topic.rename_label("B", "A").apply()
    assert topic.labels == ("A", "C")
    with pytest.raises(SchemaError, match="there is a label 'A' again"):
        topic.restore_label("A")
    topic.rename_label("A", "B").apply()
    topic.restore_label("A")
    assert ("r0", "A", "ann") in labels(topic)


def test_a_deleted_task_comes_back_with_all_that_it_had(topic: rn.Task) -> None:
    project, before = topic.project, labels(topic)
    report = topic.report().to_dict("records")
    removal = topic.delete()
    assert (removal.labels, removal.heuristics, removal.runs) == (4, 2, 1)
    removal.apply()
    assert project.tasks == {}
    with pytest.raises(SchemaError, match="was deleted"):
        topic.label("r0", "A")
    other = project.task("topic", ["A"], on="text")
    assert len(other.all_labels()) == 0
    with pytest.raises(SchemaError, match="again"):
        project.restore_task("topic")
    other.rename("other")
    restored = removal.undo()
    assert restored == topic
    assert labels(restored) == before
    assert str(restored.report().to_dict("records")) == str(report)
    assert list(restored.run(progress=False)["state"]) == ["unchanged", "unchanged"]


def test_a_renamed_task_is_followed_by_slices_and_rules(topic: rn.Task) -> None:
    project = topic.project
    project.slices["as"] = project.where(topic.labeled_as("A"))
    topic.rule_from(topic.voted("A", heuristic="low"), "B", "same")
    topic.run(progress=False)
    topic.rename("subject")
    assert topic.name == "subject"
    assert list(project.tasks) == ["subject"]
    assert project.slices["as"].keys() == ["r0", "r1"]
    assert topic.run("same", progress=False)["state"].item() == "unchanged"
    with pytest.raises(SchemaError, match="two underscores"):
        topic.rename("a__b")


def test_colours_keys_and_descriptions_are_kept(topic: rn.Task) -> None:
    topic.change_label("A", color="#ABCDEF", hotkey="7", description="the *first*")
    label = topic.schema.label("A")
    assert (label.color, label.hotkey, label.description) == ("#abcdef", "7", "the *first*")
    topic.order_labels("C", "A")
    assert topic.labels == ("C", "A", "B")
    with pytest.raises(SchemaError, match="key '7' is that of 'A'"):
        topic.change_label("B", hotkey="7")
    topic.change_label("B", hotkey="x")
    topic.change_label("A", hotkey="")
    assert topic.schema.label("A").hotkey == ""


@pytest.mark.parametrize("key", ["u", "S", "ab", " ", "/", "ä", 5])
def test_a_key_that_cannot_be_one_is_refused(topic: rn.Task, key: Any) -> None:
    with pytest.raises(SchemaError, match="key"):
        topic.change_label("A", hotkey=key)


@pytest.mark.parametrize("color", ["red;background:url(//x)", "#12", "#12345g", "", None, 3])
def test_a_colour_is_six_hexadecimal_digits_only(project: rn.Project, color: Any) -> None:
    """J6."""
    project.add([{"id": "1", "text": "x"}], key="id")
    with pytest.raises(SchemaError, match="#rrggbb"):
        project.task("t", {"A": color}, on="text")


def test_hierarchical_names_are_found_by_what_stands_above(project: rn.Project) -> None:
    project.add([{"id": str(n), "text": "x"} for n in range(4)], key="id")
    task = project.task("t", ["sport/ball/football", "sport/chess", "sports", "news"], on="text")
    task.label_many({"0": "sport/ball/football", "1": "sport/chess", "2": "sports", "3": "news"})
    assert project.where(task.labeled_under("sport")).keys() == ["0", "1"]
    assert project.where(task.labeled_under("news")).keys() == ["3"]
    with pytest.raises(SchemaError, match="none below"):
        task.labeled_under("sp")
    task.rename_label("sport", "games", below=True).apply()
    assert task.labels == ("games/ball/football", "games/chess", "sports", "news")


NAMES = st.text("abAB'\"\\ é/", min_size=1, max_size=5).filter(str.strip)


@given(st.lists(st.tuples(NAMES, st.sampled_from("'\"")), min_size=1, max_size=4), NAMES, NAMES)
@settings(max_examples=150, deadline=None)
def test_literals_are_replaced_and_nothing_else(
    given_: list[tuple[str, str]], old: str, new: str
) -> None:
    """Rename and rename back is the identity, where the new name was not there already."""

    def quoted(text: str, quote: str) -> str:
        return quote + text.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote

    lines = [
        f"    if r == {n}: return {quoted(text, quote)}; x = {quoted(text, quote)}"
        for n, (text, quote) in enumerate([*given_, (old, "'")])
    ]
    source = "def f(r):\n" + "\n".join(lines) + "\n"
    made = relabelled(source, "f", {old: new})
    scope: dict[str, Any] = {}
    exec(made.source, scope)
    for n, (text, _) in enumerate([*given_, (old, "'")]):
        assert scope["f"](n) == (new if text == old else text)
    assert len(made.places) == sum(text == old for text, _ in given_) + 1
    if new not in [text for text, _ in given_]:
        assert relabelled(made.source, "f", {new: old}).source == source or old == new
