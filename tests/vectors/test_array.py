"""Tests of growing arrays of vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from refinery_nb.core.errors import StoreDamaged
from refinery_nb.vectors import state
from refinery_nb.vectors.array import FileArray, MemoryArray, VectorArray


@pytest.fixture(params=["file", "memory"])
def array(request: pytest.FixtureRequest, tmp_path: Path) -> VectorArray:
    return MemoryArray(2) if request.param == "memory" else FileArray(tmp_path, "a", 2)


def ints(*numbers: int) -> NDArray[np.int64]:
    return np.array(numbers, np.int64)


def marks(*numbers: int) -> NDArray[np.uint64]:
    return np.array(numbers, np.uint64)


def vectors(*numbers: float) -> NDArray[np.float32]:
    return np.array([[number, -number] for number in numbers], np.float32)


def test_rows_are_appended_and_read_back(array: VectorArray) -> None:
    count = array.append(0, ints(1, 4), marks(7, 2**64 - 1), vectors(1, 4))
    count = array.append(count, ints(9), marks(0), vectors(9))
    assert count == 3
    assert array.rows(3)["record"].tolist() == [1, 4, 9]
    assert array.rows(3)["text"].tolist() == [7, 2**64 - 1, 0]
    assert array.values(3).tolist() == vectors(1, 4, 9).tolist()
    assert array.values(3).dtype == np.float32


def test_rows_that_do_not_count_are_written_over(array: VectorArray) -> None:
    array.append(0, ints(1, 4), marks(0, 0), vectors(1, 4))
    assert array.append(1, ints(2, 3), marks(0, 0), vectors(2, 3)) == 3
    assert array.rows(3)["record"].tolist() == [1, 2, 3]
    assert array.values(3)[:, 0].tolist() == [1, 2, 3]


def test_a_row_is_replaced_in_its_place(array: VectorArray) -> None:
    array.append(0, ints(1, 2, 3), marks(1, 2, 3), vectors(1, 2, 3))
    array.replace(ints(2, 0), marks(30, 10), vectors(30, 10))
    assert array.values(3)[:, 0].tolist() == [10, 2, 30]
    assert array.rows(3)["text"].tolist() == [10, 2, 30]


def test_nothing_can_be_written_through_what_is_read(array: VectorArray) -> None:
    array.append(0, ints(1), marks(1), vectors(1))
    with pytest.raises(ValueError, match="read-only"):
        array.values(1)[0, 0] = 5


def test_what_was_read_stays_while_the_array_grows(array: VectorArray) -> None:
    count = array.append(0, ints(1), marks(1), vectors(1))
    before = array.values(count)
    for number in range(2, 50):
        count = array.append(count, ints(number), marks(1), vectors(number))
    assert before.tolist() == vectors(1).tolist()
    assert array.values(count)[:, 0].tolist() == list(range(1, 50))


@pytest.mark.parametrize("suffix", [".f32", ".rows"])
@pytest.mark.parametrize("harm", ["cut", "missing"])
def test_a_damaged_file_is_named(tmp_path: Path, suffix: str, harm: str) -> None:
    """F5: it is never read as if it were whole."""
    array = FileArray(tmp_path, "a", 2)
    array.append(0, ints(1, 2), marks(1, 2), vectors(1, 2))
    path = tmp_path / f"a{suffix}"
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-3])
    else:
        path.unlink()
    with pytest.raises(StoreDamaged, match=harm) as caught:
        array.rows(2)
    assert caught.value.source == str(path)
    array.rows(0)


def test_ids_that_do_not_ascend_are_damage(tmp_path: Path) -> None:
    array = FileArray(tmp_path, "a", 2)
    array.append(0, ints(2, 1), marks(1, 2), vectors(1, 2))
    with pytest.raises(StoreDamaged, match="do not ascend"):
        array.rows(2)


def test_a_state_that_holds_objects_is_not_loaded(tmp_path: Path) -> None:
    """I1: nothing is unpickled, whatever the file is called."""
    state.save(tmp_path / "a.npz", {"x": ints(1)})
    loaded = state.load(tmp_path / "a.npz")
    assert loaded is not None
    assert loaded["x"].tolist() == [1]
    np.savez(tmp_path / "b.npz", x=np.array([{}], dtype=object))
    assert state.load(tmp_path / "b.npz") is None
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04 cut")
    assert state.load(tmp_path / "c.npz") is None
    assert state.load(tmp_path / "d.npz") is None
