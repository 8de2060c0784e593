"""Excel workbooks: what a sheet holds, and what it only seems to hold."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from refinery_nb import io
from refinery_nb.core.errors import InputError


def rows(reading: io.Reading) -> list[tuple[Any, ...]]:
    return [row for chunk in reading.chunks() for row in chunk.rows]


def book(path: Path, **sheets: list[list[Any]]) -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, content in sheets.items():
        sheet = made.create_sheet(name)
        for row in content:
            sheet.append(row)
    made.save(path)
    return made


def test_dates_of_a_workbook_are_written_as_iso_8601(tmp_path: Path) -> None:
    """A25."""
    path = tmp_path / "f.xlsx"
    book(path, s=[["day", "at"], [date(2024, 2, 29), datetime(2024, 2, 29, 13, 5)]])
    (row,) = rows(io.read(path))
    assert [value[:10] for value in row] == ["2024-02-29", "2024-02-29"]
    assert row[1] == "2024-02-29T13:05:00"


def test_merged_cells_hold_their_value_once_and_are_told(tmp_path: Path) -> None:
    """A25."""
    path = tmp_path / "f.xlsx"
    made = book(path, s=[["text", "label"], ["a", "x"], ["b", "y"]])
    made["s"].merge_cells("B2:B3")
    made.save(path)
    reading = io.read(path)
    assert rows(reading) == [("a", "x"), ("b", None)]
    assert any("merged cells" in warning for warning in reading.warnings)


def test_formulas_that_nobody_computed_are_told(tmp_path: Path) -> None:
    """A25: openpyxl writes formulas without a value, as other libraries do."""
    path = tmp_path / "f.xlsx"
    book(path, s=[["text", "n"], ["a", 1], ["b", "=B2+1"], ["c", "=B3+1"]])
    reading = io.read(path)
    assert rows(reading) == [("a", 1), ("b", None), ("c", None)]
    assert any("2 formulas have no value" in one and "B3, B4" in one for one in reading.warnings)
    plain = tmp_path / "plain.xlsx"
    book(plain, s=[["text"], ["<f>"], ["plain"]])
    assert not io.read(plain).warnings


def test_the_sheet_is_said_where_there_are_several(tmp_path: Path) -> None:
    """A25: the first that is visible is read, hidden ones by name only."""
    path = tmp_path / "f.xlsx"
    made = book(path, notes=[["x"], [1]], data=[["text"], ["a"]], more=[["text"], ["b"]])
    made["notes"].sheet_state = "hidden"
    made.save(path)
    reading = io.read(path)
    assert (reading.name, rows(reading)) == ("f.xlsx, sheet 'data'", [("a",)])
    assert reading.warnings == ("read 'data'; there are also more",)
    assert rows(io.read(path, sheet="more")) == [("b",)]
    assert rows(io.read(path, sheet="notes")) == [(1,)]
    with pytest.raises(InputError, match=r"no sheet 'date'.*'data'"):
        io.read(path, sheet="date")


def test_an_error_names_sheet_and_line(tmp_path: Path) -> None:
    """A25."""
    path = tmp_path / "f.xlsx"
    book(path, data=[["n"], [1], [2], ["many"]], more=[["n"]])
    with pytest.raises(InputError) as caught:
        io.read(path, types={"n": "integer"})
    error = caught.value
    assert (error.source, error.line, error.field) == ("f.xlsx, sheet 'data'", 4, "n")
