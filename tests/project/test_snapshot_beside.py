"""What stands beside the labels of a snapshot: keys, vectors, slices, comments, calculations."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.core.errors import InputError, RefineryError
from refinery_nb.project.snapshot.snapshot import SnapshotReport
from tests.io.snapshots import archive, snapshot

VECTORS = [[1.0, 0.0], [0.0, 1.0], [0.9, 0.1], [0.5, 0.5], [0.1, 0.9]]


def opened(project: rn.Project, folder: Path, **changes: Any) -> SnapshotReport:
    report = project.add(archive(folder, snapshot(**changes)))
    assert isinstance(report, SnapshotReport)
    return report


def vectors(embedding: dict[str, Any], tensors: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "embeddings_data": [{"id": "e1", "attribute_id": "a2", "name": "by bert", **embedding}],
        "embedding_tensors_data": [{"embedding_id": "e1", **one} for one in tensors],
    }


def of_records(count: int = 5) -> list[dict[str, Any]]:
    return [{"record_id": f"r{at}", "data": [*VECTORS[at]]} for at in range(count)]


# Keys


def test_labels_keep_their_keys(project: rn.Project, tmp_path: Path) -> None:
    labels = snapshot()["labeling_task_labels_data"]
    labels[0]["hotkey"] = "2"  # which the other one would get by itself
    opened(project, tmp_path, labeling_task_labels_data=labels)
    keys = {task.name: [one.hotkey for one in task.labels] for task in project.schemas}
    assert keys["topic"][0] == "2"
    assert keys["names"] == ["o"]
    assert keys["topic"][1] != "2"


def test_the_keys_of_labels_that_are_here_stay(project: rn.Project, tmp_path: Path) -> None:
    project.add([{"running_id": 9, "text": "x"}], key="running_id")
    project.task("topic", ["Sports"])
    before = project.task("topic").schema.labels[0].hotkey
    labels = snapshot()["labeling_task_labels_data"]
    labels[0]["hotkey"], labels[1]["hotkey"] = "x", before
    opened(project, tmp_path, labeling_task_labels_data=labels)
    sports, business = project.task("topic").schema.labels
    assert sports.hotkey == before
    assert business.hotkey != before


def test_attributes_stay_hidden_where_they_were(project: rn.Project, tmp_path: Path) -> None:
    attributes = snapshot()["attributes_data"]
    attributes[0]["visibility"] = "HIDE_ON_LABELING_PAGE"
    attributes[1]["visibility"] = "HIDE"
    opened(project, tmp_path, attributes_data=attributes)
    hidden = {one.name: sorted(one.hidden) for one in project.attributes}
    assert hidden == {"text": ["labeler"], "running_id": ["browser", "labeler"]}
    project.fields["text"].show(labeler=True)
    opened(project, tmp_path, attributes_data=attributes)
    assert project.attribute("text").hidden == frozenset()


# Vectors


def test_vectors_come_in_and_are_searched_at_once(tmp_path: Path) -> None:
    with rn.open(tmp_path / "news") as project:
        report = opened(project, tmp_path, **vectors({"model": "bert"}, of_records()))
        assert (report.embeddings, report.vectors, report.left_out[:1]) == (
            *(1, 5),
            ("the slice 'a slice' (its filter is not in the snapshot)",),
        )
        found = project.embeddings["by bert"]
        assert (found.model, found.level, found.covered, found.dim) == ("bert", "record", 5, 2)
        ids, values = found.vectors()
        assert ids.tolist() == [1, 2, 3, 4, 5]
        np.testing.assert_array_equal(values, np.array(VECTORS, np.float32))
        near = project.records(project.similar_to(0, k=2))
        assert near["running_id"].tolist() == [2, 3]
        with pytest.raises(InputError, match="came with a snapshot; their model 'bert' is not"):
            found.update()
    with rn.open(tmp_path / "news") as project:
        assert project.embeddings["by bert"].covered == 5
        again = opened(project, tmp_path, **vectors({}, of_records()))
        assert (again.embeddings, again.vectors) == (0, 0)
        project.add([{"running_id": 1, "text": "another text"}])
        assert project.embeddings["by bert"].covered == 4


def test_vectors_of_records_that_are_gone_are_listed(project: rn.Project, tmp_path: Path) -> None:
    gone = [{"record_id": "r77", "data": [1.0, 1.0]}]
    report = opened(project, tmp_path, **vectors({}, of_records(3) + gone))
    assert report.vectors == 3
    assert project.embeddings["by bert"].covered == 3
    assert (
        "1 vectors of 'by bert' are of records that are not in the snapshot: r77" in report.warnings
    )


@pytest.mark.parametrize(
    ("tensors", "why"),
    [
        ([], "without its vectors; project.embed("),
        ([{"record_id": "r0", "data": [1.0, float("inf")]}], "NaN or infinity"),
        ([{"record_id": "r0", "data": [1.0]}, {"record_id": "r1", "data": [1.0, 2.0]}], "lengths"),
        ([{"record_id": "r0", "data": ["a"]}], "no numbers"),
    ],
)
def test_vectors_that_do_not_fit_are_left_out_and_said(
    project: rn.Project, tmp_path: Path, tensors: list[dict[str, Any]], why: str
) -> None:
    report = opened(project, tmp_path, **vectors({}, tensors))
    assert len(project.embeddings) == 0
    assert any("'by bert'" in one and why in one for one in report.left_out)
    assert len(project) == 5


def test_lists_have_a_vector_for_each_entry(project: rn.Project, tmp_path: Path) -> None:
    tables = snapshot()
    tables["attributes_data"].append({"id": "a3", "name": "parts", "data_type": "EMBEDDING_LIST"})
    for at, row in enumerate(tables["records_data"]):
        row["data"]["parts"] = ["a", "b"][: at + 1]
    tensors = [
        {"record_id": "r1", "sub_key": 1, "data": [3.0, 3.0]},
        {"record_id": "r0", "sub_key": 0, "data": [1.0, 1.0]},
        {"record_id": "r1", "sub_key": 0, "data": [2.0, 2.0]},
        {"record_id": "r2", "sub_key": 0, "data": [9.0, 9.0]},  # of two entries
    ]
    tables |= vectors({"attribute_id": "a3"}, tensors)
    report = project.add(archive(tmp_path, tables))
    entries = project.embeddings["by bert"].entries()
    assert entries.records.tolist() == [1, 2]
    assert entries.values[:, 0].tolist() == [1, 2, 3]
    assert any("1 records got no vectors" in one for one in report.warnings)


def test_tokens_have_vectors_without_those_of_white_space(
    project: rn.Project, tmp_path: Path
) -> None:
    tensors = [{"record_id": "r2", "data": [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]]}]
    opened(project, tmp_path, **vectors({"type": "ON_TOKEN"}, tensors))
    ((record, values),) = project.embeddings["by bert"].tokens()
    assert record == 3
    assert values[:, 0].tolist() == [1, 2, 4]  # "Ajax", "lose", " ", "again"


def test_a_snapshot_that_fails_leaves_no_files_of_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rn.open(tmp_path / "news") as project:
        with monkeypatch.context() as patched:
            patched.setattr("refinery_nb.project.snapshot.snapshot.add_slices", None)
            with pytest.raises(TypeError):
                opened(project, tmp_path, **vectors({}, of_records()))
        assert (len(project), len(project.embeddings)) == (0, 0)
        assert [one.name for one in (tmp_path / "news" / "vectors").iterdir()] == ["embed.lock"]
        assert opened(project, tmp_path, **vectors({}, of_records())).vectors == 5


# Slices


def keys(project: rn.Project, name: str) -> list[int]:
    found: list[int] = project.records(project.slices[name])["running_id"].tolist()
    return found


def members(*records: str) -> list[dict[str, Any]]:
    return [{"data_slice_id": "d1", "record_id": record} for record in records]


def test_a_static_slice_keeps_its_records_in_order(project: rn.Project, tmp_path: Path) -> None:
    row = {"id": "d1", "name": "hard", "static": True, "slice_type": "STATIC_DEFAULT"}
    report = opened(
        project,
        tmp_path,
        data_slice_data=[row],
        data_slice_record_association_data=members("r3", "r0", "r99"),
    )
    assert report.slices == 1
    assert keys(project, "hard") == [3, 0]
    assert "1 records of the slice 'hard' are not in the snapshot" in report.warnings
    assert opened(project, tmp_path, data_slice_data=[row]).slices == 0
    assert len(project.slices["hard"]) == 2


def task_group(**active: Any) -> dict[str, Any]:
    off = {"active": False, "negate": False}
    group = {
        "taskId": "t1",
        "active": True,
        "manualLabels": [{"id": "l1", **off}, {"id": "l2", **off}, {"id": "NO_LABEL", **off}],
        "weakSupervisionLabels": [{"id": "l1", **off}, {"id": "NO_LABEL", **off}],
        "informationSources": [{"id": "h1", **off}, {"id": "h2", **off}],
        "confidence": {**off, "lower": 0, "upper": 100},
        "isWithDifferentResults": {"active": False, "taskId": "t1"},
    }
    for name, change in active.items():
        if name in ("confidence", "isWithDifferentResults"):
            group[name] |= {"active": True, **change}
            continue
        for at, negate in change.items():
            group[name][at] |= {"active": True, "negate": negate}
    return {"LABELING_TASKS_t1": {"groupElements": [group]}}


def attribute_group(name: str, operator: str, value: Any, **more: Any) -> dict[str, Any]:
    element = {"name": name, "active": True, "negate": False, "operator": operator}
    return {"ATTRIBUTES": {"groupElements": [{**element, "searchValue": value, **more}]}}


def order_group(key: str, *, attribute: bool = True, direction: int = -1) -> dict[str, Any]:
    one = {"orderByKey": key, "active": True, "isAttribute": attribute, "direction": direction}
    return {"ORDER_STATEMENTS": {"groupElements": {"orderBy": [one]}}}


NO_TASK = {"taskId": "t9", "active": True, "manualLabels": [{"id": "l1", "active": True}]}
FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [0, 1, 2, 3, 4]),
    (attribute_group("text", "CONTAINS", "ajax"), [0, 2]),
    (attribute_group("text", "CONTAINS", "ajax", caseSensitive=True), []),
    (attribute_group("text", "CONTAINS", "Ajax", negate=True), [1, 3, 4]),
    (attribute_group("Any Attribute", "BEGINS WITH", "ajax"), [2]),
    (attribute_group("text", "ENDS_WITH", "Acme"), [4]),
    (attribute_group("text", "EQUAL", "Rain"), [3]),
    (attribute_group("text", "IN WC", "r?in, *Ajax"), [0, 3]),
    (attribute_group("running_id", "BETWEEN", "1", searchValueBetween=3), [1, 2, 3]),
    (attribute_group("running_id", "IN", "0,4"), [0, 4]),
    (attribute_group("running_id", ">=", "3"), [3, 4]),
    (task_group(manualLabels={0: False}), [0, 2]),
    (task_group(manualLabels={0: False, 1: False}), [0, 1, 2]),
    (task_group(manualLabels={0: False, 2: False}), [0, 2, 3, 4]),
    (task_group(manualLabels={1: True}), [0, 2, 3, 4]),
    # Refinery drops the negation beside a label that is wanted; its screen shows both.
    (task_group(manualLabels={0: False, 1: True}), [0, 2]),
    (task_group(weakSupervisionLabels={0: False}), [0]),
    (task_group(weakSupervisionLabels={1: False}), [2, 3, 4]),
    (task_group(informationSources={0: False}), [0, 2]),
    (task_group(informationSources={0: True}), [1, 3, 4]),
    (task_group(confidence={"lower": 95, "upper": 100}), [0]),
    (task_group(confidence={"lower": 95, "upper": 100, "negate": True}), [1]),
    (task_group(isWithDifferentResults={}), []),
    (
        {
            "DRILL_DOWN": {"DRILL_DOWN": True},
            **task_group(informationSources={0: False, 1: False}),
        },
        [0],
    ),
    (
        {"USER_FILTER": {"groupElements": [{"users": [{"id": "bob-id", "active": True}]}]}},
        [2],
    ),
    ({"COMMENTS": {"groupElements": {"hasComments": {"active": True}}}}, [1]),
    (
        {"COMMENTS": {"groupElements": {"hasComments": {"active": True, "negate": True}}}},
        [0, 2, 3, 4],
    ),
    (order_group("running_id"), [4, 3, 2, 1, 0]),
    ({**attribute_group("text", "CONTAINS", "Ajax"), **order_group("running_id")}, [2, 0]),
    (order_group("CONFIDENCE", attribute=False, direction=1) | task_group(), [1, 0, 2, 3, 4]),
    # As newer versions of refinery write it.
    (
        {
            "DRILL_DOWN": False,
            "LABELING_TASKS_t1": {
                "groupElements": {
                    **{"taskId": "t1", "active": True, "manualLabels": []},
                    "heuristics": [{"id": "h2", "active": True, "negate": False}],
                    "weakSupervisionConfidence": {"active": True, "lower": 50, "upper": 95},
                }
            },
        },
        [1],
    ),
]


@pytest.mark.parametrize(("raw", "wanted"), FILTERS)
def test_a_filter_of_refinery_becomes_a_view(
    project: rn.Project, tmp_path: Path, raw: dict[str, Any], wanted: list[int]
) -> None:
    row = {"id": "d1", "name": "chosen", "static": False, "filter_raw": raw}
    said = [{"xftype": "RECORD", "xfkey": "r1", "comment": "Hm", "created_by": "ann-id"}]
    report = opened(project, tmp_path, data_slice_data=[row], comments=said)
    assert (report.slices, report.left_out) == (1, ())
    assert keys(project, "chosen") == wanted


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (None, "its filter is not in the snapshot"),
        (task_group() | {"LABELING_TASKS_t9": {"groupElements": [NO_TASK]}}, "a task that is not"),
        (attribute_group("gone", "EQUAL", "x"), "the attribute 'gone'"),
        (attribute_group("running_id", ">", "many"), "compares numbers with 'many'"),
        (attribute_group("text", "SOUNDS LIKE", "x"), "by SOUNDS_LIKE"),
        (order_group("MOON", attribute=False), "sorted by 'MOON'"),
    ],
)
def test_a_filter_without_a_meaning_here_is_said(
    project: rn.Project, tmp_path: Path, raw: Any, why: str
) -> None:
    row = {"id": "d1", "name": "chosen", "static": False, "filter_raw": raw}
    report = opened(project, tmp_path, data_slice_data=[row])
    assert len(project.slices) == 0
    (told,) = report.left_out
    assert told.startswith("the slice 'chosen' (")
    assert why in told
    assert told in repr(report)


def test_what_has_no_place_here_is_counted(project: rn.Project, tmp_path: Path) -> None:
    records = snapshot()["records_data"]
    records[0]["category"] = "TEST"
    runs = snapshot()["weak_supervision_task_data"]
    payload = {"source_id": "h1", "source_code": "x"}
    report = opened(
        project,
        tmp_path,
        records_data=records,
        weak_supervision_task_data=[*runs, {"id": "run9", "state": "FAILED"}],
        information_source_payloads_data=[
            *({**payload, "iteration": at, "state": "FINISHED"} for at in range(3)),
            {**payload, "state": "FAILED"},
        ],
        data_slice_data=[],
        data_slice_record_association_data=[{"data_slice_id": "d", "record_id": "r1"}],
        gates_data=[{}],
    )
    assert report.left_out == (
        "gates (1)",
        "1 runs of weak supervision without labels",
        "3 older or failed runs of heuristics",
        "1 marks of records as TEST",
    )


def test_slices_of_outliers_say_so(project: rn.Project, tmp_path: Path) -> None:
    row = {
        **{"id": "d1", "name": "far", "static": True, "slice_type": "STATIC_OUTLIER"},
        "info": {"embedding": "by bert"},
    }
    opened(
        project,
        tmp_path,
        data_slice_data=[row],
        data_slice_record_association_data=members("r1"),
    )
    frame = project.slices.frame()
    assert frame.loc[0, ["records", "comment"]].tolist() == [1, "outliers by by bert"]


# Comments and calculations


def test_comments_stand_where_they_were_made(project: rn.Project, tmp_path: Path) -> None:
    on = {
        "RECORD": "r1",
        "LABELING_TASK": "t1",
        "LABEL": "l2",
        "HEURISTIC": "h1",
        "DATA_SLICE": "d1",
        "ATTRIBUTE": "a2",
        "KNOWLEDGE_BASE": "k1",
        "ORGANIZATION": "o1",
    }
    rows = [
        {
            **{"xftype": kind, "xfkey": key, "comment": f"on {kind}", "created_by": "ann-id"},
            "created_at": "2022-07-05 12:00:00",
        }
        for kind, key in on.items()
    ]
    slices = [{"id": "d1", "name": "all", "static": False, "filter_raw": {}}]
    report = opened(project, tmp_path, comments=rows, data_slice_data=slices)
    assert report.comments == 7
    assert "1 comments on a organization were left out: it is not here" in report.warnings
    found = project.comments.frame()
    assert found[["on", "name", "task", "by"]].fillna("").to_numpy().tolist() == [
        ["record", "1", "", "ann-id"],
        ["task", "topic", "", "ann-id"],
        ["label", "Business", "topic", "ann-id"],
        ["heuristic", "lkp_teams", "topic", "ann-id"],
        ["slice", "all", "", "ann-id"],
        ["attribute", "text", "", "ann-id"],
        ["lookup", "Teams", "", "ann-id"],
    ]
    assert set(found["at"]) == {"2022-07-05T12:00:00.000000+00:00"}
    project.comments.delete(1)
    assert opened(project, tmp_path, comments=rows, data_slice_data=slices).comments == 0
    assert len(project.comments) == 6


def test_calculated_attributes_come_as_values_with_their_source(
    project: rn.Project, tmp_path: Path
) -> None:
    tables = snapshot()
    code = "def ac(record):\n    raise SystemExit"
    tables["attributes_data"].append(
        {"id": "a3", "name": "n", "data_type": "INTEGER", "user_created": True, "source_code": code}
    )
    for at, row in enumerate(tables["records_data"]):
        row["data"]["n"] = at
    report = project.add(archive(tmp_path, tables))
    assert report.calculated == {"n": code}
    assert "calculated in refinery, not here (see .calculated): n" in repr(report)
    assert project.records()["n"].tolist() == [0, 1, 2, 3, 4]


NONSENSE: list[Any] = [
    *(None, "", "None", "NaN", 3, -1, 1.5, 10**30, True, [], {}, [1], {"a": 1}, [[1.0]]),
    *("x" * 400, "a\nb", "\0", "r0", "t1", "l1", "h1", "e1", "d1", "RECORD", "ON_TOKEN", "STATIC"),
    *([1.0, None], {"active": True}, [{"active": True, "id": "l1"}], {"groupElements": 3}),
]


def places(value: Any) -> list[Any]:
    """Return all lists and objects in a value."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(place for one in inside for place in places(one))] if inside else []


@pytest.mark.parametrize("seed", range(60))
def test_whatever_stands_beside_is_taken_in_or_said(tmp_path: Path, seed: int) -> None:
    """S8: no other error than ours, and adding it again adds nothing."""
    rng = random.Random(seed)
    raws = [task_group(manualLabels={0: False}, confidence={"lower": 1, "upper": 9})]
    raws += [raw for raw, _ in rng.sample(FILTERS, 5)]
    tables = snapshot(**vectors({"type": "ON_ATTRIBUTE"}, of_records()))
    tables["data_slice_data"] = [
        {"id": f"d{at}", "name": f"slice {at}", "static": at == 0, "filter_raw": copy.deepcopy(raw)}
        for at, raw in enumerate(raws)
    ]
    tables["data_slice_record_association_data"] = [{"data_slice_id": "d0", "record_id": "r1"}]
    tables["comments"] = [{"xftype": "RECORD", "xfkey": "r1", "comment": "x", "created_by": "ann"}]
    beside = ["data_slice_data", "embeddings_data", "embedding_tensors_data", "comments"]
    beside.append("data_slice_record_association_data")
    for _ in range(rng.randint(1, 8)):
        place = rng.choice(places(tables[rng.choice(beside)]))
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if keys:
            place[rng.choice(keys)] = copy.deepcopy(rng.choice(NONSENSE))
    path = archive(tmp_path, tables)
    with rn.open(tmp_path / "news", by="ann") as project:
        try:
            project.add(path)
        except RefineryError:
            assert len(project) == 0
            return
        before = told(project)
        project.add(path)
        assert told(project) == before
        assert project.doctor().ok
        project.save(tmp_path / "x.rnb.zip")
        with rn.open() as other:
            other.add(project.export(tmp_path / "again.zip"))


def told(project: rn.Project) -> str:
    frames = [project.slices.frame(), project.comments.frame()]
    found = [frame.to_json() for frame in frames] + [repr(project.embeddings)]
    return json.dumps(found)
