"""JSON, JSONL, frames and dicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from refinery_nb import io
from refinery_nb.core.errors import InputError


def rows(reading: io.Reading) -> list[tuple]:
    return [row for chunk in reading.chunks() for row in chunk.rows]


def jsonl(path: Path, *lines: str) -> Path:
    target = path / "f.jsonl"
    target.write_bytes("\n".join(lines).encode())
    return target


BAD_LINES = {
    '{"text": "a"},': "not valid JSON",
    '{"text": "ha': "not valid JSON",
    '{"text": "a", "text": "b"}': "stands twice",
    '{"text": "a", "n": NaN}': "NaN",
    '{"text": "a", "n": Infinity}': "Infinity",
    '{"text": "a", "n": 1e999}': "too large",
    '{"text": "a", "n": ' + "7" * 5_000 + "}": "digits",
    '{"text": ' + "[" * 100_000 + "]" * 100_000 + "}": "deep",
    '{"text": "\\ud83d"}': "surrogate",
    "[1, 2]": "expected an object",
}


@pytest.mark.parametrize("bad", BAD_LINES, ids=list(BAD_LINES.values()))
def test_a_bad_line_is_named_and_the_others_can_be_kept(tmp_path: Path, bad: str) -> None:
    """A14, A15, A17."""
    path = jsonl(tmp_path, '{"text": "one"}', "", bad, '{"text": "two"}')
    with pytest.raises(InputError) as caught:
        io.read(path)
    assert (caught.value.source, caught.value.line, caught.value.record) == ("f.jsonl", 3, 2)
    assert BAD_LINES[bad] in caught.value.message
    reading = io.read(path, on_error="quarantine")
    assert [row[0] for row in rows(reading)] == ["one", "two"]
    assert [(one.line, one.raw) for one in reading.rejected] == [(3, bad)]


def test_the_odd_value_out_is_named_by_record_and_field(tmp_path: Path) -> None:
    """A13."""
    records: list[dict[str, Any]] = [{"text": f"text {n}"} for n in range(50)]
    for wrong, said in ((5, "integer"), (["a"], "list"), (True, "boolean")):
        records[36] = {"text": wrong}
        path = tmp_path / "f.json"
        path.write_text(json.dumps(records))
        with pytest.raises(InputError) as caught:
            io.read(path)
        assert (caught.value.record, caught.value.field) == (37, "text")
        assert caught.value.message == f"expected string, got {said}."


@pytest.mark.parametrize("lacking", [{}, {"text": None}])
def test_a_record_that_lacks_a_text_is_told(lacking: dict[str, Any]) -> None:
    """A13."""
    records = [{"id": n, "text": f"text {n}"} for n in range(10)]
    records[6] = {"id": 6, **lacking}
    reading = io.read(records)
    assert rows(reading)[6] == (6, None)
    assert any("'text'" in warning and "7" in warning for warning in reading.warnings)


def test_nested_values_are_kept_as_they_are(tmp_path: Path) -> None:
    """A16."""
    value = {"b": [1, 2.5, {"z": None, "a": "ü"}], "a": {}}
    reading = io.read(jsonl(tmp_path, json.dumps({"id": 1, "more": value})))
    assert reading.columns[1].type.value == "json"
    assert json.loads(rows(reading)[0][1]) == value
    assert list(json.loads(rows(reading)[0][1])) == ["b", "a"]


@pytest.mark.parametrize("odd", ["\x00", "\x0b", "\u2028", "\ufeff", "\u202e"])
def test_odd_characters_are_stored_exactly(tmp_path: Path, odd: str) -> None:
    """A18."""
    text = f"a{odd}b"
    assert rows(io.read(jsonl(tmp_path, json.dumps({"t": text}))))[0] == (text,)


def test_a_byte_order_mark_before_json(tmp_path: Path) -> None:
    """A4."""
    path = tmp_path / "f.json"
    path.write_bytes(b'\xef\xbb\xbf[{"a": 1}]')
    assert rows(io.read(path)) == [(1,)]


def test_a_dataframe_with_everything_odd_about_it() -> None:
    """A19."""
    frame = pd.DataFrame(
        {
            "c": pd.Categorical(["x", "y"]),
            "i": pd.array([1, None], dtype="Int64"),
            "t": pd.to_datetime(["2026-03-01 10:00", None]).tz_localize("Europe/Berlin"),
            "s": [np.str_("a"), pd.NA],
            "n": [np.int64(7), np.int64(8)],
            "f": [np.float32(0.5), float("nan")],
        },
        index=[3, 3],
    )
    assert rows(io.read(frame)) == [
        ("x", 1, "2026-03-01T10:00:00+01:00", "a", 7, 0.5),
        ("y", None, None, None, 8, None),
    ]
    assert all(type(value) is int for value in (rows(io.read(frame))[0][i] for i in (1, 4)))


def test_bytes_and_column_levels_are_refused_by_name() -> None:
    """A19."""
    with pytest.raises(InputError) as caught:
        io.read([{"a": "x"}, {"a": b"raw"}])
    assert (caught.value.record, caught.value.field) == (2, "a")
    levels = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]))
    with pytest.raises(InputError, match="levels"):
        io.read(levels)


def test_integers_beyond_64_bits_make_a_text_column() -> None:
    """A3."""
    reading = io.read([{"id": 2**64}, {"id": 1}])
    assert rows(reading) == [(str(2**64),), ("1",)]


@pytest.mark.parametrize("source", [[], 5, {"a": [1]}, None])
def test_what_is_no_source_is_refused(source: Any) -> None:
    """A21."""
    with pytest.raises(InputError):
        io.read(source)
