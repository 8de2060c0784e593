"""Tests of taking votes in: by key, all or none, named faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, InputError

TEXTS = ["Goal in Rome", "Shares fall", "A late goal 💩", "Rain", "Profit up"]


@pytest.fixture
def task(project: rn.Project) -> rn.Task:
    project.add([{"id": f"r{n}", "text": text} for n, text in enumerate(TEXTS)], key="id")
    return project.task("topic", ["Sports", "Business"], on="text")


@pytest.fixture
def names(task: rn.Task) -> rn.Task:
    return task.project.task("names", ["PLACE", "EVENT"], on="text", kind="spans")


def votes(task: rn.Task, name: str) -> list[tuple[Any, ...]]:
    found = task.project.columns.of_task(task.schema)[name]
    label = [task.schema.label_name(one) for one in found.label.tolist()]
    columns = [found.record.tolist(), label, [round(one, 3) for one in found.confidence.tolist()]]
    if found.start is not None and found.end is not None:
        columns[1:1] = [found.start.tolist(), found.end.tolist()]
    return [tuple(row) for row in zip(*columns, strict=True)]


def test_votes_belong_to_keys_whatever_their_order(task: rn.Task) -> None:
    given = pd.DataFrame({"key": ["r4", "r0", "r2"], "label": ["Business", "Sports", "Sports"]})
    task.add(rn.Imported(given, "model"))
    assert votes(task, "model") == [(1, "Sports", 1), (3, "Sports", 1), (5, "Business", 1)]
    assert task.heuristics()[["kind", "state"]].to_numpy().tolist() == [["imported", "finished"]]
    assert task.supervise().frame()["label"].tolist()[0] == "Sports"


def test_an_array_follows_its_view(task: rn.Task) -> None:
    view = task.project.view().order_by("text", descending=True)
    labels = np.where(view.records()["text"].str.contains("oal"), "Sports", "Business")
    task.add(rn.Imported(labels, "model", keys=view))
    assert [label for _, label, _ in votes(task, "model")] == [
        *("Sports", "Business", "Sports", "Business", "Business")
    ]
    proba = np.array([[0.9, 0.1], [0.4, 0.6]])
    options = {"keys": ["r3", "r1"], "labels": ["Sports", "Business"], "min_confidence": 0.7}
    task.add(rn.Imported(proba, "proba", **options))  # type: ignore[arg-type]
    assert votes(task, "proba") == [(4, "Sports", 0.9)]


def test_a_whole_project_can_be_what_an_array_is_about(task: rn.Task) -> None:
    task.add(rn.Imported(["Sports", None, "Sports", None, None], "m", keys=task.project))
    assert [record for record, *_ in votes(task, "m")] == [1, 3]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_file_is_read_by_its_suffix(task: rn.Task, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model.{suffix}"
    frame = pd.DataFrame(
        {"key": ["r2", "r1"], "label": ["Sports", "Business"], "confidence": [0.5, 1.0]}
    )
    if suffix == "csv":
        frame.to_csv(path, index=False)
    elif suffix == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_parquet(path)
    task.add(rn.Imported(path))
    assert votes(task, "model") == [(2, "Business", 1), (3, "Sports", 0.5)]


def test_spans_come_from_tables_and_mappings(names: rn.Task, tmp_path: Path) -> None:
    path = tmp_path / "spans.csv"
    path.write_text("key,start,end,label,confidence\nr0,8,12,PLACE,0.5\nr2,7,11,EVENT,\n")
    names.add(rn.Imported(path))
    given = {"r2": [(np.int64(7), 11.0, "EVENT")], "r0": [(8, 12, "PLACE", np.float32(0.5))]}
    names.add(rn.Imported(given, "mapping"))
    assert votes(names, "spans") == [(1, 8, 12, "PLACE", 0.5), (3, 7, 11, "EVENT", 1)]
    assert votes(names, "mapping") == votes(names, "spans")


def test_adding_the_same_votes_again_changes_nothing(task: rn.Task) -> None:
    for given in ({"r0": "Sports", "r1": "Business"}, {"r1": "Business", "r0": "Sports"}):
        task.add(rn.Imported(given, "m"))
    assert len(task.versions("m")) == 1
    task.add(rn.Imported({"r0": "Business"}, "m"))
    assert len(task.versions("m")) == 2
    assert votes(task, "m") == [(1, "Business", 1)]
    assert task.run(progress=False)["state"].tolist() == ["unchanged"]


@pytest.mark.parametrize(
    ("second", "field", "message"),
    [
        ("r9,Sports,1", "key", "there is no record with this key"),
        (",Sports,1", "key", "the key is missing"),
        ("r0,Sports,1", "key", "stands in line 2 already"),
        ("r1,Sprots,1", "label", "no label 'Sprots'. .*Did you mean 'Sports'"),
        ("r1,,1", "label", "there is no label"),
        ("r1,Sports,0", "confidence", r"0.0 does not lie in \(0, 1\]"),
        ("r1,Sports,1.01", "confidence", "1.01 does not lie"),
        ("r1,Sports,high", "confidence", "expected number, got 'high'"),
    ],
)
def test_a_fault_names_source_line_and_field_and_nothing_is_stored(
    task: rn.Task, tmp_path: Path, second: str, field: str, message: str
) -> None:
    """A9: the place of a fault in a file, for votes."""
    path = tmp_path / "votes.csv"
    path.write_text(f"key,label,confidence\nr0,Sports,1\n{second}\nr2,Sports,0.5\n")
    with pytest.raises(InputError, match=message) as caught:
        task.add(rn.Imported(path))
    assert (caught.value.source, caught.value.line, caught.value.field) == ("votes.csv", 3, field)
    assert len(task.heuristics()) == 0
    skipping = rn.Imported(path, on_error="skip")
    task.add(skipping)
    assert [record for record, *_ in votes(task, "votes")] == [1, 3]
    assert skipping.rejected is not None
    (row,) = skipping.rejected.to_dict(orient="records")
    assert (row["source"], row["line"], row["field"]) == ("votes.csv", 3, field)
    assert "1 of what votes.csv says was left out" in task.heuristics()["message"][0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"r0": float("nan")}, "there is no label"),
        ({"r0": 3}, "a label is a string"),
        ({"r0": ("Sports", float("nan"))}, "the confidence is NaN"),
        ({"r0": ("Sports", 1.7)}, "does not lie"),
        ({"r0": ("Sports", True)}, "is no number"),
        ({"r0": ("Sports", "Business", 1)}, "is not .label, confidence."),
        ({"r0": "Sports", "r9": "Sports", "r8": "Sports"}, "And 1 more: row 3"),
    ],
)
def test_faults_of_values_name_row_and_record(
    task: rn.Task, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        task.add(rn.Imported(given))
    assert "(row " in str(caught.value)
    assert caught.value.source == "dict"
    assert len(task.heuristics()) == 0


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ((0, 13, "PLACE"), "outside the text of 12"),
        ((-1, 3, "PLACE"), "outside the text"),
        ((3, 3, "PLACE"), "is empty"),
        ((0.5, 3, "PLACE"), "no whole number"),
        ((0, "3", "PLACE"), "no whole number"),
        ((0, 3), "is not .start, end, label."),
    ],
)
def test_spans_lie_in_their_text(names: rn.Task, span: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        names.add(rn.Imported({"r0": [(0, 4, "EVENT"), span]}))
    assert len(names.heuristics()) == 0


def test_spans_that_a_shorter_text_has_no_room_for_are_taken_out(names: rn.Task) -> None:
    """B10: a span is never shifted and never points outside."""
    given = {"r0": [(0, 4, "EVENT"), (8, 12, "PLACE")], "r1": [(0, 6, "EVENT")]}
    names.add(rn.Imported(given, "m"))
    names.project.add([{"id": "r0", "text": "Goal"}], key="id")
    names.run(progress=False)
    assert votes(names, "m") == [(1, 0, 4, "EVENT", 1), (2, 0, 6, "EVENT", 1)]
    names.project.add([{"id": "r0", "text": TEXTS[0]}], key="id")
    names.add(rn.Imported(given, "m"))
    assert len(votes(names, "m")) == 3
    assert len(names.versions("m")) == 1


def test_a_function_is_asked_in_batches_and_by_key(task: rn.Task) -> None:
    sizes = []

    def model(records: pd.DataFrame) -> pd.Series:
        sizes.append(len(records))
        found = records["text"].str.contains("oal").map({True: "Sports", False: None})
        return found.sort_values()  # another order: the index says which record is meant

    task.add(rn.Imported(model, batch_size=2))
    assert sizes == [2, 2, 1]
    assert votes(task, "model") == [(1, "Sports", 1), (3, "Sports", 1)]


def test_a_function_may_return_probabilities(task: rn.Task) -> None:
    def model(records: pd.DataFrame) -> np.ndarray[Any, Any]:
        sports = records["text"].str.contains("oal").to_numpy() * 0.6 + 0.2
        return np.stack([sports, 1 - sports], axis=1)

    heuristic = rn.Imported(model, labels=["Sports", "Business"], batch_size=3)
    task.add(heuristic)
    assert votes(task, "model")[:2] == [(1, "Sports", 0.8), (2, "Business", 0.8)]


def test_a_function_may_return_spans_as_lists_or_as_a_table(names: rn.Task) -> None:
    def lists(records: pd.DataFrame) -> list[Any]:
        return [[(0, 4, "EVENT")] if text.startswith("Goal") else None for text in records["text"]]

    def table(records: pd.DataFrame) -> pd.DataFrame:
        rows = [(key, 0, 4, "EVENT") for key in records.index[::-1] if key == "r0"]
        return pd.DataFrame(rows, columns=["key", "start", "end", "label"])

    for model in (lists, table):
        names.add(rn.Imported(model, batch_size=2))
        assert votes(names, model.__name__) == [(1, 0, 4, "EVENT", 1)]


def test_the_order_of_what_is_said_does_not_matter(task: rn.Task) -> None:
    chance = np.random.default_rng(5)
    keys = task.project.view().keys()
    said = {key: ["Sports", "Business"][n % 2] for n, key in enumerate(keys)}
    for _ in range(5):
        order = chance.permutation(keys)
        task.add(rn.Imported([said[key] for key in order], "m", keys=list(order)))
    assert len(task.versions("m")) == 1
    assert [label for _, label, _ in votes(task, "m")] == [said[key] for key in keys]


def test_a_function_can_be_asked_about_a_view_only(task: rn.Task) -> None:
    view = task.project.where(task.project["text"].contains("goal"))
    task.add(rn.Imported(lambda records: ["Sports"] * len(records), "m", keys=view))
    assert [record for record, *_ in votes(task, "m")] == [1, 3]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda records: 1 / 0, "ZeroDivisionError"),
        (lambda records: ["Sports"], "1 values for 2 keys"),
        (lambda records: None, "it returned None"),
        (lambda records: {"r0": "Sports"}, "it speaks of the record 'r0'"),
    ],
)
def test_a_failing_batch_is_named(task: rn.Task, wrong: Any, message: str) -> None:
    def model(records: pd.DataFrame) -> Any:
        return wrong(records) if "r2" in records.index else ["Business"] * len(records)

    with pytest.raises(HeuristicError, match=f"batch 2 .records 'r2' to 'r3'.*{message}"):
        task.add(rn.Imported(model, batch_size=2))
    assert len(task.heuristics()) == 0
    heuristic = rn.Imported(model, batch_size=2, on_error="skip")
    task.add(heuristic)
    assert [record for record, *_ in votes(task, "model")] == [1, 2, 5]
    assert heuristic.rejected is not None
    assert heuristic.rejected["key"].tolist() == ["r2", "r3"]


def test_an_interrupt_leaves_nothing(task: rn.Task) -> None:
    def model(records: pd.DataFrame) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        task.add(rn.Imported(model, on_error="skip"))
    assert len(task.heuristics()) == 0


def test_whole_numbers_are_keys_also_where_pandas_made_them_floats() -> None:
    with rn.open(by="ann") as project:
        project.add([{"id": 7, "text": "a"}, {"id": 8, "text": "b"}], key="id")
        task = project.task("t", ["X"], on="text")
        task.add(rn.Imported({7.0: "X", np.int64(8): "X"}, "m"))
        assert [record for record, *_ in votes(task, "m")] == [1, 2]


def test_composite_keys_are_tuples_or_columns(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("doc,part,label\nb,x,X\n")
    with rn.open(by="ann") as project:
        rows = [{"doc": "a", "part": "x", "text": "1"}, {"doc": "b", "part": "x", "text": "2"}]
        project.add(rows, key=["doc", "part"])
        task = project.task("t", ["X"], on="text")
        task.add(rn.Imported(path, key=["doc", "part"]))
        task.add(rn.Imported({("b", "x"): "X"}, "mapping"))
        assert votes(task, "m") == votes(task, "mapping") == [(2, "X", 1)]


def test_an_older_version_can_be_restored(task: rn.Task) -> None:
    task.add(rn.Imported({"r0": "Sports"}, "m"))
    old = task.versions("m")["source"][0]
    task.add(rn.Imported({"r1": "Sports"}, "m"))
    task.add(rn.Imported.from_spec(old))
    assert votes(task, "m") == [(1, "Sports", 1)]
    old["content"] = "gone"
    with pytest.raises(HeuristicError, match="Import them again"):
        task.add(rn.Imported.from_spec(old))
