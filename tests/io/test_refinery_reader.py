"""From the tables of a snapshot to plain values, whatever is missing in them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import AttributeType, check_name, folded
from refinery_nb.io.refinery import Names, columns, read_snapshot, reading
from refinery_nb.io.refinery.columns import column
from tests.io.snapshots import LF, association, snapshot, with_labels


def test_a_snapshot_is_read_whole() -> None:
    found = read_snapshot(snapshot())
    assert (found.name, found.description, found.tokenizer) == (
        "News",
        "of the day",
        "en_core_web_sm",
    )
    assert [(one.name, one.type, one.is_key) for one in found.attributes] == [
        ("running_id", "INTEGER", True),
        ("text", "TEXT", False),
    ]
    assert found.records[2] == ("r2", {"running_id": 2, "text": "Ajax lose  again"})
    topic, names = found.tasks
    assert [label.name for label in topic.labels] == ["Sports", "Business"]
    assert (topic.is_spans, topic.attribute, names.is_spans, names.attribute) == (
        *(False, None),
        *(True, "a2"),
    )
    assert [one.name for one in found.heuristics] == ["lkp_teams", "learner", "orgs"]
    assert [len(found.manual["t1"]), len(found.votes["t1"]), len(found.weak["t1"])] == [3, 5, 2]
    assert found.manual["t2"][0].tokens == (4, 4)
    assert [one.by for one in found.manual["t1"]] == ["ann-id", "ann-id", "bob-id"]
    assert [one.confidence for one in found.votes["t1"]] == [1, 1, 0.75, 0.9, 0.5]
    assert found.lists[0].terms == (("Ajax", False, "of A."), ("None", True, ""))
    assert [one.name for one in found.slices] == ["a slice"]
    assert read_snapshot({**snapshot(), "gates_data": [{}, {}]}).left_out == ("gates (2)",)
    assert found.faults == ()


@pytest.mark.parametrize("table", sorted(snapshot()))
@pytest.mark.parametrize("instead", [None, [], {}, [None, 3, "x"], [{}]])
def test_any_table_may_be_missing_or_empty_or_nonsense(table: str, instead: Any) -> None:
    """Which parts a snapshot has was chosen when it was made."""
    found = read_snapshot(snapshot(**{table: instead}))
    assert isinstance(found.faults, tuple)


def test_rows_that_speak_of_what_is_not_there_are_dropped_and_counted() -> None:
    gone = [
        association(99, "l1", "MANUAL"),
        association(0, "l9", "MANUAL"),
        association(0, "l1", "h9"),
        association(0, "s1", "h1", tokens=(0, 0)),
        association(0, "s1", "MANUAL"),
        association(0, "l1", "MANUAL", source_type="MODEL_CALLBACK"),
    ]
    found = read_snapshot(snapshot(**with_labels(*gone)))
    assert (found.manual, found.votes, found.weak) == ({}, {}, {})
    assert set(found.faults) == {
        "2 labels of records or labels that are not there",
        "2 votes of heuristics that are not there",
        "1 spans without tokens",
        "1 labels of the kind MODEL_CALLBACK",
    }


def test_nothing_is_called_none_but_what_somebody_called_so() -> None:
    """Ids that are missing are written as the word; a label may be that word."""
    labels = [{"id": "l1", "labeling_task_id": "t1", "name": "None", "color": None}]
    found = read_snapshot(snapshot(labeling_task_labels_data=labels))
    assert [label.name for label in found.tasks[0].labels] == ["None"]
    assert found.tasks[0].attribute is None


def test_the_source_that_cast_the_votes_is_that_of_the_last_run_that_finished() -> None:
    def payload(number: Any, state: str, source: str) -> dict[str, Any]:
        return {"source_id": "h1", "iteration": number, "state": state, "source_code": source}

    runs = [
        payload(2, "FINISHED", "second"),
        payload(1, "FINISHED", "first"),
        payload(3, "FAILED", "third"),
    ]
    found = read_snapshot(snapshot(information_source_payloads_data=runs)).heuristics
    assert [one.voted_with for one in found] == ["second", None, None]
    assert found[0].source == LF


def test_numbers_flags_and_times_may_be_words() -> None:
    said = association(
        0, "l1", "MANUAL", confidence="0.25", is_gold_star="True", created_at=None, created_by=None
    )
    (one,) = read_snapshot(snapshot(**with_labels(said))).manual["t1"]
    assert (one.confidence, one.gold_star, one.at, one.by) == (0.25, True, "", "unknown")


@pytest.mark.parametrize(
    ("given", "kind", "type_", "values"),
    [
        ([1, None, "2", 3.0], "INTEGER", AttributeType.INTEGER, [1, None, 2, 3]),
        ([1, " "], "INTEGER", AttributeType.INTEGER, [1, None]),
        ([1.5, "2", " "], "FLOAT", AttributeType.FLOAT, [1.5, 2, None]),
        ([True, "false", " "], "BOOLEAN", AttributeType.BOOLEAN, [True, False, None]),
        ([1, "one"], "INTEGER", AttributeType.TEXT, ["1", "one"]),
        ([2**70], "INTEGER", AttributeType.TEXT, [str(2**70)]),
        (["a", 3, None, {"b": 1}], "TEXT", AttributeType.TEXT, ["a", "3", None, '{"b":1}']),
        ([["a", "b"], None], "EMBEDDING_LIST", AttributeType.JSON, [["a", "b"], None]),
        ([1, 2.5], "UNKNOWN", AttributeType.FLOAT, [1, 2.5]),
        ([True, None], "PERMISSION", AttributeType.BOOLEAN, [True, None]),
        (["a", 1], "UNKNOWN", AttributeType.TEXT, ["a", "1"]),
        ([], "UNKNOWN", AttributeType.TEXT, []),
    ],
)
def test_values_get_the_type_that_holds_all_of_them(
    given: list[Any], kind: str, type_: AttributeType, values: list[Any]
) -> None:
    assert column(given, kind)[:2] == (type_, values)


def test_attributes_that_only_records_know_are_kept() -> None:
    found = columns(read_snapshot(snapshot(attributes_data=[])))
    assert [(name, kind.value) for name, (kind, *_) in found.items()] == [
        ("running_id", "integer"),
        ("text", "text"),
    ]


def test_a_value_that_the_project_cannot_hold_is_named() -> None:
    found = read_snapshot(snapshot())
    names = {"running_id": "running_id", "text": "text"}
    with pytest.raises(InputError, match="expected integer, got string") as caught:
        reading(found, "news.zip", names, {"text": AttributeType.INTEGER}, "id")
    assert (caught.value.source, caught.value.record, caught.value.field) == ("news.zip", 1, "text")


@given(st.lists(st.text(max_size=8) | st.sampled_from(["Date", "date", " DATE", "a" * 400])))
@settings(deadline=None)
def test_names_are_valid_distinct_and_the_same_again(wanted: list[str]) -> None:
    names = Names(apart=False)
    first = [names.fitting(name) for name in wanted]
    assert [names.fitting(name) for name in wanted] == first
    again = Names(first, apart=False)
    assert [again.fitting(name) for name in first] == first
    by_name = dict(zip(first, wanted, strict=True))
    assert len({folded(name) for name in by_name}) == len(by_name)
    for name in by_name:
        assert check_name(name, "a label") == name
        assert "__" not in name
