"""Tests of the forms in which votes come from elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, InputError
from refinery_nb.heuristics import Batch, build
from refinery_nb.heuristics.said import Names, said


def rows(given: Any, *, spans: bool = False, **options: Any) -> list[tuple[Any, ...]]:
    options = {"names": Names(), "keys": None, "labels": None} | options
    found = said(given, spans=spans, **options)
    if spans:
        return [(one.key, one.start, one.end, one.label, one.confidence) for one in found]
    return [(one.key, one.label, one.confidence) for one in found]


@pytest.mark.parametrize(
    "given",
    [
        {"b": "X", "a": ("Y", 0.5), "c": None},
        {"b": "X", "a": ["Y", 0.5]},
        pd.Series({"b": "X", "a": ("Y", 0.5), "c": None}),
    ],
)
def test_a_mapping_says_which_record_each_label_is_about(given: Any) -> None:
    assert rows(given) == [("b", "X", None), ("a", "Y", 0.5)]


def test_a_table_has_its_keys_in_a_column_or_as_index() -> None:
    frame = pd.DataFrame({"key": [7, 3], "label": ["X", "Y"], "confidence": [0.5, 1.0]})
    assert rows(frame) == [(7, "X", 0.5), (3, "Y", 1.0)]
    assert rows(frame.set_index("key")) == [(7, "X", 0.5), (3, "Y", 1.0)]
    named = frame.rename(columns={"key": "id", "label": "pred"})
    assert rows(named, names=Names(("id",), "pred")) == [(7, "X", 0.5), (3, "Y", 1.0)]


def test_several_columns_make_a_composite_key() -> None:
    frame = pd.DataFrame({"doc": ["a", "a"], "no": [1, 2], "label": ["X", "Y"]})
    assert rows(frame, names=Names(("doc", "no"))) == [(("a", 1), "X", None), (("a", 2), "Y", None)]


def test_an_array_goes_with_its_keys_and_never_with_an_order_of_its_own() -> None:
    assert rows(np.array(["X", None, "Y"], dtype=object), keys=["c", "b", "a"]) == [
        ("c", "X", None),
        ("a", "Y", None),
    ]
    with pytest.raises(InputError, match="does not say which records"):
        rows(["X", "Y"])
    with pytest.raises(InputError, match="2 values for 3 keys"):
        rows(["X", "Y"], keys=["a", "b", "c"])
    with pytest.raises(InputError, match="do not say which records"):
        rows(pd.DataFrame({"label": ["X", "Y"]}))


def test_a_series_goes_by_its_index_where_that_holds_the_keys() -> None:
    series = pd.Series(["X", "Y"], index=["b", "a"])
    assert rows(series, keys=["a", "b"]) == [("b", "X", None), ("a", "Y", None)]
    assert rows(pd.Series(["X", "Y"]), keys=["a", "b"]) == [("a", "X", None), ("b", "Y", None)]
    with pytest.raises(InputError, match="other values than the keys"):
        rows(pd.Series(["X", "Y"], index=["q", "r"]), keys=["a", "b"])


@pytest.mark.parametrize(
    "matrix",
    [
        np.array([[0.2, 0.8], [0.0, 0.0], [0.75, 0.25]]),
        [[0.2, 0.8], [0.0, 0.0], (0.75, 0.25)],
        [np.array([0.2, 0.8]), None, np.array([0.75, 0.25])],
        pd.DataFrame({"X": [0.2, 0, 0.75], "Y": [0.8, 0, 0.25]}, index=["a", "b", "c"]),
    ],
    ids=["array", "lists", "arrays", "frame"],
)
def test_the_most_probable_label_is_the_vote(matrix: Any) -> None:
    expected = [("a", "Y", 0.8), ("c", "X", 0.75)]
    assert rows(matrix, keys=["a", "b", "c"], labels=["X", "Y"]) == expected


def test_a_matrix_needs_the_labels_of_its_columns() -> None:
    with pytest.raises(InputError, match="does not say what its columns are"):
        rows(np.eye(2), keys=["a", "b"])


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ([0.5, 0.9], "add up to 1.4"),
        ([float("nan"), 0.5], "nan does not lie"),
        ([-0.1, 0.5], "-0.1 does not lie"),
        ([0.5], "not a row of 2"),
    ],
)
def test_a_row_that_is_no_probabilities_is_a_fault(row: list[float], fault: str) -> None:
    (found,) = said([row], spans=False, names=Names(), keys=["a"], labels=["X", "Y"])
    assert fault in found.fault


def test_spans_are_given_start_first_or_label_first() -> None:
    given = {"a": [(0, 3, "X"), (4, 5, "Y", 0.5), ("X", 7, 9)], "b": [], "c": None}
    assert rows(given, spans=True) == [
        ("a", 0, 3, "X", None),
        ("a", 4, 5, "Y", 0.5),
        ("a", 7, 9, "X", None),
    ]


def test_something_else_is_refused() -> None:
    for given in ("X", 3, object()):
        with pytest.raises(InputError, match="is no votes"):
            rows(given)


def test_a_heuristic_is_named_after_its_file_or_function() -> None:
    def scores(frame: pd.DataFrame) -> list[str]:
        return ["X"] * len(frame)

    assert rn.Imported("some/folder/model_a.csv.gz").name == "model_a"
    assert rn.Imported(scores).name == "scores"
    assert rn.Imported({"a": "X"}).name == "imported"
    assert rn.Imported({"a": "X"}, "mine").name == "mine"


@pytest.mark.parametrize(
    "options", [{"on_error": "ignore"}, {"batch_size": 0}, {"min_confidence": 2}]
)
def test_options_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(HeuristicError):
        rn.Imported({"a": "X"}, **options)


def test_votes_are_not_cast_in_a_batch() -> None:
    with pytest.raises(HeuristicError, match="not computed here"):
        build(rn.Imported({"a": "X"}).spec()).vote(Batch([{"text": "a"}], ["X"], on="text"))
