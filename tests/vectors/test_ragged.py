"""Tests of arrays with several vectors for each record."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from refinery_nb.core.errors import StoreDamaged
from refinery_nb.vectors.ragged import MemoryRagged, Ragged, RaggedFile, joined


@pytest.fixture(params=["file", "memory"])
def array(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "memory":
        return MemoryRagged(2, "<f2")
    return RaggedFile(tmp_path, "a", 2, "<f2")


def ints(*numbers: int) -> NDArray[np.int64]:
    return np.array(numbers, np.int64)


def marks(*numbers: int) -> NDArray[np.uint64]:
    return np.array(numbers, np.uint64)


def runs(*rows: list[float]) -> Ragged:
    values = np.array([[one, -one] for row in rows for one in row], np.float16).reshape(-1, 2)
    return Ragged.of(ints(*map(len, rows)), values)


def plain(block: Ragged) -> list[list[float]]:
    return [block.row(at)[:, 0].tolist() for at in range(len(block))]


def test_runs_are_appended_and_read_back(array: Any) -> None:
    count = array.append(0, ints(1, 4), marks(7, 8), runs([1, 2], []))
    count = array.append(count, ints(9), marks(9), runs([3, 4, 5]))
    assert count == 3
    assert array.rows(3)["record"].tolist() == [1, 4, 9]
    assert plain(array.values(3)) == [[1, 2], [], [3, 4, 5]]
    assert array.values(3).values.dtype == np.float16


def test_runs_that_do_not_count_are_not_seen(array: Any) -> None:
    array.append(0, ints(1, 4), marks(0, 0), runs([1], [4]))
    assert array.append(1, ints(2), marks(0), runs([2, 2])) == 2
    assert plain(array.values(2)) == [[1], [2, 2]]


def test_a_run_is_replaced_by_one_of_another_length(array: Any) -> None:
    array.append(0, ints(1, 2, 3), marks(1, 2, 3), runs([1], [2, 2], [3]))
    before = array.values(3)
    array.replace(ints(1, 0), marks(20, 10), runs([7, 8, 9], []))
    assert plain(array.values(3)) == [[], [7, 8, 9], [3]]
    assert array.rows(3)["text"].tolist() == [10, 20, 3]
    assert plain(before) == [[1], [2, 2], [3]]
    array.append(3, ints(5), marks(5), runs([5]))
    assert plain(array.values(4)) == [[], [7, 8, 9], [3], [5]]


def test_rows_behind_a_killed_append_do_not_hinder_a_replacement(tmp_path: Path) -> None:
    RaggedFile(tmp_path, "a", 2, "<f2").append(0, ints(1, 2), marks(1, 2), runs([1], [2]))
    again = RaggedFile(tmp_path, "a", 2, "<f2")
    again.rows(1)
    again.replace(ints(0), marks(10), runs([9, 9]))
    assert plain(again.values(1)) == [[9, 9]]


def test_nothing_can_be_written_through_what_is_read(array: Any) -> None:
    array.append(0, ints(1), marks(1), runs([1]))
    with pytest.raises(ValueError, match="read-only"):
        array.values(1).row(0)[0] = 5


@pytest.mark.parametrize("suffix", ["vec", "runs"])
def test_a_file_that_was_cut_is_noticed(tmp_path: Path, suffix: str) -> None:
    array = RaggedFile(tmp_path, "a", 2, "<f2")
    array.append(0, ints(1, 2), marks(1, 2), runs([1], [2, 3]))
    path = tmp_path / f"a.{suffix}"
    os.truncate(path, path.stat().st_size - 1)
    with pytest.raises(StoreDamaged, match="cut short"):
        array.values(2)


@given(st.lists(st.lists(st.integers(0, 99), max_size=4), max_size=8), st.data())
def test_any_choice_of_rows_holds_their_runs(rows: list[list[int]], data: Any) -> None:
    block = runs(*[[float(one) for one in row] for row in rows])
    at = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8) if rows else st.just([]))
    chosen = block[np.array(at, np.int64)]
    assert plain(chosen) == [rows[one] for one in at]
    assert plain(joined([chosen, block])) == [*(rows[one] for one in at), *rows]
    assert len(chosen.packed()) == sum(len(rows[one]) for one in at)
