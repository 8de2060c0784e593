"""Attributes: calculated, converted, renamed, hidden, keyed, dropped."""

from __future__ import annotations

import os
import time
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, SchemaError, UnknownName
from refinery_nb.core.schema import AttributeType
from refinery_nb.io.convert import Bad
from refinery_nb.project.attributes.conversion import converted
from refinery_nb.project.rules import foreign
from refinery_nb.store import attributes as stored
from refinery_nb.store import records


@pytest.fixture
def filled(project: rn.Project) -> rn.Project:
    rows = [
        {"id": f"r{n}", "text": f"text {'x ' * n}", "stars": str(n), "score": n / 2}
        for n in range(6)
    ]
    project.add(rows, key="id", types={"stars": "text"})
    return project


def column(project: rn.Project, name: str) -> list[Any]:
    values = project.records()[name].astype(object).tolist()
    return [None if value is pd.NA or value != value else value for value in values]


# Calculated


def test_a_function_makes_an_attribute_that_is_used_like_any_other(filled: rn.Project) -> None:
    @filled.attribute(type="integer")
    def words(record: Any) -> Any:
        return len(record["text"].split())

    assert column(filled, "words") == [None] * 6
    told = filled.fields.calculate(progress=False)
    assert told[["attribute", "state", "records", "changed"]].values.tolist() == [
        ["words", "finished", 6, 6]
    ]
    assert column(filled, "words") == [1, 2, 3, 4, 5, 6]
    assert filled.where(filled["words"] > 4).keys() == ["r4", "r5"]
    topic = filled.task("topic", ["A"], on="text")

    @topic.heuristic
    def long(record: Any) -> Any:
        return "A" if record["words"] > 5 else None

    topic.run(progress=False)
    assert filled.where(topic.voted("A")).keys() == ["r5"]
    assert filled.fields.calculate(progress=False)["state"].item() == "unchanged"


def test_only_what_changed_is_calculated_again(filled: rn.Project) -> None:
    def define(add: int) -> None:
        @filled.attribute(type="integer")
        def size(record: Any) -> Any:
            return len(record["text"]) + add

    define(0)
    filled.fields.calculate(progress=False)
    filled.add([{"id": "new", "text": "abc"}])
    filled.edit("r1", text="ab").apply()
    assert filled.fields.calculate(progress=False)["state"].item() == "unchanged"
    assert filled.records().loc[["new", "r1"], "size"].tolist() == [3, 2]
    with filled.database.read() as connection:
        before = records.version(connection)
    define(0)
    with filled.database.read() as connection:
        assert records.version(connection) == before
    define(1)
    assert filled.records().loc[["new", "r1"], "size"].tolist() == [4, 3]


def test_one_that_is_calculated_from_another_follows_it(filled: rn.Project) -> None:
    @filled.attribute(type="integer")
    def one(record: Any) -> Any:
        return len(record["text"])

    @filled.attribute(type="float")
    def two(record: Any) -> Any:
        return None if record["one"] is None else record["one"] / 2

    filled.fields.calculate(progress=False)
    assert column(filled, "two") == [n / 2 for n in column(filled, "one")]
    filled.edit("r0", text="abcd").apply()
    assert filled.records().loc["r0", "two"] == 2
    assert filled.fields.outdated() == {}
    filled.fields.calculate(progress=False)
    assert set(filled.fields.calculate(progress=False)["state"]) == {"unchanged"}


def test_records_that_go_wrong_are_listed_and_have_no_value(filled: rn.Project) -> None:
    @filled.attribute(type="integer")
    def number(record: Any) -> Any:
        if record["stars"] == "3":
            return "three"
        return 10 // int(record["stars"])

    told = filled.fields.calculate(progress=False)
    assert (told["state"].item(), told["errors"].item()) == ("finished", 2)
    errors = filled.fields["number"].errors().set_index("key")
    assert "ZeroDivisionError" in errors.loc["r0", "message"]
    assert "return 10 // int" in errors.loc["r0", "traceback"]
    assert "'three' of type str, not an integer" in errors.loc["r3", "message"]
    assert column(filled, "number") == [None, 10, 5, None, 2, 2]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", True),
        ("integer", 2**63),
        ("integer", 1.0),
        ("float", float("nan")),
        ("float", "1"),
        ("boolean", 1),
        ("text", 5),
        ("text", "\ud800"),
        ("category", " "),
        ("json", {"a": float("inf")}),
        ("json", {1, 2}),
        ("json", "text"),
    ],
)
def test_a_value_of_another_type_is_an_error_of_its_record(
    filled: rn.Project, kind: str, value: Any
) -> None:
    def made(record: Any) -> Any:
        return value

    told = filled.fields.try_out(made, kind, n=2)
    assert all("returned" in error for error in told["error"])
    assert told["value"].tolist() == [None, None]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("json", {"a": [1, None]}), ("boolean", True), ("text", ""), ("float", 3)],
)
def test_values_of_every_type_come_back(filled: rn.Project, kind: str, value: Any) -> None:
    @filled.attribute(type=kind)
    def made(record: Any) -> Any:
        return value

    filled.fields.calculate(progress=False)
    assert column(filled, "made") == [value] * 6


def test_a_function_is_tried_on_ten_records_and_nothing_is_kept(filled: rn.Project) -> None:
    def shout(record: Any) -> Any:
        return record["text"].upper()

    told = filled.fields.try_out(shout, "text")
    assert len(told) == 6
    assert all(value.startswith("TEXT") for value in told["value"])
    assert "shout" not in filled.fields


def test_what_hangs_or_ends_its_process_ends_alone(filled: rn.Project) -> None:
    """G: the limits of heuristics."""

    @filled.attribute(type="integer")
    def slow(record: Any) -> Any:
        if record["stars"] == "4":
            time.sleep(60)
        return 1

    @filled.attribute(type="integer")
    def gone(record: Any) -> Any:
        os._exit(3)

    @filled.attribute(type="integer")
    def fine(record: Any) -> Any:
        return 2

    told = filled.fields.calculate(limits=rn.Limits(record_seconds=0.3), progress=False)
    told = told.set_index("attribute")
    assert told["state"].to_dict() == {"slow": "failed", "gone": "failed", "fine": "finished"}
    assert "took more than 0.3 s on record r4" in told.loc["slow", "message"]
    assert column(filled, "slow") == [None] * 6
    assert column(filled, "fine") == [2] * 6


def test_a_calculated_attribute_follows_its_lookup_list(filled: rn.Project) -> None:
    filled.lookups["marks"] = ["x"]
    project = filled

    @project.attribute(type="boolean")
    def marked(record: Any) -> Any:
        return any(word in project.lookups["marks"] for word in record["text"].split())

    filled.fields.calculate(progress=False)
    assert column(filled, "marked") == [False, True, True, True, True, True]
    filled.lookups["marks"].remove("x")
    filled.lookups["marks"].add("text")
    assert column(filled, "marked") == [True] * 6


def test_an_attribute_that_came_with_the_records_is_not_calculated(filled: rn.Project) -> None:
    with pytest.raises(SchemaError, match="came with the records"):

        @filled.attribute(type="text")
        def stars(record: Any) -> Any:
            return "x"

    with pytest.raises(SchemaError, match="only by case"):

        @filled.attribute(type="text")
        def Stars(record: Any) -> Any:
            return "x"

    with pytest.raises(SchemaError, match="not a type"):
        filled.attribute(type="intger")(column)


def test_a_dropped_attribute_comes_back_with_its_values(filled: rn.Project) -> None:
    before = column(filled, "score")

    @filled.attribute(type="float")
    def double(record: Any) -> Any:
        return record["score"] * 2

    filled.fields.calculate(progress=False)
    with pytest.raises(SchemaError, match="calculated attribute 'double' rests on it"):
        filled.fields["score"].drop()
    with pytest.raises(SchemaError, match="the key rests"):
        filled.fields["id"].drop()
    filled.fields["double"].drop()
    filled.fields["score"].drop()
    assert list(filled.fields) == ["id", "text", "stars"]
    filled.add([{"id": "r0", "score": 7.5}])
    assert column(filled, "score") == [7.5, *[None] * 5]
    with pytest.raises(SchemaError, match="again"):
        filled.fields.restore("score")
    filled.fields["score"].rename("late").apply()
    filled.fields.restore("score")
    assert column(filled, "score") == before
    filled.fields.restore("double")
    assert column(filled, "double") == [value * 2 for value in before]
    task = filled.task("t", ["A"], on="stars")
    task.add(rn.Regex("A", "x", name="rule", on="stars"))
    filled.slices["few"] = filled.where(filled["stars"] == "1")
    with pytest.raises(SchemaError, match="the task 't', the rule 'rule', the slice 'few' rest"):
        filled.fields["stars"].drop()
    with pytest.raises(UnknownName, match="there is no attribute 'strs'"):
        filled.fields["strs"]


# Converted


def test_a_conversion_shows_what_does_not_fit_and_loses_nothing(filled: rn.Project) -> None:
    filled.edit("r2", stars="two").apply()
    conversion = filled.fields["stars"].convert("integer")
    assert (conversion.fit, conversion.misfit, conversion.missing) == (5, 1, 0)
    assert conversion.examples.values.tolist() == [["r2", "two", "expected integer, got 'two'"]]
    with pytest.raises(SchemaError, match="1 values of 'stars' are no integer"):
        conversion.apply()
    assert column(filled, "stars") == ["0", "1", "two", "3", "4", "5"]
    assert conversion.apply(misfits="missing") == 5
    assert column(filled, "stars") == [0, 1, None, 3, 4, 5]
    assert filled.where(filled["stars"] > 3).keys() == ["r4", "r5"]
    history = filled.history("r2")
    assert history[["what", "of", "before"]].values.tolist()[-1] == ["convert", "stars", "two"]
    back = filled.fields["stars"].convert("text")
    assert (back.fit, back.misfit, back.missing) == (5, 0, 1)
    back.apply()
    assert column(filled, "stars") == ["0", "1", None, "3", "4", "5"]
    assert filled.search("text", how="words").count() == 6


def test_rules_see_the_new_type(filled: rn.Project) -> None:
    topic = filled.task("topic", ["A"], on="text")

    @topic.heuristic
    def is_number(record: Any) -> Any:
        return "A" if isinstance(record["stars"], int) else None

    topic.run(progress=False)
    assert filled.where(topic.voted("A")).count() == 0
    filled.fields["stars"].convert("integer").apply()
    topic.run(progress=False)
    assert filled.where(topic.voted("A")).count() == 6


def test_what_others_rest_on_keeps_its_type(filled: rn.Project) -> None:
    filled.task("names", ["A"], on="text", kind="spans")
    with pytest.raises(SchemaError, match="spans of the task 'names'"):
        filled.fields["text"].convert("integer")
    filled.fields["text"].convert("category").apply()
    filled.embed("stars", model=None, progress=False)
    with pytest.raises(SchemaError, match="is made of it"):
        filled.fields["stars"].convert("integer")


def test_a_key_of_another_type_is_written_in_it(project: rn.Project) -> None:
    rows = [{"id": "07", "text": "a"}, {"id": "8", "text": "b"}]
    project.add(rows, key="id", types={"id": "text"})
    task = project.task("t", ["A"], on="text")
    task.label("07", "A")
    project.fields["id"].convert("integer").apply()
    assert task.gold()["key"].tolist() == [7]
    assert project.add([{"id": 7, "text": "a"}]).unchanged == 1
    conversion = project.fields["id"].convert("boolean")
    with pytest.raises(SchemaError, match="lack a part of the key"):
        conversion.apply(misfits="missing")
    assert task.gold()["key"].tolist() == [7]


VALUES = {
    AttributeType.TEXT: st.text(max_size=8),
    AttributeType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    AttributeType.FLOAT: st.floats(allow_nan=False, allow_infinity=False),
    AttributeType.BOOLEAN: st.sampled_from([0, 1]),
}
PAIRS = [(old, new) for old in VALUES for new in AttributeType if old is not new]


@given(st.data(), st.sampled_from(PAIRS))
@settings(max_examples=400, deadline=None)
def test_what_fits_comes_back_by_the_way_round(
    data: st.DataObject, pair: tuple[AttributeType, AttributeType]
) -> None:
    old, new = pair
    value = data.draw(VALUES[old])
    made = converted(value, old, new)
    if isinstance(made, Bad) or made is None:
        return
    back = converted(made, new, old)
    if old is AttributeType.TEXT:  # "07" is 7: the same number, written otherwise
        assert not isinstance(back, Bad)
        assert converted(back, old, new) == made
    else:
        assert back == value


# Renamed, hidden, ordered, keyed


def test_a_renamed_attribute_is_followed_by_all_that_asks_for_it(filled: rn.Project) -> None:
    """C1."""
    topic = filled.task("topic", ["A", "B"], on="text")
    topic.label("r1", "A")

    @topic.heuristic
    def many(record: Any) -> Any:
        if "stars" in record["text"]:
            return "B"
        return "A" if int(record["stars"]) > 3 else None

    @filled.attribute(type="integer")
    def level(record: Any) -> Any:
        return int(record.get("stars"))

    topic.add(rn.Regex("B", "[01]", name="low", on="stars"))
    filled.slices["three"] = filled.where(filled["stars"] == "3")
    filled.fields.calculate(progress=False)
    topic.run(progress=False)
    renaming = filled.fields["stars"].rename("grade")
    assert set(renaming.diffs) == {"many", "level"}
    assert renaming.followers == ("low", "three")
    assert renaming.unsure["heuristic"].tolist() == ["many"]
    assert "stars" in filled.fields
    renaming.apply()
    assert set(topic.run(progress=False)["state"]) == {"unchanged"}
    assert filled.fields.calculate(progress=False)["state"].item() == "unchanged"
    filled.add([{"id": "new", "text": "x", "grade": "9"}])
    assert topic.run(progress=False)["errors"].sum() == 0
    filled.fields.calculate(progress=False)
    assert filled.records().loc["new", "level"] == 9
    assert filled.slices["three"].keys() == ["r3"]
    before = topic.versions("many")["source"].tolist()[0]
    filled.fields["grade"].rename("stars").apply()
    assert topic.versions("many")["source"].tolist()[-1] == before
    with pytest.raises(SchemaError, match="already"):
        filled.fields["stars"].rename("score")
    late = filled.fields["stars"].rename("grade")
    topic.add(rn.Regex("B", "7", name="seven", on="stars"))
    with pytest.raises(HeuristicError, match="changed since"):
        late.apply()


def test_attributes_have_an_order_and_are_hidden_where_nobody_wants_them(
    filled: rn.Project,
) -> None:
    topic = filled.task("topic", ["A"], on="text")
    filled.fields.order("score", "text")
    assert list(filled.fields) == ["score", "text", "id", "stars"]
    assert list(filled.records().columns) == ["score", "text", "id", "stars"]
    card = filled.cards([1], [topic])[0]
    assert [one["name"] for one in card["attributes"]] == ["score", "stars"]
    filled.fields["score"].show(labeler=False)
    card = filled.cards([1], [topic])[0]
    assert [one["name"] for one in card["attributes"]] == ["stars"]
    assert "score: float, hidden in the labeler" in repr(filled.fields)
    filled.fields["score"].show(labeler=True)
    assert filled.attribute("score").hidden == frozenset()
    with pytest.raises(SchemaError, match="'lab' is no place"):
        filled.fields["score"].show(lab=False)


def test_another_key_keeps_what_was_said_of_records(filled: rn.Project) -> None:
    topic = filled.task("topic", ["A"], on="text")
    topic.label("r1", "A")
    filled.delete_records("r5").apply()
    filled.fields.key("stars").apply()
    assert topic.gold()["key"].tolist() == ["1"]
    assert filled.restore_records(["5"]) == 1
    assert filled.add([{"stars": "1", "score": 9.0}]).updated == 1
    filled.fields.key("id", "stars").apply()
    assert topic.gold()["key"].tolist() == [("r1", "1")]
    filled.fields.key().apply()
    assert len(set(filled.view().keys())) == 6
    assert topic.gold()["label"].tolist() == ["A"]
    with pytest.raises(SchemaError, match="there is no attribute 'idd'"):
        filled.fields.key("idd")


def test_what_is_missing_or_stands_twice_is_no_key(filled: rn.Project) -> None:
    filled.add([{"id": "new", "stars": "1"}])
    keying = filled.fields.key("text")
    assert (keying.missing, keying.twice) == (1, 0)
    with pytest.raises(SchemaError, match="1 records lack"):
        keying.apply()
    keying = filled.fields.key("stars")
    assert keying.twice == 1
    assert "'1'" in repr(keying)
    with pytest.raises(SchemaError, match="would share"):
        keying.apply()
    assert filled.view().keys()[0] == "r0"


def test_what_somebody_else_wrote_is_not_calculated_before_it_is_read(filled: rn.Project) -> None:
    @filled.attribute(type="integer")
    def theirs(record: Any) -> Any:
        return 1

    @filled.attribute(type="integer")
    def ours(record: Any) -> Any:
        return 2

    with filled.database.write() as connection:
        foreign.mark(connection, [stored.calculated(connection)["theirs"].spec])
    told = filled.fields.calculate(progress=False).set_index("attribute")
    assert told["state"].to_dict() == {"theirs": "untrusted", "ours": "finished"}
    assert column(filled, "theirs") == [None] * 6
    with pytest.raises(HeuristicError, match="theirs"):
        filled.fields.calculate("theirs", progress=False)
    filled.fields["theirs"].rename("other").apply()
    assert "untrusted" in set(filled.fields.calculate(progress=False)["state"])
